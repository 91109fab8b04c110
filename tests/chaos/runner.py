"""Rounds on several processes, each with a theatre of its own."""

import multiprocessing
import queue
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.chaos.fault_classes import CLASSES
from tests.chaos.rounds import Round, play_round, turn_of
from tests.chaos.theatre import Theatre

if TYPE_CHECKING:
    from multiprocessing.queues import Queue
    from multiprocessing.sharedctypes import Synchronized

_LOOK_SECONDS = 5
_TURNS = 20
"""So often each class of faults has its turn at most, until it has struck."""


@dataclass(frozen=True)
class Options:
    """Which rounds to play.

    Parameters
    ----------
    episodes
        So many at least, unless `rounds` says how many rounds exactly.
    first
        The number of the first round.
    """

    seed: int
    episodes: int
    first: int
    rounds: int | None
    workers: int


def play_rounds(options: Options) -> Iterator[Round | str]:
    """Play rounds on several processes; a text tells of a round that broke the stage itself."""
    context = multiprocessing.get_context("spawn")
    outcomes: Queue[Round | str | None] = context.Queue()
    turn = context.Value("i", options.first)
    last = options.first + (options.rounds or max(_TURNS * len(CLASSES), options.episodes))
    workers = [context.Process(target=_play, args=(options.seed, turn, last, outcomes)) for _ in range(options.workers)]
    for worker in workers:
        worker.start()
    episodes, missed = 0, set(CLASSES)
    waited_for = len(workers)
    while waited_for:
        try:
            outcome = outcomes.get(timeout=_LOOK_SECONDS)
        except queue.Empty:
            if not any(worker.is_alive() for worker in workers):
                raise RuntimeError("the processes that play rounds have died") from None
            continue
        if outcome is None:
            waited_for -= 1
            continue
        yield outcome
        if isinstance(outcome, Round):
            episodes += outcome.episodes
            missed -= {name for name, hits in outcome.faults.items() if hits}
        # No class of faults may be left out.
        if options.rounds is None and episodes >= options.episodes:
            with turn.get_lock():
                turn.value = next((number for number in range(turn.value, last) if turn_of(number) in missed), last)
    for worker in workers:
        worker.join()


def _play(seed: int, turn: "Synchronized[int]", last: int, outcomes: "Queue[Round | str | None]") -> None:
    try:
        with Theatre() as theatre:
            while True:
                with turn.get_lock():
                    number, turn.value = turn.value, turn.value + 1
                if number >= last:
                    break
                try:
                    outcomes.put(play_round(theatre, seed, number))
                except Exception:  # noqa: BLE001 - told, and the other rounds are played all the same
                    outcomes.put(f"make chaos SEED={seed} ROUND={number} ROUNDS=1 broke:\n{traceback.format_exc()}")
    finally:
        outcomes.put(None)
