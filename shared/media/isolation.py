"""Probing foreign files in a process of its own, which may hang, grow or crash without harm.

libav is a million lines of C that parse what strangers send, and some of its work no deadline in a decode loop reaches:
it keeps a file's tags in a list that it searches for each new one, so that 1 MB of tags keeps one call busy for a
minute, and a sample table of a few bytes makes it allocate gigabytes. So each file is opened first in a process whose
memory is limited, whose time ends, and which has none of this process's environment, and so no credentials.
What it accepts is then opened here.
"""

import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

from shared.media.audio import AudioFacts, AudioLimits
from shared.media.clips import ClipFacts, ClipLimits
from shared.media.errors import MediaRefused
from shared.media.probe_process import Medium, ProbeAnswer, ProbeRequest

MAX_MEMORY_BYTES = 640_000_000
"""What the process may allocate: a clip of 4K takes about half of it."""

_AUDIO_LIMITS, _CLIP_LIMITS = AudioLimits(), ClipLimits()
_AUDIO_FACTS, _CLIP_FACTS = TypeAdapter(AudioFacts), TypeAdapter(ClipFacts)
_GRACE_SECONDS = 2.0
_START_SECONDS = 15.0
_LONGEST_ANSWER = 65_536
# What Python needs to start and find its modules; credentials are in other variables.
_KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TMPDIR")


def probe_audio_apart(path: Path, *, limits: AudioLimits = _AUDIO_LIMITS) -> AudioFacts:
    """Do what `shared.media.audio.probe_audio` does, in a process of its own."""
    return _AUDIO_FACTS.validate_python(_process().probe(Medium.SOUND, path, limits))


def probe_clip_apart(path: Path, *, limits: ClipLimits = _CLIP_LIMITS) -> ClipFacts:
    """Do what `shared.media.clips.probe_clip` does, in a process of its own."""
    return _CLIP_FACTS.validate_python(_process().probe(Medium.CLIP, path, limits))


class ProbeProcess:
    """A process that probes one file after another; it is started when it is needed, and again after it was lost.

    Parameters
    ----------
    max_memory_bytes
        What it may allocate.
    command
        How it is started.
    """

    def __init__(
        self,
        max_memory_bytes: int = MAX_MEMORY_BYTES,
        command: tuple[str, ...] = (sys.executable, "-m", "shared.media.probe_process"),
    ) -> None:
        self._command = (*command, str(max_memory_bytes))
        self._process: subprocess.Popen[bytes] | None = None
        self._one_at_a_time = threading.Lock()

    def probe(self, medium: Medium, path: Path, limits: AudioLimits | ClipLimits) -> dict[str, object]:
        """Return the facts of a file, by their names.

        Raises
        ------
        MediaRefused
            If the file cannot be used.
        RuntimeError
            If the process does not start.
        """
        request = ProbeRequest(medium=medium, path=path.resolve(), limits=asdict(limits))
        with self._one_at_a_time:
            answer = self._ask(request, limits.deadline_seconds)
        if answer.facts is None:
            raise MediaRefused(answer.refused or "cannot be read")
        return answer.facts

    def close(self) -> None:
        """End the process, if it runs."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()

    def _ask(self, request: ProbeRequest, seconds: float) -> ProbeAnswer:
        line = request.model_dump_json().encode() + b"\n"
        within = seconds + _GRACE_SECONDS
        running = self._process
        try:
            try:
                return ProbeAnswer.model_validate_json(_exchange(running or self._started(), line, within))
            except EOFError:
                if running is None:
                    raise
            # It may have ended before it saw this file.
            self.close()
            return ProbeAnswer.model_validate_json(_exchange(self._started(), line, within))
        except TimeoutError as error:
            self.close()
            raise MediaRefused(f"could not be read within {seconds:g} s; export it again in a common format") from error
        except EOFError as error:
            self.close()
            raise MediaRefused("brought down the program that reads it; export it again in a common format") from error

    def _started(self) -> subprocess.Popen[bytes]:
        """Start the process and wait until it is ready; that it does not start is no file's fault."""
        environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
        environment["OPENBLAS_NUM_THREADS"] = "1"
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        try:
            _read_line(self._process, _START_SECONDS)
        except (EOFError, TimeoutError) as error:
            self.close()
            raise RuntimeError("the process that probes files did not start") from error
        return self._process


def _exchange(process: subprocess.Popen[bytes], request: bytes, seconds: float) -> bytes:
    """Send a line and return the line that answers it; raises `TimeoutError`, or `EOFError` if it has ended."""
    if process.stdin is None:
        raise ValueError("the process was started without a pipe")
    try:
        process.stdin.write(request)
        process.stdin.flush()
    except BrokenPipeError as error:
        raise EOFError from error
    return _read_line(process, seconds)


def _read_line(process: subprocess.Popen[bytes], seconds: float) -> bytes:
    if process.stdout is None:
        raise ValueError("the process was started without a pipe")
    output = process.stdout.fileno()
    gives_up_at = time.monotonic() + seconds
    line = b""
    while not line.endswith(b"\n"):
        if not select.select([output], [], [], max(0.0, gives_up_at - time.monotonic()))[0]:
            raise TimeoutError
        received = os.read(output, _LONGEST_ANSWER)
        line += received
        if not received or len(line) > _LONGEST_ANSWER:
            raise EOFError
    return line


_process: Callable[[], ProbeProcess] = cache(ProbeProcess)
