"""The command `episode prune`."""

import sys
import time
from typing import TYPE_CHECKING, Annotated

import typer

from cli.endings import USAGE, stop
from cli.options import KEPT_IN, Json, Profile, Region, StackName, State, place_of, target_of
from cli.output import output, say, write_document
from shared.workflow.prune import Pruning, prune, what_to_prune

if TYPE_CHECKING:
    from cli.target import Target

_DAY = 86_400
_MEGABYTE = 1_000_000


def prune_derived_files(
    *,
    older_than: Annotated[
        float, typer.Option("--older-than", metavar="DAYS", min=0, help="Only what was written so many days ago.")
    ] = 0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be deleted, and delete nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Delete without asking.")] = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
    state: State = KEPT_IN,
    json: Json = False,  # noqa: ARG001 -- read by `cli.group`
) -> None:
    """Delete derived files: house clips, joined episodes and the like, which are made again for nothing.

    What was bought, what people put there, plans, bills and results stay; so does what an open run needs.
    """
    with target_of(stack, profile, region, state) as target:
        pruning = what_to_prune(target.bucket, target.ledger, time.time() - older_than * _DAY)
        _say_what(pruning, target)
        if dry_run or not pruning.files:
            _write(pruning, deleted=False)
            return
        if not yes and not _is_wanted(target):
            say("nothing was deleted")
            _write(pruning, deleted=False)
            return
        begun = prune(pruning, target.bucket, target.ledger)
    say("deleted; the next run that needs any of them makes it again, and pays nothing for it")
    for name in begun:
        say(f"{name} began meanwhile: if it misses a file and fails, `episode retry` makes it again")
    _write(pruning, deleted=True)


def _say_what(pruning: Pruning, target: "Target") -> None:
    files = "1 derived file" if len(pruning.files) == 1 else f"{len(pruning.files)} derived files"
    say(f"{files} {place_of(target)}, {pruning.size / _MEGABYTE:.1f} MB, can be deleted")
    if pruning.kept:
        runs = "1 run is" if len(pruning.open_runs) == 1 else f"{len(pruning.open_runs)} runs are"
        say(f"{pruning.kept} more are left, since {runs} under way and may need them")


def _is_wanted(target: "Target") -> bool:
    if not _can_ask():
        stop("nobody can be asked here, and nothing was deleted", USAGE, next_step="give --yes, or --dry-run to look")
    return typer.confirm(f"Delete them from {target.name}?", err=output.stderr)


def _can_ask() -> bool:
    return output.is_terminal and sys.stdin.isatty()


def _write(pruning: Pruning, *, deleted: bool) -> None:
    write_document(
        {
            "files": len(pruning.files),
            "bytes": pruning.size,
            "kept_for_open_runs": pruning.kept,
            "open_runs": list(pruning.open_runs),
            "deleted": deleted,
        }
    )
