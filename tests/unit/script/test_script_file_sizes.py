"""How large and how long the files of a script may be."""

from pathlib import Path
from typing import Any

import pytest

from shared.script.file_sizes import too_large_files
from shared.script.files import script_files
from shared.script.paths import FileKind
from shared.workflow.inputs import read_inputs
from shared.workflow.read_files import FilesRefused, read_files
from shared.workflow.transfers import Transfers
from tests.fakes.bucket import MemoryBucket
from tests.unit.media.media_samples import speech, write_sound
from tests.unit.script.script_examples import FULL, MINIMAL, changed, parsed

SIZES = {file.path: 1000 for file in script_files(parsed(FULL))}
MB = 1_000_000


def test_files_within_the_limits_are_taken() -> None:
    sizes = {**SIZES, "audio/01.mp3": 700 * MB, "own/mara.mp4": 700 * MB, "own/lamp.png": 50 * MB}
    assert too_large_files(parsed(FULL), sizes) == []


@pytest.mark.parametrize(
    ("path", "size", "sentence"),
    [
        ("audio/01.mp3", 700, "audio/01.mp3 has 700.0 MB, and a sound file at most 700.0 MB: export it as MP3"),
        ("music/theme.mp3", 900, "music/theme.mp3 has 900.0 MB, and a sound file at most 700.0 MB: export it as MP3"),
        ("own/mara.jpg", 51, "own/mara.jpg has 51.0 MB, and a picture at most 50.0 MB: export it as JPEG"),
        ("own/lamp.png", 51, "own/lamp.png has 51.0 MB, and a picture at most 50.0 MB: export it as JPEG"),
        (
            "own/mara.mp4",
            1400,
            "own/mara.mp4 has 1,400.0 MB, and a video at most 700.0 MB: export it as H.264 at a lower bit rate",
        ),
    ],
)
def test_a_file_that_is_too_large_is_refused(path: str, size: int, sentence: str) -> None:
    assert too_large_files(parsed(FULL), {**SIZES, path: size * MB + 1}) == [sentence]


def test_style_references_are_held_against_what_ideogram_takes() -> None:
    sizes = {**SIZES, "refs/a.png": 6 * MB, "refs/b.webp": 5 * MB}
    (sentence,) = too_large_files(parsed(FULL), sizes)
    assert sentence.startswith("the style references of 'Alex Chen' have 11.0 MB together, and Ideogram takes at most ")
    assert sentence.endswith("10.0 MB: export them smaller")


def test_all_files_together_have_a_limit() -> None:
    large = {file.path: 600 * MB for file in script_files(parsed(FULL)) if file.kind is FileKind.AUDIO}
    (sentence,) = too_large_files(parsed(FULL), {**SIZES, **large, "own/mara.mp4": 600 * MB})
    assert sentence.startswith("the files that the script names have 1,800.0 MB together, and an episode at most ")
    assert sentence.endswith("1,500.0 MB: export the recordings as MP3, or divide the episode")


@pytest.fixture
def folder(tmp_path: Path) -> MemoryBucket:
    """An episode's folder with one recording of two seconds."""
    bucket = MemoryBucket()
    bucket.upload(write_sound(tmp_path / "two-seconds.wav", speech(2.0)), "episodes/a/audio/01.mp3", "audio/wav")
    return bucket


def read(bucket: MemoryBucket, script: dict[str, Any], scratch: Path) -> None:
    with Transfers(bucket) as transfers:
        read_files(parsed(script), read_inputs(bucket, "a", ""), scratch, transfers)


def test_lines_that_last_too_long_together_are_refused(
    folder: MemoryBucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a recording that is used by three lines, in whole and in part, and an episode of four seconds at most
    line = MINIMAL["scenes"][0]["lines"][0]
    lines = [line, {**line, "start": 1.0}, {**line, "end": 1.0}]
    monkeypatch.setattr("shared.workflow.read_files.MAX_EPISODE_SECONDS", 4)
    read(folder, changed(MINIMAL, ("scenes", 0, "lines"), lines), tmp_path)
    # when a fourth one comes
    with pytest.raises(FilesRefused, match=r"^the lines last 0\.1 minutes together, and an episode at most .*divide"):
        read(folder, changed(MINIMAL, ("scenes", 0, "lines"), [*lines, line]), tmp_path)


def test_sounds_and_videos_are_not_decoded_without_end(
    folder: MemoryBucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.workflow.read_files.MAX_MEDIA_SECONDS", 1)
    with pytest.raises(FilesRefused, match="last longer together than"):
        read(folder, MINIMAL, tmp_path)


def test_hundreds_of_refused_files_make_one_short_message() -> None:
    refused = FilesRefused([f"audio/{number}.mp3 is empty" for number in range(400)])
    assert len(str(refused)) < 1000
    assert str(refused).endswith("; and 390 more")
    assert len(refused.problems) == 400
