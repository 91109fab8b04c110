"""The page about the ledger's states says what its table says."""

from pathlib import Path

from shared.ledger.documentation import page
from shared.ledger.states import TRANSITIONS, JobState

PAGE = Path(__file__).parents[3] / "docs" / "ledger.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "run `make schema`"


def test_it_names_every_state_and_step() -> None:
    rows = [line for line in page().splitlines() if line.startswith("| ")]
    assert {row.split(" | ")[0].removeprefix("| ") for row in rows} >= {
        *JobState,
        *(step.name for step in TRANSITIONS),
    }
