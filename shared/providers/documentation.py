"""Write the page about who makes what from the table: ``python -m shared.providers.documentation``."""

from shared.keys import AssetKind
from shared.prices import Unit, price_of
from shared.providers.capabilities import CAPABILITIES, Capability, capability_of
from shared.providers.engines import Engine
from shared.providers.names import TITLES, Place, ProviderName

_WANTED: tuple[tuple[AssetKind, Engine | None], ...] = (
    (AssetKind.PORTRAIT, None),
    (AssetKind.BACKGROUND, None),
    (AssetKind.COMPOSITE, None),
    *((AssetKind.CLIP, engine) for engine in Engine if engine is not Engine.STILL),
)


def page() -> str:
    """Return the page as Markdown."""
    return f"""# Who makes what

*Written from `shared/providers/capabilities.py` and `shared/prices.py` by `make schema`; the same tables drive
validation, the plan and the quote. How to use more than one provider is in [providers.md](providers.md).*

| | {" | ".join(TITLES[name] for name in ProviderName)} |
| --- |{" --- |" * len(ProviderName)}
{chr(10).join(_overview(kind, engine) for kind, engine in _WANTED)}
| still | made here of the composite, free | | |

| who | model | what | limits | price | source |
| --- | --- | --- | --- | --- | --- |
{chr(10).join(_detail(capabilities) for capabilities in _by_model())}
"""


def _overview(kind: AssetKind, engine: Engine | None) -> str:
    cells = ("yes" if capability_of(name, kind, engine) else "no" for name in ProviderName)
    return f"| {_what(kind, engine)} | {' | '.join(cells)} |"


def _what(kind: AssetKind, engine: Engine | None) -> str:
    return f"{kind}, engine `{engine}`" if engine else str(kind)


def _by_model() -> list[list[Capability]]:
    models: dict[Place, list[Capability]] = {}
    for capability in CAPABILITIES:
        models.setdefault(capability.place, []).append(capability)
    return list(models.values())


def _detail(capabilities: list[Capability]) -> str:
    first = capabilities[0]
    unit: Unit = "second" if first.kind is AssetKind.CLIP else "image"
    price = price_of(first.place.key, unit)
    figures = " or ".join(f"${usd:g}" for usd in price.figures)
    makes = ", ".join(_what(capability.kind, capability.engine) for capability in capabilities)
    return (
        f"| {TITLES[first.provider]} | `{first.endpoint}` | {makes} | {_limits(first)} "
        f"| {figures} per {unit}: {price.source} | {first.source} |"
    )


def _limits(capability: Capability) -> str:
    limits = []
    if capability.min_seconds or capability.max_seconds:
        limits.append(f"{capability.min_seconds or 0:g} to {capability.max_seconds or 0:g} s of sound")
    if capability.max_audio_bytes:
        limits.append(f"{capability.max_audio_bytes / 1_000_000:g} MB of sound")
    if capability.max_images:
        limits.append(f"{capability.max_images} images")
    if len(capability.aspect_ratios) < len(type(capability.aspect_ratios[0])):
        limits.append("only " + ", ".join(capability.aspect_ratios))
    return "; ".join(limits) or "none known"


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 - that is what it is for
