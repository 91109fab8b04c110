"""``batches/<name>.summary.json`` and ``.md``: how a batch stands, what it cost, and where everything lies."""

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

from pydantic import Field

from shared.batches.decisions import EntryState
from shared.frozen import Frozen
from shared.ledger.records import Seconds

_MAX_CELL = 400


class BatchState(StrEnum):
    """Whether anything of a batch changes by itself."""

    OPEN = "open"
    ENDED = "ended"


class EntrySummary(Frozen):
    """How one episode stands.

    Parameters
    ----------
    variant_of
        The episode of which it is a variant.
    message
        Why it failed or was refused, or what it waits for.
    episode, storyboard
        Where the finished video and its page lie.
    used_usd
        What all its runs have paid or reserved. What several episodes share is paid by the first one that needs it.
    """

    episode_id: str
    variant_of: str | None = None
    state: EntryState
    message: str | None = None
    run: str | None = None
    attempt: int | None = None
    episode: str | None = None
    storyboard: str | None = None
    used_usd: float = 0.0


class BatchSummary(Frozen):
    """The document.

    Parameters
    ----------
    manifest
        The ETag of the manifest that it is about.
    asked_at
        When the batch was asked for last, in seconds since 1970, and so are the other times.
    problem
        Why the manifest cannot be used.
    waits_for
        What it waits for, in words; None when it has ended.
    """

    batch: str
    state: BatchState
    manifest: str
    asked_at: Seconds
    updated_at: Seconds
    problem: str | None = None
    waits_for: str | None = None
    cap_usd: float | None = None
    used_usd: float = 0.0
    counts: dict[EntryState, int] = Field(default_factory=dict)
    episodes: tuple[EntrySummary, ...] = ()

    def count(self, *states: EntryState) -> int:
        """Return how many episodes are in one of these states."""
        return sum(self.counts.get(state, 0) for state in states)

    def ends_as(self, earlier: "BatchSummary | None") -> bool:
        """Tell whether an earlier summary told the same end."""
        return earlier is not None and (self.state, self.problem, self.episodes) == (
            earlier.state,
            earlier.problem,
            earlier.episodes,
        )


def counted(entries: Sequence[EntrySummary]) -> dict[EntryState, int]:
    """Return how many episodes are in which state."""
    counts = Counter(entry.state for entry in entries)
    return {state: counts[state] for state in EntryState if counts[state]}


def headline(summary: BatchSummary) -> str:
    """Return in a sentence how a batch stands."""
    if summary.problem:
        return f"the batch cannot be made: {summary.problem}"
    counts = ", ".join(f"{count} {state}" for state, count in summary.counts.items())
    cap = f" (cap ${summary.cap_usd:,.2f})" if summary.cap_usd is not None else ""
    return f"{len(summary.episodes)} episodes: {counts}; ${summary.used_usd:,.2f} used{cap}"


def as_markdown(summary: BatchSummary, updated_at: str) -> str:
    """Return a summary for people to read, as GitHub's Markdown.

    Parameters
    ----------
    updated_at
        The time of it, as the document is to say it.
    """
    lines = [f"# Batch {summary.batch}", "", f"{_cell(headline(summary))}.", ""]
    if summary.waits_for:
        lines += [f"Still open: {summary.waits_for}.", ""]
    if summary.episodes:
        lines += ["| episode | state | used | where |", "| --- | --- | ---: | --- |"]
        lines += [_row(entry) for entry in summary.episodes]
        lines += [f"| **together** | | ${summary.used_usd:,.2f} | |", ""]
    return "\n".join([*lines, f"As of {updated_at}.", ""])


def _row(entry: EntrySummary) -> str:
    name = f"{entry.episode_id} (of {entry.variant_of})" if entry.variant_of else entry.episode_id
    state = f"{entry.state}: {_cell(entry.message)}" if entry.message else str(entry.state)
    where = " ".join(f"`{place}`" for place in (entry.episode, entry.storyboard) if place)
    return f"| {name} | {state} | ${entry.used_usd:,.2f} | {where} |"


def _cell(text: str) -> str:
    """Return a text as a table's cell may hold it, and without markup: it may quote what somebody else wrote."""
    short = text if len(text) <= _MAX_CELL else f"{text[: _MAX_CELL - 1]}…"
    plain = " ".join(short.split())
    return "".join(f"\\{letter}" if letter in "\\|`*_<>[]" else letter for letter in plain)
