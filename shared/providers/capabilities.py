"""Who makes what, and within which limits: `docs/providers.md` is made from this table."""

from shared.fal.models import fabric, hedra, ideogram, kling, kontext
from shared.frozen import Frozen
from shared.keys import AssetKind
from shared.providers.endpoints import (
    AVATAR_AT_HEDRA,
    FABRIC_AT_HEDRA,
    FABRIC_AT_REPLICATE,
    KLING_AT_HEDRA,
    KLING_AT_REPLICATE,
    NANO_BANANA_AT_HEDRA,
    NANO_BANANA_AT_REPLICATE,
)
from shared.providers.engines import Engine
from shared.providers.names import TITLES, Place, ProviderName
from shared.styles.aspect_ratio import AspectRatio

_HEDRA_SOURCE = "the input types of hedra-sdk 7.0.0, https://github.com/hedra-labs/hedra-python"

_ALL = tuple(AspectRatio)


class Capability(Frozen):
    """One thing that a provider makes.

    Parameters
    ----------
    kind
        What it makes.
    engine
        The engine of a clip; None for pictures.
    endpoint
        The model that makes it; fal's can be configured.
    min_seconds, max_seconds
        How long the sound of a clip may be; None where no limit is published.
    max_audio_bytes, max_images
        How large that sound may be, and how many pictures may be given.
    aspect_ratios
        Those that it can be asked for.
    source
        Where all this is written.
    """

    provider: ProviderName
    kind: AssetKind
    engine: Engine | None = None
    endpoint: str
    min_seconds: float | None = None
    max_seconds: float | None = None
    max_audio_bytes: int | None = None
    max_images: int | None = None
    aspect_ratios: tuple[AspectRatio, ...] = _ALL
    source: str

    @property
    def place(self) -> Place:
        """Where it is asked for, unless another of fal's endpoints is configured."""
        return Place(provider=self.provider, endpoint=self.endpoint)

    def takes(self, seconds: float | None, aspect_ratio: AspectRatio) -> bool:
        """Tell whether a clip of so many seconds, or a picture, in this aspect ratio is within the limits."""
        if aspect_ratio not in self.aspect_ratios:
            return False
        if seconds is None:
            return True
        return (self.min_seconds or 0) <= seconds <= (self.max_seconds or seconds)


def _pictures(provider: ProviderName, endpoint: str, *, max_images: int, source: str) -> tuple[Capability, ...]:
    kinds = (AssetKind.PORTRAIT, AssetKind.BACKGROUND, AssetKind.COMPOSITE)
    return tuple(
        Capability(provider=provider, kind=kind, endpoint=endpoint, max_images=max_images, source=source)
        for kind in kinds
    )


CAPABILITIES: tuple[Capability, ...] = (
    Capability(
        provider=ProviderName.FAL,
        kind=AssetKind.PORTRAIT,
        endpoint=ideogram.ENDPOINT,
        source="https://fal.ai/models/fal-ai/ideogram/v3/api",
    ),
    Capability(
        provider=ProviderName.FAL,
        kind=AssetKind.BACKGROUND,
        endpoint=ideogram.ENDPOINT,
        source="https://fal.ai/models/fal-ai/ideogram/v3/api",
    ),
    Capability(
        provider=ProviderName.FAL,
        kind=AssetKind.COMPOSITE,
        endpoint=kontext.MULTI_ENDPOINT,
        source="https://fal.ai/models/fal-ai/flux-pro/kontext/multi/api",
    ),
    Capability(
        provider=ProviderName.FAL,
        kind=AssetKind.CLIP,
        engine=Engine.HEDRA,
        endpoint=hedra.ENDPOINT,
        source="assumed: fal's public catalogue does not list it",
    ),
    Capability(
        provider=ProviderName.FAL,
        kind=AssetKind.CLIP,
        engine=Engine.KLING,
        endpoint=kling.ENDPOINT,
        source="https://fal.ai/models/fal-ai/kling-video/ai-avatar/v2/standard/api",
    ),
    Capability(
        provider=ProviderName.FAL,
        kind=AssetKind.CLIP,
        engine=Engine.FABRIC,
        endpoint=fabric.ENDPOINT,
        source="https://fal.ai/models/veed/fabric-1.0/api",
    ),
    *_pictures(
        ProviderName.REPLICATE,
        NANO_BANANA_AT_REPLICATE,
        max_images=14,
        source="https://replicate.com/google/nano-banana-2/api/schema",
    ),
    Capability(
        provider=ProviderName.REPLICATE,
        kind=AssetKind.CLIP,
        engine=Engine.KLING,
        endpoint=KLING_AT_REPLICATE,
        min_seconds=2,
        max_seconds=60,
        max_audio_bytes=5_000_000,
        source="https://replicate.com/kwaivgi/kling-avatar-v2; its limits are Kling's own",
    ),
    Capability(
        provider=ProviderName.REPLICATE,
        kind=AssetKind.CLIP,
        engine=Engine.FABRIC,
        endpoint=FABRIC_AT_REPLICATE,
        source="https://replicate.com/veed/fabric-1.0",
    ),
    *_pictures(ProviderName.HEDRA, NANO_BANANA_AT_HEDRA, max_images=14, source=_HEDRA_SOURCE),
    Capability(
        provider=ProviderName.HEDRA,
        kind=AssetKind.CLIP,
        engine=Engine.HEDRA,
        endpoint=AVATAR_AT_HEDRA,
        min_seconds=0.5,
        max_seconds=600,
        max_audio_bytes=104_800_000,
        source=_HEDRA_SOURCE,
    ),
    Capability(
        provider=ProviderName.HEDRA,
        kind=AssetKind.CLIP,
        engine=Engine.KLING,
        endpoint=KLING_AT_HEDRA,
        min_seconds=2,
        max_seconds=60.15,
        max_audio_bytes=5_000_000,
        aspect_ratios=(AspectRatio.LANDSCAPE_16_9, AspectRatio.PORTRAIT_9_16, AspectRatio.SQUARE_1_1),
        source=_HEDRA_SOURCE,
    ),
    Capability(
        provider=ProviderName.HEDRA,
        kind=AssetKind.CLIP,
        engine=Engine.FABRIC,
        endpoint=FABRIC_AT_HEDRA,
        max_audio_bytes=104_800_000,
        source=_HEDRA_SOURCE,
    ),
)

_BY_WHAT = {(entry.provider, entry.kind, entry.engine): entry for entry in CAPABILITIES}


def capability_of(provider: ProviderName, kind: AssetKind, engine: Engine | None = None) -> Capability | None:
    """Return how a provider makes something, or None if it cannot."""
    return _BY_WHAT.get((provider, kind, engine))


def makers_of(kind: AssetKind, engine: Engine | None = None) -> tuple[ProviderName, ...]:
    """Return who can make something, in the order in which they are asked where nobody says another."""
    return tuple(name for name in ProviderName if capability_of(name, kind, engine))


def engines_of(provider: ProviderName) -> tuple[Engine, ...]:
    """Return the engines that a provider runs."""
    return tuple(engine for engine in Engine if capability_of(provider, AssetKind.CLIP, engine))


def what(kind: AssetKind, engine: Engine | None = None) -> str:
    """Return in words what is made."""
    return f"{kind}s with the engine '{engine}'" if engine else f"{kind}s"


def titles(providers: tuple[ProviderName, ...]) -> str:
    """Return the names of providers in words."""
    return ", ".join(TITLES[name] for name in providers)
