"""A world in which fal has one job, and how its result is collected."""

from shared.ledger.records import Failure
from shared.ledger.states import ACCEPT, SEND
from shared.workflow.collect_asset import Collected, InboxMessage, collect_asset
from tests.builders import ADDRESS, claim_job, claim_of, waiter_of
from tests.world import World


def world_with_a_job_at_fal() -> World:
    """Return a world in which fal has one job, for which two tokens wait."""
    world = World()
    job = claim_job(world.ledger, claim_of(), world.clock())
    changes: dict[str, dict[str, object]] = {
        SEND.name: {"sent_at": world.clock()},
        ACCEPT.name: {"request_id": "request-1"},
    }
    for step in (SEND, ACCEPT):
        assert job
        job = world.ledger.step(job, step, world.clock(), changes[step.name])
    for token in ("one", "two"):
        world.ledger.add_waiter(waiter_of(token))
    return world


def collect(message: InboxMessage, world: World) -> Collected:
    return collect_asset(message, world.collecting())


def failure_of(world: World) -> Failure:
    failure = world.job(ADDRESS).failure
    assert failure
    return failure
