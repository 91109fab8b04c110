"""What a next attempt tries again, and what that costs at most: pure, from the last run's plan and the ledger."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from shared.addresses import Address
from shared.keys import AssetKind
from shared.ledger.records import Job, PartOutcome, Run, RunState
from shared.ledger.states import JobState
from shared.plan.models import Plan
from shared.providers.names import TITLES
from shared.workflow.quoting import quote_of_missing
from shared.workflow.record_outcome import EXECUTION_ENDED
from shared.workflow.waking import ASSET_FAILED, ASSET_HELD


class NothingToRetry(Exception):
    """Nothing failed or was stepped down."""


class RetryInVain(Exception):
    """There cannot be a next attempt, or it would end as the last one did; the text says why."""


@dataclass(frozen=True, slots=True)
class Retry:
    """What a next attempt is for.

    Parameters
    ----------
    again
        What it tries again, and why, a line each.
    in_vain
        What it does not try again, and why.
    ceiling_usd
        What it costs at most; None where the last run came to no plan.
    """

    again: tuple[str, ...]
    in_vain: tuple[str, ...]
    ceiling_usd: float | None


def retry_of(
    run: Run, plan: Plan | None, jobs: Mapping[Address, Job], made: Mapping[int, PartOutcome], *, rebuy: bool
) -> Retry:
    """Return what trying a run again is for.

    Parameters
    ----------
    run
        The last attempt, which has ended, or whose execution has.
    rebuy
        Whether what is held is bought once more.

    Raises
    ------
    NothingToRetry, RetryInVain
        When nothing failed or was stepped down, or it would end in the same way.
    """
    if run.state is RunState.DONE and not any(outcome.stepped_down for outcome in made.values()):
        raise NothingToRetry(f"nothing failed or was stepped down in {run.name}")
    failure = f"the run, which ended: {(run.failure or EXECUTION_ENDED).message}"
    if plan is None:
        return Retry((failure,), (), None)
    notes = [*_failed(plan, jobs, rebuy=rebuy), *_given_up(plan, jobs, made)]
    again = tuple(note for note, helps in notes if helps)
    in_vain = tuple(note for note, helps in notes if not helps)
    by_assets = run.failure is not None and run.failure.error in {ASSET_FAILED, ASSET_HELD}
    if not again and (run.state is RunState.DONE or (by_assets and in_vain)):
        raise RetryInVain(f"trying {run.name} again would end in the same way: {'; '.join(in_vain)}")
    return Retry(again or (failure,), in_vain, quote_of_missing(plan, jobs).ceiling_usd)


def _failed(plan: Plan, jobs: Mapping[Address, Job], *, rebuy: bool) -> Iterator[tuple[str, bool]]:
    """Return every asset that failed or is held, and whether trying it again may help."""
    for address, asset in plan.assets.items():
        job = jobs.get(address)
        place = job.place if job else asset.first.place
        name = f"{asset.label} ({place})" if asset.kind is AssetKind.CLIP else asset.label
        if job and job.state is JobState.FAILED and job.failure:
            advice = "; refused for good: change it, or raise its take" if job.is_refused_for_good else ""
            yield f"{name}: {job.failure.message}{advice}", not job.is_refused_for_good
        elif job and job.state is JobState.HELD and rebuy:
            yield f"{name}: bought once more; {TITLES[job.provider]} may have charged for it before", True
        elif job and job.state is JobState.HELD:
            yield f"{name}: {TITLES[job.provider]} may or may not have made it; --rebuy buys it once more", False


def _given_up(plan: Plan, jobs: Mapping[Address, Job], made: Mapping[int, PartOutcome]) -> Iterator[tuple[str, bool]]:
    """Return every engine from which was stepped down though no job of it failed, and whether it may do better."""
    for part in plan.parts:
        stepped_down = made[part.index].stepped_down if part.index in made else ()
        for engine in part.engines:
            if engine.name not in stepped_down or engine.clip is None:
                continue
            job = jobs.get(engine.clip.address)
            if job and job.state is JobState.STORED:
                yield f"line {part.line}: the clip of {engine.name} could not be used; raise the line's take", False
            elif job is None or job.state is not JobState.FAILED:
                yield f"line {part.line}: {engine.name} was passed over", True
