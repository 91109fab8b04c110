"""A theatre for each module of tests, which stay together on one worker, since it takes seconds to build."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.theatre import Theatre

_FOLDER = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # before xdist looks for groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if _FOLDER in item.path.parents:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.fixture(scope="module")
def theatre() -> Iterator[Theatre]:
    with Theatre() as theatre:
        yield theatre
