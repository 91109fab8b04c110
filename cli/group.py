"""The command's own manners: every ending is one sentence and an exit code, whatever goes wrong."""

import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import typer
from typer.core import TyperGroup

from cli.endings import ends_in_words, stop
from cli.exit_codes import DONE, INTERRUPTED, USAGE
from cli.output import output, write_for_machines


class EpisodeGroup(TyperGroup):
    """Commands that end in words."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: ARG002, FBT001, FBT002 -- the signature is Typer's
        windows_expand_args: bool = True,  # noqa: FBT001, FBT002 -- the signature is Typer's
        **extra: Any,  # noqa: ANN401 -- the signature is Typer's
    ) -> NoReturn:
        """Run a command, and end the process with its exit code."""
        arguments = list(sys.argv[1:] if args is None else args)
        write_for_machines("--json" in arguments)
        try:
            code = super().main(
                arguments,
                prog_name,
                complete_var,
                standalone_mode=False,
                windows_expand_args=windows_expand_args,
                **extra,
            )
        except typer.Abort:
            code = _code_of_stop("stopped before anything was done", INTERRUPTED)
        except typer.TyperException as error:
            code = _code_of_misuse(error, arguments)
        sys.exit(code if isinstance(code, int) else DONE)

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 -- the type of a context is private to Typer
        """Run what was asked for."""
        with ends_in_words():
            return super().invoke(ctx)


def _code_of_misuse(error: typer.TyperException, arguments: list[str]) -> int:
    if not arguments:  # Typer's error is then the help itself
        output.print(error.format_message(), end="")
        return USAGE
    context = getattr(error, "ctx", None)
    _, _, command = context.command_path.partition(" ") if context else ("", "", "")
    what_helps = f"`{' '.join(filter(None, ('episode', command, '--help')))}` shows what can be given"
    return _code_of_stop(error.format_message().removesuffix("."), USAGE, what_helps)


def _code_of_stop(message: str, code: int, next_step: str = "") -> int:
    try:
        stop(message, code, next_step=next_step)
    except typer.Exit as ending:
        return ending.exit_code
