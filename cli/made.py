"""Tell of an episode that was made: the same after `run`, `approve` and `retry`."""

from typing import TYPE_CHECKING

from rich.markup import escape

from cli.output import output, write_document

if TYPE_CHECKING:
    from cli.make import Made


def tell_made(made: "Made") -> None:
    """Say where an episode is, or write it as a document."""
    if made.was_done_before:
        output.print("This state of the script and its files has its episode already; nothing was bought.")
    output.print(f"[bold green]{escape(str(made.video))}[/]", soft_wrap=True)
    folder = made.video.parent
    write_document(
        {
            "episode_id": made.run.episode_id,
            "state": made.run.state.lower(),
            "run": made.run.name,
            "attempt": made.run.attempt,
            "was_done_before": made.was_done_before,
            "video": str(made.video),
            "files": sorted(path.as_posix() for path in folder.rglob("*") if path.is_file()),
        }
    )
