"""Sound and picture of every line, in a finished episode of any length."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from shared.media.dissolve import write_dissolve
from shared.media.house import HouseFormat, make_card_clip
from shared.media.join import Segment, join_house_clips
from tests.unit.media.episodes import (
    MadeClip,
    assert_gapless,
    beep_times,
    flash_times,
    marked_clip,
    mean_lumas,
)
from tests.unit.media.media_samples import decoded_sound, write_picture

FORM = HouseFormat(320, 180)
CARD_EVERY, DISSOLVE_EVERY = 25, 4


@dataclass(frozen=True)
class Material:
    """Clips of several kinds, a card, and a dissolve from any of them to any other, by names."""

    kinds: list[MadeClip]
    card: MadeClip
    heads: dict[tuple[str, str], Path]


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    """Make lines of different lengths: plain, with a pause behind, and by engines whose sound begins late."""
    folder = tmp_path_factory.mktemp("material")
    kinds = [
        marked_clip(folder, "plain", 0.9, 0.56, form=FORM),
        marked_clip(folder, "pause", 1.21, 0.6, form=FORM, pause=0.4),
        marked_clip(folder, "late", 1.5, 0.8, form=FORM, late=0.12),
        marked_clip(folder, "late-pause", 1.03, 0.7, form=FORM, late=0.12, pause=0.64),
    ]
    card_facts = make_card_clip(write_picture(folder / "card.png", 320, 180), 0.64, folder / "card.mp4", FORM)
    card = MadeClip(folder / "card.mp4", card_facts.frames, float("nan"))
    heads = {}
    for before in [*kinds, card]:
        for after in [*kinds, card]:
            head = folder / f"{before.path.stem}-{after.path.stem}.head.mp4"
            write_dissolve(before.path, after.path, head, FORM)
            heads[before.path.stem, after.path.stem] = head
    return Material(kinds, card, heads)


def cast(material: Material, lines: int) -> list[MadeClip]:
    """Return an episode's clips: cards at its ends and between scenes, lines of all kinds in turn."""
    clips = [material.card]
    for number in range(lines):
        if number and number % CARD_EVERY == 0:
            clips.append(material.card)
        clips.append(material.kinds[number * 7 % 4])
    return [*clips, material.card]


@pytest.mark.parametrize("lines", [10, 100, 400])
def test_lips_match_at_any_length_with_pauses_dissolves_and_cards(
    tmp_path: Path, material: Material, lines: int
) -> None:
    # given an episode with cards, some lines that dissolve into the next, pauses, and engines that are 120 ms late
    clips = cast(material, lines)
    segments = [Segment(clips[0].path)]
    for number, (before, after) in enumerate(pairwise(clips)):
        at_card = material.card in (before, after)
        head = material.heads[before.path.stem, after.path.stem] if at_card or number % DISSOLVE_EVERY == 0 else None
        segments.append(Segment(after.path, head))
    # when it is joined
    episode = tmp_path / "episode.mp4"
    facts = join_house_clips(segments, episode, frames=sum(clip.frames for clip in clips), title="Marks")
    # then picture and sound follow without a hole or an overlap, and every frame decodes without an error
    assert_gapless(episode)
    lumas = mean_lumas(episode)
    assert len(lumas) == facts.frames
    assert lumas[0] > 40
    # and flash and beep of each line come where the line lies, and within a frame of each other
    starts = np.cumsum([0, *(clip.frames for clip in clips)])[:-1] / 25
    marks = np.array([start + clip.mark for start, clip in zip(starts, clips, strict=True) if not np.isnan(clip.mark)])
    flashes, beeps = flash_times(episode), beep_times(episode)
    assert len(flashes) == len(beeps) == len(marks) == lines
    assert np.abs(flashes - beeps).max() <= 0.04
    assert np.abs(beeps - marks).max() <= 0.005


def test_joins_do_not_click(tmp_path: Path) -> None:
    # given clips whose sound goes on until their end
    clips = [marked_clip(tmp_path, f"{number}", 0.9, 0.7, form=FORM) for number in range(3)]
    episode = tmp_path / "episode.mp4"
    join_house_clips([Segment(clip.path) for clip in clips], episode, frames=sum(c.frames for c in clips), title="x")
    # then around a join, there is silence, and no sample jumps
    sound = decoded_sound(episode, 48_000)
    for join in np.cumsum([clip.frames for clip in clips])[:-1] * 1920:
        around = sound[join - 2048 : join + 2048]
        assert np.abs(np.diff(around)).max() < 1e-3
        assert np.abs(around[2048 - 512 : 2048 + 512]).max() < 1e-3
