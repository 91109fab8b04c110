"""The plan: a document in the bucket, written once, which every later step reads."""

from pydantic import JsonValue

from shared.addresses import Address
from shared.frozen import Frozen
from shared.keys import AssetKind, FileRef
from shared.ledger.records import Seconds
from shared.media.house_format import AspectRatio, Resolution


class Input(Frozen):
    """A file that an asset is made from, and the request's field that takes its URL.

    Parameters
    ----------
    field
        For example ``image_url``, or ``image_urls``, where `listed` is true and the order of inputs counts.
    """

    field: str
    file: FileRef
    listed: bool = False


class PlannedAsset(Frozen):
    """Something to buy, unless it is there already.

    Parameters
    ----------
    arguments
        The request as it is sent, without its input files.
    label
        What it is, for people: ``portrait of Alex Chen``.
    quantity
        How much of it is paid for, in `unit`.
    """

    address: Address
    kind: AssetKind
    endpoint: str
    arguments: dict[str, JsonValue]
    inputs: tuple[Input, ...] = ()
    label: str
    quantity: float
    unit: str
    price_usd: float

    @property
    def file(self) -> FileRef:
        """Where it lies once it was bought."""
        return FileRef.of_asset(self.kind, self.address)


class PlannedEngine(Frozen):
    """One way to make a part's clip.

    Parameters
    ----------
    clip
        The talking video; None for a still, which is made from the composite.
    house_address
        The address of the house clip that comes of it.
    """

    name: str
    clip: FileRef | None
    house_address: Address


class PlannedPart(Frozen):
    """A piece of a line's recording and the clips that may be made for it, in order of preference.

    Parameters
    ----------
    index
        Its place in the episode.
    line
        The line's number in the episode, from 1.
    piece, pieces
        Which piece of the line this is, from 1, and how many there are.
    seconds
        Length of the recording as it is sent: padded to the grid of the house format.
    """

    index: int
    scene: int
    line: int
    piece: int
    pieces: int
    character: str
    text: str
    shot: int
    picture: FileRef
    recording: FileRef
    seconds: Seconds
    spoken_seconds: Seconds
    engines: tuple[PlannedEngine, ...]


class PlannedShot(Frozen):
    """A composite and the parts spoken in it.

    Parameters
    ----------
    images
        Addresses of the portrait and the background, where they are bought and not the script's own.
    composite
        The address of the composite; it is no asset of the plan where every part is a clip of the script's own.
    """

    index: int
    label: str
    images: tuple[Address, ...]
    composite: Address
    parts: tuple[int, ...]


class Quote(Frozen):
    """What a run will cost, counted before anything is bought.

    Parameters
    ----------
    expected_usd
        What is missing, each clip with its first engine.
    ceiling_usd
        The same with each clip at its dearest engine.
    """

    expected_usd: float
    ceiling_usd: float
    images: int
    clip_seconds: float
    reused: int


class Plan(Frozen):
    """Everything that a run will do."""

    episode_id: str
    run: str
    digest: str
    title: str
    aspect_ratio: AspectRatio
    resolution: Resolution
    assets: dict[Address, PlannedAsset]
    shots: tuple[PlannedShot, ...]
    parts: tuple[PlannedPart, ...]
    quote: Quote
    warnings: tuple[str, ...] = ()
