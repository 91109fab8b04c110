from pathlib import Path

import numpy as np
import pytest

from shared.captions.alignment import SpokenPart
from shared.captions.cues import cues_of_line
from shared.media.audio import Cut
from shared.media.cuts import pauses_of
from shared.media.pauses import speech_pauses
from tests.unit.media.media_samples import speech, write_sound


def test_pauses_are_found_in_seconds_of_the_cut(tmp_path: Path) -> None:
    # given 6 s of speech with two pauses, and a gap too short to be one
    recording = write_sound(tmp_path / "line.wav", speech(6, pauses=[(1.0, 0.5), (2.5, 0.1), (4.0, 0.8)]))
    # when a cut from 0.5 s on is searched
    pauses = speech_pauses(recording, Cut(0.5, 5.5))
    # then they are where they were put
    expected = [(0.5, 1.0), (3.5, 4.3)]
    assert np.array(pauses) == pytest.approx(np.array(expected), abs=0.03)


def test_silence_at_the_ends_counts_and_too_little_sound_has_no_pauses() -> None:
    silence, voice = np.zeros(8000, np.float32), speech(1, rate=16_000)
    assert np.array(pauses_of(np.concatenate([silence, voice, silence]))) == pytest.approx(
        np.array([(0.0, 0.5), (1.5, 2.0)]), abs=0.03
    )
    assert pauses_of(silence[:100]) == []


def test_a_caption_changes_in_the_pause_of_the_recording(tmp_path: Path) -> None:
    # given a recording with a pause between two sentences of very different length
    recording = write_sound(tmp_path / "line.mp3", speech(6, pauses=[(1.2, 1.0)]))
    # when
    cut = Cut(0.0, 6.0)
    (cues,) = cues_of_line(
        "I never knew. But you did, and you never said a word about it to anyone.",
        [SpokenPart(cut.seconds, speech_pauses(recording, cut))],
    )
    # then
    assert cues[0].rows == ("I never knew.",)
    assert 1.15 <= cues[0].end <= 2.25
    assert cues[1].start == pytest.approx(2.2, abs=0.05)
