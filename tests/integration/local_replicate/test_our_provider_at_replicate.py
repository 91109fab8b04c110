"""The stack's own way to Replicate, against the simulator: what each sends, the other understands."""

import ssl
import time

import httpx
import pytest

from local.fal.faults import JobFault, SubmitFault
from local.fal.settings import Outage
from shared.keys import AssetKind
from shared.providers.callbacks import Delivered, JobFailed
from shared.providers.errors import Scope
from shared.providers.http.provider import HttpProvider
from shared.providers.http.replicate import REPLICATE
from shared.providers.outcomes import Accepted, Failed, Finished, Gone, Queued, Refused, Unconfirmed
from tests.integration.local_fal.harness import audio_file, image_file
from tests.integration.local_replicate.harness import HOOK, KLING, NANO_BANANA, Replicate

PICTURE = {"prompt": "Portrait of a captain", "aspect_ratio": "16:9", "resolution": "1K", "output_format": "png"}


@pytest.fixture
def provider(replicate: Replicate) -> HttpProvider:
    context = ssl.create_default_context(cafile=replicate.simulator.facts.ca_file)
    transport = httpx.HTTPTransport(verify=context)
    return HttpProvider(REPLICATE, replicate.simulator.url, lambda: replicate.simulator.facts.key, transport=transport)


def submitted(provider: HttpProvider, model: str = NANO_BANANA, **arguments: object) -> str:
    outcome = provider.submit(model, arguments or PICTURE, HOOK, key="k")
    assert isinstance(outcome, Accepted), outcome
    return outcome.request_id


def test_clip_is_bought_of_uploads_and_called_back(provider: HttpProvider, replicate: Replicate) -> None:
    image = provider.upload(image_file(), "image/png", "a.png")
    audio = provider.upload(audio_file(2.5), "audio/wav", "a.wav")
    files = {"image": provider.file_argument(image), "audio": provider.file_argument(audio)}
    request_id = submitted(provider, KLING, mode="std", **files)
    replicate.control.wait_until_idle()
    found = provider.look_up(KLING, request_id)
    (delivery,) = replicate.receiver.deliveries
    told = provider.read_callback(delivery.body)
    assert isinstance(found, Finished)
    assert told == Delivered(request_id, found.payload)
    url = provider.media_in(AssetKind.CLIP, found.payload, KLING).url
    assert replicate.http.get(url).content.startswith(b"film 1280x720")


def test_prediction_whose_answer_was_lost_is_in_the_list(provider: HttpProvider, replicate: Replicate) -> None:
    replicate.control.add_fault(SubmitFault(kind="drop_connection", accepts_job=True, count=1))
    began = time.time()
    assert isinstance(provider.submit(NANO_BANANA, PICTURE, HOOK, key="k"), Unconfirmed)
    replicate.control.wait_until_idle()
    (listed,) = provider.requests_between(NANO_BANANA, began - 1, time.time() + 1)
    assert listed.input == PICTURE
    assert isinstance(listed.outcome, Finished)
    assert [line.request_id for line in replicate.control.invoice().lines] == [listed.request_id]
    assert not provider.requests_between(NANO_BANANA, began - 60, began - 30)
    assert not provider.requests_between(KLING, began - 1, time.time() + 1)


@pytest.mark.parametrize(
    ("kind", "scope"),
    [
        ("too_many_requests", Scope.RATE),
        ("internal_error", Scope.ENDPOINT),
        ("unavailable_json", Scope.ENDPOINT),
        ("exhausted_balance", Scope.ACCOUNT),
        ("application_not_found", Scope.ENDPOINT),
        ("bad_gateway_html", None),
        ("unavailable_html", None),
        ("gateway_timeout_html", None),
        ("garbage_json", None),
        ("drop_connection", None),
    ],
)
def test_submit_is_refused_only_where_replicate_says_so(
    provider: HttpProvider, replicate: Replicate, kind: str, scope: Scope | None
) -> None:
    replicate.control.add_fault(SubmitFault.model_validate({"kind": kind, "count": 1}))
    outcome = provider.submit(NANO_BANANA, PICTURE, HOOK, key="k")
    # There is one POST, whatever is answered.
    assert len(replicate.control.requests()) == 0
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
    provider: HttpProvider, replicate: Replicate, outage: Outage, kind: type[Refused | Unconfirmed]
) -> None:
    replicate.control.go_down(outage)
    assert isinstance(provider.submit(NANO_BANANA, PICTURE, HOOK, key="k"), kind)
    replicate.control.come_up()
    assert submitted(provider)


def test_forbidden_prompt_is_the_assets_own_fault(provider: HttpProvider, replicate: Replicate) -> None:
    replicate.control.add_fault(JobFault(kind="error", error_type="content_policy_violation", count=1))
    request_id = submitted(provider)
    replicate.control.wait_until_idle()
    failed = provider.look_up(NANO_BANANA, request_id)
    assert isinstance(failed, Failed)
    assert failed.error.scope is Scope.ASSET
    (delivery,) = replicate.receiver.deliveries
    assert provider.read_callback(delivery.body) == JobFailed(request_id, failed.error)


def test_prediction_is_cancelled_and_results_go(provider: HttpProvider, replicate: Replicate) -> None:
    made = submitted(provider)
    replicate.control.wait_until_idle()
    replicate.control.pause()
    waiting = submitted(provider)
    assert provider.look_up(NANO_BANANA, waiting) == Queued()
    provider.cancel(NANO_BANANA, waiting)
    assert isinstance(provider.look_up(NANO_BANANA, waiting), Failed)
    replicate.control.change_settings(stored_result_seconds=0.001)
    assert provider.look_up(NANO_BANANA, made) == Gone()
    assert provider.look_up(NANO_BANANA, "unknown") == Gone()
