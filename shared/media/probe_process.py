"""The process in which foreign files are opened: ``python -m shared.media.probe_process``.

It writes a line when it is ready, reads a request a line from its input, and writes an answer a line; it ends with its
input. See `shared.media.isolation`.
"""

import resource
import sys
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Any, assert_never

from shared.frozen import Frozen
from shared.media.audio import AudioLimits, probe_audio
from shared.media.clips import ClipLimits, probe_clip
from shared.media.errors import MediaRefused


class Medium(StrEnum):
    """What a file should be."""

    SOUND = "sound"
    CLIP = "clip"


class ProbeRequest(Frozen):
    """A file to look at."""

    medium: Medium
    path: Path
    limits: dict[str, int | float]


class ProbeAnswer(Frozen):
    """Either what the file is, or why it is refused."""

    facts: dict[str, Any] | None = None
    refused: str | None = None


def limit_memory(max_bytes: int) -> None:
    """Let whatever would take this process beyond a size fail."""
    resource.setrlimit(resource.RLIMIT_DATA, (max_bytes, max_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def answer(request: ProbeRequest) -> ProbeAnswer:
    """Probe a file."""
    try:
        return ProbeAnswer(facts=asdict(_probe(request)))
    except MediaRefused as refusal:
        return ProbeAnswer(refused=str(refusal))
    except MemoryError:
        return ProbeAnswer(refused="takes too much memory to read; export it again in a common format")


def _probe(request: ProbeRequest) -> Any:  # noqa: ANN401 -- the facts of either medium
    match request.medium:
        case Medium.SOUND:
            return probe_audio(request.path, limits=AudioLimits(**request.limits))  # type: ignore[arg-type]
        case Medium.CLIP:
            return probe_clip(request.path, limits=ClipLimits(**request.limits))  # type: ignore[arg-type]
        case _:
            assert_never(request.medium)


def main() -> None:
    """Say that this process is ready, and answer requests until there are no more."""
    limit_memory(int(sys.argv[1]))
    print("ready", flush=True)  # noqa: T201 -- to its parent
    for line in sys.stdin:
        print(answer(ProbeRequest.model_validate_json(line)).model_dump_json(), flush=True)  # noqa: T201 -- to its parent


if __name__ == "__main__":
    main()
