"""What all displays have in common: they are open for a while, and tell the time since; drawings, and lines."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text


class Drawing:
    """A drawing that is made anew, on a terminal; the last one stays where it is.

    Parameters
    ----------
    per_second
        How often it is drawn.
    """

    def __init__(self, console: Console, per_second: int) -> None:
        self.console = console
        self._began = time.monotonic()
        self._live = Live(console=console, refresh_per_second=per_second, transient=False)

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Leave the last drawing where it is."""
        self._live.__exit__(kind, error, traceback)

    def draw(self, headline: Text, *below: RenderableType) -> None:
        """Draw a headline, after the seconds that have passed, and what stands below it."""
        seconds = Text(f"{time.monotonic() - self._began:5.1f} s  ", "bold")
        self._live.update(Group(seconds + headline, *below))


class Lines:
    """Lines one after the other, for pipes and logs."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End."""

    def line(self, text: str) -> None:
        """Write a line as it is, after the seconds that have passed."""
        seconds = time.monotonic() - self._began
        self._console.print(f"{seconds:6.1f} s  {text}", highlight=False, markup=False, soft_wrap=True)
