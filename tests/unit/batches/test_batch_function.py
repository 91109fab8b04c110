"""What makes `start_batch` ask for everything anew, and what only makes it go over what is open."""

import importlib.util
import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from tests.handlers import FUNCTIONS, ROOT, TEMPLATE, environment_of
from tests.integration.plot.functions import Context
from tests.unit.template.source import template
from tests.unit.template.translation import translate

EVENTS = FUNCTIONS["StartBatch"]["Properties"]["Events"]


@pytest.fixture
def calls() -> list[str]:
    return []


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch, calls: list[str]) -> ModuleType:
    """Return the function as it is, but for what it then does."""
    for name, value in environment_of("StartBatch").items():
        monkeypatch.setenv(name, value)
    spec = importlib.util.spec_from_file_location("start_batch_app", ROOT / "functions/start_batch/app.py")
    assert spec is not None
    assert spec.loader is not None
    app = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(app)
    for name in ("go_over_open_batches", "start_batches"):
        monkeypatch.setattr(app, name, noting(name, calls))
    return app


def noting(name: str, calls: list[str]) -> Callable[[object], dict[str, dict[str, str]]]:
    def called(_desk: object) -> dict[str, dict[str, str]]:
        calls.append(name)
        return {"b": {"e": "running"}}

    return called


@pytest.mark.parametrize(
    ("event", "call"),
    [
        (json.loads((ROOT / "events" / "start_batch.json").read_text()), "start_batches"),
        ({}, "start_batches"),
        (json.loads(EVENTS["Tick"]["Properties"]["Input"]), "go_over_open_batches"),
    ],
)
def test_the_schedule_and_people_ask_and_the_clock_does_not(
    function: ModuleType, calls: list[str], event: dict[str, Any], call: str
) -> None:
    assert function.handler(event, Context("StartBatch")) == {"b": {"e": "running"}}
    assert calls == [call]


def test_however_many_messages_there_are_one_pass_answers_them(function: ModuleType, calls: list[str]) -> None:
    answer = function.handler({"Records": [{"body": "{}"}] * 10}, Context("StartBatch"))
    assert answer == {"batchItemFailures": []}
    assert calls == ["go_over_open_batches"]


def test_when_a_pass_fails_all_its_messages_come_again(function: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_desk: object) -> None:
        raise ConnectionError("no ledger")

    monkeypatch.setattr(function, "go_over_open_batches", fail)
    with pytest.raises(ConnectionError):
        function.handler({"Records": [{"body": "{}"}]}, Context("StartBatch"))


def test_the_schedule_has_a_time_zone_and_a_window_and_is_off_until_it_is_wanted() -> None:
    parameters = TEMPLATE["Parameters"]
    assert parameters["BatchScheduleState"]["Default"] == "DISABLED"
    assert parameters["BatchSchedule"]["Default"] == "cron(0 2 * * ? *)"
    resources = translate(template())["Resources"]
    nightly = resources["StartBatchNightly"]["Properties"]
    assert nightly["ScheduleExpressionTimezone"] == {"Ref": "BatchTimezone"}
    off, window = {"Mode": "OFF"}, {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": {"Ref": "BatchWindowMinutes"}}
    assert nightly["FlexibleTimeWindow"] == {"Fn::If": ["FlexibleBatchWindow", window, off]}
    # and the clock is always on
    assert resources["StartBatchTick"]["Properties"].get("State", "ENABLED") == "ENABLED"
