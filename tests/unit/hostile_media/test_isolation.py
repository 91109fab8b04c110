"""The process in which foreign files are opened may hang, crash, or say anything."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shared.media.audio import AudioLimits, probe_audio
from shared.media.clips import ClipLimits, probe_clip
from shared.media.errors import MediaRefused
from shared.media.isolation import ProbeProcess, probe_audio_apart, probe_clip_apart
from shared.media.probe_process import Medium
from tests.unit.media.media_samples import Video, speech, write_sound, write_video

ProcessOf = Callable[[str], ProbeProcess]


@pytest.fixture
def process_of() -> Iterator[ProcessOf]:
    """Give a process that runs some code."""
    started = []

    def start(code: str) -> ProbeProcess:
        process = ProbeProcess(command=(sys.executable, "-c", f"print('ready', flush=True)\n{code}"))
        started.append(process)
        return process

    yield start
    for process in started:
        process.close()


def probe(process: ProbeProcess) -> object:
    return process.probe(Medium.SOUND, Path("line.wav"), AudioLimits(deadline_seconds=10))


def test_the_facts_are_those_of_this_process(tmp_path: Path) -> None:
    sound = write_sound(tmp_path / "line.wav", speech(0.5))
    clip = write_video(tmp_path / "clip.mp4", Video(0.5, size=(64, 48)))
    assert probe_audio_apart(sound) == probe_audio(sound)
    assert probe_clip_apart(clip) == probe_clip(clip)


def test_so_are_the_limits_and_the_reasons(tmp_path: Path) -> None:
    sound = write_sound(tmp_path / "line.wav", speech(3))
    with pytest.raises(MediaRefused, match="is too long: 3 s"):
        probe_audio_apart(sound, limits=AudioLimits(max_seconds=2))
    clip = write_video(tmp_path / "clip.mp4", Video(0.5))
    with pytest.raises(MediaRefused, match="320 x 180 pixels"):
        probe_clip_apart(clip, limits=ClipLimits(max_pixels=100))


def test_a_file_that_brings_it_down_is_refused_and_the_next_one_is_read(process_of: ProcessOf, tmp_path: Path) -> None:
    # given a process that a first file brings down, and a second does not
    seen = tmp_path / "seen"
    code = f"""
import os, pathlib, signal
input()
seen = pathlib.Path({str(seen)!r})
if not seen.exists():
    seen.touch()
    os.kill(os.getpid(), signal.SIGKILL)
print('{{"facts": {{"seconds": 1}}}}')
"""
    process = process_of(code)
    # when, then
    with pytest.raises(MediaRefused, match="brought down the program that reads it"):
        probe(process)
    assert probe(process) == {"seconds": 1}


def test_one_that_hangs_is_ended(process_of: ProcessOf) -> None:
    process = process_of("import sys; sys.stdin.read()")
    with pytest.raises(MediaRefused, match="could not be read within 0 s"):
        process.probe(Medium.SOUND, Path("line.wav"), AudioLimits(deadline_seconds=0))


@pytest.mark.parametrize("code", ["raise SystemExit(1)", "import no_such_module"])
def test_that_it_does_not_start_is_no_files_fault(code: str) -> None:
    with pytest.raises(RuntimeError, match="did not start"):
        probe(ProbeProcess(command=(sys.executable, "-c", code)))


def test_one_that_ended_meanwhile_is_started_again(process_of: ProcessOf) -> None:
    process = process_of("""input(); print('{"facts": {}}')""")
    assert probe(process) == {}
    assert probe(process) == {}


@pytest.mark.parametrize("code", ["while True: print('x' * 1000, end='')", "print('x' * 70000)"])
def test_one_that_talks_without_end_is_ended(process_of: ProcessOf, code: str) -> None:
    with pytest.raises(MediaRefused, match="brought down"):
        probe(process_of(f"input()\n{code}"))


def test_it_is_given_no_credentials(process_of: ProcessOf, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "FAL_KEY"):
        monkeypatch.setenv(name, "secret")
    process = process_of("import json, os; input(); print(json.dumps({'refused': ' '.join(os.environ)}))")
    with pytest.raises(MediaRefused) as refusal:
        probe(process)
    assert "PYTHONPATH" in str(refusal.value)
    assert not {"AWS", "FAL"} & {name.partition("_")[0] for name in str(refusal.value).split()}


def test_it_ends_with_its_input() -> None:
    # given a process that has answered
    process = ProbeProcess()
    with pytest.raises(MediaRefused, match="is empty"):
        process.probe(Medium.SOUND, Path(os.devnull), AudioLimits())
    running = process._process
    assert running is not None
    assert running.stdin is not None
    # when its parent is gone
    running.stdin.close()
    # then it is gone, too
    assert running.wait(10) == 0
    process.close()
