"""Ways to make a talking clip."""

from enum import StrEnum


class Engine(StrEnum):
    """A way to make a clip, whoever runs it."""

    HEDRA = "hedra"
    FABRIC = "fabric"
    KLING = "kling"
    STILL = "still"
