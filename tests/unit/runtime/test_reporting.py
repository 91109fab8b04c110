"""Metrics as they are written into the log, for CloudWatch to read them there."""

import json
from typing import Any

import pytest

from shared import metrics
from shared.runtime.reporting import CountedEvents, Reporter
from tests.fakes.messages import MemoryEvents

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html


@pytest.fixture
def reporter(monkeypatch: pytest.MonkeyPatch) -> Reporter:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "a-stack")
    return Reporter()


def documents(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_what_is_reported_is_written_at_once(reporter: Reporter, capsys: pytest.CaptureFixture[str]) -> None:
    reporter.report({metrics.DAY_USD: 12.5, metrics.OLDEST_OPEN_JOB: 300.0, metrics.HELD_JOBS: 2})
    (document,) = documents(capsys)
    (directive,) = document["_aws"]["CloudWatchMetrics"]
    assert (directive["Namespace"], directive["Dimensions"]) == ("Showrunner", [["service"]])
    assert document["service"] == "a-stack"
    assert {entry["Name"]: entry["Unit"] for entry in directive["Metrics"]} == {
        "DayUsd": "None",
        "OldestOpenJobSeconds": "Seconds",
        "HeldJobs": "Count",
    }
    assert (document["DayUsd"], document["HeldJobs"]) == ([12.5], [2])
    # and nothing is left that would be reported once more
    reporter.report({metrics.FOREIGN_CALLBACKS: 1})
    (second,) = documents(capsys)
    assert "HeldJobs" not in second


@pytest.mark.parametrize(
    ("detail_type", "detail", "counted"),
    [
        ("Episode Done", {"stepped_down": 2}, {"EpisodesDone": [1], "StepDowns": [2]}),
        ("Episode Failed", {"failure": {"error": "OverCap"}}, {"EpisodesFailed": [1]}),
        ("Episode Failed", {"failure": {"error": "StoryboardRejected"}}, None),
        ("Episode Failed", {"failure": {"error": "Cancelled"}}, None),
        ("Episode Paused", {}, None),
    ],
)
def test_the_ends_of_episodes_are_told_and_counted(
    detail_type: str,
    detail: dict[str, object],
    counted: dict[str, list[float]] | None,
    reporter: Reporter,
    capsys: pytest.CaptureFixture[str],
) -> None:
    events = MemoryEvents()
    CountedEvents(events, reporter).publish(detail_type, detail)
    assert events.published == [(detail_type, detail)]
    found = documents(capsys)
    if counted is None:
        assert found == []
    else:
        assert {name: found[0][name] for name in counted} == counted


def test_what_could_not_be_told_is_not_counted(reporter: Reporter, capsys: pytest.CaptureFixture[str]) -> None:
    class Down:
        def publish(self, *_event: object) -> None:
            raise ConnectionError

    with pytest.raises(ConnectionError):
        CountedEvents(Down(), reporter).publish("Episode Failed", {})
    assert documents(capsys) == []
