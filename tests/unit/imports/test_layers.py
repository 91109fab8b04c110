"""Which of our packages a package may import."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DRAWING = "local.fal_media"
SIMULATOR = "local.simulator"
PROVIDERS = ("local.fal", "local.hedra", "local.replicate")


def imported_by(package: str) -> Iterator[tuple[str, str]]:
    """Return every module of a package with every module that it imports, wherever in its code."""
    modules = sorted((ROOT / package.replace(".", "/")).rglob("*.py"))
    assert modules
    for module in modules:
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Import):
                yield from ((module.name, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.module is not None
                yield from ((module.name, f"{node.module}.{alias.name}") for alias in node.names)


def strangers(package: str, *, may_import: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return what a package imports of the local code that is neither its own nor allowed."""
    allowed = tuple(f"{name}." for name in (package, *may_import))
    return [
        (module, name)
        for module, name in imported_by(package)
        if name.startswith("local.") and not name.startswith(allowed)
    ]


def test_what_the_simulators_share_knows_no_provider() -> None:
    assert strangers(SIMULATOR, may_import=()) == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_simulated_provider_knows_no_other(provider: str) -> None:
    assert strangers(provider, may_import=(SIMULATOR,)) == []


def test_what_draws_knows_no_provider() -> None:
    assert strangers(DRAWING, may_import=()) == []
