"""What the commands share: their options, and where they write."""

import os
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli.endings import USAGE, stop
from cli.target import Target, deployed_target, local_target
from shared.keys import is_episode_id

output = Console()

StackName = Annotated[str | None, typer.Option("--stack", help="A deployed stack; without it, this machine.")]
Profile = Annotated[str | None, typer.Option("--profile", help="The AWS profile for --stack.")]
Region = Annotated[str | None, typer.Option("--region", help="The AWS region for --stack.")]
State = Annotated[Path, typer.Option("--state", help="Where this machine keeps its bucket and ledger.")]
Out = Annotated[Path, typer.Option("--out", help="Where to put the results.")]
Approve = Annotated[bool, typer.Option("--approve", help="Approve the storyboard without asking.")]
Episode = Annotated[str, typer.Argument(metavar="ID", help="The episode's id.")]


def checked_id(text: str) -> str:
    """Return an episode's id, or stop where a text cannot be one."""
    if not is_episode_id(text):
        stop(f"{text!r} cannot be an episode's id: use letters, digits, '.', '_' and '-'", USAGE)
    return text


def target_of(
    stack: str | None, profile: str | None, region: str | None, state: Path
) -> AbstractContextManager[Target]:
    """Return the stack to work on, as a context: this machine's lives as long as it; raises `StackMissing`."""
    if stack:
        return nullcontext(deployed_target(stack, profile, region))
    key = os.environ.get("FAL_KEY") or os.environ.get("FAL_API_KEY")
    return local_target(state, use_real_fal=bool(key))
