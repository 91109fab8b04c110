"""Look at a storyboard on a terminal: its pictures are put where one can see them, and approved or rejected."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rich.prompt import Prompt

from shared.keys import episode_folder
from shared.workflow.review import approve, reject
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
    console.print("approved (--approve)")


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
    return ask if console.is_terminal and sys.stdin.isatty() else leave_open


def show_pictures(run: "Run", target: "Target", out: Path, console: "Console") -> None:
    """Download a storyboard's pictures, and say where they are and what comes next."""
    folder = episode_folder(run.episode_id)
    status = EpisodeStatus.model_validate_json(target.bucket.get(f"{folder}status.json"))
    console.print(status.message, highlight=False, markup=False, soft_wrap=True)
    for picture in status.pictures or ():
        file = out / picture.file
        file.parent.mkdir(parents=True, exist_ok=True)
        target.bucket.download(folder + picture.file, file)
        console.print(f"  {file}  ({picture.what})", highlight=False, markup=False, soft_wrap=True)


def _how_to_go_on(run: "Run", target: "Target") -> str:
    if target.is_deployed:
        at = f"{run.episode_id} --stack {target.name}"
        return (
            "the storyboard waits for somebody to look at it: "
            f"`episode approve {at}` goes on to the clips, `episode reject {at} --reason TEXT` ends the run"
        )
    return (
        "the storyboard waits for somebody to look at it. On this machine a run ends with its command: the same "
        "command with --approve goes on to the clips. For another picture, raise that line's `take` in the script and "
        "run it again"
    )
