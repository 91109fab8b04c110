"""`make chaos`: rounds of random episodes on several processes, and one line that says what came of them."""

import argparse
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

from tests.chaos.fault_classes import CLASSES
from tests.chaos.rounds import Round
from tests.chaos.runner import Options, play_rounds

_SECONDS_BETWEEN_LINES = 30
_NAMED_CLASSES = 5


@dataclass
class Tally:
    """What all rounds came to."""

    episodes: int = 0
    faults: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(CLASSES, 0)))
    bought_twice: int = 0
    possible_duplicates: int = 0
    lost: int = 0
    hung: int = 0
    broken: int = 0

    def add(self, played: Round) -> None:
        self.episodes += played.episodes
        self.faults.update(played.faults)
        self.bought_twice += len(played.verdict.bought_twice)
        self.possible_duplicates += played.verdict.possible_duplicates
        self.lost += len(played.verdict.lost)
        self.hung += len(played.verdict.hung) + len(played.unexplained)

    @property
    def never_hit(self) -> list[str]:
        return [name for name, hits in self.faults.items() if hits == 0]

    @property
    def progress(self) -> str:
        missed = self.never_hit
        which = f": {', '.join(missed)}" if len(missed) <= _NAMED_CLASSES else ""
        return f"{self.episodes} episodes, {self.faults.total()} faults, {len(missed)} classes yet to be hit{which}"

    @property
    def line(self) -> str:
        missed = self.never_hit
        hit = "each hit" if not missed else f"never hit: {', '.join(missed)}"
        return (
            f"chaos: {self.episodes} episodes, "
            f"{self.faults.total()} faults injected ({len(self.faults)} classes, {hit}), "
            f"bought twice {self.bought_twice}, possible duplicates {self.possible_duplicates}, "
            f"lost {self.lost}, hung {self.hung}"
        )

    @property
    def is_good(self) -> bool:
        return not (self.bought_twice or self.lost or self.hung or self.broken)


def main() -> int:
    """Play until there were enough episodes, and every class of faults has struck."""
    options = _options()
    tally, since = Tally(), time.monotonic()
    for outcome in play_rounds(options):
        if isinstance(outcome, str):
            tally.broken += 1
            _say(outcome)
            continue
        tally.add(outcome)
        if not outcome.is_good:
            _say(_told(outcome))
        if time.monotonic() - since > _SECONDS_BETWEEN_LINES:
            since = time.monotonic()
            _say(f"... {tally.progress}")
    _say(tally.line)
    return 0 if tally.is_good and (options.rounds or not tally.never_hit) else 1


def _options() -> Options:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--episodes", type=int, default=500, help="at least so many")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="to play the rounds of an earlier time")
    parser.add_argument("--round", dest="first", type=int, default=0, help="the number of the first round")
    parser.add_argument("--rounds", type=int, help="exactly so many rounds, however many episodes")
    parser.add_argument("--workers", type=int, default=2)
    return Options(**vars(parser.parse_args()))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _told(played: Round) -> str:
    verdict = played.verdict
    wrong = [
        *(f"bought twice: {text}" for text in verdict.bought_twice),
        *(f"lost: {text}" for text in verdict.lost),
        *(f"hung: {text}" for text in verdict.hung),
        *(f"not finished: {text}" for text in played.unexplained),
    ]
    faults = ", ".join(f"{name} ({hits})" for name, hits in played.faults.items())
    return "\n  ".join([f"make chaos SEED={played.seed} ROUND={played.number} ROUNDS=1: {faults}", *wrong])


if __name__ == "__main__":
    sys.exit(main())
