"""What holds for all tests."""

from pathlib import Path

import pytest
from hypothesis import settings

# These machines are noisy: how long one example takes says nothing.
settings.register_profile("showrunner", deadline=None)
settings.load_profile("showrunner")

_TESTS = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # before xdist looks for groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep on one worker the tests that share what takes long to make, and mark those of the whole template."""
    for item in items:
        group = _group(item.path.relative_to(_TESTS))
        if group is not None:
            item.add_marker(pytest.mark.xdist_group(group))
        if group == "e2e":
            item.add_marker(pytest.mark.e2e)


def _group(test: Path) -> str | None:
    match test.parts[0]:
        case "e2e" | "packages" as folder:  # one engine; one folder that is built into
            return folder
        case "chaos":  # a theatre for each module
            return test.stem
        case _:
            return None
