"""The command `episode`."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from loguru import logger

from cli import commands
from cli.endings import FAILED, INTERRUPTED, USAGE, WAITS_FOR_REVIEW, ends_in_words, stop
from cli.folder import files_of, paths_in_script
from cli.make import make_episode
from cli.options import Approve, Out, Profile, Region, StackName, State, checked_id, output, target_of
from cli.review import reviewer_for
from shared.script.file_sizes import too_large_files
from shared.script.files import script_files
from shared.script.parse import parse_script
from shared.script.problems import ScriptInvalid

__all__ = ["FAILED", "INTERRUPTED", "USAGE", "WAITS_FOR_REVIEW", "app"]

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Make episodes of scripts and recorded lines.")

Folder = Annotated[
    Path, typer.Argument(help="The episode's folder: script.yaml and its files.", exists=True, file_okay=False)
]


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
    approve: Approve = False,
    out: Out = Path("out"),
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
    state: State = Path(".showrunner"),
) -> None:
    """Upload an episode, follow its run, and download the result."""
    episode = checked_id(episode_id or folder.resolve().name)
    with ends_in_words():
        files_of(folder)
        with target_of(stack, profile, region, state) as target:
            if target.fal_is_simulated:
                output.print(
                    "[dim]No FAL_KEY: fal.ai is simulated on this machine; pictures are drawn, nothing is paid.[/]"
                )
            reviewer = reviewer_for(output, approve=approve)
            made = make_episode(folder, episode, target, out / episode, output, reviewer)
    if made.was_done_before:
        output.print("This state of the script and its files has its episode already; nothing was bought.")
    output.print(f"[bold green]{made.video}[/]", soft_wrap=True)


@app.command()
def validate(folder: Folder) -> None:
    """Check an episode's script and whether its files are there, without uploading anything."""
    with ends_in_words():
        files = files_of(folder)
        *_, script = files
        try:
            parsed = parse_script(script.read_bytes(), file_name=script.name)
        except ScriptInvalid as error:
            stop(str(error), FAILED)
    sizes = {name: path.stat().st_size for name, path in paths_in_script(folder, files).items()}
    missing = [file.path for file in script_files(parsed) if file.path not in sizes]
    if missing:
        stop(f"{script.name} names files that are not in {folder}: {', '.join(missing)}", FAILED)
    if problems := too_large_files(parsed, sizes):
        stop("; ".join(problems), FAILED)
    lines = sum(len(scene.lines) for scene in parsed.scenes)
    output.print(f"{script}: {len(parsed.characters)} characters, {len(parsed.scenes)} scenes, {lines} lines: good")


for command in (commands.approve, commands.reject, commands.retry):
    app.command()(command)
