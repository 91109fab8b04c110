"""The simulated Replicate as a process: restarts, one authority for several simulators, and real media."""

import io
import ssl
from pathlib import Path
from typing import Any

import av
import httpx
import pytest
from PIL import Image

from local.fal.faults import JobFault
from local.fal.process import SimulatedFal
from local.fal_media.tags import prompt_fingerprint, read_tag
from local.hedra.process import SimulatedHedra
from local.replicate.process import SimulatedReplicate
from tests.integration.local_fal.harness import Receiver, audio_file
from tests.integration.local_replicate.harness import NANO_BANANA, STUDIO, Replicate

# The folder's other simulator may still have something to say to the same receiver.
RESTART_HOOK = "https://abc.hooks.test/restart"


def client_of(simulator: SimulatedReplicate | SimulatedHedra) -> httpx.Client:
    return httpx.Client(
        base_url=simulator.url,
        headers={"Authorization": f"Bearer {simulator.facts.key}"},
        verify=ssl.create_default_context(cafile=simulator.facts.ca_file),
        timeout=30,
        trust_env=False,
    )


def test_restart_keeps_everything_and_takes_up_the_rest(tmp_path: Path, receiver_server: Receiver) -> None:
    receiver_server.clear()
    simulator = SimulatedReplicate(tmp_path, studio=STUDIO, webhook_routes={".hooks.test": receiver_server.url})
    with simulator, client_of(simulator) as http:
        before, secret = simulator.facts, simulator.signing_secret()
        replicate = Replicate(simulator, simulator.control, receiver_server, http)
        done = replicate.finished(replicate.submit())
        simulator.control.add_fault(JobFault(kind="never_finish", count=1))
        simulator.control.set_concurrency(1)
        interrupted = [replicate.submit(webhook=RESTART_HOOK)["id"] for _ in range(2)]
        simulator.control.wait_for_requests(lambda requests: requests[1].started_at is not None)
        # also while it is down
        simulator.control.go_down()

    with simulator, client_of(simulator) as http:
        assert (simulator.facts, simulator.signing_secret()) == (before, secret)
        assert http.get(done["urls"]["get"]).json() == done
        simulator.control.wait_until_idle()
        assert {line.request_id for line in simulator.control.invoice().lines} == {done["id"], *interrupted}
        told = [delivery for delivery in receiver_server.deliveries if delivery.path == "/restart"]
        assert sorted(str(delivery.content["id"]) for delivery in told) == sorted(interrupted)


def test_simulators_can_share_an_authority(tmp_path: Path) -> None:
    # given the three of them, as a process that knows one file of authorities needs them
    with SimulatedFal(tmp_path / "fal", studio=STUDIO) as fal:
        shared = tmp_path / "fal"
        with (
            SimulatedReplicate(tmp_path / "replicate", studio=STUDIO, certificates=shared) as replicate,
            SimulatedHedra(tmp_path / "hedra", studio=STUDIO, certificates=shared) as hedra,
        ):
            assert fal.facts.ca_file == replicate.facts.ca_file == hedra.facts.ca_file
            assert client_of(replicate).get("/v1/account").status_code == 200
            assert client_of(hedra).get("balance").status_code == 200
            # each has an address and an account of its own
            assert len({simulator.facts.host for simulator in (fal, replicate, hedra)}) == 3
            assert len({simulator.facts.key for simulator in (fal, replicate, hedra)}) == 3


def test_pictures_and_clips_are_real(tmp_path: Path, receiver_server: Receiver) -> None:
    # given the usual studio
    with SimulatedReplicate(tmp_path) as simulator, client_of(simulator) as http:
        replicate = Replicate(simulator, simulator.control, receiver_server, http)

        # when a portrait, a background, a composite and a clip are made, each of what came before
        def made(model: str = NANO_BANANA, **inputs: Any) -> bytes:
            finished = replicate.finished(replicate.submit(model, **inputs))
            assert finished["status"] == "succeeded", finished["error"]
            return http.get(finished["output"]).content

        portrait = made(prompt="Portrait of a captain", aspect_ratio="1:1", output_format="png")
        background = made(prompt="a quiet harbour", aspect_ratio="16:9", output_format="jpg")
        images = [replicate.upload(portrait, "image/png"), replicate.upload(background, "image/jpeg")]
        composite = made(prompt="the captain at the quay", image_input=images, aspect_ratio="16:9")
        clip = made(
            "veed/fabric-1.0",
            image=replicate.upload(composite, "image/jpeg"),
            audio=replicate.upload(audio_file(2.52), "audio/wav"),
            resolution="480p",
        )

    # then they say what they were made of
    tag = read_tag(Image.open(io.BytesIO(composite)))
    assert tag is not None
    assert (tag.kind, tag.portrait, tag.background) == (
        "composite",
        prompt_fingerprint("Portrait of a captain"),
        prompt_fingerprint("a quiet harbour"),
    )
    # and the clip is as long as its sound
    with av.open(io.BytesIO(clip)) as container:
        (video,), (audio,) = container.streams.video, container.streams.audio
        assert video.duration is not None
        assert video.time_base is not None
        assert float(video.duration * video.time_base) == pytest.approx(2.52, abs=0.04)
        assert (video.height, audio.codec_context.name) == (480, "aac")
