"""What the commands share: their arguments and options, and the stack that they name."""

import os
import re
import unicodedata
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.endings import FAILED, USAGE, stop
from cli.output import output as output  # noqa: PLC0414 -- handed on to commands
from cli.target import Records, Target, deployed_target, local_target
from shared.keys import EPISODE_ID_RULE, is_episode_id

if TYPE_CHECKING:
    from shared.ledger.records import Run

StackName = Annotated[str | None, typer.Option("--stack", help="A deployed stack; without it, this machine.")]
Profile = Annotated[str | None, typer.Option("--profile", help="The AWS profile for --stack.")]
Region = Annotated[str | None, typer.Option("--region", help="The AWS region for --stack.")]
State = Annotated[Path, typer.Option("--state", help="Where this machine keeps its bucket and ledger.")]
Out = Annotated[Path, typer.Option("--out", help="Where to put the results.")]
Approve = Annotated[bool, typer.Option("--approve", help="Approve the storyboard without asking.")]
Timeout = Annotated[
    float | None, typer.Option("--timeout", min=0, help="Wait no longer than so many seconds; then end with code 4.")
]
Json = Annotated[bool, typer.Option("--json", help="Write one JSON document to standard output, all else beside it.")]
Episode = Annotated[str, typer.Argument(metavar="ID", help="The episode's id.")]
Folder = Annotated[
    Path,
    typer.Argument(
        metavar="FOLDER", help="The episode's folder: script.yaml and its files.", exists=True, file_okay=False
    ),
]
EpisodeId = Annotated[str | None, typer.Option("--id", help="The episode's id; by default the folder's name.")]

KEPT_IN = Path(".showrunner")
RESULTS = Path("out")


def checked_id(text: str) -> str:
    """Return an episode's id, or stop where a text cannot be one."""
    if not is_episode_id(text):
        stop(f"{text!r} cannot be an episode's id: an id has {EPISODE_ID_RULE}", USAGE)
    return text


def id_of(folder: Path, given: str | None, *, draft: bool) -> str:
    """Return the id of a folder's episode, or of its draft, or stop where it cannot be one."""
    name = given or folder.resolve().name
    if given is None and not is_episode_id(name):
        name_it = f"name the episode, as in --id {possible_id(name)}, or rename the folder"
        stop(
            f"the folder's name, {name!r}, cannot be the episode's id: an id has {EPISODE_ID_RULE}",
            USAGE,
            next_step=name_it,
        )
    return checked_id(f"{name}-draft" if draft else name)


def possible_id(name: str) -> str:
    """Return an episode's id that reads like a name."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9._]+", "-", plain.lower())[:80].strip("-._") or "my-episode"


def uses_real_fal() -> bool:
    """Tell whether there is a key, so that runs on this machine use fal.ai itself."""
    return bool(os.environ.get("FAL_KEY") or os.environ.get("FAL_API_KEY"))


def target_of(
    stack: str | None, profile: str | None, region: str | None, state: Path, *, stand_ins: bool = False
) -> AbstractContextManager[Target]:
    """Return the stack to work on, as a context: this machine's lives as long as it; raises `StackMissing`.

    Parameters
    ----------
    stand_ins
        Whether providers beside fal are wanted, which this machine then simulates too.
    """
    if stack:
        return nullcontext(deployed_target(stack, profile, region))
    return local_target(state, use_real_fal=uses_real_fal(), stand_ins=stand_ins)


def records_of(stack: str | None, profile: str | None, region: str | None, state: Path) -> Records:
    """Return the stack to look at, without starting anything; raises `StackMissing`."""
    if stack:
        return deployed_target(stack, profile, region)
    from cli.kept import kept_records

    return kept_records(state)


def newest_run(episode: str, records: Records) -> "Run":
    """Return the newest run of an episode, or stop where it has none."""
    run = records.ledger.newest_run(checked_id(episode))
    if run is None:
        stop(
            f"there is no run of {episode} {place_of(records)}",
            FAILED,
            error="no_run",
            next_step=how_to_begin(records),
        )
    return run


def how_to_begin(records: Records) -> str:
    """Return what makes an episode that is not there."""
    return f"{with_stack('episode run FOLDER', records)} makes it"


def place_of(records: Records) -> str:
    """Return where a stack is, to be read at the end of a sentence."""
    return f"in {records.name}" if records.is_deployed else f"on {records.name}"


def with_stack(command: str, records: Records) -> str:
    """Return a command as it is typed for a stack."""
    return f"`{command} --stack {records.name}`" if records.is_deployed else f"`{command}`"
