"""What a run cost: every asset of the bill, and what is not certain."""

from collections.abc import Sequence

from shared.bill import Bill, BillLine, NotDelivered
from shared.storyboard.facts import Storyboard
from shared.storyboard.html import Html, element
from shared.storyboard.words import counted, dollars, made_at


def money_section(storyboard: Storyboard) -> Html:
    """Return the bill in words and as tables."""
    bill = storyboard.bill
    tables = [
        _table("Bought and reused", ("Asset", "Made by", "Seconds", "Paid"), [_line(line) for line in bill.lines]),
        _table("Not delivered", ("Asset", "Made by", "Why", "May cost"), [_missing(entry) for entry in bill.failed]),
        _table(
            "Still under way when this was written",
            ("Asset", "Made by", "Why", "May cost"),
            [_missing(entry) for entry in bill.unsettled],
        ),
    ]
    return element(
        "section",
        element("h2", "What it cost", id="bill"),
        element("p", _in_words(bill), class_="lede"),
        *tables,
        class_="money",
        aria_labelledby="bill",
    )


def _in_words(bill: Bill) -> str:
    words = f"{counted(bill.bought, 'asset')} bought for {dollars(bill.total_usd)}, {bill.reused:,} reused."
    if bill.possible_duplicate_usd:
        words += f" Up to {dollars(bill.possible_duplicate_usd)} more where something may have been made twice."
    if bill.possibly_charged_usd:
        words += f" Up to {dollars(bill.possibly_charged_usd)} more for what was not delivered."
    return words


def _table(caption: str, columns: Sequence[str], rows: Sequence[Html]) -> Html | None:
    if not rows:
        return None
    head = element("tr", *(element("th", column, scope="col") for column in columns))
    table = element("table", element("thead", head), element("tbody", *rows))
    summary = element("summary", f"{caption} ", element("span", f"{len(rows):,}", class_="note"))
    return element("details", summary, table)


def _line(line: BillLine) -> Html:
    doubled = " (perhaps more than once)" if line.possible_duplicates else ""
    return element(
        "tr",
        element("th", line.label, scope="row", dir="auto"),
        element("td", made_at(line.engine or line.endpoint, line.provider)),
        element("td", "-" if line.seconds is None else f"{line.seconds:.1f}", class_="number"),
        element("td", "reused" if line.reused else dollars(line.usd) + doubled, class_="number"),
    )


def _missing(entry: NotDelivered) -> Html:
    return element(
        "tr",
        element("th", entry.label, scope="row", dir="auto"),
        element("td", made_at(entry.engine or entry.endpoint, entry.provider)),
        element("td", entry.reason, dir="auto"),
        element("td", dollars(entry.usd) if entry.may_be_charged else "nothing", class_="number"),
    )
