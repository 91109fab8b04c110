"""A theatre for each module of tests, which stay together on one worker, since it takes seconds to build."""

from collections.abc import Iterator

import pytest

from tests.chaos.theatre import Theatre


@pytest.fixture(scope="module")
def theatre() -> Iterator[Theatre]:
    with Theatre() as theatre:
        yield theatre
