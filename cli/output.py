"""Where commands write: words for people, documents for machines, and errors."""

import json
import sys
from collections.abc import Mapping

from rich.console import Console

from shared.frozen import Frozen

output = Console()
"""Words for people: on standard output, or beside it on standard error where a machine reads that (``--json``)."""

errors = Console(stderr=True)


def write_for_machines(asked: bool) -> None:  # noqa: FBT001 -- the one thing that it is told
    """Keep standard output free for documents, or give it back to people."""
    output.stderr = asked


def is_for_machines() -> bool:
    """Tell whether ``--json`` was given."""
    return output.stderr


def write_document(document: Frozen | Mapping[str, object]) -> None:
    """Write the command's one document to standard output, if a machine asked for it."""
    if is_for_machines():
        print(_as_json(document, indent=2))


def write_json_line(document: Frozen | Mapping[str, object]) -> None:
    """Write one of several documents to standard output, on a line of its own."""
    print(_as_json(document, indent=None), flush=True)


def write_error(error: str, exit_code: int, message: str, next_step: str) -> None:
    """Write why a command ends to standard error, for machines."""
    told = {"code": error, "exit_code": exit_code, "message": message, "next": next_step or None}
    print(_as_json({"error": told}, indent=None), file=sys.stderr, flush=True)


def _as_json(document: Frozen | Mapping[str, object], indent: int | None) -> str:
    if isinstance(document, Frozen):
        return document.model_dump_json(indent=indent)
    return json.dumps(document, indent=indent, ensure_ascii=False, default=str)


def say(text: str) -> None:
    """Write a sentence for people as it is: nothing in it is markup, and nothing is folded."""
    output.print(text, highlight=False, markup=False, soft_wrap=True)


def say_that_fal_is_simulated() -> None:
    """Say that nothing is paid, and where what is made comes from."""
    output.print(
        "[dim]No FAL_KEY: fal.ai is simulated on this machine; pictures are drawn, nothing is paid.[/]", soft_wrap=True
    )


def counted(count: int, thing: str) -> str:
    """Return how many of a thing there are, as people say it."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
