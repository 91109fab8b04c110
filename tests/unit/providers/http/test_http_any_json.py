"""Whatever a vendor answers, in JSON or not: only outcomes that are documented, and only exceptions that are."""

import contextlib
import json
import re
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from shared.keys import AssetKind
from shared.ports import Provider
from shared.providers.callbacks import CallbackUnreadable, Delivered, DeliveredElsewhere, JobFailed
from shared.providers.errors import SortedError
from shared.providers.http.hedra import HEDRA
from shared.providers.http.json_paths import time_at, time_text
from shared.providers.http.provider import HttpProvider
from shared.providers.http.replicate import REPLICATE
from shared.providers.http.spec import JobForm, ProviderSpec
from shared.providers.media import NoMediaReturned
from shared.providers.outcomes import (
    Accepted,
    Failed,
    Finished,
    Gone,
    InProgress,
    ProviderUnreachable,
    Queued,
    Refused,
    Unconfirmed,
)
from tests.unit.providers.http.paper_specs import D_ID, HEYGEN, RUNWAY
from tests.unit.providers.http.vendor import CALLBACK, KEY

SPECS = [REPLICATE, HEDRA, RUNWAY, HEYGEN, D_ID]
BASE_URL = "https://api.example.test/v9"

_WORDS = st.sampled_from(
    [
        *("id", "job_id", "data", "video_id", "status", "output", "outputs", "error", "code", "message", "details"),
        *("reason", "url", "urls", "get", "results", "next", "model", "created_at", "input", "metrics", "predict_time"),
        *("data_removed", "retryable", "detail", "kind", "description", "failureCode", "event_type", "event_data"),
        *("owner/model", "expired", "EXPIRED", "INTERNAL", "a.b.c", "..", "(E005)", "https://u:p@x.test/a?b", "\ud800"),
        *("2026-11-22T12:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "?cursor=x"),
    ]
    + [word for spec in SPECS for form in (spec.job, spec.callback) if form for word in form.standings]
)
ANY_JSON: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | _WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_WORDS | st.text(), inner, max_size=6),
    max_leaves=30,
)


def _job_like(form: JobForm) -> st.SearchStrategy[JsonValue]:
    """Documents that have a word at the place of the status, and anything elsewhere."""

    @st.composite
    def job(draw: st.DrawFn) -> JsonValue:
        document: dict[str, Any] = {}
        for path, value in (
            (form.request_id, st.just("job-1") | ANY_JSON),
            (form.status, st.sampled_from(sorted(form.standings))),
            (form.output, ANY_JSON),
        ):
            place = document
            for step in path[:-1]:
                place = place.setdefault(str(step), {})
            place[str(path[-1])] = draw(value)
        for name in ("error", "metrics", "data_removed", "failureCode"):
            document.setdefault(name, draw(ANY_JSON))
        return document

    return job()


def _answering(spec: ProviderSpec, status: int, body: bytes) -> HttpProvider:
    transport = httpx.MockTransport(lambda _: httpx.Response(status, content=body))
    return HttpProvider(spec, BASE_URL, lambda: KEY, transport=transport)


def _check(error: SortedError) -> None:
    assert re.fullmatch(r"[\w.:/-]{1,80}", error.name, re.ASCII)
    assert 0 < len(error.message) <= 500
    error.message.encode()
    error.failure()


def _ask_everything(provider: Provider, body: bytes) -> None:
    outcome = provider.submit("owner/model", {"prompt": "x"}, CALLBACK, key="k")
    assert isinstance(outcome, Accepted | Refused | Unconfirmed)
    if isinstance(outcome, Refused):
        _check(outcome.error)
    with contextlib.suppress(ProviderUnreachable):
        found = provider.look_up("owner/model", "job-1")
        assert isinstance(found, Queued | InProgress | Finished | Failed | Gone)
        if isinstance(found, Failed):
            _check(found.error)
        if isinstance(found, Finished):
            with contextlib.suppress(NoMediaReturned):
                assert provider.media_in(AssetKind.CLIP, found.payload, "owner/model").url
    with contextlib.suppress(ProviderUnreachable):
        provider.cancel("owner/model", "job-1")
    with contextlib.suppress(ProviderUnreachable):
        provider.requests_between("owner/model", 0.0, 4e9)
    with contextlib.suppress(ProviderUnreachable):
        assert provider.upload(b"x", "image/png", "x")
    with contextlib.suppress(CallbackUnreadable):
        told = provider.read_callback(body)
        assert isinstance(told, Delivered | DeliveredElsewhere | JobFailed)
        if isinstance(told, JobFailed) and told.error:
            _check(told.error)


STATUSES = st.sampled_from([200, 201, 202, 204, 301, 400, 401, 404, 409, 422, 429, 500, 502, 503])


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.title)
@given(status=STATUSES, data=st.data())
def test_any_json(spec: ProviderSpec, status: int, data: st.DataObject) -> None:
    document = data.draw(ANY_JSON | _job_like(spec.job) | _job_like(spec.callback or spec.job))
    body = json.dumps(document).encode()
    _ask_everything(_answering(spec, status, body), body)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.title)
@given(status=STATUSES, body=st.binary(max_size=200))
def test_any_bytes(spec: ProviderSpec, status: int, body: bytes) -> None:
    _ask_everything(_answering(spec, status, body), body)


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 100_000, b"9" * 10_000, b'{"id": 1e999}'])
@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.title)
def test_json_that_no_reader_takes(spec: ProviderSpec, body: bytes) -> None:
    _ask_everything(_answering(spec, 200, body), body)


@given(document=ANY_JSON)
def test_an_accepted_job_can_be_asked_after(document: JsonValue) -> None:
    # given whatever is accepted
    outcome = _answering(REPLICATE, 201, json.dumps(document).encode()).submit("m", {}, CALLBACK, key="k")
    if not isinstance(outcome, Accepted):
        return
    # when it is asked after
    asked: list[httpx.URL] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return httpx.Response(404)

    HttpProvider(REPLICATE, BASE_URL, lambda: KEY, transport=httpx.MockTransport(handle)).look_up(
        "m", outcome.request_id
    )
    # then by its own name, beneath the place where jobs are
    assert asked[0].path == f"/v9/v1/predictions/{outcome.request_id}"


@given(seconds=st.integers(0, 4_000_000_000))
def test_times_are_read_as_they_are_written(seconds: int) -> None:
    assert time_at({"at": time_text(seconds)}, ("at",)) == seconds
