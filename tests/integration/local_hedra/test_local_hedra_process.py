"""The simulated Hedra as a process: what survives a restart, and clips as long as their sound."""

import base64
import io
import ssl
from pathlib import Path

import av
import httpx
import pytest

from local.fal.faults import JobFault
from local.hedra.process import SimulatedHedra
from tests.integration.local_fal.harness import Receiver, audio_file
from tests.integration.local_hedra.harness import AVATAR, PICTURE, STUDIO, Hedra

# The folder's other simulator may still have something to say to the same receiver.
RESTART_HOOK = "https://abc.hooks.test/restart"


def hedra_of(simulator: SimulatedHedra, receiver: Receiver) -> Hedra:
    client = httpx.Client(
        base_url=simulator.url,
        headers={"Authorization": f"Bearer {simulator.facts.key}"},
        verify=ssl.create_default_context(cafile=simulator.facts.ca_file),
        timeout=30,
        trust_env=False,
    )
    return Hedra(simulator, simulator.control, receiver, client)


def test_restart_keeps_everything_and_takes_up_the_rest(tmp_path: Path, receiver_server: Receiver) -> None:
    receiver_server.clear()
    simulator = SimulatedHedra(tmp_path, studio=STUDIO, webhook_routes={".hooks.test": receiver_server.url})
    with simulator:
        before, hedra = simulator.facts, hedra_of(simulator, receiver_server)
        simulator.control.add_fault(JobFault(kind="never_finish", count=1))
        accepted = hedra.post(key="k", webhook=RESTART_HOOK, **PICTURE).json()
        key = hedra.http.get("webhooks/public-key").json()
        simulator.control.wait_for_requests(lambda requests: requests[0].started_at is not None)
    assert len(base64.b64decode(key["public_key"])) == 32

    with simulator:
        assert simulator.facts == before
        hedra = hedra_of(simulator, receiver_server)
        assert hedra.http.get("webhooks/public-key").json() == key
        # the key of the submit is remembered, too
        assert hedra.post(key="k", webhook=RESTART_HOOK, **PICTURE).json()["job_id"] == accepted["job_id"]
        assert hedra.finished(accepted["job_id"])["status"] == "COMPLETED"
        told = [delivery for delivery in receiver_server.deliveries if delivery.path == "/restart"]
        assert [delivery.content["job_id"] for delivery in told] == [accepted["job_id"]]
        assert len(simulator.control.invoice().lines) == 1


def test_clips_are_real(tmp_path: Path, receiver_server: Receiver) -> None:
    # given the usual studio
    with SimulatedHedra(tmp_path) as simulator:
        hedra = hedra_of(simulator, receiver_server)
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
    with av.open(io.BytesIO(clip)) as container:
        (video,), (audio,) = container.streams.video, container.streams.audio
        assert video.duration is not None
        assert video.time_base is not None
        assert float(video.duration * video.time_base) == pytest.approx(2.52, abs=0.04)
        assert (video.width, video.height, audio.codec_context.name) == (960, 540, "aac")
