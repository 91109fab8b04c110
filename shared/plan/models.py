"""The plan: a document in the bucket, written once, which every later step reads."""

from pydantic import Field, JsonValue

from shared.addresses import Address
from shared.captions.cues import Cue
from shared.frozen import Frozen
from shared.keys import AssetKind, FileRef
from shared.ledger.budgets import Limits, Usage
from shared.ledger.records import Seconds
from shared.media.house_format import AspectRatio, Resolution
from shared.prices import Unit
from shared.providers.names import Place, ProviderName


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


class Offer(Frozen):
    """One provider's way to make an asset.

    Parameters
    ----------
    arguments
        The request as it is sent, without its input files.
    price_usd
        US dollars for all of it.
    price_source
        Where the figure comes from.
    """

    provider: ProviderName = ProviderName.FAL
    endpoint: str
    arguments: dict[str, JsonValue]
    inputs: tuple[Input, ...] = ()
    price_usd: float
    price_source: str

    @property
    def place(self) -> Place:
        """Where it is asked for."""
        return Place(provider=self.provider, endpoint=self.endpoint)


class PlannedAsset(Frozen):
    """Something to buy, unless it is there already.

    Parameters
    ----------
    offers
        Who can make it, in the order in which they are asked. The address is that of what the first one makes: what
        another one made in its stead is as good.
    label
        What it is, for people: ``portrait of Alex Chen``.
    quantity
        How much of it is paid for, in `unit`.
    """

    address: Address
    kind: AssetKind
    offers: tuple[Offer, ...] = Field(min_length=1)
    label: str
    quantity: float
    unit: Unit

    @property
    def first(self) -> Offer:
        """The offer that is taken while nothing is wrong with it."""
        return self.offers[0]

    @property
    def price_usd(self) -> float:
        """US dollars that it is expected to cost."""
        return self.first.price_usd

    def offer_at(self, place: Place) -> Offer:
        """Return the offer of a place; the first one where the plan has none of it any more."""
        return next((offer for offer in self.offers if offer.place == place), self.first)

    @property
    def file(self) -> FileRef:
        """Where it lies once it was bought."""
        return FileRef.of_asset(self.kind, self.address)

    @property
    def usage(self) -> Usage:
        """What it is expected to take of a budget."""
        return self.usage_by(self.first)

    @property
    def dearest(self) -> Usage:
        """What it takes of a budget at most, whoever makes it."""
        return self.usage_by(max(self.offers, key=lambda offer: offer.price_usd))

    def usage_by(self, offer: Offer) -> Usage:
        """Return what it takes of a budget if it is made so."""
        if self.kind is AssetKind.CLIP:
            return Usage(usd=offer.price_usd, clip_seconds=self.quantity)
        return Usage(usd=offer.price_usd, images=1)


class PlannedEngine(Frozen):
    """One way to make a part's clip.

    Parameters
    ----------
    clip
        The talking video; None for a still, which is made from the composite.
    houses
        The house clip that comes of it, for each of the episode's videos.
    """

    name: str
    clip: FileRef | None
    houses: dict[AspectRatio, FileRef]


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
    label
        What it is, for people: ``line 3, piece 2 of 2 (Mara Quill)``.
    seconds
        Length of the recording as it is sent: padded to the grid of the house format.
    pause_seconds
        Seconds of silence after it, on the same grid.
    introduces
        Whom the lower third introduces in it, if anybody.
    cues
        Its captions; their times count from the part's start.
    """

    index: int
    scene: int
    line: int
    piece: int
    pieces: int
    label: str
    character: str
    text: str
    shot: int
    picture: FileRef
    recording: FileRef
    seconds: Seconds
    spoken_seconds: Seconds
    pause_seconds: Seconds = 0.0
    introduces: str | None = None
    cues: tuple[Cue, ...] = ()
    engines: tuple[PlannedEngine, ...]


class PlannedCard(Frozen):
    """A picture with a text, before the first part or after the last.

    Parameters
    ----------
    seconds
        How long it is shown: a multiple of the house format's grid.
    backdrop
        The picture behind the text, if there is any.
    houses
        It as a house clip, for each of the episode's videos.
    """

    title: str
    subtitle: str | None
    seconds: Seconds
    backdrop: FileRef | None
    houses: dict[AspectRatio, FileRef]


class PlannedEdit(Frozen):
    """How the parts are cut together.

    Parameters
    ----------
    outputs
        The aspect ratios of the episode's videos; the first one is that of the clips.
    font
        An own font for what is drawn.
    encoder_preset
        Of x264; all house clips of an episode need the same.
    """

    outputs: tuple[AspectRatio, ...]
    language: str | None = None
    burn_in: bool = False
    font: FileRef | None = None
    music: FileRef | None = None
    dissolve: bool = False
    title_card: PlannedCard | None = None
    end_card: PlannedCard | None = None
    encoder_preset: str


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
    """What a run will cost, counted before anything is bought; `shared.plan.quote` says what is counted.

    Parameters
    ----------
    expected
        What is missing, each clip with its first engine.
    ceiling
        What it comes to at most, whatever has to be stepped down from.
    reused
        How many assets are there already.
    """

    expected: Usage
    ceiling: Usage
    reused: int

    @property
    def expected_usd(self) -> float:
        """US dollars that are expected."""
        return self.expected.usd

    @property
    def ceiling_usd(self) -> float:
        """US dollars that it comes to at most."""
        return self.ceiling.usd


class Plan(Frozen):
    """Everything that a run will do."""

    episode_id: str
    run: str
    digest: str
    title: str
    resolution: Resolution
    edit: PlannedEdit
    assets: dict[Address, PlannedAsset]
    shots: tuple[PlannedShot, ...]
    parts: tuple[PlannedPart, ...]
    quote: Quote
    caps: Limits = Limits()
    warnings: tuple[str, ...] = ()
