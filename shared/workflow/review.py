"""A person's answer to a storyboard: it lets the run go on to the clips, or ends it."""

from typing import TYPE_CHECKING

from shared.ledger.records import ENDED_RUNS, Failure, Run, RunState

if TYPE_CHECKING:
    from shared.ports import Ledger, TaskTokens

STORYBOARD_REJECTED = "StoryboardRejected"
"""The error under which a run ends whose pictures a person does not want."""


class NoReviewWaiting(Exception):
    """The run waits for nobody; the text says how it stands."""


def is_waiting_for_review(run: Run) -> bool:
    """Tell whether a run waits for a person to look at its pictures."""
    return run.state is RunState.RUNNING and run.review_token is not None and not run.reviewed


def approve(run: Run, ledger: "Ledger", tokens: "TaskTokens") -> None:
    """Let a run go on to its clips; raises `NoReviewWaiting`."""
    tokens.succeed(_token_of(run), {"approved": True})
    note_approval(run, ledger)


def note_approval(run: Run, ledger: "Ledger") -> None:
    """Note that the pictures of a run are approved, so that nobody is asked about them again."""
    ledger.update_run(run, RunState.RUNNING, {"review_token": None, "reviewed": True})


def reject(run: Run, reason: str, ledger: "Ledger", tokens: "TaskTokens") -> None:
    """End a run before its first clip is paid for; raises `NoReviewWaiting`.

    Parameters
    ----------
    reason
        What is wrong with the pictures, for whoever changes the script.
    """
    rejection = Failure(error=STORYBOARD_REJECTED, message=f"the storyboard was rejected: {reason}")
    tokens.fail(_token_of(run), rejection)
    ledger.update_run(run, RunState.RUNNING, {"review_token": None})


def _token_of(run: Run) -> str:
    if run.review_token is None or not is_waiting_for_review(run):
        raise NoReviewWaiting(how_it_stands(run))
    return run.review_token


def how_it_stands(run: Run) -> str:
    """Return why a run waits for nobody."""
    if run.state in ENDED_RUNS:
        why = f": {run.failure.message}" if run.failure else ""
        return f"the newest run of {run.episode_id} has ended as {run.state.lower()}{why}"
    if run.reviewed:
        return f"the storyboard of {run.episode_id} is approved already"
    return f"the newest run of {run.episode_id} does not wait for a review (yet)"
