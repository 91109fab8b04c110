"""The command `episode`."""

import os
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from loguru import logger
from rich.console import Console

from cli.folder import FolderEmpty, files_of
from cli.follow import NoRunStarted
from cli.make import EpisodeFailed, make_episode
from cli.target import StackMissing, Target, deployed_target, local_target
from shared.keys import is_episode_id
from shared.script.files import script_files
from shared.script.parse import parse_script
from shared.script.problems import ScriptInvalid

FAILED = 1
USAGE = 2
INTERRUPTED = 130

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Make episodes of scripts and recorded lines.")
output = Console()
errors = Console(stderr=True)

Folder = Annotated[
    Path, typer.Argument(help="The episode's folder: script.yaml and its files.", exists=True, file_okay=False)
]
EpisodeId = Annotated[str | None, typer.Option("--id", help="The episode's id; by default the folder's name.")]
StackName = Annotated[str | None, typer.Option("--stack", help="A deployed stack; without it, this machine.")]
Profile = Annotated[str | None, typer.Option("--profile", help="The AWS profile for --stack.")]
Region = Annotated[str | None, typer.Option("--region", help="The AWS region for --stack.")]
State = Annotated[Path, typer.Option("--state", help="Where this machine keeps its bucket and ledger.")]


@app.callback()
def configure(*, verbose: Annotated[bool, typer.Option("--verbose", help="Say more.")] = False) -> None:
    """Make episodes of scripts and recorded lines."""
    logger.remove()
    logger.add(sys.stderr, level="DEBUG" if verbose else "WARNING", format="{time:HH:mm:ss} {message}")


@app.command()
def run(
    folder: Folder,
    *,
    episode_id: Annotated[
        str | None, typer.Option("--id", help="The episode's id; by default the folder's name.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="Where to put the results.")] = Path("out"),
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
    state: State = Path(".showrunner"),
) -> None:
    """Upload an episode, follow its run, and download the result."""
    episode = episode_id or folder.resolve().name
    if not is_episode_id(episode):
        _stop(f"{episode!r} cannot be an episode's id: use letters, digits, '.', '_' and '-' (--id)", USAGE)
    try:
        files_of(folder)
        with _target(stack, profile, region, state) as target:
            if target.fal_is_simulated:
                output.print(
                    "[dim]No FAL_KEY: fal.ai is simulated on this machine; pictures are drawn, nothing is paid.[/]"
                )
            made = make_episode(folder, episode, target, out / episode, output)
    except EpisodeFailed as error:
        _stop(f"the episode was not made: {error}", FAILED)
    except (FolderEmpty, StackMissing, NoRunStarted) as error:
        _stop(str(error), FAILED)
    except KeyboardInterrupt:
        _stop("stopped; what was bought is kept, and the same command goes on from there", INTERRUPTED)
    else:
        if made.was_done_before:
            output.print("This state of the script and its files has its episode already; nothing was bought.")
        output.print(f"[bold green]{made.video}[/]", soft_wrap=True)


@app.command()
def validate(folder: Folder) -> None:
    """Check an episode's script and whether its files are there, without uploading anything."""
    try:
        *_, script = files_of(folder)
        parsed = parse_script(script.read_bytes(), file_name=script.name)
    except (FolderEmpty, ScriptInvalid) as error:
        _stop(str(error), FAILED)
    missing = [file.path for file in script_files(parsed) if not (folder / file.path).is_file()]
    if missing:
        _stop(f"{script.name} names files that are not in {folder}: {', '.join(missing)}", FAILED)
    lines = sum(len(scene.lines) for scene in parsed.scenes)
    output.print(f"{script}: {len(parsed.characters)} characters, {len(parsed.scenes)} scenes, {lines} lines: good")


def _target(stack: str | None, profile: str | None, region: str | None, state: Path) -> AbstractContextManager[Target]:
    if stack:
        return nullcontext(deployed_target(stack, profile, region))
    key = os.environ.get("FAL_KEY") or os.environ.get("FAL_API_KEY")
    return local_target(state, use_real_fal=bool(key))


def _stop(message: str, code: int) -> NoReturn:
    errors.print(f"[red]episode:[/] {message}", soft_wrap=True, highlight=False)
    raise typer.Exit(code)
