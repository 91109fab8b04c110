"""One engine for the folder's tests, and what they share."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local.aws.engine import LocalAws

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.aws.stack import Stack

TEMPLATE = Path(__file__).parent / "app" / "template.yaml"


@pytest.fixture(scope="session")
def template() -> Path:
    """The sample app, made of the kinds of resources that the product deploys."""
    return TEMPLATE


@pytest.fixture(scope="session")
def engine() -> Iterator[LocalAws]:
    with LocalAws(environment={"EXTRA": "from the launcher"}) as local:
        yield local


@pytest.fixture(scope="session")
def stack(engine: LocalAws) -> Stack:
    """The sample app, deployed as it is."""
    return engine.deploy(TEMPLATE, {"WorkConcurrency": 3})


@pytest.fixture(scope="session")
def eventually() -> Callable[[Callable[[], object], float], object]:
    """Ask again and again until the answer is true, and return it."""

    def ask(question: Callable[[], object], seconds: float = 20.0) -> object:
        deadline = time.monotonic() + seconds
        while not (answer := question()):
            assert time.monotonic() < deadline, f"not so after {seconds} s"
            time.sleep(0.05)
        return answer

    return ask
