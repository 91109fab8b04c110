import errno
from pathlib import Path

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.media.audio import probe_audio
from shared.media.clips import probe_clip
from shared.media.deadline import Deadline
from shared.media.errors import MediaRefused
from shared.media.output import replacing
from shared.media.reading import open_media
from shared.media.sniffing import MP3, sniff
from tests.unit.media.media_samples import Video, speech, write_sound, write_video

DAMAGE = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(min_size=1, max_size=8)), max_size=12)
KEPT = st.floats(0.01, 1)


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("originals")
    sounds = [write_sound(folder / f"sound.{suffix}", speech(0.5)) for suffix in ("mp3", "m4a", "flac", "ogg")]
    video = write_video(folder / "video.mp4", Video(0.4, size=(64, 48), sound=speech(0.4)))
    return {path.name: path.read_bytes() for path in (*sounds, video)}


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(["sound.mp3", "sound.m4a", "sound.flac", "sound.ogg", "video.mp4"]), damage=DAMAGE, kept=KEPT
)
def test_any_damage_ends_in_facts_or_a_refusal(
    originals: dict[str, bytes],
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    damage: list[tuple[float, bytes]],
    kept: float,
) -> None:
    # given a file with any bytes overwritten and any length of it lost
    data = bytearray(originals[name])
    for place, content in damage:
        position = int(place * len(data))
        data[position : position + len(content)] = content
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(data[: max(1, int(kept * len(data)))])
    # when it is probed, then nothing but a refusal in words is raised
    for probe in (probe_audio, probe_clip):
        refusal = None
        try:
            seconds = probe(path).seconds
        except MediaRefused as error:
            refusal = str(error)
        assert refusal[0].islower() if refusal else seconds > 0


@given(st.binary(max_size=64))
def test_sniffing_takes_any_bytes(head: bytes) -> None:
    known = sniff(head)
    assert known is None or len(head) >= 3


def test_libav_errors_become_refusals_but_a_full_disk_does_not(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "sound.mp3", speech(0.3))
    with pytest.raises(MediaRefused, match="damaged or incomplete MP3"), open_media(path, MP3):
        raise av.error.InvalidDataError(errno.EINVAL, "Invalid data")
    with pytest.raises(av.error.FFmpegError, match="No space left"), open_media(path, MP3):
        raise av.error.FFmpegError(errno.ENOSPC, "No space left on device")


def test_deadlines_follow_their_clock() -> None:
    now = [100.0]
    deadline = Deadline.after(5, clock=lambda: now[0])
    now[0] = 105.0
    deadline.check()
    now[0] = 105.1
    with pytest.raises(MediaRefused, match="could not be read within 5 s"):
        deadline.check()


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("old")
    with pytest.raises(FileNotFoundError), replacing(target) as partial:
        partial.write_bytes(tmp_path.joinpath("missing").read_bytes())
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert target.read_text() == "old"
    with replacing(target) as partial:
        partial.write_text("new")
    assert target.read_text() == "new"
