"""The command `episode report`: a bill as a table."""

from collections import defaultdict
from collections.abc import Sequence

from pydantic import ValidationError
from rich.table import Table

from cli.endings import FAILED, stop
from cli.options import KEPT_IN, Episode, Json, Profile, Region, StackName, State, checked_id, place_of, records_of
from cli.output import counted, output, say, write_document
from cli.target import Records
from shared.bill import Bill, BillLine, NotDelivered
from shared.keys import BILL, AssetKind, episode_folder
from shared.ports import ObjectMissing
from shared.providers.names import TITLES
from shared.storyboard.words import made_at


def report(
    episode: Episode,
    *,
    stack: StackName = None,
    profile: Profile = None,
    region: Region = None,
    state: State = KEPT_IN,
    json: Json = False,  # noqa: ARG001 -- read by `cli.group`
) -> None:
    """Show what an episode's newest run bought, for how much, and how long it took."""
    records = records_of(stack, profile, region, state)
    bill = _bill_of(checked_id(episode), records)
    _show(bill)
    write_document(bill)


def _bill_of(episode: str, records: Records) -> Bill:
    try:
        return Bill.model_validate_json(records.bucket.get(f"{episode_folder(episode)}{BILL}"))
    except ObjectMissing:
        stop(
            f"there is no bill of {episode} {place_of(records)}: it is written when a run ends",
            FAILED,
            error="no_bill",
            next_step=f"`episode status {episode}` says how it stands",
        )
    except ValidationError:
        stop(f"the bill of {episode} was written by another version of Showrunner", FAILED, error="other_version")


def _show(bill: Bill) -> None:
    say(f"{bill.run}, attempt {bill.attempt}: {bill.bought} bought, {bill.reused} found already bought")
    output.print(_by_kind(bill.lines))
    if bill.bought:
        output.print()
        output.print(_by_line([line for line in bill.lines if not line.reused]))
    output.print()
    for part in bill.stepped_down:
        reasons = "; ".join(f"{given_up.engine}: {given_up.reason}" for given_up in part.given_up)
        say(f"stepped down: {part.what} is made with {part.engine} ({reasons})")
    for title, entries in (("failed", bill.failed), ("not settled", bill.unsettled)):
        for entry in entries:
            say(f"{title}: {entry.label}: {entry.reason}{_charge(entry)}")
    say(f"paid ${bill.total_usd:.2f}")
    if bill.possible_duplicate_usd:
        say(f"perhaps ${bill.possible_duplicate_usd:.2f} more: bought again while nobody knew whether it had been")
    if bill.possibly_charged_usd:
        say(f"perhaps ${bill.possibly_charged_usd:.2f} more: what was not delivered may be charged all the same")


def _charge(entry: NotDelivered) -> str:
    return f" ({TITLES[entry.provider]} may charge ${entry.usd:.2f})" if entry.may_be_charged else ""


def _by_kind(lines: Sequence[BillLine]) -> Table:
    table = _table("what", "model", "bought", "reused", "USD")
    groups: dict[tuple[str, str], list[BillLine]] = defaultdict(list)
    for line in lines:
        groups[line.kind, made_at(line.endpoint, line.provider)].append(line)
    kinds = list(AssetKind)
    for kind, model in sorted(groups, key=lambda group: kinds.index(AssetKind(group[0]))):
        group = groups[kind, model]
        reused = sum(line.reused for line in group)
        usd = sum(line.usd for line in group)
        table.add_row(kind, model, str(len(group) - reused), str(reused), f"{usd:.2f}")
    return table


def _by_line(lines: Sequence[BillLine]) -> Table:
    table = _table("bought", "model", "queued s", "running s", "USD")
    for line in lines:
        times = _seconds(line.queued_seconds), _seconds(line.running_seconds)
        again = f" ({counted(line.possible_duplicates, 'possible duplicate')})" if line.possible_duplicates else ""
        model = made_at(line.engine or line.kind, line.provider)
        table.add_row(f"{line.label}{again}", model, *times, f"{line.usd:.2f}")
    return table


def _table(first: str, second: str, *numbers: str) -> Table:
    table = Table(box=None, padding=(0, 1), header_style="dim")
    table.add_column(first, overflow="fold")
    table.add_column(second, overflow="fold")
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _seconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.1f}"
