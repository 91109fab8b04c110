"""What beside its inputs decides what comes of an episode; it is part of a run's digest."""

from shared.fal.endpoints import Endpoints
from shared.media.house_format import HOUSE_RECIPE, PART_RECIPE

ASSET_RECIPE = 1
"""The version of the way requests are made; a new one makes every asset's address new, and so has to be bought."""

DISSOLVE_RECIPE = 2
"""The version of the way one house clip dissolves into another."""

JOIN_RECIPE = 2
"""The version of the way episodes are joined; they are derived, so a new one costs nothing."""


def configuration_of(endpoints: Endpoints) -> str:
    """Return a text that changes when, and only when, the same inputs would give another episode."""
    return f"{ASSET_RECIPE} {PART_RECIPE} {HOUSE_RECIPE} {DISSOLVE_RECIPE} {JOIN_RECIPE} {endpoints.model_dump_json()}"
