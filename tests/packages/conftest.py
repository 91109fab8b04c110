"""The builds that are looked at: made once, since each is hundreds of megabytes."""

from pathlib import Path

import pytest

from tests.packages.builds import HOST_ARCHITECTURE, HOST_PYTHON, Build, lambdas_own, sam_build


@pytest.fixture(scope="session", params=["arm64", "x86_64"])
def deployable(request: pytest.FixtureRequest) -> tuple[Build, str]:
    """Return what `sam deploy` would take, and its architecture."""
    return sam_build(request.param, "3.13"), request.param


@pytest.fixture(scope="session")
def host_build() -> Build:
    """Return the same for the machine and the Python that run this."""
    return sam_build(HOST_ARCHITECTURE, HOST_PYTHON)


@pytest.fixture(scope="session")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the packages that Lambda itself brings."""
    return lambdas_own(tmp_path_factory.mktemp("runtime"))
