"""Look at a storyboard on a terminal: its pictures are put where one can see them, and approved or rejected."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rich.prompt import Prompt

from cli.output import output
from cli.results import download_papers
from shared.keys import episode_folder
from shared.workflow.record_outcome import EXECUTION_ENDED
from shared.workflow.review import NoReviewWaiting, approve, how_it_stands, is_waiting_for_review, reject
from shared.workflow.status import EpisodeStatus

if TYPE_CHECKING:
    from rich.console import Console

    from cli.target import Target
    from shared.ledger.records import Run

Reviewer = Callable[["Run", "Target", Path, "Console"], None]
"""Looks at a run's pictures, put into a folder of results, and answers; raises `ReviewLeftOpen`."""


class ReviewLeftOpen(Exception):
    """Nobody has approved or rejected the storyboard; the text says how to go on."""


def leave_open(run: "Run", target: "Target", out: Path, console: "Console") -> None:
    """Show the pictures, and leave the answer to another command."""
    show_pictures(run, target, out, console)
    raise ReviewLeftOpen(_how_to_go_on(run, target))


def approve_unasked(run: "Run", target: "Target", out: Path, console: "Console") -> None:
    """Show the pictures, and approve them."""
    show_pictures(run, target, out, console)
    approve(run, target.ledger, target.tokens)
    console.print("approved")


def rejecter(reason: str) -> Reviewer:
    """Return who rejects the pictures, unasked."""

    def reject_unasked(run: "Run", target: "Target", _out: Path, _console: "Console") -> None:
        reject(run, reason, target.ledger, target.tokens)

    return reject_unasked


def require_review(run: "Run") -> None:
    """Raise `NoReviewWaiting` where a run of this machine did not come to a review that nobody has answered.

    A command that has run since closes the run, for its execution is gone; that leaves the review open all the same.
    """
    closed_by_the_way = run.failure is not None and run.failure.error == EXECUTION_ENDED.error
    if not is_waiting_for_review(run) and not (closed_by_the_way and run.review_token and not run.reviewed):
        raise NoReviewWaiting(how_it_stands(run))


def ask(run: "Run", target: "Target", out: Path, console: "Console") -> None:
    """Show the pictures, and ask on the terminal what is to become of them."""
    show_pictures(run, target, out, console)
    match Prompt.ask("The clips are paid for next", choices=["approve", "reject", "later"], console=console):
        case "approve":
            approve(run, target.ledger, target.tokens)
        case "reject":
            reason = Prompt.ask("What is wrong with them?", default="no reason was given", console=console)
            reject(run, reason, target.ledger, target.tokens)
        case _:
            raise ReviewLeftOpen(_how_to_go_on(run, target))


def reviewer_for(console: "Console", *, approve: bool) -> Reviewer:
    """Return who answers: the option ``--approve``, whoever sits at the terminal, or nobody."""
    if approve:
        return approve_unasked
    return ask if sits_at_terminal(console) else leave_open


def sits_at_terminal(console: "Console" = output) -> bool:
    """Tell whether there is a person who can be asked."""
    return console.is_terminal and sys.stdin.isatty()


def show_pictures(run: "Run", target: "Target", out: Path, console: "Console") -> None:
    """Download a storyboard, and say where its pictures are and what comes next."""
    page = download_papers(run.episode_id, target, out)
    folder = episode_folder(run.episode_id)
    status = EpisodeStatus.model_validate_json(target.bucket.get(f"{folder}status.json"))
    console.print(status.message, highlight=False, markup=False, soft_wrap=True)
    for picture in status.pictures or ():
        console.print(f"  {out / picture.file}  ({picture.what})", highlight=False, markup=False, soft_wrap=True)
    if page:
        console.print(
            f"  {page}  (all of them, and what each was asked for with)", highlight=False, markup=False, soft_wrap=True
        )


def _how_to_go_on(run: "Run", target: "Target") -> str:
    if target.is_deployed:
        at = f"{run.episode_id} --stack {target.name}"
        return (
            "the storyboard waits for somebody to look at it: "
            f"`episode approve {at}` goes on to the clips, `episode reject {at} --reason TEXT` ends the run"
        )
    return (
        "the storyboard waits for somebody to look at it: "
        f"`episode approve {run.episode_id}` goes on to the clips (as does the same command with --approve), "
        f"`episode reject {run.episode_id} --reason TEXT` ends the run. For another picture, raise that line's `take` "
        "in the script and run it again"
    )
