"""What of a batch is started: never too many at once, nothing left behind, no failure paid for twice unasked."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.batches.decisions import EntryState, Seen, capped, has_ended, state_of, to_start, what_it_waits_for
from shared.ledger.records import CANCELLED, Failure, Run, RunState
from shared.workflow.review import STORYBOARD_REJECTED

ASKED_AT = 100.0


def run(state: RunState, **fields: Any) -> Run:
    return Run(episode_id="e", digest="d", attempt=1, name="e-d-1", state=state, started_at=1.0, **fields)


def failed(at: float, error: str = "PartFailed") -> Run:
    return run(RunState.FAILED, ended_at=at, failure=Failure(error=error, message="no"))


@pytest.mark.parametrize(
    ("seen", "state"),
    [
        (Seen(), EntryState.WAITS_FOR_ITS_TURN),
        (Seen(refused="why"), EntryState.REFUSED),
        (Seen(waits_for="a file"), EntryState.WAITS_FOR_FILES),
        (Seen(run=run(RunState.STARTING)), EntryState.RUNNING),
        (Seen(run=run(RunState.RUNNING)), EntryState.RUNNING),
        (Seen(run=run(RunState.RUNNING, review_token="t")), EntryState.WAITS_FOR_REVIEW),
        (Seen(run=run(RunState.RUNNING, reviewed=True)), EntryState.RUNNING),
        (Seen(run=run(RunState.DONE, ended_at=1.0)), EntryState.DONE),
        (Seen(run=failed(ASKED_AT - 1)), EntryState.WAITS_FOR_ITS_TURN),
        (Seen(run=failed(ASKED_AT)), EntryState.FAILED),
        (Seen(run=failed(ASKED_AT + 1)), EntryState.FAILED),
        (Seen(run=failed(ASKED_AT - 1, STORYBOARD_REJECTED)), EntryState.FAILED),
        (Seen(run=failed(ASKED_AT - 1, CANCELLED)), EntryState.FAILED),
    ],
)
def test_how_an_episode_stands(seen: Seen, state: EntryState) -> None:
    assert state_of(seen, ASKED_AT) is state


def test_what_waits_for_people_or_files_takes_no_place() -> None:
    # given two that wait for others, before two that wait for their turn
    states = [
        EntryState.WAITS_FOR_REVIEW,
        EntryState.WAITS_FOR_FILES,
        EntryState.WAITS_FOR_ITS_TURN,
        EntryState.WAITS_FOR_ITS_TURN,
    ]
    # then one place is enough for the next
    assert to_start(states, 1) == [2]


def test_above_the_cap_nothing_more_is_started_and_the_batch_ends() -> None:
    states = [EntryState.DONE, EntryState.WAITS_FOR_ITS_TURN]
    # when the cap is not reached, or there is none
    assert capped(states, 4.99, 5.0) == capped(states, 1000.0, None) == states
    # when it is reached
    after = capped(states, 5.0, 5.0)
    assert after == [EntryState.DONE, EntryState.NOT_STARTED]
    assert to_start(after, 10) == []
    assert has_ended(after)
    # then what runs goes on
    assert capped([EntryState.RUNNING], 9.0, 5.0) == [EntryState.RUNNING]


def test_what_a_batch_waits_for_is_said() -> None:
    states = [EntryState.RUNNING, EntryState.RUNNING, EntryState.WAITS_FOR_REVIEW, EntryState.DONE]
    assert what_it_waits_for(states) == "2 running, 1 waiting for a person to look at the storyboard"
    assert what_it_waits_for([EntryState.DONE]) == ""


@dataclass
class Theatre:
    """A batch whose passes overlap: each sees the episodes one by one, and starts some of them later.

    Parameters
    ----------
    fails
        How often each episode fails before it is done.
    """

    fails: list[int]
    concurrency: int
    now: float = 1.0
    asked_at: float = 0.0
    runs: dict[int, Run] = field(default_factory=dict)
    attempts: dict[int, list[float]] = field(default_factory=dict)
    most: int = 0

    def look(self) -> list[Run | None]:
        return [self.runs.get(index) for index in range(len(self.fails))]

    def start(self, seen: list[Run | None]) -> None:
        """Start what a pass wants that has seen this; the ledger lets each attempt be claimed once."""
        states = [state_of(Seen(run=each), self.asked_at) for each in seen]
        for index in to_start(states, self.concurrency):
            if self.runs.get(index) == seen[index]:
                self.runs[index] = run(RunState.RUNNING)
                self.attempts.setdefault(index, []).append(self.now)
        self.most = max(self.most, len(self.running))

    @property
    def running(self) -> list[int]:
        return [index for index, each in self.runs.items() if each.state is RunState.RUNNING]

    def end(self, index: int) -> None:
        self.now += 1
        fails = len(self.attempts[index]) <= self.fails[index]
        self.runs[index] = failed(self.now) if fails else run(RunState.DONE, ended_at=self.now)

    def ask(self) -> None:
        self.now += 1
        self.asked_at = self.now
        self.now += 1

    @property
    def has_ended(self) -> bool:
        return has_ended([state_of(Seen(run=each), self.asked_at) for each in self.look()])


@given(
    st.lists(st.tuples(st.sampled_from(("look", "start", "end")), st.integers(0, 50)), max_size=60),
    st.lists(st.integers(0, 2), min_size=1, max_size=8),
    st.integers(1, 4),
)
def test_passes_in_any_order_come_to_an_end_with_never_too_many_at_once(
    steps: list[tuple[str, int]], fails: list[int], concurrency: int
) -> None:
    # given a batch of which some episodes fail, and passes that overlap, and see what was a while ago
    theatre = Theatre(fails, concurrency)
    looks = [theatre.look()]
    for doing, which in steps:
        match doing:
            case "look":
                looks.append(theatre.look())
            case "start":
                theatre.start(looks[which % len(looks)])
            case "end" if theatre.running:
                theatre.end(theatre.running[which % len(theatre.running)])
    # when there is one more pass, and each end causes another
    theatre.start(theatre.look())
    while theatre.running:
        theatre.end(theatre.running[0])
        theatre.start(theatre.look())
    # then everything has ended, and no failure was tried again, since nobody asked for that
    assert theatre.most <= concurrency
    assert theatre.has_ended
    assert {index: len(times) for index, times in theatre.attempts.items()} == dict.fromkeys(range(len(fails)), 1)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=8), st.integers(1, 4), st.integers(1, 3))
def test_each_time_somebody_asks_each_failure_is_tried_again_once(
    fails: list[int], concurrency: int, times: int
) -> None:
    # given a batch that is asked for several times, with many passes after each
    theatre = Theatre(fails, concurrency)
    for _ in range(times):
        theatre.ask()
        theatre.start(theatre.look())
        while theatre.running:
            theatre.end(theatre.running[-1])
            theatre.start(theatre.look())
        for _ in range(3):
            theatre.start(theatre.look())
    # then each episode was tried as often as somebody asked, or until it was done
    assert [len(theatre.attempts[index]) for index in range(len(fails))] == [min(fail + 1, times) for fail in fails]
    assert theatre.most <= concurrency


def test_the_order_of_the_manifest_is_kept() -> None:
    # given more that run than there is room for
    states = [EntryState.WAITS_FOR_ITS_TURN, EntryState.RUNNING, EntryState.RUNNING, EntryState.WAITS_FOR_ITS_TURN]
    # then nothing is started, and with room for one more it is the first one
    assert to_start(states, 2) == []
    assert to_start(states, 3) == [0]
    assert to_start([replace_state(state) for state in states], 2) == [0, 3]


def replace_state(state: EntryState) -> EntryState:
    return EntryState.DONE if state is EntryState.RUNNING else state
