"""Our side of fal, `FalQueue` and `FalPlatform`, with the real fal_client against the simulated fal."""

import time
from collections.abc import Callable

import fal_client.client
import httpx
import pytest

from local.simulator.errors import INFRASTRUCTURE_ERRORS, MODEL_ERRORS
from local.simulator.faults import JobFault, SubmitFault
from local.simulator.settings import Latency
from shared.fal.callbacks import read_callback
from shared.fal.client import FalHosts, FalQueue
from shared.fal.platform import FalPlatform
from shared.prices import LivePrice
from shared.providers.callbacks import DeliveredElsewhere, JobFailed
from shared.providers.errors import Scope, SortedError
from shared.providers.matching import matches
from shared.providers.outcomes import (
    Accepted,
    Failed,
    Finished,
    Gone,
    InProgress,
    ListedRequest,
    ProviderUnreachable,
    Queued,
    Refused,
    Unconfirmed,
)
from tests.integration.local_fal.harness import HOOK, Fal

IDEOGRAM = "fal-ai/ideogram/v3"
KLING = "fal-ai/kling-video/ai-avatar/v2/standard"
LIGHTHOUSE = {"prompt": "a lighthouse", "seed": 7}


@pytest.fixture
def queue(fal: Fal, monkeypatch: pytest.MonkeyPatch) -> FalQueue:
    monkeypatch.setattr(fal_client.client, "MAX_ATTEMPTS", 1)
    url = f"https://{fal.simulator.facts.host}"
    return FalQueue(fal.simulator.facts.key, FalHosts(url, url))


@pytest.fixture
def platform(fal: Fal) -> FalPlatform:
    return FalPlatform(fal.simulator.facts.key, fal.simulator.environment()["FAL_API_URL"])


def submit(queue: FalQueue) -> str:
    outcome = queue.submit(IDEOGRAM, LIGHTHOUSE, HOOK)
    assert isinstance(outcome, Accepted)
    return outcome.request_id


def listed(platform: FalPlatform) -> list[ListedRequest]:
    return platform.requests_between(IDEOGRAM, time.time() - 60, time.time() + 60)


def failure(queue: FalQueue, request_id: str) -> SortedError:
    outcome = queue.look_up(IDEOGRAM, request_id)
    assert isinstance(outcome, Failed)
    return outcome.error


def test_a_job_is_followed_to_its_end(fal: Fal, queue: FalQueue) -> None:
    fal.control.pause()
    request_id = submit(queue)
    assert queue.look_up(IDEOGRAM, request_id) == Queued()

    fal.control.set_latency(Latency(run_seconds=0.3))
    fal.control.resume()
    fal.control.wait_for_requests(lambda requests: requests[0].started_at is not None)
    assert queue.look_up(IDEOGRAM, request_id) == InProgress()

    fal.control.wait_until_idle()
    outcome = queue.look_up(IDEOGRAM, request_id)
    assert isinstance(outcome, Finished)
    assert outcome.payload["images"]
    assert outcome.run_seconds is not None
    assert outcome.run_seconds >= 0.3
    assert queue.look_up(IDEOGRAM, "never-was") == Gone()


@pytest.mark.parametrize("error_type", [*MODEL_ERRORS, *INFRASTRUCTURE_ERRORS])
def test_a_job_may_end_with_any_error_of_fal(fal: Fal, queue: FalQueue, error_type: str) -> None:
    fal.control.add_fault(JobFault(kind="error", error_type=error_type, count=1))
    request_id = submit(queue)
    fal.control.wait_until_idle()
    error = failure(queue, request_id)
    assert error.name == error_type
    # and its callback says the same, whose status is not known
    (delivery,) = fal.receiver.deliveries
    told = read_callback(delivery.body)
    assert isinstance(told, JobFailed)
    assert told.error
    assert (told.error.name, told.error.scope, told.error.retry) == (error.name, error.scope, error.retry)


@pytest.mark.parametrize("hint", [True, False, None])
def test_fals_word_on_trying_again_counts_for_outages(fal: Fal, queue: FalQueue, hint: bool | None) -> None:
    # given an outage at the submit and one of a job, both with fal's word on trying again
    fal.control.add_fault(SubmitFault(kind="unavailable_json", hint=hint, count=1))
    fal.control.add_fault(JobFault(kind="error", error_type="runner_disconnected", hint=hint, count=1))
    refused = queue.submit(IDEOGRAM, LIGHTHOUSE, HOOK)
    request_id = submit(queue)
    fal.control.wait_until_idle()
    # then it is heeded in both, and neither is for good
    assert isinstance(refused, Refused)
    for error in (refused.error, failure(queue, request_id)):
        assert (error.scope, error.retry, error.may_be_charged) == (Scope.ENDPOINT, hint is not False, False)
        assert not error.failure().permanent
    assert fal.control.invoice().lines == ()


@pytest.mark.parametrize("hint", [True, False, None])
def test_fals_word_on_trying_again_does_not_count_for_a_busy_account(
    fal: Fal, queue: FalQueue, hint: bool | None
) -> None:
    fal.control.add_fault(SubmitFault(kind="too_many_requests", hint=hint, count=1))
    refused = queue.submit(IDEOGRAM, LIGHTHOUSE, HOOK)
    assert isinstance(refused, Refused)
    assert (refused.error.scope, refused.error.retry) == (Scope.RATE, True)


def test_fals_word_on_trying_again_does_not_count_for_refused_inputs(fal: Fal, queue: FalQueue) -> None:
    fal.control.add_fault(JobFault(kind="error", error_type="content_policy_violation", hint=True, count=1))
    request_id = submit(queue)
    fal.control.wait_until_idle()
    error = failure(queue, request_id)
    assert (error.scope, error.retry, error.may_be_charged) == (Scope.ASSET, False, True)
    assert error.failure().permanent


def test_a_result_of_null_is_a_failure_of_this_job(fal: Fal, queue: FalQueue) -> None:
    fal.control.add_fault(JobFault(kind="null_payload", count=1))
    request_id = submit(queue)
    fal.control.wait_until_idle()
    # the callback says that the result is elsewhere
    (delivery,) = fal.receiver.deliveries
    assert read_callback(delivery.body) == DeliveredElsewhere(request_id)
    # and there it is null
    error = failure(queue, request_id)
    assert (error.name, error.scope, error.retry, error.may_be_charged) == ("no_payload", Scope.JOB, False, True)
    assert not error.failure().permanent


def puts_of(queue: FalQueue) -> list[str]:
    """Return a list that the path of every PUT from now on is added to."""
    puts: list[str] = []

    def note(request: httpx.Request) -> None:
        if request.method == "PUT":
            puts.append(request.url.path)

    queue._client._client.event_hooks["request"].append(note)
    return puts


def test_a_waiting_job_is_cancelled_at_once(fal: Fal, queue: FalQueue) -> None:
    fal.control.pause()
    request_id = submit(queue)
    puts = puts_of(queue)
    queue.cancel(IDEOGRAM, request_id)
    assert puts == [f"/fal-ai/ideogram/requests/{request_id}/cancel"]

    error = failure(queue, request_id)
    assert (error.name, error.scope, error.retry) == ("client_cancelled", Scope.JOB, False)
    assert not error.failure().permanent
    # asking again, and asking about one that never was, changes nothing
    queue.cancel(IDEOGRAM, request_id)
    queue.cancel(IDEOGRAM, "never-was")
    assert len(puts) == 3
    assert fal.control.invoice().lines == ()


@pytest.mark.parametrize(
    ("stops", "ended_as", "invoiced"), [(True, Failed, 0), (False, Finished, 1)], ids=["stops", "goes on"]
)
def test_a_running_job_may_go_on_after_it_was_cancelled(
    fal: Fal, queue: FalQueue, stops: bool, ended_as: type, invoiced: int
) -> None:
    fal.control.change_settings(cancel_stops_running=stops)
    fal.control.add_fault(JobFault(kind="finish_late", seconds=0.3, count=1))
    request_id = submit(queue)
    fal.control.wait_for_requests(lambda requests: requests[0].started_at is not None)
    queue.cancel(IDEOGRAM, request_id)
    fal.control.wait_until_idle()
    assert isinstance(queue.look_up(IDEOGRAM, request_id), ended_as)
    assert len(fal.control.invoice().lines) == invoiced


def test_cancelling_needs_the_key(fal: Fal, queue: FalQueue) -> None:
    fal.control.pause()
    request_id = submit(queue)
    url = f"https://{fal.simulator.facts.host}"
    with pytest.raises(ProviderUnreachable, match="401"):
        FalQueue("wrong:key", FalHosts(url, url)).cancel(IDEOGRAM, request_id)
    assert queue.look_up(IDEOGRAM, request_id) == Queued()


@pytest.mark.parametrize("kind", ["drop_connection", "garbage_json", "gateway_timeout_html", "unavailable_html"])
def test_a_job_whose_submit_was_left_open_is_found_by_what_was_sent(
    fal: Fal, queue: FalQueue, platform: FalPlatform, kind: str
) -> None:
    # given a submit whose answer was lost, and another job
    fal.control.add_fault(SubmitFault.model_validate({"kind": kind, "accepts_job": True, "count": 1}))
    assert isinstance(queue.submit(IDEOGRAM, LIGHTHOUSE, HOOK), Unconfirmed)
    queue.submit(IDEOGRAM, {**LIGHTHOUSE, "seed": 8}, HOOK)
    fal.control.wait_until_idle()
    # when it is looked for in the account's list
    found = [request for request in listed(platform) if request.input and matches(LIGHTHOUSE, request.input)]
    # then it is there once, with the result that the queue has for it
    [request] = found
    assert isinstance(request.outcome, Finished)
    looked_up = queue.look_up(IDEOGRAM, request.request_id)
    assert isinstance(looked_up, Finished)
    assert request.outcome.payload == looked_up.payload
    assert abs(request.sent_at - time.time()) < 60


def test_a_list_of_several_pages_is_read_whole_and_within_its_span(
    fal: Fal, queue: FalQueue, platform: FalPlatform
) -> None:
    fal.control.pause()
    headers = fal.authorization
    for seed in range(101):
        fal.http.post(f"/{IDEOGRAM}", json={"prompt": "x", "seed": seed}, headers=headers).raise_for_status()
    between = time.time()
    request_id = submit(queue)

    requests = listed(platform)
    assert len({request.request_id for request in requests}) == 102
    assert {request.outcome for request in requests} == {None}
    assert [r.request_id for r in platform.requests_between(IDEOGRAM, between, time.time())] == [request_id]
    assert platform.requests_between(KLING, between - 60, time.time()) == []


def in_trouble(fal: Fal) -> None:
    fal.control.add_fault(JobFault(kind="error", error_type="file_download_error"))


def without_output(fal: Fal) -> None:
    fal.control.change_settings(request_list_output_bytes=10)


@pytest.mark.parametrize(
    ("order", "is_expected"),
    [
        (lambda _: None, lambda outcome: isinstance(outcome, Finished) and outcome.run_seconds is not None),
        (without_output, lambda outcome: outcome == Gone()),
        (in_trouble, lambda outcome: isinstance(outcome, Failed) and outcome.error.scope is Scope.FILE),
    ],
    ids=["finished", "not kept", "failed"],
)
def test_the_list_says_how_requests_ended(
    fal: Fal,
    queue: FalQueue,
    platform: FalPlatform,
    order: Callable[[Fal], None],
    is_expected: Callable[[object], bool],
) -> None:
    order(fal)
    submit(queue)
    fal.control.wait_until_idle()
    [request] = listed(platform)
    assert request.input == LIGHTHOUSE
    assert is_expected(request.outcome)


def test_prices_of_today_leave_out_what_fal_does_not_know(platform: FalPlatform) -> None:
    assert platform.prices([IDEOGRAM, "fal-ai/unheard-of", KLING]) == {
        IDEOGRAM: LivePrice(0.06, "images"),
        KLING: LivePrice(0.0562, "seconds"),
    }
    assert platform.prices(["fal-ai/unheard-of"]) == {}


def test_the_platform_needs_the_key(fal: Fal) -> None:
    stranger = FalPlatform("wrong:key", fal.simulator.environment()["FAL_API_URL"])
    with pytest.raises(ProviderUnreachable, match="401"):
        listed(stranger)
    with pytest.raises(ProviderUnreachable, match="401"):
        stranger.prices([IDEOGRAM])
