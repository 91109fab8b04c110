import io
import math
import wave
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.media.audio import AudioLimits, Cut, plan_cuts, probe_audio, write_part
from shared.media.cuts import PAUSE_RATE, choose_cuts
from shared.media.errors import MediaRefused
from shared.media.parts import longest_recording
from tests.unit.media.media_samples import (
    RATE,
    Video,
    decoded_sound,
    delay_samples,
    first_half,
    speech,
    tone,
    write_sound,
    write_video,
)

FORMATS = {"mp3": "MP3", "wav": "WAV", "m4a": "MP4/M4A", "flac": "FLAC", "ogg": "OGG", "webm": "WebM"}


@pytest.mark.parametrize("suffix", FORMATS)
def test_each_format_is_measured_by_decoding(tmp_path: Path, suffix: str) -> None:
    # given a recording of 2.5 s at a known level, whatever the file is called
    written = write_sound(tmp_path / f"line.{suffix}", tone(2.5, 0.5))
    path = written.rename(tmp_path / "upload.bin")
    # when it is probed
    facts = probe_audio(path)
    # then the facts are those of its sound
    assert facts.format == FORMATS[suffix]
    assert facts.seconds == pytest.approx(2.5, abs=0.05)
    assert facts.channels == 1
    assert facts.peak_dbfs == pytest.approx(-6.0, abs=0.5)
    assert facts.loudness_lufs == pytest.approx(-9.7, abs=1.0)


def test_stereo_is_measured_as_the_mono_that_is_used(tmp_path: Path) -> None:
    # given two channels that hold the same tone
    path = write_sound(tmp_path / "line.wav", tone(1, 0.25), layout="stereo")
    # when it is probed
    facts = probe_audio(path)
    # then the channels are counted, and the seconds are not doubled
    assert (facts.channels, facts.sample_rate, facts.seconds) == (2, RATE, 1.0)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"We could have sold the place.\n" * 50, "it looks like text"),
        (b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n", "it looks like a playlist"),
        (b"ffconcat version 1.0\nfile line.wav\n", "it looks like a playlist"),
        (b'<?xml version="1.0"?><MPD type="static"></MPD>', "it looks like a playlist"),
        (b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n", "it looks like a playlist"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "it looks like a web page"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "it looks like a PNG picture"),
        (b"\x00\x00\x00\x1cftypheic" + bytes(100), "it looks like a HEIC or AVIF picture"),
        (b"RIFF\x00\x00\x00\x00WEBP" + bytes(100), "it looks like a WebP picture"),
        (bytes(range(256)) * 40, "it looks like unknown data"),
        (b"ID3\x04\x00\x00\x00\x00\x00\x00" + b"hello" * 1000, "damaged or incomplete MP3"),
        (b"fLaC" + bytes(3000), "damaged or incomplete FLAC"),
    ],
)
def test_what_is_not_sound_is_refused_with_what_it_is(tmp_path: Path, content: bytes, reason: str) -> None:
    # given a file that is no sound, under the name of one
    path = tmp_path / "line.mp3"
    path.write_bytes(content)
    # when, then
    with pytest.raises(MediaRefused, match=reason):
        probe_audio(path)


@pytest.mark.parametrize("suffix", ["mp3", "wav", "flac", "webm", "m4a"])
def test_a_recording_that_was_cut_off_is_refused(tmp_path: Path, suffix: str) -> None:
    # given an upload that stopped at 60 %
    path = first_half(write_sound(tmp_path / f"line.{suffix}", speech(4)))
    # when, then
    with pytest.raises(MediaRefused, match=r"cut off|incomplete"):
        probe_audio(path)


def test_a_wav_of_unknown_length_is_read_to_its_end(tmp_path: Path) -> None:
    # given a WAV written to a pipe, whose header could not know the length
    path = write_sound(tmp_path / "line.wav", speech(1))
    data = bytearray(path.read_bytes())
    data[4:8] = b"\xff\xff\xff\xff"
    data[data.index(b"data") + 4 : data.index(b"data") + 8] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    # when, then
    assert probe_audio(path).seconds == pytest.approx(1.0, abs=0.01)


def test_silence_is_refused_and_a_whisper_is_not(tmp_path: Path) -> None:
    # given one recording just under -60 dBFS and one just over
    silent = write_sound(tmp_path / "silent.flac", tone(1, 0.0008))
    whisper = write_sound(tmp_path / "whisper.flac", tone(1, 0.0015))
    # when, then
    with pytest.raises(MediaRefused, match="holds no sound: every sample is below -60 dBFS"):
        probe_audio(silent)
    assert probe_audio(whisper).peak_dbfs > -60


@pytest.mark.parametrize(
    ("seconds", "limits", "reason"),
    [
        (0.1, AudioLimits(), "too short"),
        (3.0, AudioLimits(max_seconds=2), "too long: 3 s"),
        (3.0, AudioLimits(max_bytes=1000), "too large"),
        (3.0, AudioLimits(deadline_seconds=0), "could not be read within 0 s"),
    ],
)
def test_limits(tmp_path: Path, seconds: float, limits: AudioLimits, reason: str) -> None:
    path = write_sound(tmp_path / "line.wav", speech(seconds))
    with pytest.raises(MediaRefused, match=reason):
        probe_audio(path, limits=limits)


@pytest.mark.parametrize(("rate", "channels", "reason"), [(4000, 1, "samples per second"), (8000, 10, "10 channels")])
def test_odd_rates_and_channels_are_refused(tmp_path: Path, rate: int, channels: int, reason: str) -> None:
    # given a valid WAV that no recorder makes
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(np.full((rate, channels), 3000, "<i2").tobytes())
    path = tmp_path / "line.wav"
    path.write_bytes(buffer.getvalue())
    # when, then
    with pytest.raises(MediaRefused, match=reason):
        probe_audio(path)


def test_a_video_without_sound_is_refused_as_sound(tmp_path: Path) -> None:
    path = write_video(tmp_path / "line.mp4", Video(0.5))
    with pytest.raises(MediaRefused, match="has no sound track"):
        probe_audio(path)


def test_a_recording_that_fits_is_one_cut(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "line.wav", speech(3))
    assert plan_cuts(path) == [Cut(0.0, 3.0)]
    assert plan_cuts(path, start=0.5, end=2.25) == [Cut(0.5, 2.25)]


def test_long_recordings_are_cut_in_their_pauses(tmp_path: Path) -> None:
    # given 20 s with pauses of 0.3 s at 6, 9 and 14 s, and an engine that takes 10 s
    path = write_sound(tmp_path / "line.flac", speech(20, pauses=[(6, 0.3), (9, 0.3), (14, 0.3)]))
    # when
    cuts = plan_cuts(path, max_seconds=10)
    # then it is cut in the middle of pauses, in three parts of which none is too long
    assert [cut.start for cut in cuts] == [0.0, pytest.approx(6.15, abs=0.05), pytest.approx(14.15, abs=0.05)]
    assert not any(cut.ends_in_speech for cut in cuts)


def test_a_cut_in_speech_is_flagged_and_lies_at_the_quietest_point(tmp_path: Path) -> None:
    # given speech without a pause, but with a breath too short to be one
    path = write_sound(tmp_path / "line.flac", speech(12, pauses=[(6.4, 0.06)]))
    # when
    first, second = plan_cuts(path, max_seconds=8)
    # then
    assert first.ends_in_speech
    assert not second.ends_in_speech
    assert first.end == pytest.approx(6.43, abs=0.04)


@pytest.mark.parametrize(("start", "end", "reason"), [(9.0, None, "only 0.00 s"), (1.0, 9.0, "before the line's end")])
def test_a_piece_outside_the_recording_is_refused(tmp_path: Path, start: float, end: float | None, reason: str) -> None:
    path = write_sound(tmp_path / "line.wav", speech(2))
    with pytest.raises(MediaRefused, match=reason):
        plan_cuts(path, start=start, end=end)


@settings(max_examples=25, deadline=None)
@given(
    seconds=st.floats(0.5, 60),
    start=st.floats(0, 1000).map(lambda value: round(value, 3)),
    longest=st.floats(3, 30),
    gaps=st.lists(st.tuples(st.floats(0, 59), st.floats(0.05, 1.5)), max_size=12),
)
def test_cuts_tile_the_piece_and_fit(
    seconds: float, start: float, longest: float, gaps: list[tuple[float, float]]
) -> None:
    # given any speech with any pauses
    samples = np.random.default_rng(7).normal(0, 0.2, round(seconds * PAUSE_RATE)).astype(np.float32)
    for begin, length in gaps:
        samples[round(begin * PAUSE_RATE) : round((begin + length) * PAUSE_RATE)] *= 1e-3
    end = start + seconds
    # when
    cuts = choose_cuts(samples, start, end, longest)
    # then the cuts follow each other from the start to the end, none too long, none empty
    assert (cuts[0].start, cuts[-1].end) == (start, end)
    assert all(before.end == after.start for before, after in pairwise(cuts))
    assert all(0 < cut.seconds <= longest + 0.001 for cut in cuts)
    # and those that are not flagged end where 150 ms are quiet
    for cut in cuts[:-1]:
        if not cut.ends_in_speech:
            middle = round((cut.end - start) * PAUSE_RATE)
            around = samples[middle - round(0.06 * PAUSE_RATE) : middle + round(0.06 * PAUSE_RATE)]
            assert np.sqrt(np.square(around).mean()) < 0.02


@pytest.mark.parametrize("suffix", ["wav", "mp3", "m4a", "ogg"])
def test_a_part_holds_the_cut_and_silence_up_to_the_grid(tmp_path: Path, suffix: str) -> None:
    # given a recording and a piece of it
    voice = speech(6)
    source = write_sound(tmp_path / f"line.{suffix}", voice)
    cut = Cut(1.2345, 4.321)
    # when it is written as a part
    facts = write_part(source, cut, tmp_path / "part.mp3")
    # then the part is on the 0.32 s grid, decodes to exactly its length, and keeps time to the sample
    assert facts.recording_seconds == pytest.approx(cut.seconds, abs=1 / RATE)
    assert facts.seconds / 0.32 == pytest.approx(round(facts.seconds / 0.32))
    assert 0.04 < facts.seconds - facts.recording_seconds < 0.37
    sound = decoded_sound(tmp_path / "part.mp3", RATE)
    assert len(sound) == round(facts.seconds * RATE)
    assert abs(delay_samples(sound, voice[round(1.2345 * RATE) : round(4.321 * RATE)])) <= RATE // 1000
    assert np.abs(sound[-1024:]).max() < 0.001
    assert probe_audio(tmp_path / "part.mp3").codec == "mp3"


def test_parts_are_the_same_bytes_every_time(tmp_path: Path) -> None:
    source = write_sound(tmp_path / "line.wav", speech(2))
    for name in ("a.mp3", "b.mp3"):
        write_part(source, Cut(0.1, 1.7), tmp_path / name)
    assert (tmp_path / "a.mp3").read_bytes() == (tmp_path / "b.mp3").read_bytes()


@given(st.floats(2, 600))
def test_the_longest_recording_fits_with_its_silence(max_seconds: float) -> None:
    grid, tail = 14_112, 941 + 1152
    samples = round(longest_recording(max_seconds) * RATE)
    assert math.ceil((samples + tail) / grid) * grid <= max_seconds * RATE + 1e-3
    assert math.ceil((samples + 1 + tail) / grid) * grid > max_seconds * RATE - 1e-3


def test_a_part_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    source = write_sound(tmp_path / "line.wav", speech(1))
    with pytest.raises(MediaRefused, match=r"ends before 5\.00 s"):
        write_part(source, Cut(5, 6), tmp_path / "part.mp3")
    assert {path.name for path in tmp_path.iterdir()} == {"line.wav"}
