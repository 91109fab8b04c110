"""The plan of an episode of two scenes, some of its assets, and what fal may say to a request for one."""

from shared.keys import AssetKind
from shared.providers.errors import Scope, SortedError
from shared.providers.outcomes import Refused
from tests.builders import TWO_SCENES, addresses_of, plan_of

PLAN = plan_of(TWO_SCENES)
PORTRAIT, OTHER_PORTRAIT = sorted(addresses_of(PLAN, AssetKind.PORTRAIT))
COMPOSITE = min(addresses_of(PLAN, AssetKind.COMPOSITE))


def refused(name: str, scope: Scope, *, retry: bool) -> Refused:
    return Refused(SortedError(name, "fal's words", scope, retry=retry))
