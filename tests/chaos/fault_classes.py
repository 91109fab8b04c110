"""The classes of faults by name: each can be put on a stage, strikes there, and tells how often it did."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from local.simulator.faults import JobFault, ResultFileFault, SubmitFault, UploadFault, WebhookFault
from shared.fal.models import hedra, ideogram, kontext
from shared.providers.endpoints import NANO_BANANA_AT_HEDRA, NANO_BANANA_AT_REPLICATE
from shared.providers.names import ProviderName
from tests.chaos import arming, provider_faults
from tests.chaos.arming import CALLS_OF_A_SERVICE, CALLS_OF_AN_EPISODE, Arm
from tests.chaos.provider_faults import ordered, somewhere

FAL, REPLICATE, HEDRA = ProviderName.FAL, ProviderName.REPLICATE, ProviderName.HEDRA


@dataclass(frozen=True)
class FaultClass:
    """A class of faults.

    Parameters
    ----------
    provider
        Whom it befalls: somebody has to ask there first. None: whoever is asked.
    ends_for_good
        Whether an asset may not be had after it, however often a person tries.
    undecidable
        Whether a provider may bill a second time after it, if somebody has said that this may be risked.
    """

    arm: Arm
    provider: ProviderName | None = None
    ends_for_good: bool = False
    undecidable: bool = False


_COMPOSITES = {FAL: kontext.MULTI_ENDPOINT, REPLICATE: NANO_BANANA_AT_REPLICATE, HEDRA: NANO_BANANA_AT_HEDRA}
_PORTRAITS = {FAL: ideogram.ENDPOINT, REPLICATE: NANO_BANANA_AT_REPLICATE, HEDRA: NANO_BANANA_AT_HEDRA}
_REFUSALS = (
    "too_many_requests",
    "internal_error",
    "bad_gateway_html",
    "unavailable_json",
    "unavailable_html",
    "gateway_timeout_html",
    "garbage_json",
    "drop_connection",
)
_LOSSES = ("bad_gateway_html", "gateway_timeout_html", "unavailable_html", "garbage_json", "drop_connection")
_BAD_FILES = ("truncated", "cut_off", "garbage", "wrong_content", "missing")
_BAD_CALLBACKS = ("drop", "duplicate", "before_submit_response", "wrong_signature", "stale_timestamp", "forged_user")


def _of_ours() -> Iterator[tuple[str, FaultClass]]:
    for function in CALLS_OF_AN_EPISODE:
        kill = arming.kill_reconcile if function == "Reconcile" else partial(arming.kill, function)
        yield f"{function} killed before a call", FaultClass(kill(done=False))
        yield f"{function} killed after a call", FaultClass(kill(done=True))
    for service in CALLS_OF_A_SERVICE:
        yield f"{service} fails once", FaultClass(arming.fails_once(service, done=0))
        yield f"{service} loses an answer", FaultClass(arming.fails_once(service, done=1))
        yield f"{service} repeats a call", FaultClass(arming.fails_once(service, done=2, answered=True))
        yield f"{service} fails for a while", FaultClass(arming.fails_for_a_while(service))
    yield (
        "the webhook's secrets are out of reach",
        FaultClass(arming.the_webhooks_secrets_are_out_of_reach, provider=REPLICATE),
    )
    yield "callback: five at once", FaultClass(arming.five_callbacks_at_once)
    yield "callback: at another's path", FaultClass(arming.callbacks_at_anothers_path)
    yield "callback: after the token is gone", FaultClass(arming.callback_after_the_token)
    yield "messages twice", FaultClass(arming.messages_twice)
    yield "messages out of order", FaultClass(arming.messages_out_of_order)
    yield "execution stopped", FaultClass(arming.stopped)
    yield "superseded", FaultClass(arming.superseded)
    yield "cancelled", FaultClass(arming.cancelled)
    yield "two episodes ask for the same person", FaultClass(arming.same_person)


def _of_provider(provider: ProviderName) -> Iterator[tuple[str, FaultClass]]:
    def of(arm: Arm, *, ends_for_good: bool = False, undecidable: bool = False) -> FaultClass:
        return FaultClass(arm, provider, ends_for_good, undecidable)

    portraits, composites = _PORTRAITS[provider], _COMPOSITES[provider]
    for kind in _REFUSALS:
        yield f"submit: {kind}", of(somewhere(provider, SubmitFault(kind=kind, count=2)))
    for kind in _LOSSES:
        lost = SubmitFault(kind=kind, accepts_job=True, count=1)
        yield f"submit: {kind}, and it has the job", of(somewhere(provider, lost))
    unknown = SubmitFault(endpoint=hedra.ENDPOINT if provider is FAL else composites, kind="application_not_found")
    yield "submit: application_not_found", of(ordered(provider, unknown.model_copy(update={"count": 1})))
    slow = SubmitFault(kind="slow_first_byte", seconds=0.3, count=2)
    yield "submit: slow", of(somewhere(provider, slow))
    yield "balance exhausted", of(provider_faults.balance(provider))
    yield "job: internal error", of(somewhere(provider, JobFault(kind="error", count=2)))
    refused = JobFault(kind="error", error_type="content_policy_violation", count=1)
    yield "job: refused", of(somewhere(provider, refused), ends_for_good=True)
    no_file = JobFault(endpoint=composites, kind="error", error_type="file_download_error", count=1)
    # Hedra says of it that the inputs are wrong.
    yield "job: file not fetched", of(ordered(provider, no_file), ends_for_good=provider is HEDRA)
    unsafe = JobFault(endpoint=portraits, kind="nsfw", count=1)
    yield "job: not safe for work", of(ordered(provider, unsafe), ends_for_good=True)
    yield "job: no images", of(ordered(provider, JobFault(endpoint=composites, kind="no_images", count=1)))
    yield "job: no payload", of(somewhere(provider, JobFault(kind="null_payload", count=1)))
    yield "job: never finished", of(somewhere(provider, JobFault(kind="never_finish", count=1)))
    yield "job: late", of(somewhere(provider, JobFault(kind="finish_late", seconds=0.3, count=2)))
    for file in _BAD_FILES:
        yield f"file: {file}", of(somewhere(provider, ResultFileFault(kind=file, count=1)))
    for callback in _BAD_CALLBACKS:
        yield f"callback: {callback}", of(somewhere(provider, WebhookFault(kind=callback, times=4, count=3)))
    yield "callback: null_payload", of(somewhere(provider, WebhookFault(kind="null_payload", count=2)))
    yield "callback: late", of(somewhere(provider, WebhookFault(kind="delay", seconds=0.4, count=2)))
    uploads = ("token_unavailable", "upload_unavailable", "drop_connection")
    for upload in uploads if provider is FAL else uploads[1:]:
        yield f"upload: {upload}", of(ordered(provider, UploadFault(kind=upload, count=2)))
    yield "signing key rotated", of(provider_faults.signing_key_rotated(provider))
    yield "down", of(provider_faults.down(provider), undecidable=True)


def _of_some_providers() -> Iterator[tuple[str, FaultClass]]:
    dropped = provider_faults.answer_and_callback_dropped
    for provider in (FAL, REPLICATE):
        yield f"{provider}: answer and callback dropped", FaultClass(dropped(provider, listed=True), provider)
        yield (
            f"{provider}: answer and callback dropped, and not listed",
            FaultClass(dropped(provider, listed=False), provider, undecidable=True),
        )
    # Hedra knows requests by their keys: as long as these hold, it is asked again.
    yield f"{HEDRA}: answer and callback dropped", FaultClass(dropped(HEDRA, listed=True, answers=3), HEDRA)
    yield (
        f"{HEDRA}: answer and callback dropped, and all further answers",
        FaultClass(dropped(HEDRA, listed=True, answers=None), HEDRA, undecidable=True),
    )
    yield f"{HEDRA}: uploads expired", FaultClass(provider_faults.uploads_expired, HEDRA)
    yield f"{FAL}: results gone, but for its list", FaultClass(provider_faults.results_forgotten, FAL)
    for provider in (REPLICATE, HEDRA):
        yield (
            f"{provider}: results gone",
            FaultClass(provider_faults.results_gone(provider), provider, undecidable=True),
        )
        yield f"{provider}: too many requests", FaultClass(provider_faults.too_many_requests(provider), provider)


def _classes() -> Iterator[tuple[str, FaultClass]]:
    yield from _of_ours()
    for provider in ProviderName:
        yield from ((f"{provider}: {name}", fault) for name, fault in _of_provider(provider))
    yield from _of_some_providers()


CLASSES: dict[str, FaultClass] = dict(_classes())
"""Every class of faults."""
