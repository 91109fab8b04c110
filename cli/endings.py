"""How commands end: every known reason in words, on standard error, with its exit code."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer
from loguru import logger

from cli.aws_errors import Explanation, explanation_of
from cli.exit_codes import (
    CREDENTIALS,
    FAILED,
    INTERRUPTED,
    OVER_CAP,
    STILL_RUNNING,
    USAGE,
    WAITS_FOR_REVIEW,
)
from cli.folder import FolderEmpty, LinkLeadsOut, TwoScripts
from cli.follow import AccountRefused, NoRunStarted, RunLost, StillRunning
from cli.make import EpisodeFailed
from cli.output import errors, is_for_machines, output, write_error
from cli.quoting import InputsRefused
from cli.retry import RetryInVain
from cli.review import ReviewLeftOpen
from cli.target import EngineBusy, EngineNotStarted, StackMissing
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

_MEND = (
    "mend the key or the balance there (https://fal.ai/dashboard, https://replicate.com/account, "
    "https://www.hedra.com/develop); on a stack the run then goes on by itself, on this machine run it again"
)
_WAIT = "wait until the other command has ended, or stop it with Ctrl-C: what was bought is kept"
_VALIDATE = "`episode validate FOLDER` lists all that is wrong; docs/script.md says what a script may hold"
_DISK = "look at that path, at who may write there, and at the space that is left on the disk"
_REPORT = "`episode --verbose COMMAND ...` shows where it happened; please report that"

_ENDINGS: dict[type[Exception], tuple[str, int, str]] = {
    AccountRefused: ("account_refused", CREDENTIALS, _MEND),
    EngineBusy: ("engine_busy", FAILED, _WAIT),
    EngineNotStarted: ("engine_not_started", FAILED, ""),
    FolderEmpty: ("script_missing", FAILED, "`episode new FOLDER` writes one to begin with"),
    InputsRefused: ("inputs_refused", FAILED, "mend that in the folder, and ask again"),
    LinkLeadsOut: ("link_leads_out", FAILED, ""),
    NoReviewWaiting: ("no_review", FAILED, "`episode status ID` says how it stands"),
    NoRunStarted: ("no_run", FAILED, "look at the log of start_episode"),
    RetryInVain: ("retry_in_vain", FAILED, ""),
    ReviewLeftOpen: ("waits_for_review", WAITS_FOR_REVIEW, ""),
    RunLost: ("run_lost", FAILED, "`episode run FOLDER` goes on where it ended; what was bought is there"),
    ScriptInvalid: (
        "script_invalid",
        FAILED,
        _VALIDATE,
    ),
    StackMissing: ("stack_missing", FAILED, "look at --stack, --profile and --region"),
    StillRunning: ("still_running", STILL_RUNNING, ""),
    TwoScripts: ("two_scripts", FAILED, "keep one of them"),
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
    except (typer.Exit, typer.Abort, typer.TyperException):
        raise
    except BrokenPipeError:
        output.on_broken_pipe()  # whoever read this has read enough
    except Exception as error:  # noqa: BLE001 -- people who know scripts are not to read tracebacks
        logger.opt(exception=error).debug("this is where it happened:")
        explanation = explanation_of(error) or _explanation_of_others(error)
        stop(explanation.message, explanation.exit_code, error=explanation.error, next_step=explanation.next_step)


def _explanation_of_others(error: Exception) -> Explanation:
    if isinstance(error, OSError) and error.strerror:
        path = error.filename2 or error.filename  # of a copy, the one that is written
        where = f"{path}: " if path else ""
        return Explanation("file_trouble", FAILED, f"{where}{error.strerror.lower()}", _DISK)
    said = " ".join(str(error).split())
    return Explanation("unexpected", FAILED, f"this must not happen: {type(error).__name__}: {said}", _REPORT)
