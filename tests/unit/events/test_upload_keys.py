"""The key of an upload is taken as S3's event on EventBridge has it."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.integration.plot.functions import load_handler

ROOT = Path(__file__).parents[3]
ENVIRONMENT = {
    **dict.fromkeys(("BUCKET", "TABLE", "STATE_MACHINE_ARN", "START_QUEUE_URL"), "any"),
    **dict.fromkeys(("QUIET_PERIOD_SECONDS", "MISSING_FILES_SECONDS"), "0"),
    "AWS_DEFAULT_REGION": "us-east-1",
}


@pytest.mark.parametrize("path", ["a+b.mp3", "a b.mp3", "a%20b.mp3", "%2e/x", "é", "e\u0301", "🎬", "a\nb", "x" * 900])
def test_no_key_is_decoded(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    # given the sample event, of a file with an odd name
    event: dict[str, Any] = json.loads((ROOT / "events/start_episode.json").read_text())
    told = json.loads(event["Records"][0]["body"])
    told["detail"]["object"]["key"] = f"episodes/tiny/{path}"
    event["Records"][0]["body"] = json.dumps(told)
    keys: list[str] = []
    handler = load_handler(ROOT / "functions/start_episode", ENVIRONMENT)
    monkeypatch.setitem(handler.__globals__, "consider_upload", lambda upload, _: keys.append(upload.key))
    # when
    answer = handler(event, None)
    # then
    assert answer == {"batchItemFailures": []}
    assert keys == [f"episodes/tiny/{path}"]
