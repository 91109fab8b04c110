"""What an episode's edit asks of its parts: house clips, pauses, captions, cards. Nothing of it has to be bought."""

from collections.abc import Mapping, Sequence

from shared.addresses import address_of
from shared.captions.alignment import SpokenPart
from shared.captions.cues import Cue, cues_of_line
from shared.keys import FileKind, FileRef
from shared.ledger.records import Seconds
from shared.media.house_format import GRID_SECONDS, HOUSE_RECIPE, AspectRatio
from shared.plan.models import PlannedCard, PlannedEdit
from shared.plan.recordings import RecordedPart
from shared.script.edit import EndCard, TitleCard
from shared.script.models import Line, Script


def on_grid(seconds: float) -> Seconds:
    """Return the multiple of the house format's grid that is nearest to a length; at least one step, unless it is 0."""
    if not seconds:
        return 0.0
    return round(float(max(1, round(seconds / GRID_SECONDS)) * GRID_SECONDS), 6)


def edit_of(script: Script, sources: Mapping[str, FileRef], encoder_preset: str) -> PlannedEdit:
    """Return how the parts of a script are cut together, as yet without its cards."""
    return PlannedEdit(
        outputs=tuple(output.value for output in script.videos),
        language=script.language,
        burn_in=script.captions.burn_in,
        font=sources[script.font] if script.font else None,
        music=sources[script.music] if script.music else None,
        dissolve=script.edit.dissolve,
        encoder_preset=encoder_preset,
    )


def with_cards(script: Script, edit: PlannedEdit, pictures: Sequence[FileRef]) -> PlannedEdit:
    """Return an edit with its cards, before the first and the last of the pictures that the parts have."""
    first, last = (pictures[0], pictures[-1]) if pictures else (None, None)
    opening, closing = script.edit.title_card, script.edit.end_card
    return edit.model_copy(
        update={
            "title_card": _card(script, edit, opening, script.title, first) if opening else None,
            "end_card": _card(script, edit, closing, closing.title, last) if closing else None,
        }
    )


def house_clips(
    script: Script,
    edit: PlannedEdit,
    *,
    clip: FileRef | None,
    picture: FileRef,
    recording: FileRef,
    pause_seconds: Seconds,
    introduces: str | None,
    cues: Sequence[Cue],
) -> dict[AspectRatio, FileRef]:
    """Return the house clip of a part for each of the episode's videos; only what is to be seen or heard in it counts.

    Parameters
    ----------
    clip
        None for a still, which is made from the picture.
    """
    return _houses(
        script,
        edit,
        clip=clip.address if clip else None,
        picture=None if clip else picture.address,
        recording=recording.address,
        pause_seconds=pause_seconds,
        introduces=introduces,
        cues=[cue.model_dump() for cue in cues] if edit.burn_in else [],
        font=edit.font.address if edit.font and (introduces or (edit.burn_in and cues)) else None,
    )


def captions_of(line: Line, pieces: Sequence[RecordedPart]) -> Sequence[tuple[Cue, ...]]:
    """Return the captions of each part of a line."""
    if not line.text:
        return [()] * len(pieces)
    spoken = [SpokenPart(piece.spoken_seconds, tuple(piece.pauses)) for piece in pieces]
    return cues_of_line(line.text, spoken)


def _card(
    script: Script, edit: PlannedEdit, card: TitleCard | EndCard, title: str, backdrop: FileRef | None
) -> PlannedCard:
    seconds = on_grid(card.seconds)
    return PlannedCard(
        title=title,
        subtitle=card.subtitle,
        seconds=seconds,
        backdrop=backdrop,
        houses=_houses(
            script,
            edit,
            title=title,
            subtitle=card.subtitle,
            seconds=seconds,
            backdrop=backdrop.address if backdrop else None,
            font=edit.font.address if edit.font else None,
        ),
    )


def _houses(script: Script, edit: PlannedEdit, **ingredients: object) -> dict[AspectRatio, FileRef]:
    return {
        output: FileRef(
            kind=FileKind.HOUSE,
            address=address_of(
                HOUSE_RECIPE,
                FileKind.HOUSE,
                aspect_ratio=output,
                resolution=script.resolution,
                encoder_preset=edit.encoder_preset,
                **ingredients,
            ),
        )
        for output in edit.outputs
    }
