"""How a batch stands, and what of it is started next: pure, from what was seen of its episodes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from shared.ledger.budgets import OVER_CAP
from shared.ledger.records import ENDED_RUNS, Run, RunState, Seconds
from shared.workflow.review import is_waiting_for_review
from shared.workflow.run_over import BY_A_PERSON


class EntryState(StrEnum):
    """How an episode of a batch stands."""

    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"  # nothing can be started: what is wrong is said
    NOT_STARTED = "not started: over the cap"
    RUNNING = "running"
    WAITS_FOR_REVIEW = "waiting for review"
    WAITS_FOR_FILES = "waiting for files"
    WAITS_FOR_ITS_TURN = "waiting for its turn"


ENDED = frozenset({EntryState.DONE, EntryState.FAILED, EntryState.REFUSED, EntryState.NOT_STARTED})
"""What does not change by itself."""

UNATTENDED_ATTEMPTS = 3
"""So often the same inputs are tried with nobody asking but the schedule: each attempt that fails may cost money."""

_TAKE_A_PLACE = frozenset({EntryState.RUNNING, EntryState.WAITS_FOR_ITS_TURN})


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of an episode.

    Parameters
    ----------
    refused
        Why nothing can be started, in words; None where something can.
    waits_for
        What has to come before anything can be started, in words.
    run
        The latest run at these inputs; None where they have none, or another state of the inputs was claimed since.
    used_usd
        What all runs of the episode have paid or reserved.
    """

    refused: str | None = None
    waits_for: str | None = None
    run: Run | None = None
    used_usd: float = 0.0


def state_of(seen: Seen, asked_at: Seconds, scheduled_at: Seconds = 0.0) -> EntryState:
    """Return how an episode stands, as far as it can be told without the others.

    Parameters
    ----------
    asked_at
        When a person asked for the batch last. What had failed by then is tried again, once: a failure that comes later
        stays one until somebody asks again.
    scheduled_at
        When the schedule asked for it last. It has the same inputs tried `UNATTENDED_ATTEMPTS` times at most, but for
        what has only reached a cap.
    """
    if seen.refused is not None:
        return EntryState.REFUSED
    if seen.waits_for is not None:
        return EntryState.WAITS_FOR_FILES
    if seen.run is None:
        return EntryState.WAITS_FOR_ITS_TURN
    if seen.run.state not in ENDED_RUNS:
        return EntryState.WAITS_FOR_REVIEW if is_waiting_for_review(seen.run) else EntryState.RUNNING
    if seen.run.state is RunState.DONE:
        return EntryState.DONE
    return EntryState.WAITS_FOR_ITS_TURN if _is_tried_again(seen.run, asked_at, scheduled_at) else EntryState.FAILED


def _is_tried_again(run: Run, asked_at: Seconds, scheduled_at: Seconds) -> bool:
    error = run.failure.error if run.failure else None
    if run.ended_at is None or error in BY_A_PERSON:
        return False
    unattended = run.ended_at < scheduled_at and (run.attempt < UNATTENDED_ATTEMPTS or error == OVER_CAP)
    return run.ended_at < asked_at or unattended


def to_start(states: Sequence[EntryState], concurrency: int) -> list[int]:
    """Return which episodes are started now, by their places in the batch.

    Only the first `concurrency` of those that run or wait for their turn may run. Passes over a batch may overlap, and
    see it as it was a moment ago; since what has ended stays so, that is at most fewer places than there are, and
    they start the same episodes, which starts each once. So there are never more than `concurrency` at work.

    An episode that waits for a person or for files takes no place. One that is approved goes on at once, beside others.
    """
    places = concurrency - sum(state is EntryState.RUNNING for state in states)
    first = [index for index, state in enumerate(states) if state in _TAKE_A_PLACE][:concurrency]
    return [index for index in first if states[index] is EntryState.WAITS_FOR_ITS_TURN][: max(places, 0)]


def capped(states: Sequence[EntryState], used_usd: float, cap_usd: float | None) -> list[EntryState]:
    """Return the states in which nothing waits for its turn any more once the cap is reached."""
    if cap_usd is None or used_usd < cap_usd:
        return list(states)
    return [EntryState.NOT_STARTED if state is EntryState.WAITS_FOR_ITS_TURN else state for state in states]


def has_ended(states: Sequence[EntryState]) -> bool:
    """Tell whether nothing of a batch changes any more by itself."""
    return all(state in ENDED for state in states)


def what_it_waits_for(states: Sequence[EntryState]) -> str:
    """Return in words what a batch waits for; empty when it has ended."""
    return ", ".join(_counted_waits(states))


def _counted_waits(states: Sequence[EntryState]) -> Iterator[str]:
    for state, words in (
        (EntryState.RUNNING, "running"),
        (EntryState.WAITS_FOR_ITS_TURN, "waiting for their turn"),
        (EntryState.WAITS_FOR_REVIEW, "waiting for a person to look at the storyboard"),
        (EntryState.WAITS_FOR_FILES, "waiting for files"),
    ):
        if count := sum(each is state for each in states):
            yield f"{count} {words}"
