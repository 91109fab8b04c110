"""Asking for assets, losing answers, and reconcile's cycles."""

from shared.ledger.states import JobState
from shared.providers.outcomes import Finished
from shared.workflow.buy_asset import buy_asset
from shared.workflow.collect_asset import InboxMessage, collect_asset
from shared.workflow.reconcile import Reconciled, reconcile
from tests.builders import image_delivered
from tests.fakes.provider import Lost
from tests.unit.workflow.two_scenes import PORTRAIT
from tests.world import PATIENCE, World, request_of

DELIVERED = Finished(image_delivered()["payload"])
DEADLINE = PATIENCE.start + PATIENCE.picture_run + PATIENCE.callback


def buy(world: World, address: str = PORTRAIT, who: str = "one") -> None:
    buy_asset(request_of(who, address), world.shop())


def cycle(world: World) -> Reconciled:
    """Reconcile, and collect what it put into the inbox."""
    seen = reconcile(world.reconciling())
    bodies, world.inbox.sent = world.inbox.bodies, []
    for body in bodies:
        collect_asset(InboxMessage.model_validate_json(body), world.collecting())
    return seen


def lose(world: World, address: str = PORTRAIT) -> str:
    """Have fal accept a job, and lose its answer; return the request's id."""
    world.provider.answers = [Lost()]
    buy(world, address)
    assert world.job(address).state is JobState.UNCONFIRMED
    return world.provider.invoice[-1].request_id
