"""How commands end: every known reason in words, on standard error, with its exit code."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

from cli.aws_errors import explanation_of
from cli.exit_codes import (
    CREDENTIALS,
    FAILED,
    INTERRUPTED,
    OVER_CAP,
    STILL_RUNNING,
    USAGE,
    WAITS_FOR_REVIEW,
)
from cli.folder import FolderEmpty, LinkLeadsOut
from cli.follow import AccountRefused, NoRunStarted, RunLost, StillRunning
from cli.make import EpisodeFailed
from cli.output import errors, is_for_machines, write_error
from cli.quoting import InputsRefused
from cli.retry import RetryInVain
from cli.review import ReviewLeftOpen
from cli.target import EngineNotStarted, StackMissing
from shared.script.problems import ScriptInvalid
from shared.workflow.review import NoReviewWaiting

__all__ = [
    "CREDENTIALS",
    "FAILED",
    "INTERRUPTED",
    "OVER_CAP",
    "STILL_RUNNING",
    "USAGE",
    "WAITS_FOR_REVIEW",
    "ends_in_words",
    "stop",
]

_MEND = "mend that at https://fal.ai/dashboard; on a stack the run then goes on by itself, on this machine run it again"
_VALIDATE = "`episode validate FOLDER` says what is right and what is not"

_ENDINGS: dict[type[Exception], tuple[str, int, str]] = {
    AccountRefused: ("fal_refuses", CREDENTIALS, _MEND),
    EngineNotStarted: ("engine_not_started", FAILED, ""),
    FolderEmpty: ("script_missing", FAILED, "`episode new FOLDER` writes one to begin with"),
    InputsRefused: ("inputs_refused", FAILED, _VALIDATE),
    LinkLeadsOut: ("link_leads_out", FAILED, ""),
    NoReviewWaiting: ("no_review", FAILED, "`episode status ID` says how it stands"),
    NoRunStarted: ("no_run", FAILED, "look at the log of start_episode"),
    RetryInVain: ("retry_in_vain", FAILED, ""),
    ReviewLeftOpen: ("waits_for_review", WAITS_FOR_REVIEW, ""),
    RunLost: ("run_lost", FAILED, "`episode run FOLDER` goes on where it ended; what was bought is there"),
    ScriptInvalid: ("script_invalid", FAILED, "docs/script.md says what a script may hold"),
    StackMissing: ("stack_missing", FAILED, "look at --stack, --profile and --region"),
    StillRunning: ("still_running", STILL_RUNNING, ""),
}
"""The name for machines, the exit code and what to do next, of each reason why a command does not go on."""


def stop(message: str, code: int, *, error: str = "", next_step: str = "") -> NoReturn:
    """End the command with a message on standard error.

    Parameters
    ----------
    code
        The exit code: one of `cli.exit_codes`.
    error
        The reason's name, for machines; by default that of the exit code.
    next_step
        What to do next, to be read after the message.
    """
    if is_for_machines():
        write_error(error or _NAMES[code], code, message, next_step)
    else:
        full_stop = "" if message.endswith((".", "?")) else "."
        sentence = f"{message}{full_stop} Next: {next_step}" if next_step else message
        errors.print("[red]episode:[/]", end=" ", highlight=False)
        errors.print(sentence, soft_wrap=True, highlight=False, markup=False)
    raise typer.Exit(code)


_NAMES = {
    FAILED: "failed",
    USAGE: "usage",
    CREDENTIALS: "credentials",
    STILL_RUNNING: "still_running",
    OVER_CAP: "over_cap",
    WAITS_FOR_REVIEW: "waits_for_review",
    INTERRUPTED: "interrupted",
}


@contextmanager
def ends_in_words() -> Iterator[None]:
    """End the command with a message and a code, and without a traceback, where what is done inside cannot go on."""
    try:
        yield
    except EpisodeFailed as error:
        code = OVER_CAP if error.is_over_cap else FAILED
        stop(f"the episode was not made: {error}", code, error=error.error, next_step=error.next_step)
    except tuple(_ENDINGS) as error:
        name, code, next_step = _ENDINGS[type(error)]
        stop(str(error), code, error=name, next_step=next_step)
    except KeyboardInterrupt:
        stop("stopped; what was bought is kept, and the same command goes on from there", INTERRUPTED)
    except Exception as error:
        explanation = explanation_of(error)
        if explanation is None:
            raise
        stop(explanation.message, explanation.exit_code, error=explanation.error, next_step=explanation.next_step)
