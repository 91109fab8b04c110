"""Several simulators under one authority."""

from pathlib import Path

from local.fal.process import SimulatedFal
from local.hedra.process import SimulatedHedra
from local.replicate.process import SimulatedReplicate
from tests.integration.local_simulator.harness import STUDIO, client_of


def test_simulators_can_share_an_authority(tmp_path: Path) -> None:
    # given the three of them, as a process that knows one file of authorities needs them
    with SimulatedFal(tmp_path / "fal", studio=STUDIO) as fal:
        shared = tmp_path / "fal"
        with (
            SimulatedReplicate(tmp_path / "replicate", studio=STUDIO, certificates=shared) as replicate,
            SimulatedHedra(tmp_path / "hedra", studio=STUDIO, certificates=shared) as hedra,
        ):
            assert fal.facts.ca_file == replicate.facts.ca_file == hedra.facts.ca_file
            assert client_of(replicate, "Bearer").get("/v1/account").status_code == 200
            assert client_of(hedra, "Key").get("balance").status_code == 200
            # each has an address and an account of its own
            assert len({simulator.facts.host for simulator in (fal, replicate, hedra)}) == 3
            assert len({simulator.facts.key for simulator in (fal, replicate, hedra)}) == 3
