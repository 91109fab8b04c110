"""Answer the tasks that wait for an asset."""

from typing import TYPE_CHECKING

from shared.ledger.records import Failure, Job, Waiter
from shared.ledger.states import JobState

if TYPE_CHECKING:
    from shared.ports import Ledger, TaskTokens

ASSET_FAILED = "AssetFailed"
"""The error under which a waiting state learns that its asset cannot be had; the plot then steps down to an engine."""


def wake(job: Job, ledger: "Ledger", tokens: "TaskTokens") -> int:
    """Answer everybody who waits for a settled job; return how many there were.

    Call it after the settled state was written: who comes later finds that state and answers itself.
    """
    waiters = ledger.waiters(job.address)
    for waiter in waiters:
        answer(job, waiter, ledger, tokens)
    return len(waiters)


def answer(job: Job, waiter: Waiter, ledger: "Ledger", tokens: "TaskTokens") -> None:
    """Answer one waiter of a settled job."""
    if job.state is JobState.STORED:
        tokens.succeed(waiter.token, {"address": job.address})
    else:
        tokens.fail(waiter.token, _as_asset_failed(job))
    ledger.remove_waiter(waiter)


def _as_asset_failed(job: Job) -> Failure:
    reason = f"{job.failure.error}: {job.failure.message}" if job.failure else "no reason was recorded"
    return Failure(error=ASSET_FAILED, message=f"{job.kind} {job.address}: {reason}")
