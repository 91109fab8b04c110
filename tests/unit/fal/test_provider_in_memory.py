"""fal in memory, which the workflow is tried on: what it has, what it says, and what it lists."""

import pytest

from shared.prices import LivePrice
from shared.providers.outcomes import (
    Accepted,
    Finished,
    InProgress,
    ListedRequest,
    ProviderUnreachable,
    Queued,
    Unconfirmed,
)
from tests.fakes.clock import Clock
from tests.fakes.provider import Lost, MemoryPlatform, MemoryProvider

ENDPOINT, CALLBACK = "fal-ai/ideogram/v3", "https://hooks.example.test/?address=a&attempt=1&secret=s"


def test_a_job_whose_answer_is_lost_is_on_the_invoice_all_the_same() -> None:
    provider = MemoryProvider(answers=[Lost("ReadTimeout"), Unconfirmed("status 502")])
    assert provider.submit(ENDPOINT, {"seed": 1}, CALLBACK, key="k") == Unconfirmed("ReadTimeout")
    assert provider.submit(ENDPOINT, {"seed": 2}, CALLBACK, key="k") == Unconfirmed("status 502")
    assert provider.submit(ENDPOINT, {"seed": 3}, CALLBACK, key="k") == Accepted("request-2")
    assert [(job.request_id, job.arguments) for job in provider.invoice] == [
        ("request-1", {"seed": 1}),
        ("request-2", {"seed": 3}),
    ]
    assert provider.jobs_per_address == {"a": 2}
    assert provider.look_up(ENDPOINT, "request-1") == Queued()


def test_cancelling_is_noted_and_may_fail() -> None:
    provider = MemoryProvider()

    def refuse(request_id: str) -> None:
        raise ProviderUnreachable(request_id)

    provider.cancel(ENDPOINT, "request-1")
    provider.on_cancel = refuse
    with pytest.raises(ProviderUnreachable, match="request-2"):
        provider.cancel(ENDPOINT, "request-2")
    assert provider.cancelled == ["request-1", "request-2"]


def test_the_list_is_that_of_the_invoice() -> None:
    # given three jobs, one of them elsewhere
    clock = Clock()
    provider = MemoryProvider(answers=[Lost()], clock=clock)
    platform = MemoryPlatform(provider)
    provider.submit(ENDPOINT, {"seed": 1}, CALLBACK, key="k")
    provider.submit("another", {}, CALLBACK, key="k")
    provider.submit(ENDPOINT, {"seed": 2}, CALLBACK, key="k")
    provider.outcomes = {"request-1": Finished({"images": []}, 2.0), "request-3": InProgress()}
    now = clock()
    first = ListedRequest("request-1", now, {"seed": 1}, Finished({"images": []}, 2.0))
    third = ListedRequest("request-3", now, {"seed": 2}, None)
    # then they are listed by endpoint and time, as far as the platform is told to
    assert platform.requests_between(ENDPOINT, now, now) == [first, third]
    assert platform.requests_between(ENDPOINT, now - 9, now - 1) == []
    platform.sent_at["request-3"] = now - 5
    assert [r.request_id for r in platform.requests_between(ENDPOINT, now - 9, now - 1)] == ["request-3"]
    platform.lists_unfinished = platform.keeps_inputs = False
    assert platform.requests_between(ENDPOINT, now - 9, now) == [
        ListedRequest("request-1", now, None, Finished({"images": []}, 2.0))
    ]
    platform.lists = False
    assert platform.requests_between(ENDPOINT, now - 9, now) == []
    platform.unreachable = True
    with pytest.raises(ProviderUnreachable):
        platform.requests_between(ENDPOINT, now, now)
    assert platform.questions == 6


def test_prices_are_those_that_were_asked_for() -> None:
    platform = MemoryPlatform(MemoryProvider(), live={ENDPOINT: LivePrice(0.05, "images"), "x": LivePrice(1, "images")})
    assert platform.prices([ENDPOINT, "unknown"]) == {ENDPOINT: LivePrice(0.05, "images")}
