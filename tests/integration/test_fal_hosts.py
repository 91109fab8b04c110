"""Whoever fal's hosts point to is fal: the functions' code knows of no simulator."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.fal.process import SimulatedFal

REPOSITORY = Path(__file__).parents[2]

# What a function does on its start and with a first request, in a process of its own.
ASK = """
import json
from shared.providers.callbacks import CallbackName
from shared.providers.names import ProviderName
from shared.runtime.fal import fal_of
from shared.runtime.settings import FalSettings

fal = fal_of(FalSettings.from_environment())
url = fal.upload(b"hello", "image/png", "hello.png")
name = CallbackName(address="a" * 40, attempt=1, secret="s")
callback_url = name.url("https://callback.example", ProviderName.FAL)
outcome = fal.submit("fal-ai/ideogram/v3", {"prompt": "a lighthouse"}, callback_url, key=name.key)
print(json.dumps({"url": url, "request_id": outcome.request_id}))
"""


def test_the_same_code_talks_to_the_host_that_the_environment_names(tmp_path: Path) -> None:
    # given two fals
    with SimulatedFal(tmp_path / "one") as one, SimulatedFal(tmp_path / "other") as other:
        # when the functions' code runs with the other's hosts in its environment
        answer = subprocess.run(
            [sys.executable, "-c", ASK],
            env={**os.environ, **other.environment(), "PYTHONPATH": str(REPOSITORY)},
            capture_output=True,
            check=True,
            text=True,
        )
        told = json.loads(answer.stdout)
        # then the other has the file and the request, and the one has nothing
        assert other.facts.host in told["url"]
        assert [request.request_id for request in other.control.requests()] == [told["request_id"]]
        assert one.control.requests() == []


@pytest.mark.parametrize("folder", ["functions", "shared", "statemachine"])
def test_nothing_that_is_deployed_speaks_of_a_simulator(folder: str) -> None:
    # given every file that is deployed
    files = [path for path in (REPOSITORY / folder).rglob("*") if path.suffix in {".py", ".json", ".txt", ".in"}]
    assert files
    # then none names the simulator, or imports anything local
    for path in files:
        text = path.read_text().lower()
        assert "simulat" not in text, path
        assert "from local" not in text, path
        assert "import local" not in text, path
