"""The stack's own way to Hedra, against the simulator: what each sends, the other understands."""

import ssl
from typing import Any

import httpx
import pytest

from local.fal.faults import JobFault, SubmitFault
from local.fal.settings import Outage
from shared.keys import AssetKind
from shared.providers.callbacks import Delivered, JobFailed
from shared.providers.errors import FILE_NOT_FETCHED, Scope
from shared.providers.http.hedra import HEDRA
from shared.providers.http.provider import HttpProvider
from shared.providers.outcomes import Accepted, Failed, Finished, Gone, Queued, Refused, Unconfirmed
from tests.integration.local_fal.harness import audio_file, image_file
from tests.integration.local_hedra.harness import AVATAR, HOOK, NANO_BANANA, PICTURE, Hedra


@pytest.fixture
def provider(hedra: Hedra) -> HttpProvider:
    context = ssl.create_default_context(cafile=hedra.simulator.facts.ca_file)
    transport = httpx.HTTPTransport(verify=context)
    return HttpProvider(HEDRA, hedra.simulator.url, lambda: hedra.simulator.facts.key, transport=transport)


def submitted(provider: HttpProvider, model: str = NANO_BANANA, *, key: str = "k", **arguments: Any) -> str:
    outcome = provider.submit(model, arguments or PICTURE, HOOK, key=key)
    assert isinstance(outcome, Accepted), outcome
    return outcome.request_id


def clip_of_uploads(provider: HttpProvider) -> dict[str, Any]:
    image = provider.upload(image_file(), "image/png", "a.png")
    audio = provider.upload(audio_file(2.5), "audio/wav", "a.wav")
    media = {"start_image": provider.file_argument(image), "audio": provider.file_argument(audio)}
    return {"prompt": "calm", "aspect_ratio": "16:9", "resolution": "720p", **media}


def test_clip_is_bought_of_uploads_and_called_back(provider: HttpProvider, hedra: Hedra) -> None:
    request_id = submitted(provider, AVATAR, **clip_of_uploads(provider))
    hedra.control.wait_until_idle()
    found = provider.look_up(AVATAR, request_id)
    (delivery,) = hedra.receiver.deliveries
    told = provider.read_callback(delivery.body)
    assert isinstance(found, Finished)
    assert isinstance(told, Delivered)
    assert told.request_id == request_id
    # The addresses differ, for they are signed at different times; the file is the same.
    urls = [provider.media_in(AssetKind.CLIP, payload, AVATAR).url for payload in (found.payload, told.payload)]
    assert urls[0] != urls[1]
    assert hedra.http.get(urls[0]).content == hedra.http.get(urls[1]).content


@pytest.mark.parametrize("kind", ["drop_connection", "bad_gateway_html", "unavailable_html", "gateway_timeout_html"])
def test_submit_is_sent_again_under_its_key_and_bought_once(provider: HttpProvider, hedra: Hedra, kind: str) -> None:
    hedra.control.add_fault(SubmitFault.model_validate({"kind": kind, "accepts_job": True, "count": 2}))
    request_id = submitted(provider)
    hedra.control.wait_until_idle()
    assert [line.request_id for line in hedra.control.invoice().lines] == [request_id]


@pytest.mark.parametrize(
    ("kind", "scope"),
    [
        ("too_many_requests", Scope.RATE),
        ("internal_error", Scope.ENDPOINT),
        ("unavailable_json", Scope.ENDPOINT),
        ("exhausted_balance", Scope.ACCOUNT),
        ("application_not_found", Scope.ENDPOINT),
        ("drop_connection", None),
        ("unavailable_html", None),
    ],
)
def test_submit_is_refused_only_where_hedra_says_so(
    provider: HttpProvider, hedra: Hedra, kind: str, scope: Scope | None
) -> None:
    hedra.control.add_fault(SubmitFault.model_validate({"kind": kind}))
    outcome = provider.submit(NANO_BANANA, PICTURE, HOOK, key="k")
    if scope is None:
        assert isinstance(outcome, Unconfirmed)
    else:
        assert isinstance(outcome, Refused)
        assert outcome.error.scope is scope


@pytest.mark.parametrize(
    ("outage", "kind"),
    [("refuses_connections", Refused), ("unavailable_json", Refused), ("unavailable_html", Unconfirmed)],
)
def test_outage_is_what_it_looks_like(
    provider: HttpProvider, hedra: Hedra, outage: Outage, kind: type[Refused | Unconfirmed]
) -> None:
    hedra.control.go_down(outage)
    assert isinstance(provider.submit(NANO_BANANA, PICTURE, HOOK, key="k"), kind)
    hedra.control.come_up()
    assert submitted(provider)


def test_lapsed_upload_is_a_file_to_hand_over_afresh(provider: HttpProvider, hedra: Hedra) -> None:
    clip = clip_of_uploads(provider)
    hedra.control.change_settings(upload_url_seconds=0.001)
    outcome = provider.submit(AVATAR, clip, HOOK, key="k")
    assert isinstance(outcome, Refused)
    assert (outcome.error.scope, outcome.error.name) == (Scope.FILE, FILE_NOT_FETCHED)


def test_failed_moderation_is_the_assets_own_fault(provider: HttpProvider, hedra: Hedra) -> None:
    hedra.control.add_fault(JobFault(kind="error", error_type="content_policy_violation", count=1))
    request_id = submitted(provider)
    hedra.control.wait_until_idle()
    failed = provider.look_up(NANO_BANANA, request_id)
    assert isinstance(failed, Failed)
    assert failed.error.scope is Scope.ASSET
    (delivery,) = hedra.receiver.deliveries
    assert provider.read_callback(delivery.body) == JobFailed(request_id, failed.error)


def test_nothing_is_cancelled_and_results_go(provider: HttpProvider, hedra: Hedra) -> None:
    made = submitted(provider)
    hedra.control.wait_until_idle()
    hedra.control.pause()
    waiting = submitted(provider, key="another")
    provider.cancel(NANO_BANANA, waiting)
    assert provider.look_up(NANO_BANANA, waiting) == Queued()
    hedra.control.change_settings(stored_result_seconds=0.001)
    assert provider.look_up(NANO_BANANA, made) == Gone()
    assert provider.look_up(NANO_BANANA, "job_unknown") == Gone()
