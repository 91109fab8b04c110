import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.critical_path import Job, longest_chain, makespan


@st.composite
def some_jobs(draw: st.DrawFn) -> dict[str, Job]:
    """Draw jobs of which each needs only earlier ones."""
    jobs: dict[str, Job] = {}
    for number in range(draw(st.integers(1, 12))):
        needs = draw(st.sets(st.sampled_from(sorted(jobs)), max_size=3)) if jobs else set()
        jobs[f"{number:02d}"] = Job(draw(st.integers(1, 20)), frozenset(needs))
    return jobs


def shots(lines: int) -> dict[str, Job]:
    """Return what an episode of one shot buys."""
    pictures = {"portrait": Job(2), "background": Job(2), "composite": Job(2, frozenset({"portrait", "background"}))}
    return pictures | {f"clip {number}": Job(10, frozenset({"composite"})) for number in range(lines)}


def test_the_chain_of_an_episode_is_picture_composite_and_clip() -> None:
    assert longest_chain(shots(60)) == 14


def test_few_slots_make_clips_wait_for_each_other() -> None:
    # Given 60 clips after four seconds of pictures, when 40 run at once, then 20 wait for ten seconds more.
    assert makespan(shots(60), slots=40) == 24


def test_one_slot_is_one_after_another() -> None:
    assert makespan(shots(10), slots=1) == 2 + 2 + 2 + 10 * 10


@pytest.mark.parametrize("needs", [{"itself"}, {"nobody"}])
def test_jobs_that_never_become_ready_are_refused(needs: set[str]) -> None:
    with pytest.raises(ValueError, match="never become ready"):
        makespan({"itself": Job(1, frozenset(needs))}, slots=1)


@given(some_jobs(), st.integers(1, 12))
def test_it_is_never_shorter_than_work_or_chain_and_never_longer_than_one_after_another(
    jobs: dict[str, Job], slots: int
) -> None:
    work = sum(job.seconds for job in jobs.values())
    took = makespan(jobs, slots)
    assert max(longest_chain(jobs), work / slots) <= took <= work


@given(some_jobs())
def test_a_job_ends_after_all_that_it_needs(jobs: dict[str, Job]) -> None:
    # Given the chain before each job, when it is the last one of its own chain, then it takes that much longer.
    for name, job in jobs.items():
        before = {other: jobs[other] for other in _all_needs(jobs, name)}
        assert longest_chain({**before, name: job}) == job.seconds + (longest_chain(before) if before else 0)


def _all_needs(jobs: dict[str, Job], name: str) -> set[str]:
    needs = set(jobs[name].needs)
    return needs.union(*(_all_needs(jobs, needed) for needed in needs))
