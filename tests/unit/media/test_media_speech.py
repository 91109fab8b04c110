"""Recordings as they are sent: at one loudness, without overs; and what no face could speak is refused."""

import wave
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.media.audio import AudioFacts, Cut, plan_cuts, probe_audio, write_part
from shared.media.errors import MediaRefused
from shared.media.loudness import LOUDNESS_FLOOR_LUFS, brought_to, integrated_lufs, limited, true_peaks
from shared.media.speech_quality import require_clean_speech
from tests.unit.media.media_samples import RATE, Samples, decoded_sound, speech, write_sound
from tests.unit.media.meter import metered

SAMPLE = Path(__file__).parents[3] / "events" / "sample-episode" / "audio"


@pytest.mark.parametrize("suffix", ["mp3", "wav", "m4a", "flac", "ogg"])
@pytest.mark.parametrize("level", [0.04, 0.2, 1.6])
def test_a_part_is_at_minus_16_lufs_without_overs(tmp_path: Path, suffix: str, level: float) -> None:
    # given a recording at any level, from far too quiet to full scale
    source = write_sound(tmp_path / f"line.{suffix}", speech(5) * np.float32(level))
    # when it is written as it is sent
    write_part(source, Cut(0.5, 4.5), tmp_path / "part.mp3")
    # then an independent meter finds the encoded file at -16 LUFS, and its true peak under -1.5 dBTP
    reading = metered(tmp_path / "part.mp3")
    assert reading.loudness == pytest.approx(-16, abs=0.5)
    assert reading.true_peak <= -1.5


def test_a_part_with_sharp_peaks_is_limited_and_as_loud(tmp_path: Path) -> None:
    # given quiet speech with a click at full scale, which the gain would take far over it
    voice = speech(4) * np.float32(0.1)
    voice[RATE * 2 : RATE * 2 + 8] = 0.9
    source = write_sound(tmp_path / "line.wav", voice)
    # when
    write_part(source, Cut(0, 4), tmp_path / "part.mp3")
    # then
    reading = metered(tmp_path / "part.mp3")
    assert reading.loudness == pytest.approx(-16, abs=0.5)
    assert reading.true_peak <= -1.5


def test_the_gain_is_static_where_no_peak_goes_over(tmp_path: Path) -> None:
    # given speech that is loud, then quiet
    voice = speech(4)
    voice[2 * RATE :] *= 0.25
    source = write_sound(tmp_path / "line.wav", voice * np.float32(0.3))
    # when
    write_part(source, Cut(0, 4), tmp_path / "part.mp3")
    # then the quiet half stays as much quieter as it was
    sound = decoded_sound(tmp_path / "part.mp3", RATE)

    def ratio(samples: Samples) -> float:
        return float(np.std(samples[2 * RATE + 2000 : 4 * RATE - 2000]) / np.std(samples[2000 : 2 * RATE - 2000]))

    assert ratio(sound) == pytest.approx(ratio(voice), rel=0.02)


def test_a_word_too_short_for_a_meter_is_brought_to_the_same_loudness() -> None:
    # given a word of a quarter of a second, shorter than the meter's window
    word = speech(0.25) * np.float32(0.05)
    # when
    result, gain = brought_to(word, RATE, -16.0, -2.0)
    # then it is as loud as if it went on
    assert gain > 10
    assert integrated_lufs(np.tile(result, 10), RATE) == pytest.approx(-16, abs=0.5)


def test_silence_is_left_as_it_is() -> None:
    silence = np.zeros(RATE, np.float32)
    result, gain = brought_to(silence, RATE, -16.0, -2.0)
    assert (gain, integrated_lufs(result, RATE)) == (0.0, LOUDNESS_FLOOR_LUFS)


@settings(max_examples=50, deadline=None)
@given(
    seed=st.integers(0, 1000),
    level=st.floats(0.05, 8),
    ceiling=st.floats(0.1, 1),
    clicks=st.lists(st.integers(0, 19_999), max_size=5),
)
def test_the_limiter_keeps_every_true_peak_under_its_ceiling(
    seed: int, level: float, ceiling: float, clicks: list[int]
) -> None:
    # given any noise with any clicks
    samples = (np.random.default_rng(seed).standard_normal(20_000) * level * 0.2).astype(np.float32)
    samples[clicks] = 4.0
    # when, then: within a tenth of a decibel, for the gain moves between two samples too
    result = limited(samples, ceiling, RATE)
    assert len(result) == len(samples)
    assert true_peaks(result).max() <= ceiling * 10 ** (0.1 / 20) + 1e-6
    # and nothing is made louder, or turned over
    assert np.all(np.abs(result) <= np.abs(samples) + 1e-6)
    assert np.all(result * samples >= 0)


def test_true_peaks_see_between_the_samples() -> None:
    # given a tone at a quarter of the rate whose samples all lie 45 degrees from its peaks
    tone = np.sin(np.pi / 2 * np.arange(1000) + np.pi / 4).astype(np.float32)
    # when, then: the samples reach 0.71, the wave reaches 1
    assert np.abs(tone).max() == pytest.approx(0.707, abs=0.001)
    assert true_peaks(tone)[100:-100].max() == pytest.approx(1.0, abs=0.01)


def recorded_voice() -> Samples:
    """Return eight seconds of a synthesized voice, which has the peaks that a real one has, at full scale."""
    voice = decoded_sound(SAMPLE / "10-tom.mp3", RATE)[: 8 * RATE]
    return np.asarray(voice / np.abs(voice).max(), dtype=np.float32)


@pytest.mark.parametrize("suffix", ["wav", "mp3", "m4a", "ogg"])
@pytest.mark.parametrize("scale", [1.0, 0.4])
def test_heavy_clipping_is_refused_through_any_codec_and_after_any_gain(
    tmp_path: Path, suffix: str, scale: float
) -> None:
    # given a voice recorded 15 dB too loud, and exported, perhaps quieter
    clipped = np.clip(recorded_voice() * np.float32(5.6), -1, 1) * np.float32(scale)
    facts = probe_audio(write_sound(tmp_path / f"line.{suffix}", clipped))
    # when, then
    with pytest.raises(MediaRefused, match=r"heavily clipped: \d+ % of its audible samples are cut off at the top"):
        require_clean_speech(facts)


@pytest.mark.parametrize("suffix", ["wav", "mp3", "m4a", "ogg"])
@pytest.mark.parametrize("mastered", [False, True])
def test_clean_and_loudly_mastered_voices_pass_without_a_word(tmp_path: Path, suffix: str, mastered: bool) -> None:
    # given a voice at full scale, as it is or with 9 dB of it taken off by a limiter
    voice = recorded_voice()
    if mastered:
        voice = limited(voice * np.float32(2.8), 0.97, RATE)
    # when, then
    assert require_clean_speech(probe_audio(write_sound(tmp_path / f"line.{suffix}", voice))) == ()


def test_every_line_of_the_sample_episode_passes_without_a_word() -> None:
    recordings = sorted(SAMPLE.iterdir())
    assert len(recordings) == 12
    assert [require_clean_speech(probe_audio(recording)) for recording in recordings] == [()] * 12


def test_light_clipping_and_a_faint_voice_are_said() -> None:
    def facts(loudness: float, clipped: float) -> AudioFacts:
        return AudioFacts("WAV", "pcm_s16le", RATE, 1, 3.0, -1.0, loudness, clipped)

    assert require_clean_speech(facts(-20, 0.03)) == ()
    (clipped,) = require_clean_speech(facts(-20, 0.05))
    assert clipped.startswith("is clipped: 5 %")
    (faint,) = require_clean_speech(facts(-50, 0.0))
    assert faint.startswith("is very quiet (-50 LUFS)")
    with pytest.raises(MediaRefused, match="heavily clipped: 10 %"):
        require_clean_speech(facts(-20, 0.1))


def test_clipping_of_one_channel_is_seen(tmp_path: Path) -> None:
    # given stereo whose left channel alone is overdriven
    voice = recorded_voice()
    left, right = np.clip(voice * np.float32(6), -1, 1), np.roll(voice, 9000) * np.float32(0.3)
    path = tmp_path / "line.wav"
    write_stereo(path, left, right)
    # when, then
    assert probe_audio(path).clipped_share > 0.1


def write_stereo(path: Path, left: Samples, right: Samples) -> None:

    with wave.open(str(path), "wb") as writer:
        writer.setnchannels(2)
        writer.setsampwidth(2)
        writer.setframerate(RATE)
        writer.writeframes((np.stack([left, right], axis=1) * 32767).astype("<i2").tobytes())


def test_a_silent_piece_is_refused_and_named(tmp_path: Path) -> None:
    # given one recording for many lines, with nothing in it from 2 s to 4 s
    voice = speech(6)
    voice[2 * RATE : 4 * RATE] = 0.0
    path = write_sound(tmp_path / "all.flac", voice)
    # when, then: the pieces that sound are cut, the silent one is refused
    assert plan_cuts(path, start=0.0, end=2.0) == [Cut(0.0, 2.0)]
    with pytest.raises(MediaRefused, match=r"holds no sound from 2\.10 s to 3\.90 s"):
        plan_cuts(path, start=2.1, end=3.9)


def test_a_long_line_that_ends_in_silence_is_refused_rather_than_paid_for(tmp_path: Path) -> None:
    # given 8 s of speech, then 14 s of nothing, and an engine that takes 10 s
    path = write_sound(tmp_path / "line.flac", np.concatenate([speech(8), np.zeros(14 * RATE, np.float32)]))
    # when, then
    with pytest.raises(MediaRefused, match=r"holds no sound from .* cut the silence off"):
        plan_cuts(path, max_seconds=10)


def test_the_long_line_of_the_sample_episode_is_cut_in_a_pause() -> None:
    # given the line of more than 30 s
    cuts = plan_cuts(SAMPLE / "10-tom.mp3")
    # then it has two parts that fit, and nobody speaks where they meet
    assert len(cuts) == 2
    assert max(cut.seconds for cut in cuts) < 30 < sum(cut.seconds for cut in cuts)
    assert not any(cut.ends_in_speech for cut in cuts)
    everything = sum(sum(cut.seconds for cut in plan_cuts(recording)) for recording in SAMPLE.iterdir())
    assert everything < 120
