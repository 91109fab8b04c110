"""Answer the tasks that wait for an asset."""

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from shared.ledger.records import Failure, Job, Waiter
from shared.ledger.rules import may_try_again
from shared.ledger.states import JobState

if TYPE_CHECKING:
    from shared.ports import Ledger, TaskTokens

ASSET_FAILED = "AssetFailed"
"""The error under which a waiting state learns that its asset cannot be had; the plot then steps down to an engine."""

ASSET_HELD = "AssetHeld"
"""The error under which it learns that its asset may have been bought and cannot be had; the plot then stops buying."""

HELD_MESSAGE = (
    "this may have been made, but cannot be had: buying it again could pay for it twice. "
    "If it arrives it is kept; `episode retry --rebuy` buys it once more"
)

_ANSWERED_AT_ONCE = 8


def wake(job: Job, ledger: "Ledger", tokens: "TaskTokens") -> int:
    """Answer everybody who waits for a job that is settled or held; return how many there were.

    Who came after it had failed, and may have it bought anew, is left to wait for that.

    Call it after the state was written: who comes later finds that state and answers itself. Who cannot be answered
    just now keeps nobody else from being answered; what went wrong is raised at the end.
    """
    waiters = [waiter for waiter in ledger.waiters(job.address) if not may_try_again(job, waiter)]
    with ThreadPoolExecutor(_ANSWERED_AT_ONCE) as at_once:
        answers = [at_once.submit(_try_to_answer, job, waiter, ledger, tokens) for waiter in waiters]
    problems = [problem for answer in answers if (problem := answer.result())]
    if problems:
        raise ExceptionGroup(f"{len(problems)} of {len(waiters)} waiters of {job.address} were not answered", problems)
    return len(waiters)


def _try_to_answer(job: Job, waiter: Waiter, ledger: "Ledger", tokens: "TaskTokens") -> Exception | None:
    """Answer one waiter; return what went wrong, if anything did."""
    try:
        _answer(job, waiter, ledger, tokens)
    except Exception as problem:  # noqa: BLE001 - whatever it is, the others are answered all the same
        return problem
    return None


def _answer(job: Job, waiter: Waiter, ledger: "Ledger", tokens: "TaskTokens") -> None:
    match job.state:
        case JobState.STORED:
            tokens.succeed(waiter.token, {"address": job.address})
        case JobState.FAILED:
            reason = f"{job.failure.error}: {job.failure.message}" if job.failure else "no reason was recorded"
            tokens.fail(waiter.token, Failure(error=ASSET_FAILED, message=f"{job.kind} {job.address}: {reason}"))
        case JobState.HELD:
            tokens.fail(waiter.token, Failure(error=ASSET_HELD, message=HELD_MESSAGE))
        case other:
            raise ValueError(f"a job that is {other} has no answer for anybody yet")
    ledger.remove_waiter(waiter)
