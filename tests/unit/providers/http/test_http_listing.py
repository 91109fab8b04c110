"""The account's list of requests by the HTTP adapter: bounded, and never followed to another place."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from shared.providers.errors import Scope
from shared.providers.outcomes import Failed, Finished, Gone, ListedRequest, ProviderUnreachable
from tests.unit.providers.http.vendor import KEY, Said, Vendor, answer, hedra, prediction, replicate

MODEL = "google/nano-banana-2"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()
NEXT = "https://api.replicate.com/v1/predictions?cursor=cD0yMDI2"


def sent(name: str, after_noon: float, **fields: Any) -> dict[str, Any]:
    time = datetime.fromtimestamp(NOON + after_noon, UTC).isoformat()
    return prediction(id=name, created_at=time, input={"prompt": name}, **fields)


def page(*items: object, next_page: str | None = None) -> httpx.Response:
    return answer(200, {"previous": None, "next": next_page, "results": list(items)})


def listed(vendor: Vendor, since: float = NOON, until: float = NOON + 300) -> dict[str, ListedRequest]:
    return {request.request_id: request for request in vendor.provider.requests_between(MODEL, since, until)}


def test_requests_are_listed_with_their_input_and_their_end() -> None:
    # given jobs that have ended in every way, and some that have not
    vendor = replicate(
        page(
            sent("waits", 60),
            sent("runs", 50, status="processing"),
            sent("done", 40, status="succeeded", output="https://replicate.delivery/1.png"),
            sent("failed", 30, status="failed", error="flagged (E005)"),
            sent("deleted", 20, status="succeeded", data_removed=True),
        )
    )
    # when they are listed
    found = listed(vendor)
    # then each is there as it stands
    assert list(found) == ["waits", "runs", "done", "failed", "deleted"]
    assert found["waits"] == ListedRequest("waits", NOON + 60, {"prompt": "waits"}, None)
    assert found["runs"].outcome is None
    assert found["done"].outcome == Finished({"output": "https://replicate.delivery/1.png"})
    failed = found["failed"].outcome
    assert isinstance(failed, Failed)
    assert failed.error.scope is Scope.ASSET
    assert found["deleted"] == ListedRequest("deleted", NOON + 20, None, Gone(is_deleted=True))
    # and Replicate was asked for no more than those
    [request] = vendor.requests
    assert request.url.path == "/v1/predictions"
    assert parse_qs(request.url.query.decode()) == {
        "created_after": ["2026-11-22T12:00:00Z"],
        "created_before": ["2026-11-22T12:05:00Z"],
    }


def test_only_what_was_asked_about_is_returned() -> None:
    vendor = replicate(
        page(
            sent("late", 301),
            sent("other-model", 10, model="veed/fabric-1.0"),
            sent("../odd", 10),
            prediction(id="no-time", created_at="yesterday"),
            "no job",
            None,
            sent("ours", 5),
            sent("early", -1),
        )
    )
    assert list(listed(vendor)) == ["ours"]


def test_pages_are_followed_until_they_are_older_than_what_is_looked_for() -> None:
    vendor = replicate(
        page(sent("a", 100), next_page=NEXT),
        page(sent("b", 50), next_page=NEXT),
        page(sent("c", -50, model="veed/fabric-1.0"), next_page=NEXT),
        page(sent("never", 10)),
    )
    assert list(listed(vendor)) == ["a", "b"]
    assert [str(request.url) for request in vendor.requests[1:]] == [NEXT, NEXT]


def test_pages_come_to_an_end() -> None:
    vendor = replicate(page(sent("a", 100), next_page=NEXT))
    listed(vendor)
    assert len(vendor.requests) == 20


@pytest.mark.parametrize(
    "next_page",
    [
        "https://elsewhere.test/v1/predictions?cursor=x",
        "http://api.replicate.com/v1/account?cursor=x",
        "//elsewhere.test/?cursor=x",
        "https://api.replicate.com@elsewhere.test/?cursor=x",
    ],
)
def test_no_page_takes_the_key_elsewhere(next_page: str) -> None:
    vendor = replicate(page(sent("a", 1), next_page=next_page), page())
    listed(vendor)
    places = {(request.url.scheme, request.url.host, request.url.path) for request in vendor.requests}
    assert places == {("https", "api.replicate.com", "/v1/predictions")}
    assert all(request.headers["Authorization"] == f"Bearer {KEY}" for request in vendor.requests)


@pytest.mark.parametrize("next_page", ["", "https://[", "https://api.replicate.com/v1/predictions", "x" * 10_000])
def test_a_next_page_without_a_cursor_is_none(next_page: str) -> None:
    vendor = replicate(page(sent("a", 1), next_page=next_page))
    assert list(listed(vendor)) == ["a"]
    assert len(vendor.requests) == 1


@pytest.mark.parametrize(
    "said",
    [
        answer(401, {"detail": "x"}),
        answer(429, {"detail": "x"}),
        answer(200, "<html>"),
        answer(200, []),
        answer(200, {"results": None}),
        answer(200, {"results": {"a": 1}}),
        answer(500, {"results": []}),
        httpx.ReadTimeout("slow"),
        httpx.ConnectError("refused"),
    ],
    ids=repr,
)
def test_a_list_that_cannot_be_had(said: Said) -> None:
    with pytest.raises(ProviderUnreachable):
        listed(replicate(said))


def test_hedra_lists_no_inputs_and_is_not_asked() -> None:
    vendor = hedra(page())
    assert vendor.provider.requests_between("hedra-avatar", NOON, NOON + 300) == ()
    assert vendor.requests == []
