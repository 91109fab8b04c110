"""Running one step in a process of its own, for its time and its memory."""

import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_SMALL_PARENT = Path(__file__).with_name("small_parent.py")
_MEMORY_UNIT = 1 if sys.platform == "darwin" else 1024


@dataclass(frozen=True, slots=True)
class Measurement:
    """What runs of a step took: each one's seconds, and the most memory that a process of one took, in bytes."""

    times: tuple[float, ...]
    memory: int

    @property
    def seconds(self) -> float:
        """The median time."""
        return statistics.median(self.times)

    def and_(self, other: "Measurement") -> "Measurement":
        """Return the measurement of these runs and others."""
        return Measurement(self.times + other.times, max(self.memory, other.memory))


def measured(command: Sequence[str | Path], target: Path, runs: int = 1) -> Measurement:
    """Run a command that writes a file and prints what it took in seconds, without the interpreter's start.

    Raises
    ------
    subprocess.CalledProcessError
        If the command fails.
    """
    times, memory = [], 0
    for _ in range(runs):
        target.unlink(missing_ok=True)
        words = [sys.executable, "-I", "-S", str(_SMALL_PARENT), *map(str, command)]
        printed = subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()
        times.append(float(printed[-2]))
        memory = max(memory, int(printed[-1]) * _MEMORY_UNIT)
    return Measurement(tuple(times), memory)


def measured_in_turn(
    first: Sequence[str | Path], second: Sequence[str | Path], target: Path, rounds: int
) -> tuple[Measurement, Measurement]:
    """Measure two commands in turn, so that what else the machine does meets both."""
    one, other = measured(first, target), measured(second, target)
    for _ in range(rounds - 1):
        one, other = one.and_(measured(first, target)), other.and_(measured(second, target))
    return one, other


def step(name: str, **arguments: object) -> list[str]:
    """Return the command that runs a step of `benchmarks.steps`."""
    return [sys.executable, "-m", "benchmarks.steps", name, json.dumps(arguments, default=str)]
