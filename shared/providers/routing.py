"""Whom to ask for what, in which order: from what the script says, and what the stack is set to."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, PlainValidator, WithJsonSchema

from shared.frozen import Frozen
from shared.keys import AssetKind
from shared.providers.capabilities import capability_of, makers_of, titles, what
from shared.providers.engines import Engine
from shared.providers.names import ProviderName

RESILIENT = "resilient"
"""Whoever is configured and can: fal, then Replicate, then Hedra's API."""

_STEPS = (AssetKind.PORTRAIT, AssetKind.BACKGROUND, AssetKind.COMPOSITE, AssetKind.CLIP)


class NobodyToAsk(Exception):
    """None of the providers that may be asked can make something."""


class OutOfLimits(NobodyToAsk):
    """Those who make such things do not make one so long, so short, or of this aspect ratio."""


Names = tuple[ProviderName, ...]


def _order(value: object) -> Literal["resilient"] | Names:
    """Read an order as people write it; a `ValueError` says what would be right."""
    if value == RESILIENT:
        return "resilient"
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not names:
        raise ValueError(f"must be '{RESILIENT}', or one or several of {', '.join(ProviderName)}")
    strange = [name for name in names if name not in list(ProviderName)]
    if strange:
        raise ValueError(f"must name {', '.join(ProviderName)} or be '{RESILIENT}', found {strange[0]!r}")
    if len(set(names)) < len(names):
        raise ValueError("names a provider twice: each one is asked once")
    return tuple(map(ProviderName, names))


_NAMES = [str(name) for name in ProviderName]
_ONE_OR_SEVERAL: dict[str, Any] = {
    "anyOf": [
        {"enum": [RESILIENT, *_NAMES], "type": "string"},
        {"items": {"enum": _NAMES, "type": "string"}, "minItems": 1, "type": "array", "uniqueItems": True},
    ]
}

Order = Annotated[Literal["resilient"] | Names, PlainValidator(_order)]
"""Providers in the order in which they are asked: a name, several, or `resilient`."""


class Routing(Frozen):
    """Whom to ask for each kind of asset; None where it is left to the stack."""

    portrait: Order | None = None
    background: Order | None = None
    composite: Order | None = None
    clip: Order | None = None

    def of(self, kind: AssetKind) -> Literal["resilient"] | Names | None:
        """Return what is said of one kind."""
        said: dict[AssetKind, Literal["resilient"] | Names | None] = {
            AssetKind.PORTRAIT: self.portrait,
            AssetKind.BACKGROUND: self.background,
            AssetKind.COMPOSITE: self.composite,
            AssetKind.CLIP: self.clip,
        }
        return said[kind]


def _for_each_kind(value: object) -> object:
    # Read here, so that what is wrong is said once.
    return dict.fromkeys(_STEPS, _order(value)) if isinstance(value, str | list | tuple) else value


RoutingField = Annotated[
    Routing,
    BeforeValidator(_for_each_kind),
    WithJsonSchema(
        {
            "anyOf": [
                *_ONE_OR_SEVERAL["anyOf"],
                {
                    "type": "object",
                    "properties": {str(kind): _ONE_OR_SEVERAL for kind in _STEPS},
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
"""A routing as people write it: one order for all kinds, or an object with an order for some of them."""

BY_FAL = Routing.model_validate(dict.fromkeys(_STEPS, (ProviderName.FAL,)))


def stack_routing(text: str) -> Routing:
    """Read the routing that a stack is set to.

    Parameters
    ----------
    text
        Words with spaces between them: an order for all kinds (``resilient``, or names with commas), and exceptions
        such as ``clip=hedra,fal``.

    Raises
    ------
    ValueError
        When it is none.
    """
    orders: dict[str, Any] = dict.fromkeys(_STEPS, (ProviderName.FAL,))
    for word in text.split():
        kind, equals, order = word.rpartition("=")
        said: object = RESILIENT if order == RESILIENT else order.split(",")
        orders |= {kind: said} if equals else dict.fromkeys(_STEPS, said)
    return Routing.model_validate(orders)


NO_STAND_INS = "none"


def configured_of(stand_ins: Iterable[str]) -> frozenset[ProviderName]:
    """Return the providers that may be asked: fal, and who stands in for it; raises `ValueError` for a strange name."""
    return frozenset({ProviderName.FAL, *(ProviderName(name) for name in stand_ins if name != NO_STAND_INS)})


def resolved(order: Literal["resilient"] | Names) -> Names:
    """Return the providers that an order stands for."""
    return order if isinstance(order, tuple) else tuple(ProviderName)


class Router(Frozen):
    """Who may be asked here.

    Parameters
    ----------
    stack
        What holds where a script says nothing.
    configured
        The providers for which there is a key.
    """

    stack: Routing = BY_FAL
    configured: frozenset[ProviderName] = frozenset({ProviderName.FAL})

    def order(self, kind: AssetKind, engine: Engine | None, script: Routing | None) -> Names:
        """Return whom to ask for something, in order: only who is configured, and can.

        Hedra's own API makes Hedra's clips wherever there is a key for it and the script does not say otherwise: fal
        may not have them.
        """
        said, names = self._said(kind, script)
        able = tuple(name for name in names if name in self.configured and capability_of(name, kind, engine))
        last_resort = not said and engine is Engine.HEDRA and ProviderName.HEDRA in self.configured
        return (*able, ProviderName.HEDRA) if last_resort and ProviderName.HEDRA not in able else able

    def why_nobody(self, kind: AssetKind, engine: Engine | None, script: Routing | None) -> str:
        """Return in words why nobody can be asked for something."""
        said, names = self._said(kind, script)
        unable = tuple(name for name in names if not capability_of(name, kind, engine))
        missing = tuple(name for name in names if name not in self.configured and name not in unable)
        reasons = [f"{titles(unable)} cannot make them"] if unable else []
        reasons += [f"there is no key for {titles(missing)}"] if missing else []
        where = "the script's providers" if said else "the stack's parameter Providers"
        return (
            f"nobody can be asked for {what(kind, engine)}: of {where}, {' and '.join(reasons)}; "
            f"who can is {titles(makers_of(kind, engine))}"
        )

    def _said(self, kind: AssetKind, script: Routing | None) -> tuple[bool, Names]:
        """Return whether the script says whom to ask, and whom it or the stack says."""
        said = script.of(kind) if script else None
        order = said or self.stack.of(kind) or (ProviderName.FAL,)
        return said is not None, resolved(order)
