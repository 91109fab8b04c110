"""The command `episode quote`."""

from typing import TYPE_CHECKING

from rich.table import Table

from cli.draft import DRAFT, Draft
from cli.endings import OVER_CAP, stop
from cli.folder import require_good_script
from cli.options import (
    KEPT_IN,
    EpisodeId,
    Folder,
    Json,
    Profile,
    Region,
    StackName,
    State,
    id_of,
    place_of,
    records_of,
)
from cli.output import counted, output, say, write_document
from cli.quoting import FALLBACK, EpisodeQuote, QuoteRow, quote_of_folder
from shared.ledger.budgets import Limits, Usage, caps
from shared.providers.capabilities import titles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cli.target import Records
    from shared.providers.names import ProviderName


def quote(
    folder: Folder,
    *,
    episode_id: EpisodeId = None,
    draft: Draft = False,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
    state: State = KEPT_IN,
    json: Json = False,  # noqa: ARG001 -- read by `cli.group`
) -> None:
    """Say what a run would cost, without uploading or buying anything."""
    episode = id_of(folder, episode_id, draft=draft)
    require_good_script(folder)
    records = records_of(stack, profile, region, state)
    with output.status("reading the script and the recordings"):
        quoted = quote_of_folder(folder, episode, records, DRAFT if draft else None)
    show_quote(quoted, records)
    write_document(quoted)
    if quoted.over_cap:
        stop(quoted.over_cap, OVER_CAP, next_step="raise the cap in the script, or make it cheaper (--draft)")


def show_quote(quoted: EpisodeQuote, records: "Records") -> None:
    """Show a quote: what each model makes, and what it comes to."""
    say(
        f"{quoted.title}: {counted(quoted.lines, 'line')} in {counted(quoted.shots, 'shot')}, "
        f"{quoted.seconds:.0f} seconds; "
        f"{quoted.reused} of {quoted.assets} pictures and clips are {place_of(records)} already"
    )
    output.print(_table(quoted))
    if stand_ins := _stand_ins(quoted.rows):
        say(f"stands in: {stand_ins}")
    say(f"expected ${quoted.expected_usd:.2f}, at most ${quoted.ceiling_usd:.2f}")
    for limit in _limits(quoted.caps, quoted.spent):
        say(limit)
    for warning in quoted.warnings:
        say(f"warning: {warning}")


def _table(quoted: EpisodeQuote) -> Table:
    table = Table(box=None, padding=(0, 1), header_style="dim")
    table.add_column("what")
    table.add_column("model", overflow="fold")
    for name in ("needed", "there", "to buy", "each", "USD"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in quoted.rows:
        to_buy = f"{row.quantity:g} s" if row.unit == "second" else f"{row.quantity:g}"
        style = "dim" if row.kind == FALLBACK else None
        table.add_row(
            row.kind,
            str(row.place),
            str(row.count),
            str(row.there),
            to_buy,
            _unit_price(row),
            f"{row.usd:.2f}",
            style=style,
        )
    return table


def _stand_ins(rows: "Sequence[QuoteRow]") -> str:
    """Return who else may be asked, and for what where that is not the same for all."""
    firsts = [row for row in rows if row.kind != FALLBACK]
    kinds: dict[tuple[ProviderName, ...], list[str]] = {}
    for row in firsts:
        kinds.setdefault(row.stand_ins, []).append(row.kind)
    if len(kinds) == 1:
        return titles(firsts[0].stand_ins)
    said = (f"{titles(names)} ({', '.join(dict.fromkeys(made))})" for names, made in kinds.items() if names)
    return "; ".join(said)


def _unit_price(row: QuoteRow) -> str:
    return "various" if row.unit_usd is None else f"{row.unit_usd:g}"


def _amount(value: float, name: str) -> str:
    return f"${value:.2f}" if name == "usd" else f"{value:g} {name.replace('_', ' ')}"


def _limits(limits: Limits, spent: Usage) -> list[str]:
    """Return what the script's caps allow, and what of it earlier runs have used."""
    return [
        f"cap: {_amount(limit, name)}, of which earlier runs have used {_amount(getattr(spent, name), name)}"
        for name, limit in caps(limits)
    ]
