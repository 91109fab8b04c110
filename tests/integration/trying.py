"""What the tests of `episode test-api` share."""

import json
from typing import Any

from typer.testing import CliRunner, Result

from cli.main import app


def try_provider(provider: str, *options: str) -> Result:
    return CliRunner().invoke(app, ["test-api", "--provider", provider, *options])


def told(result: Result) -> list[dict[str, Any]]:
    """Return what the command tells machines of each request."""
    tried = json.loads(result.stdout)["tried"]
    assert isinstance(tried, list)
    return tried
