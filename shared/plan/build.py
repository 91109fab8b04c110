"""From a script and what its files turned out to be, the plan: pure, so that the same inputs give the same plan."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from shared.addresses import Address, address_of
from shared.keys import FileKind, FileRef
from shared.ledger.budgets import Limits
from shared.ledger.records import Seconds
from shared.media.house_format import HOUSE_RECIPE
from shared.plan.assets import background_asset, clip_asset, composite_asset, portrait_asset
from shared.plan.catalogue import Catalogue
from shared.plan.models import Plan, PlannedAsset, PlannedEngine, PlannedPart, PlannedShot
from shared.plan.quote import quote_of
from shared.script.models import Caps, Character, Engine, Line, Scene, Script

OWN_CLIP = "own"
"""The name under which a clip that the script brings itself stands among the engines."""

MAX_PARTS = 400
"""Step Functions' state holds 256 KiB, and an execution 25,000 events: 400 parts keep well within both."""


@dataclass(frozen=True, slots=True)
class RecordedPart:
    """A piece of a line's recording, ready to be sent.

    Parameters
    ----------
    seconds
        Its length as it is sent: padded to the grid of the house format.
    spoken_seconds
        The length of the recording in it.
    """

    file: FileRef
    seconds: Seconds
    spoken_seconds: Seconds
    cut_in_speech: bool = False


@dataclass(frozen=True, slots=True)
class ReadInputs:
    """What the files of an episode turned out to be.

    Parameters
    ----------
    sources
        Where each uploaded image and video lies under its address, by its path in the script.
    recordings
        The parts of each line, in the script's order of lines.
    """

    sources: Mapping[str, FileRef]
    recordings: Sequence[Sequence[RecordedPart]]


class TooManyParts(Exception):
    """An episode is longer than one run can carry."""


@dataclass(slots=True)
class _Builder:
    script: Script
    inputs: ReadInputs
    catalogue: Catalogue
    assets: dict[Address, PlannedAsset] = field(default_factory=dict)
    pictures: dict[Address, PlannedAsset] = field(default_factory=dict)
    images: dict[Address, tuple[Address, ...]] = field(default_factory=dict)

    def want(self, asset: PlannedAsset) -> FileRef:
        """Put an asset on the list, once; return where it will lie."""
        self.assets.setdefault(asset.address, asset)
        return asset.file

    def want_picture(self, composite: Address) -> None:
        """Put a composite on the list, with what it is made from."""
        for address in (*self.images[composite], composite):
            self.want(self.pictures[address])

    def picture(self, asset: PlannedAsset) -> FileRef:
        self.pictures[asset.address] = asset
        return asset.file

    def portrait(self, character: Character) -> FileRef:
        if character.portrait:
            return self.inputs.sources[character.portrait]
        references = [self.inputs.sources[path] for path in character.style_references]
        return self.picture(portrait_asset(self.script, character, references, self.catalogue))

    def background(self, scene: Scene) -> FileRef:
        if scene.background:
            return self.inputs.sources[scene.background]
        return self.picture(background_asset(self.script, scene, self.catalogue))

    def composite(self, scene: Scene, line: Line) -> FileRef:
        portrait = self.portrait(self.script.character(line.character))
        background = self.background(scene)
        asset = composite_asset(
            self.script,
            scene,
            line,
            portrait=portrait,
            background=background,
            catalogue=self.catalogue,
        )
        self.images[asset.address] = tuple(
            file.address for file in (portrait, background) if file.kind is not FileKind.SOURCE
        )
        return self.picture(asset)

    def engine(
        self, name: Engine, scene: Scene, line: Line, part: RecordedPart, picture: FileRef, label: str
    ) -> PlannedEngine:
        if name is Engine.STILL:
            return self.house_clip(name, None, picture, part)
        clip = self.want(
            clip_asset(
                name,
                self.script,
                scene,
                line,
                picture=picture,
                recording=part.file,
                seconds=part.seconds,
                label=label,
                catalogue=self.catalogue,
            )
        )
        return self.house_clip(name, clip, picture, part)

    def house_clip(self, name: str, clip: FileRef | None, picture: FileRef, part: RecordedPart) -> PlannedEngine:
        address = address_of(
            HOUSE_RECIPE,
            FileKind.HOUSE,
            clip=clip.address if clip else None,
            picture=None if clip else picture.address,
            recording=part.file.address,
            aspect_ratio=self.script.aspect_ratio,
            resolution=self.script.resolution,
        )
        return PlannedEngine(name=name, clip=clip, house_address=address)

    def parts(self) -> list[PlannedPart]:
        parts: list[PlannedPart] = []
        shots: dict[Address, int] = {}
        lines = [(scene, line) for scene in self.script.scenes for line in scene.lines]
        for number, ((scene, line), pieces) in enumerate(zip(lines, self.inputs.recordings, strict=True), start=1):
            picture = self.composite(scene, line)
            if not line.clip:  # an own clip needs no picture
                self.want_picture(picture.address)
            shot = shots.setdefault(picture.address, len(shots))
            for piece, recorded in enumerate(pieces, start=1):
                label = f"line {number}" + (f", piece {piece} of {len(pieces)}" if len(pieces) > 1 else "")
                label += f" ({line.character})"
                parts.append(
                    PlannedPart(
                        index=len(parts),
                        scene=scene.number,
                        line=number,
                        piece=piece,
                        pieces=len(pieces),
                        label=label,
                        character=line.character,
                        text=line.text or "",
                        shot=shot,
                        picture=picture,
                        recording=recorded.file,
                        seconds=recorded.seconds,
                        spoken_seconds=recorded.spoken_seconds,
                        engines=self.engines(scene, line, recorded, picture, label),
                    )
                )
        return parts

    def engines(
        self, scene: Scene, line: Line, part: RecordedPart, picture: FileRef, label: str
    ) -> tuple[PlannedEngine, ...]:
        if line.clip:
            return (self.house_clip(OWN_CLIP, self.inputs.sources[line.clip], picture, part),)
        return tuple(self.engine(name, scene, line, part, picture, label) for name in self.script.engines)


def build_plan(
    script: Script,
    inputs: ReadInputs,
    *,
    episode_id: str,
    run: str,
    digest: str,
    catalogue: Catalogue,
    stored: AbstractSet[Address],
    refused: AbstractSet[Address] = frozenset(),
    warnings: Sequence[str] = (),
) -> Plan:
    """Compute every address of an episode and quote what is missing.

    Parameters
    ----------
    stored
        Addresses of assets that were bought before.
    refused
        Addresses of assets that the provider refused for good.

    Raises
    ------
    TooManyParts
        When the episode is longer than one run can carry.
    """
    builder = _Builder(script, inputs, catalogue)
    parts = builder.parts()
    if len(parts) > MAX_PARTS:
        raise TooManyParts(
            f"the episode has {len(parts)} parts (pieces of lines of at most 30 seconds), and one run carries "
            f"{MAX_PARTS}: divide it into {-(-len(parts) // MAX_PARTS)} episodes"
        )
    return Plan(
        episode_id=episode_id,
        run=run,
        digest=digest,
        title=script.title,
        aspect_ratio=script.aspect_ratio,
        resolution=script.resolution,
        assets=builder.assets,
        shots=_shots(parts, builder),
        parts=tuple(parts),
        quote=quote_of(builder.assets, parts, stored, refused),
        caps=_limits(script.caps),
        warnings=(*warnings, *_cut_warnings(parts, inputs), *catalogue.price_notes(builder.assets.values())),
    )


def _shots(parts: Sequence[PlannedPart], builder: _Builder) -> tuple[PlannedShot, ...]:
    members: dict[int, list[PlannedPart]] = {}
    for part in parts:
        members.setdefault(part.shot, []).append(part)
    return tuple(
        PlannedShot(
            index=index,
            label=builder.pictures[shot[0].picture.address].label,
            images=builder.images[shot[0].picture.address],
            composite=shot[0].picture.address,
            parts=tuple(part.index for part in shot),
        )
        for index, shot in members.items()
    )


def _limits(caps: Caps) -> Limits:
    usd = None if caps.usd is None else float(caps.usd)
    return Limits(usd=usd, images=caps.images, clip_seconds=caps.clip_seconds)


def _cut_warnings(parts: Sequence[PlannedPart], inputs: ReadInputs) -> list[str]:
    cut_in_speech = {
        recorded.file.address for pieces in inputs.recordings for recorded in pieces if recorded.cut_in_speech
    }
    return [
        f"line {part.line} is cut after piece {part.piece} of {part.pieces} where somebody is speaking: "
        "it is longer than 30 seconds and has no pause there"
        for part in parts
        if part.recording.address in cut_in_speech
    ]
