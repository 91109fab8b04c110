"""From a script and what its files turned out to be, the plan: pure, so that the same inputs give the same plan."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from shared.addresses import Address
from shared.captions.cues import Cue
from shared.keys import FileKind, FileRef
from shared.ledger.budgets import Limits
from shared.ledger.records import Seconds
from shared.plan.assets import background_asset, clip_asset, composite_asset, portrait_asset
from shared.plan.catalogue import Catalogue
from shared.plan.editing import captions_of, edit_of, house_clips, on_grid, with_cards
from shared.plan.models import Plan, PlannedAsset, PlannedEdit, PlannedEngine, PlannedPart, PlannedShot
from shared.plan.quote import quote_of
from shared.plan.recordings import ReadInputs, RecordedPart
from shared.providers.engines import Engine
from shared.providers.routing import NobodyToAsk, OutOfLimits
from shared.script.models import Caps, Character, Line, Scene, Script

OWN_CLIP = "own"
"""The name under which a clip that the script brings itself stands among the engines."""

MAX_PARTS = 400
"""Step Functions' state holds 256 KiB, and an execution 25,000 events: 400 parts keep well within both."""


class TooManyParts(Exception):
    """An episode is longer than one run can carry."""


@dataclass(slots=True)
class _Builder:
    script: Script
    inputs: ReadInputs
    catalogue: Catalogue
    edit: PlannedEdit
    assets: dict[Address, PlannedAsset] = field(default_factory=dict)
    pictures: dict[Address, PlannedAsset] = field(default_factory=dict)
    images: dict[Address, tuple[Address, ...]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

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

    def parts(self) -> list[PlannedPart]:
        parts: list[PlannedPart] = []
        shots: dict[Address, int] = {}
        introduced: set[str] = set()
        lines = [(scene, line) for scene in self.script.scenes for line in scene.lines]
        for number, ((scene, line), pieces) in enumerate(zip(lines, self.inputs.recordings, strict=True), start=1):
            picture = self.composite(scene, line)
            if not line.clip:  # an own clip needs no picture
                self.want_picture(picture.address)
            shot = shots.setdefault(picture.address, len(shots))
            for piece, (recorded, cues) in enumerate(zip(pieces, captions_of(line, pieces), strict=True), start=1):
                label = f"line {number}" + (f", piece {piece} of {len(pieces)}" if len(pieces) > 1 else "")
                spoken = _PartSources(
                    scene,
                    line,
                    recorded,
                    picture,
                    label=f"{label} ({line.character})",
                    pause_seconds=on_grid(self.script.edit.pause)
                    if piece == len(pieces) and number < len(lines)
                    else 0.0,
                    introduces=self._introduced(line, introduced),
                    cues=cues,
                )
                parts.append(
                    PlannedPart(
                        index=len(parts),
                        scene=scene.number,
                        line=number,
                        piece=piece,
                        pieces=len(pieces),
                        label=spoken.label,
                        character=line.character,
                        text=line.text or "",
                        shot=shot,
                        picture=picture,
                        recording=recorded.file,
                        seconds=recorded.seconds,
                        spoken_seconds=recorded.spoken_seconds,
                        pause_seconds=spoken.pause_seconds,
                        introduces=spoken.introduces,
                        cues=cues,
                        engines=self.engines(spoken),
                    )
                )
        return parts

    def _introduced(self, line: Line, introduced: set[str]) -> str | None:
        """Return whom the lower third of a line's next part introduces, who then is known."""
        if not self.script.edit.lower_thirds or line.character in introduced:
            return None
        introduced.add(line.character)
        return line.character

    def engines(self, part: "_PartSources") -> tuple[PlannedEngine, ...]:
        if part.line.clip:
            return (self.engine(OWN_CLIP, self.inputs.sources[part.line.clip], part),)
        engines: list[PlannedEngine] = []
        nobody: list[NobodyToAsk] = []
        for name in self.script.engines:
            try:
                engines.append(self.engine(name, self.clip(name, part), part))
            except NobodyToAsk as reason:
                nobody.append(reason)
        talks = any(engine.clip for engine in engines)
        # A single part may be too short for an engine; an episode of stills is no answer to who asked for talking ones.
        if nobody and not talks and not (engines and any(isinstance(reason, OutOfLimits) for reason in nobody)):
            raise NobodyToAsk("; ".join(map(str, nobody)))
        self.warnings += [f"an engine is left out: {reason}" for reason in nobody]
        return tuple(engines)

    def clip(self, name: Engine, part: "_PartSources") -> FileRef | None:
        if name is Engine.STILL:
            return None
        return self.want(
            clip_asset(
                name,
                self.script,
                part.scene,
                part.line,
                picture=part.picture,
                recording=part.recorded.file,
                seconds=part.recorded.seconds,
                label=part.label,
                catalogue=self.catalogue,
            )
        )

    def engine(self, name: str, clip: FileRef | None, part: "_PartSources") -> PlannedEngine:
        houses = house_clips(
            self.script,
            self.edit,
            clip=clip,
            picture=part.picture,
            recording=part.recorded.file,
            pause_seconds=part.pause_seconds,
            introduces=part.introduces,
            cues=part.cues,
        )
        return PlannedEngine(name=name, clip=clip, houses=houses)


@dataclass(frozen=True, slots=True)
class _PartSources:
    scene: Scene
    line: Line
    recorded: RecordedPart
    picture: FileRef
    label: str
    pause_seconds: Seconds
    introduces: str | None
    cues: tuple[Cue, ...]


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
    encoder_preset: str,
) -> Plan:
    """Compute every address of an episode and quote what is missing.

    Parameters
    ----------
    stored
        Addresses of assets that were bought before.
    refused
        Addresses of assets that the provider refused for good.
    encoder_preset
        Of x264, for the episode's house clips.

    Raises
    ------
    TooManyParts
        When the episode is longer than one run can carry.
    shared.providers.routing.NobodyToAsk
        When nobody can be asked for something that the episode needs.
    """
    builder = _Builder(script, inputs, catalogue, edit_of(script, inputs.sources, encoder_preset))
    parts = builder.parts()
    if len(parts) > MAX_PARTS:
        raise TooManyParts(
            f"the episode has {len(parts)} parts (pieces of lines of at most 30 seconds), and one run carries "
            f"{MAX_PARTS}: divide it into {-(-len(parts) // MAX_PARTS)} episodes"
        )
    shown = [part.picture for part in parts if part.picture.address in builder.assets]
    return Plan(
        episode_id=episode_id,
        run=run,
        digest=digest,
        title=script.title,
        resolution=script.resolution,
        edit=with_cards(script, builder.edit, shown),
        assets=builder.assets,
        shots=_shots(parts, builder),
        parts=tuple(parts),
        quote=quote_of(builder.assets, parts, stored, refused),
        caps=_limits(script.caps),
        warnings=(
            *inputs.warnings,
            *builder.warnings,
            *_cut_warnings(parts, inputs),
            *catalogue.price_notes(builder.assets.values()),
        ),
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
