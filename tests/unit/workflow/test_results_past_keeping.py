"""Results that could not be fetched for as long as fal keeps them: tried to the last, and waited for no longer."""

from pathlib import Path

import pytest

from shared.downloads import Downloaded, DownloadFailed
from shared.fal.lifetimes import RESULT_LIFETIME
from shared.ledger.states import JobState
from shared.providers.outcomes import Finished
from shared.workflow.buy_asset import buy_asset
from shared.workflow.collect_asset import MAX_REFUSALS, Collected, InboxMessage, ResultNotReady, collect_asset
from shared.workflow.reconcile import reconcile
from tests.builders import image_delivered
from tests.unit.workflow.two_scenes import PLAN, PORTRAIT
from tests.world import World, request_of


@pytest.fixture
def world() -> World:
    """A world in which fal has finished a portrait, and nobody could fetch it for a week."""
    world = World(PLAN)
    world.begin()
    buy_asset(request_of("one", PORTRAIT), world.shop())
    [job] = world.provider.invoice
    world.provider.outcomes = {job.request_id: Finished(image_delivered()["payload"])}
    world.clock.forward(RESULT_LIFETIME)
    return world


def gone(_url: str, _path: Path) -> Downloaded:
    raise DownloadFailed("v3.fal.media answered with status 404")


def look(world: World) -> Collected | None:
    """Reconcile, and collect what it put into the inbox; None where that comes again."""
    world.clock.forward(1)
    reconcile(world.reconciling())
    [body], world.inbox.sent = world.inbox.bodies, []
    try:
        return collect_asset(InboxMessage.model_validate_json(body), world.collecting())
    except (DownloadFailed, ResultNotReady):
        return None


def test_a_result_that_fal_keeps_no_more_is_waited_for_no_longer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    # given a file that is gone
    monkeypatch.setattr(world.files, "fetch", gone)
    # when reconcile looks again and again, and the file cannot be had
    outcomes = [look(world) for _ in range(MAX_REFUSALS)]
    # then it has failed, which whoever waits is told, and it is tried no more
    assert outcomes == [None] * (MAX_REFUSALS - 1) + [Collected.FAILED]
    assert world.job(PORTRAIT).state is JobState.FAILED
    assert world.tokens.error("one") == "AssetFailed"
    reconcile(world.reconciling())
    assert (world.inbox.sent, world.provider.posts) == ([], 1)


def test_as_long_as_fal_keeps_it_a_file_is_tried_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    # given a file that cannot be had for days, while fal keeps it
    monkeypatch.setattr(world.files, "fetch", gone)
    world.clock.forward(-3600)
    # then it is paid for, and not given up
    assert [look(world) for _ in range(MAX_REFUSALS + 1)] == [None] * (MAX_REFUSALS + 1)
    assert world.job(PORTRAIT).state is JobState.SUBMITTED


def test_a_result_that_is_there_all_the_same_is_kept(world: World) -> None:
    # given a file that fal still has, though it need not
    assert look(world) is Collected.STORED
    # then it was paid for once, and is there
    assert world.job(PORTRAIT).state is JobState.STORED
    assert world.provider.posts == 1
