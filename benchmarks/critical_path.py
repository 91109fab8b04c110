"""How long jobs take at best, when nothing comes between them."""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.keys import AssetKind
    from shared.plan.models import Plan


@dataclass(frozen=True, slots=True)
class Job:
    """Something that takes some seconds, once what it needs is done.

    Parameters
    ----------
    needs
        The names of other jobs.
    """

    seconds: float
    needs: frozenset[str] = frozenset()


def jobs_of(plan: "Plan", seconds: Mapping["AssetKind", float]) -> dict[str, Job]:
    """Return what is to be bought for an episode, by address: an asset is made of others, and of files."""
    return {
        address: Job(
            seconds[asset.kind],
            frozenset(entry.file.address for entry in asset.first.inputs if entry.file.address in plan.assets),
        )
        for address, asset in plan.assets.items()
    }


def longest_chain(jobs: Mapping[str, Job]) -> float:
    """Return the seconds of the longest chain of jobs that need each other.

    Raises
    ------
    ValueError
        If jobs need each other in a circle, or one that is not there.
    """
    return makespan(jobs, slots=len(jobs))


def makespan(jobs: Mapping[str, Job], slots: int) -> float:
    """Return when the last job is done, when each begins as soon as what it needs is done and a slot is free.

    Those that wait for a slot get it in the order in which they became ready, as in fal's queue.

    Raises
    ------
    ValueError
        If jobs need each other in a circle, or one that is not there.
    """
    missing = {name: set(job.needs) for name, job in jobs.items()}
    needed_by: dict[str, list[str]] = {}
    for name, job in jobs.items():
        for needed in job.needs:
            needed_by.setdefault(needed, []).append(name)
    ready = [name for name in jobs if not missing[name]]
    running: list[tuple[float, str]] = []
    now, done = 0.0, 0
    while ready or running:
        while ready and len(running) < slots:
            name = ready.pop(0)
            heapq.heappush(running, (now + jobs[name].seconds, name))
        now, ended = heapq.heappop(running)
        done += 1
        for name in needed_by.get(ended, ()):
            missing[name].discard(ended)
            if not missing[name]:
                ready.append(name)
    if done < len(jobs):
        raise ValueError("some jobs never become ready: they need each other, or one that is not there")
    return now
