"""What our provider does at Hedra alone: a submit is sent again under its key, and uploads lapse."""

import pytest

from local.simulator.faults import SubmitFault
from shared.providers.errors import FILE_NOT_FETCHED, Scope
from shared.providers.http.provider import HttpProvider
from shared.providers.outcomes import Accepted, Queued, Refused
from tests.integration.local_hedra.harness import AVATAR, HOOK, NANO_BANANA, PICTURE, Hedra


@pytest.fixture
def provider(hedra: Hedra) -> HttpProvider:
    return hedra.our_provider()


@pytest.mark.parametrize("kind", ["drop_connection", "bad_gateway_html", "unavailable_html", "gateway_timeout_html"])
def test_submit_is_sent_again_under_its_key_and_bought_once(provider: HttpProvider, hedra: Hedra, kind: str) -> None:
    hedra.control.add_fault(SubmitFault.model_validate({"kind": kind, "accepts_job": True, "count": 2}))
    outcome = provider.submit(NANO_BANANA, PICTURE, HOOK, key="k")
    assert isinstance(outcome, Accepted)
    hedra.control.wait_until_idle()
    assert [line.request_id for line in hedra.control.invoice().lines] == [outcome.request_id]


def test_lapsed_upload_is_a_file_to_hand_over_afresh(provider: HttpProvider, hedra: Hedra) -> None:
    clip = hedra.clip_of_uploads(provider)
    hedra.control.change_settings(upload_url_seconds=0.001)
    outcome = provider.submit(AVATAR, clip, HOOK, key="k")
    assert isinstance(outcome, Refused)
    assert (outcome.error.scope, outcome.error.name) == (Scope.FILE, FILE_NOT_FETCHED)


def test_nothing_is_cancelled(provider: HttpProvider, hedra: Hedra) -> None:
    hedra.control.pause()
    waiting = provider.submit(NANO_BANANA, PICTURE, HOOK, key="k")
    assert isinstance(waiting, Accepted)
    provider.cancel(NANO_BANANA, waiting.request_id)
    assert provider.look_up(NANO_BANANA, waiting.request_id) == Queued()
