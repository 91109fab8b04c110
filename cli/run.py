"""The command `episode run`."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import JsonValue

from cli.draft import DRAFT, Draft
from cli.endings import FAILED, OVER_CAP, stop
from cli.folder import require_good_script
from cli.made import tell_made
from cli.make import make_episode
from cli.options import (
    KEPT_IN,
    RESULTS,
    Approve,
    EpisodeId,
    Folder,
    Json,
    Out,
    Profile,
    Region,
    StackName,
    State,
    Timeout,
    id_of,
    output,
    target_of,
)
from cli.output import say_that_fal_is_simulated
from cli.quote import show_quote
from cli.quoting import quote_of_folder
from cli.review import reviewer_for, sits_at_terminal
from cli.stand_ins import names_stand_ins

if TYPE_CHECKING:
    from cli.target import Target


def run(  # noqa: PLR0913 -- the options of a command
    folder: Folder,
    *,
    episode_id: EpisodeId = None,
    draft: Draft = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Spend money without asking.")] = False,
    approve: Approve = False,
    timeout: Timeout = None,
    out: Out = RESULTS,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
    state: State = KEPT_IN,
    json: Json = False,  # noqa: ARG001 -- read by `cli.group`
) -> None:
    """Upload an episode, follow its run, and download the result."""
    episode = id_of(folder, episode_id, draft=draft)
    overrides = DRAFT if draft else None
    script = require_good_script(folder)  # before anything is started or uploaded
    (out / episode).mkdir(parents=True, exist_ok=True)  # before anything is paid for that could not be put there
    with target_of(stack, profile, region, state, stand_ins=names_stand_ins(script.providers)) as target:
        if target.fal_is_simulated:
            say_that_fal_is_simulated()
        elif not yes and sits_at_terminal():
            _ask_before_spending(folder, episode, target, overrides)
        reviewer = reviewer_for(output, approve=approve)
        made = make_episode(
            folder, episode, target, out / episode, output, reviewer, overrides=overrides, timeout=timeout
        )
    tell_made(made)


def _ask_before_spending(
    folder: Path, episode_id: str, target: "Target", overrides: Mapping[str, JsonValue] | None
) -> None:
    """Show what a run would cost, and stop where the person at the terminal does not want that, or a cap forbids it."""
    quote = quote_of_folder(folder, episode_id, target, overrides)
    show_quote(quote, target)
    if quote.over_cap:
        stop(quote.over_cap, OVER_CAP, next_step="raise the cap in the script, or make it cheaper")
    if quote.ceiling_usd > 0 and not typer.confirm("Spend it?", err=True):
        stop("nothing was uploaded or bought", FAILED, error="not_confirmed")
