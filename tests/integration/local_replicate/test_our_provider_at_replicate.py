"""What our provider does at Replicate alone: a prediction is looked for in the list, and can be cancelled."""

import time

import pytest

from local.simulator.faults import SubmitFault
from shared.providers.http.provider import HttpProvider
from shared.providers.outcomes import Accepted, Failed, Finished, Unconfirmed
from tests.integration.local_replicate.harness import HOOK, KLING, NANO_BANANA, PICTURE, Replicate


@pytest.fixture
def provider(replicate: Replicate) -> HttpProvider:
    return replicate.our_provider()


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


@pytest.mark.parametrize("kind", ["unavailable_json", "bad_gateway_html", "garbage_json", "drop_connection"])
def test_submit_is_sent_once_whatever_is_answered(provider: HttpProvider, replicate: Replicate, kind: str) -> None:
    fault = replicate.control.add_fault(SubmitFault.model_validate({"kind": kind}))
    provider.submit(NANO_BANANA, PICTURE, HOOK, key="k")
    assert replicate.control.hits(fault) == 1


def test_prediction_is_cancelled(provider: HttpProvider, replicate: Replicate) -> None:
    replicate.control.pause()
    waiting = provider.submit(NANO_BANANA, PICTURE, HOOK, key="k")
    assert isinstance(waiting, Accepted)
    provider.cancel(NANO_BANANA, waiting.request_id)
    assert isinstance(provider.look_up(NANO_BANANA, waiting.request_id), Failed)
