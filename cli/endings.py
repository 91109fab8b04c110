"""How commands end: their exit codes, and every known reason in words."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer
from rich.console import Console

from cli.folder import FolderEmpty, LinkLeadsOut
from cli.follow import NoRunStarted
from cli.make import EpisodeFailed
from cli.retry import RetryInVain
from cli.review import ReviewLeftOpen
from cli.target import StackMissing
from shared.workflow.review import NoReviewWaiting

FAILED = 1
USAGE = 2
WAITS_FOR_REVIEW = 3
INTERRUPTED = 130

errors = Console(stderr=True)


def stop(message: str, code: int) -> NoReturn:
    """End the command with a message on standard error."""
    errors.print(f"[red]episode:[/] {message}", soft_wrap=True, highlight=False)
    raise typer.Exit(code)


@contextmanager
def ends_in_words() -> Iterator[None]:
    """End the command with a message and a code, and without a traceback, where what is done inside cannot go on."""
    try:
        yield
    except EpisodeFailed as error:
        stop(f"the episode was not made: {error}", FAILED)
    except ReviewLeftOpen as error:
        stop(str(error), WAITS_FOR_REVIEW)
    except (FolderEmpty, LinkLeadsOut, NoReviewWaiting, NoRunStarted, RetryInVain, StackMissing) as error:
        stop(str(error), FAILED)
    except KeyboardInterrupt:
        stop("stopped; what was bought is kept, and the same command goes on from there", INTERRUPTED)
