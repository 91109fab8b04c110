"""Sounds and clips that are made to do harm: refused in words, within bounds of time and memory."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.media.audio import AudioLimits, probe_audio
from shared.media.clips import ClipLimits, probe_clip
from shared.media.deadline import Deadline
from shared.media.errors import MediaRefused
from shared.media.isolation import ProbeProcess
from shared.media.pcm import sound_stream
from shared.media.probe_process import Medium
from shared.media.reading import decoded_frames, open_media
from shared.media.sniffing import MP4
from tests.unit.hostile_media.hostile_files import (
    flac_with_tags,
    mp3_with_large_tags,
    mp4_with_samples,
    mp4_with_streams,
    silent_flac,
    ten_hour_mp4,
)
from tests.unit.media.media_samples import Video, speech, write_sound, write_video

FRUGAL_BYTES = 180_000_000
"""What a frugal process may allocate; an idle one has allocated 110 MB."""


def peak_bytes(process: ProbeProcess) -> int:
    """Return the most memory that a process has had."""
    assert process._process is not None
    status = Path(f"/proc/{process._process.pid}/status").read_text()
    return 1024 * int(status.partition("VmHWM:")[2].split()[0])


@pytest.fixture
def frugal() -> Iterator[ProbeProcess]:
    process = ProbeProcess(FRUGAL_BYTES)
    yield process
    process.close()


@pytest.fixture(scope="module", params=[True, False], ids=["honest", "dishonest"])
def ten_hours(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ten_hour_mp4(tmp_path_factory.mktemp("film") / "film.mp4", honest=request.param)


def test_a_film_of_ten_hours_in_one_megabyte(ten_hours: Path, frugal: ProbeProcess) -> None:
    assert ten_hours.stat().st_size < 1_000_000
    start = time.monotonic()
    with pytest.raises(MediaRefused, match="is too long"):
        probe_clip(ten_hours)
    assert time.monotonic() - start < 2
    with pytest.raises(MediaRefused, match="is too long"):
        frugal.probe(Medium.CLIP, ten_hours, ClipLimits())


@pytest.mark.parametrize("says_seconds", [None, 0, 5], ids=["honest", "silent", "dishonest"])
def test_hours_of_silence_in_a_few_kilobytes(tmp_path: Path, frugal: ProbeProcess, says_seconds: int | None) -> None:
    path = silent_flac(tmp_path / "line.flac", 10, says_seconds=says_seconds)
    assert path.stat().st_size < 100_000
    with pytest.raises(MediaRefused, match="is too long"):
        frugal.probe(Medium.SOUND, path, AudioLimits())


def test_a_recording_behind_300_megabytes_of_pictures_is_read_without_them(tmp_path: Path) -> None:
    # given a process that could load them
    path = mp3_with_large_tags(tmp_path / "line.mp3")
    assert path.stat().st_size > 300_000_000
    process = ProbeProcess()
    # when, then
    facts = process.probe(Medium.SOUND, path, AudioLimits())
    assert facts["seconds"] == pytest.approx(1.0, abs=0.05)
    assert peak_bytes(process) < 120_000_000
    process.close()


def test_a_sample_table_that_asks_for_gigabytes(tmp_path: Path, frugal: ProbeProcess) -> None:
    path = mp4_with_samples(tmp_path / "clip.mp4", 20_000_000)  # 700 MB, where memory is not limited
    assert path.stat().st_size < 20_000
    with pytest.raises(MediaRefused):
        frugal.probe(Medium.CLIP, path, ClipLimits())
    assert peak_bytes(frugal) < FRUGAL_BYTES


def test_tags_that_keep_the_library_busy_for_a_minute(tmp_path: Path) -> None:
    # given 1 MB of tags, which libav reads in one call that no deadline reaches
    path = flac_with_tags(tmp_path / "line.flac", 60_000)
    process = ProbeProcess()
    # when it is probed, then it is given up in time
    start = time.monotonic()
    with pytest.raises(MediaRefused, match="could not be read within 1 s"):
        process.probe(Medium.SOUND, path, AudioLimits(deadline_seconds=1))
    assert time.monotonic() - start < 20
    # and the next file is read
    sound = write_sound(tmp_path / "next.wav", speech(0.5))
    assert process.probe(Medium.SOUND, sound, AudioLimits())["seconds"] == 0.5
    process.close()


def test_a_container_of_many_streams(tmp_path: Path) -> None:
    assert probe_audio(mp4_with_streams(tmp_path / "few.mp4", 8)).channels == 1
    with pytest.raises(MediaRefused, match="damaged or incomplete MP4"):
        probe_audio(mp4_with_streams(tmp_path / "many.mp4", 9))


def test_the_deadline_is_looked_at_for_packets_of_every_stream(tmp_path: Path) -> None:
    # given a clip with more packets of picture than of sound
    path = write_video(tmp_path / "clip.mp4", Video(4, size=(64, 48), sound=speech(0.2)))
    looks = []

    def clock() -> float:
        looks.append(1)
        return 0.0

    # when its sound is decoded
    with open_media(path, MP4) as container:
        list(decoded_frames(container, sound_stream(container), Deadline.after(1, clock)))
    # then a deadline would have ended it among the picture's packets as well
    assert len(looks) > 100


PLAYLISTS = {
    "HLS": b"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:10,\n{target}\n#EXT-X-ENDLIST\n",
    "DASH": b'<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>{target}</BaseURL></MPD>',
    "concat": b"ffconcat version 1.0\nfile {target}\n",
    "SDP": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
    "PLS": b"[playlist]\nFile1={target}\nNumberOfEntries=1\n",
}
STARTS = {
    "MP4": b"\0\0\0\x18ftypisom\0\0\2\0isomiso2\n",
    "MP3": b"ID3\4\0\0\0\0\0\0",
    "WAV": b"RIFF\xff\xff\xff\x7fWAVE",
    "OGG": b"OggS",
    "FLAC": b"fLaC",
    "WebM": b"\x1aE\xdf\xa3",
}


@pytest.mark.parametrize("kind", PLAYLISTS)
@pytest.mark.parametrize("start", ["", *STARTS])
def test_a_playlist_is_never_followed(tmp_path: Path, kind: str, start: str) -> None:
    # given a playlist that names a good clip beside it, perhaps behind the first bytes of another format
    good = write_video(tmp_path / "good.mp4", Video(0.5, size=(64, 48), sound=speech(0.5)))
    path = tmp_path / "clip.mp4"
    path.write_bytes(STARTS.get(start, b"") + PLAYLISTS[kind].replace(b"{target}", bytes(good)))
    # when, then
    for probe in (probe_clip, probe_audio):
        with pytest.raises(
            MediaRefused, match="damaged or incomplete|is not a" if start else "it looks like a playlist"
        ):
            probe(path)


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5, 0.8, 0.95])
def test_what_was_cut_off_is_refused_wherever_it_was(tmp_path: Path, share: float) -> None:
    clip = write_video(tmp_path / "clip.mp4", Video(4, size=(64, 48), sound=speech(4)))
    sound = write_sound(tmp_path / "line.mp3", speech(20))
    for path in (clip, sound):
        data = path.read_bytes()
        path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(MediaRefused):
        probe_clip(clip)
    with pytest.raises(MediaRefused, match=r"cut off|incomplete|too short"):
        probe_audio(sound)


def test_a_clip_without_sound_is_a_clip_but_no_recording(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mp4", Video(1, size=(64, 48)))
    assert not probe_clip(path).has_audio
    with pytest.raises(MediaRefused, match="has no sound track"):
        probe_audio(path)


def test_what_others_append_to_a_clip_does_no_harm(tmp_path: Path) -> None:
    clip = write_video(tmp_path / "clip.mp4", Video(0.5, size=(64, 48)))
    whole = clip.read_bytes()
    for appended in (bytes(100), b"TAG" + bytes(125), b"made with love"):
        clip.write_bytes(whole + appended)
        assert probe_clip(clip).seconds == pytest.approx(0.48)
