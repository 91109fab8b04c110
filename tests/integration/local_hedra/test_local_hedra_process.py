"""The simulated Hedra as a process: what survives a restart, and clips as long as their sound."""

import base64
from pathlib import Path

import pytest

from local.hedra.process import SimulatedHedra
from local.simulator.faults import JobFault
from tests.integration.local_hedra.harness import AVATAR, HOOK, PICTURE, Hedra
from tests.integration.local_simulator.harness import STUDIO, Receiver, audio_file, client_of, seen_in


def hedra_of(simulator: SimulatedHedra, receiver: Receiver) -> Hedra:
    return Hedra(simulator, receiver, client_of(simulator, "Bearer"))


def test_restart_keeps_everything_and_takes_up_the_rest(tmp_path: Path, receiver: Receiver) -> None:
    simulator = SimulatedHedra(tmp_path, studio=STUDIO, webhook_routes={".hooks.test": receiver.url})
    with simulator:
        before, hedra = simulator.facts, hedra_of(simulator, receiver)
        simulator.control.add_fault(JobFault(kind="never_finish", count=1))
        accepted = hedra.post(key="k", webhook=HOOK, **PICTURE).json()
        key = hedra.http.get("webhooks/public-key").json()
        simulator.control.wait_for_requests(lambda requests: requests[0].started_at is not None)
    assert len(base64.b64decode(key["public_key"])) == 32

    with simulator:
        assert simulator.facts == before
        hedra = hedra_of(simulator, receiver)
        assert hedra.http.get("webhooks/public-key").json() == key
        # the key of the submit is remembered, too
        assert hedra.post(key="k", webhook=HOOK, **PICTURE).json()["job_id"] == accepted["job_id"]
        assert hedra.finished(accepted["job_id"])["status"] == "COMPLETED"
        assert [delivery.content["job_id"] for delivery in receiver.deliveries] == [accepted["job_id"]]
        assert len(simulator.control.invoice().lines) == 1


def test_clips_are_real(tmp_path: Path, receiver: Receiver) -> None:
    # given the usual studio
    with SimulatedHedra(tmp_path) as simulator:
        hedra = hedra_of(simulator, receiver)
        portrait = hedra.finished(hedra.submit(**{**PICTURE, "prompt": "Portrait of a captain"}))["outputs"][0]
        finished = hedra.finished(
            hedra.submit(
                AVATAR,
                prompt="calm",
                aspect_ratio="16:9",
                resolution="540p",
                start_image={"source": "asset", "asset_id": portrait["asset_id"]},
                audio=hedra.upload(audio_file(2.52)),
            )
        )
        clip = hedra.http.get(finished["outputs"][0]["url"]).content
    seconds, size, sound = seen_in(clip)
    assert seconds == pytest.approx(2.52, abs=0.04)
    assert (size, sound) == ((960, 540), "aac")
