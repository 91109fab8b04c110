"""The simulated Replicate as a process: restarts, and real media."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from local.fal_media.tags import prompt_fingerprint, read_tag
from local.replicate.process import SimulatedReplicate
from local.simulator.faults import JobFault
from tests.integration.local_replicate.harness import HOOK, NANO_BANANA, Replicate
from tests.integration.local_simulator.harness import STUDIO, Receiver, audio_file, client_of, seen_in


def replicate_of(simulator: SimulatedReplicate, receiver: Receiver) -> Replicate:
    return Replicate(simulator, receiver, client_of(simulator, "Bearer"))


def test_restart_keeps_everything_and_takes_up_the_rest(tmp_path: Path, receiver: Receiver) -> None:
    simulator = SimulatedReplicate(tmp_path, studio=STUDIO, webhook_routes={".hooks.test": receiver.url})
    with simulator:
        before, secret = simulator.facts, simulator.signing_secret()
        replicate = replicate_of(simulator, receiver)
        done = replicate.finished(replicate.submit())
        simulator.control.add_fault(JobFault(kind="never_finish", count=1))
        simulator.control.set_concurrency(1)
        interrupted = [replicate.submit(webhook=HOOK)["id"] for _ in range(2)]
        simulator.control.wait_for_requests(lambda requests: requests[1].started_at is not None)
        # also while it is down
        simulator.control.go_down()

    with simulator:
        assert (simulator.facts, simulator.signing_secret()) == (before, secret)
        assert replicate_of(simulator, receiver).http.get(done["urls"]["get"]).json() == done
        simulator.control.wait_until_idle()
        assert {line.request_id for line in simulator.control.invoice().lines} == {done["id"], *interrupted}
        assert sorted(str(delivery.content["id"]) for delivery in receiver.deliveries) == sorted(interrupted)


def test_pictures_and_clips_are_real(tmp_path: Path, receiver: Receiver) -> None:
    # given the usual studio
    with SimulatedReplicate(tmp_path) as simulator:
        replicate = replicate_of(simulator, receiver)

        # when a portrait, a background, a composite and a clip are made, each of what came before
        def made(model: str = NANO_BANANA, **inputs: Any) -> bytes:
            finished = replicate.finished(replicate.submit(model, **inputs))
            assert finished["status"] == "succeeded", finished["error"]
            return replicate.http.get(finished["output"]).content

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
    seconds, (_, height), sound = seen_in(clip)
    assert seconds == pytest.approx(2.52, abs=0.04)
    assert (height, sound) == (480, "aac")
