"""The command `episode`."""

import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated

import typer
from loguru import logger

from cli.batch import batch
from cli.cancel import cancel
from cli.go_on import approve, reject, retry
from cli.group import EpisodeGroup
from cli.new import new
from cli.open import open_episode
from cli.output import output
from cli.prune import prune_derived_files
from cli.quote import quote
from cli.report import report
from cli.run import run
from cli.status import status, watch
from cli.test_api import try_provider
from cli.validate import validate

app = typer.Typer(
    cls=EpisodeGroup,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    help="Make episodes of scripts and recorded lines, on this machine or on a deployed stack.",
    epilog="Start with: episode new FOLDER",
)


def _version(asked: bool) -> None:  # noqa: FBT001 -- as Typer calls it
    if asked:
        output.print(f"episode {version('showrunner')}", highlight=False)
        raise typer.Exit


@app.callback()
def configure(
    *,
    verbose: Annotated[bool, typer.Option("--verbose", help="Say more.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", help="Say which version this is.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Make episodes of scripts and recorded lines, on this machine or on a deployed stack."""
    logger.remove()
    level = "DEBUG" if verbose else "WARNING"
    # Not `diagnose`: it shows what variables hold, and one may hold a key.
    logger.add(sys.stderr, level=level, format="{time:HH:mm:ss} {message}", diagnose=False)


def register(command: Callable[..., None], *examples: str, name: str | None = None) -> None:
    """Add a command.

    Parameters
    ----------
    examples
        Command lines to be shown in its help.
    name
        What it is called; by default as the function is.
    """
    shown = "\n\n".join(f"[dim]$[/] {example}" for example in examples)
    app.command(name, epilog=f"[bold]Examples[/]\n\n{shown}")(command)


register(new, "episode new my-episode")
register(validate, "episode validate my-episode", "episode validate my-episode --json")
register(
    quote, "episode quote my-episode", "episode quote my-episode --draft", "episode quote my-episode --stack showrunner"
)
register(
    run,
    "episode run my-episode",
    "episode run my-episode --draft",
    "episode run my-episode --stack showrunner --profile studio --region eu-central-1",
    "episode run my-episode --yes --approve --timeout 3600 --json",
)
register(status, "episode status my-episode", "episode status my-episode --stack showrunner --json")
register(watch, "episode watch my-episode --stack showrunner", "episode watch my-episode --timeout 600 --json")
register(approve, "episode approve my-episode", "episode approve my-episode --stack showrunner")
register(reject, 'episode reject my-episode --reason "Mara looks away in line 3"')
register(retry, "episode retry my-episode", "episode retry my-episode --stack showrunner --rebuy")
register(report, "episode report my-episode", "episode report my-episode --stack showrunner --json")
register(open_episode, "episode open my-episode", "episode open my-episode --storyboard", name="open")
register(cancel, 'episode cancel my-episode --stack showrunner --reason "the wrong script"')
register(
    prune_derived_files,
    "episode prune --dry-run",
    "episode prune --older-than 30 --yes --stack showrunner",
    name="prune",
)
register(
    batch,
    "episode batch events/sample-batch.yaml",
    "episode batch tonight.yaml --stack showrunner",
    "episode batch tonight.yaml --stack showrunner --yes --timeout 7200 --json",
)
register(
    try_provider,
    "episode test-api",
    "episode test-api --test ideogram --yes --stack showrunner",
    "episode test-api --provider replicate --yes",
    name="test-api",
)
