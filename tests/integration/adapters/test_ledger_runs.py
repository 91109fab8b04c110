"""Runs, parts, waiters and handed over files in the ledger: the fake and DynamoDB keep the same contract."""

from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from threading import Barrier

import pytest

from shared.ledger.records import ENDED_RUNS, Failure, Handover, PartOutcome, Run, RunState
from shared.ledger.rules import AFTER_FAILURE, ALWAYS, NEVER
from shared.ports import Ledger
from shared.providers.names import ProviderName
from tests.builders import ADDRESS, EPISODE, waiter_of


def claimed(ledger: Ledger, digest: str = "d1", *, again: AbstractSet[RunState] = NEVER, now: float = 1000.0) -> Run:
    return ledger.claim_run(EPISODE, digest, now, name=lambda attempt: f"{digest}-{attempt}", again=again)


def ended(ledger: Ledger, state: RunState, digest: str = "d1") -> Run:
    run = ledger.update_run(claimed(ledger, digest), state, {"ended_at": 2000.0})
    assert run
    return run


def test_a_new_state_of_the_inputs_gets_a_run(ledger: Ledger) -> None:
    # when it is claimed
    run = claimed(ledger)
    # then its run is starting, is the newest and is open
    assert (run.name, run.attempt, run.state, run.started_at) == ("d1-1", 1, RunState.STARTING, 1000.0)
    assert run == ledger.run(EPISODE, "d1") == ledger.newest_run(EPISODE)
    assert ledger.open_runs() == [run]


def test_an_episode_without_a_run(ledger: Ledger) -> None:
    assert ledger.run(EPISODE, "d1") is None
    assert ledger.newest_run(EPISODE) is None
    assert ledger.open_runs() == []


@pytest.mark.parametrize(("state", "again"), list(product(RunState, [NEVER, AFTER_FAILURE, ALWAYS])))
def test_claiming_the_newest_state_once_more(ledger: Ledger, state: RunState, again: AbstractSet[RunState]) -> None:
    # given a run in some state
    run: Run | None = claimed(ledger)
    if run and state is not RunState.STARTING:
        run = ledger.update_run(run, state)
    # when the same state of the inputs is claimed once more
    other = claimed(ledger, again=again, now=3000.0)
    # then only what has ended so is taken up as the next attempt, and only where that was asked for
    if state in again:
        assert (other.name, other.attempt, other.state) == ("d1-2", 2, RunState.STARTING)
        assert ledger.open_runs() == [other]
    else:
        assert other == run
    assert ledger.newest_run(EPISODE) == other


@pytest.mark.parametrize("state", RunState)
def test_going_back_to_an_earlier_state_of_the_inputs(ledger: Ledger, state: RunState) -> None:
    # given a run in some state, and a newer one at another state of the inputs
    first = claimed(ledger)
    if state is not RunState.STARTING:
        assert ledger.update_run(first, state)
    newer = claimed(ledger, "d2")
    assert ledger.newest_run(EPISODE) == newer
    # when somebody brings the first state back
    back = claimed(ledger)
    # then it gets a run of its own, which is the newest
    assert (back.name, back.attempt, back.state) == ("d1-2", 2, RunState.STARTING)
    assert ledger.newest_run(EPISODE) == back
    # and the first one can do nothing more
    assert ledger.update_run(first, RunState.DONE) is None
    assert sorted(run.name for run in ledger.open_runs()) == ["d1-2", "d2-1"]
    # and claiming it again is nothing new
    assert claimed(ledger) == back


@pytest.mark.parametrize("earlier", [None, RunState.FAILED])
def test_of_many_claims_at_once_all_get_the_same_run(ledger: Ledger, earlier: RunState | None) -> None:
    # given twelve who claim together, anew or after a failure
    if earlier:
        ended(ledger, earlier)
    barrier = Barrier(12)

    def claim(_: int) -> Run:
        barrier.wait()
        return claimed(ledger, again=AFTER_FAILURE)

    # when they do
    with ThreadPoolExecutor(12) as pool:
        runs = list(pool.map(claim, range(12)))
    # then there is one run, one attempt later than the last
    assert {run.attempt for run in runs} == {2 if earlier else 1}
    assert ledger.open_runs() == [runs[0]]


@pytest.mark.parametrize(("state", "target"), list(product(RunState, RunState)))
def test_a_run_ends_once(ledger: Ledger, state: RunState, target: RunState) -> None:
    # given a run in some state
    run: Run | None = claimed(ledger)
    if run and state is not RunState.STARTING:
        run = ledger.update_run(run, state)
    assert run
    # when it is brought to another
    failure = Failure(error="OverCap", message="too dear")
    after = ledger.update_run(run, target, {"failure": failure, "ended_at": 5.0})
    # then that succeeds unless it had ended
    if state in ENDED_RUNS:
        assert after is None
        assert ledger.run(EPISODE, "d1") == run
    else:
        assert after == ledger.run(EPISODE, "d1")
        assert after
        assert (after.state, after.failure, after.ended_at) == (target, failure, 5.0)
    # and it is open exactly while it has not ended
    current = ledger.run(EPISODE, "d1")
    assert current
    assert ledger.open_runs() == ([] if current.state in ENDED_RUNS else [current])


def test_an_earlier_attempt_cannot_end_a_later_one(ledger: Ledger) -> None:
    first = ended(ledger, RunState.FAILED)
    second = claimed(ledger, again=AFTER_FAILURE)
    assert ledger.update_run(first, RunState.DONE) is None
    assert ledger.newest_run(EPISODE) == second


def test_waiters(ledger: Ledger) -> None:
    # given two tokens for one asset, one of them noted twice, and one for another
    one, two, elsewhere = waiter_of("one"), waiter_of("two"), waiter_of("three", "b" * 40)
    for waiter in (one, two, one, elsewhere):
        ledger.add_waiter(waiter)
    # then each waits once, for its own
    assert sorted(waiter.token for waiter in ledger.waiters(ADDRESS)) == ["one", "two"]
    assert ledger.waiters("b" * 40) == [elsewhere]
    # and an answered one is forgotten, however often
    ledger.remove_waiter(one)
    ledger.remove_waiter(one)
    assert ledger.waiters(ADDRESS) == [two]
    assert ledger.waiters("c" * 40) == []


def test_more_waiters_than_one_page_holds(ledger: Ledger) -> None:
    # given tokens whose items fill more than a megabyte, a page of DynamoDB's
    tokens = [f"{number:03d}" + "t" * 20_000 for number in range(60)]
    for token in tokens:
        ledger.add_waiter(waiter_of(token))
    # then none is left out
    assert sorted(waiter.token for waiter in ledger.waiters(ADDRESS)) == tokens


def test_parts_of_a_run(ledger: Ledger) -> None:
    # given parts noted out of order, one of them twice
    made = [
        PartOutcome(part=part, engine=engine, seconds=4.8, stepped_down=earlier)
        for part, engine, earlier in [(10, "hedra", ()), (2, "hedra", ()), (2, "still", ("hedra", "fabric"))]
    ]
    for outcome in made:
        ledger.note_part("run", outcome)
    # then the last word on each counts, in its own run
    assert ledger.parts("run") == {10: made[0], 2: made[2]}
    assert ledger.parts("other") == {}


def test_why_a_run_made_do_without_clips(ledger: Ledger) -> None:
    # given reasons noted for two clips, one of them twice
    slow, short = (Failure(error=error, message="no") for error in ("EndpointLeftAlone", "ClipRefused"))
    for address, failure in (("a" * 40, slow), ("b" * 40, slow), ("b" * 40, short)):
        ledger.note_given_up("run", address, failure)
    ledger.note_part("run", PartOutcome(part=1, engine="still", seconds=4.8))
    # then the last reason of each counts, in its own run, apart from the parts
    assert ledger.given_up("run") == {"a" * 40: slow, "b" * 40: short}
    assert set(ledger.parts("run")) == {1}
    assert ledger.given_up("other") == {}


def test_handed_over_files(ledger: Ledger) -> None:
    place = Handover(url="https://v3.fal.media/a", expires_at=1234.5)
    assert ledger.handover(ADDRESS, ProviderName.FAL) is None
    ledger.note_handover(ADDRESS, ProviderName.FAL, place)
    assert ledger.handover(ADDRESS, ProviderName.FAL) == place
    assert ledger.handover(ADDRESS, ProviderName.HEDRA) is None
    ledger.forget_handover(ADDRESS, ProviderName.FAL)
    ledger.forget_handover(ADDRESS, ProviderName.FAL)
    assert ledger.handover(ADDRESS, ProviderName.FAL) is None
