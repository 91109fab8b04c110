"""The queue, through the real fal_client."""

import asyncio
import subprocess
import sys
from typing import Any

import fal_client
import pytest

from local.simulator.faults import JobFault
from local.simulator.settings import Latency
from tests.integration.local_fal.harness import Fal
from tests.integration.local_simulator.harness import audio_file, image_file

IDEOGRAM = "fal-ai/ideogram/v3"
KONTEXT = "fal-ai/flux-pro/kontext/multi"
HEDRA = "fal-ai/hedra-character-2"


def test_request_goes_through_all_states(fal: Fal) -> None:
    # given two requests in a queue that stands still
    fal.control.pause()
    first = fal.submit()
    second = fal.submit()

    # then the second has one ahead of it
    assert first.status() == fal_client.Queued(position=0)
    assert second.status() == fal_client.Queued(position=1)

    # when the first runs without ending, it is in progress, and the second waits for its turn
    fal.control.change_settings(concurrency=1)
    endless = fal.control.add_fault(JobFault(kind="never_finish", count=1))
    fal.control.resume()
    assert isinstance(first.status(with_logs=True), fal_client.InProgress)
    assert second.status() == fal_client.Queued(position=0)
    assert fal.control.hits(endless) == 1

    # and when it is cancelled, the second completes
    first.cancel()
    assert len(second.get(interval=0.01)["images"]) == 1
    assert isinstance(second.status(), fal_client.Completed)


def test_status_codes_and_addresses_are_those_of_fal(fal: Fal) -> None:
    fal.control.pause()
    submitted = fal.http.post(f"/{KONTEXT}", json={"prompt": "x"}, headers=fal.authorization)
    answer = submitted.json()
    url = f"https://{fal.simulator.facts.host}/fal-ai/flux-pro/requests/{answer['request_id']}"

    assert submitted.status_code == 200
    assert submitted.headers["x-fal-request-id"] == answer["request_id"]
    assert answer == {
        "status": "IN_QUEUE",
        "request_id": answer["request_id"],
        "response_url": url,
        "status_url": f"{url}/status",
        "cancel_url": f"{url}/cancel",
        "logs": None,
        "metrics": {},
        "queue_position": 0,
    }
    assert fal.http.get(f"{url}/status", headers=fal.authorization).status_code == 202
    early = fal.http.get(url, headers=fal.authorization)
    assert (early.status_code, early.json()) == (400, {"detail": "Request is still in progress"})

    fal.control.resume()
    fal.control.wait_until_idle()
    assert fal.http.get(f"{url}/status", headers=fal.authorization).status_code == 200
    assert fal.http.get(f"{url}/response", headers=fal.authorization).status_code == 422


def test_ideogram_answers_in_its_shape(fal: Fal) -> None:
    result = fal.submit(num_images=2, image_size="portrait_16_9", seed=7).get(interval=0.01)

    assert result.keys() == {"images", "seed"}
    assert result["seed"] == 7
    assert [image.keys() for image in result["images"]] == [{"url", "content_type", "file_name", "file_size"}] * 2
    first, second = (fal.http.get(image["url"]) for image in result["images"])
    assert first.headers["content-type"] == "image/png"
    assert first.content[16:24] == (576).to_bytes(4) + (1024).to_bytes(4)
    assert first.content != second.content
    assert len(first.content) == result["images"][0]["file_size"]


def test_prompt_decides_between_portrait_and_background(fal: Fal) -> None:
    # given the same seed, so that only the prompt makes the difference
    urls = [
        fal.submit(prompt=prompt, seed=1).get(interval=0.01)["images"][0]["url"]
        for prompt in ("Portrait of Alex", "a view of Alex's town", "Portrait of Alex")
    ]
    portrait, background, again = (fal.http.get(url).content for url in urls)
    assert portrait == again
    assert portrait != background


def test_kontext_composes_what_was_uploaded(fal: Fal) -> None:
    images = [fal.upload_image(), fal_client.encode(image_file(), "image/png")]

    result = fal.submit(KONTEXT, image_urls=images, aspect_ratio="16:9").get(interval=0.01)

    assert result["has_nsfw_concepts"] == [False]
    assert result["prompt"] == "a quiet harbour"
    assert result["timings"] == {}
    (image,) = result["images"]
    assert image.keys() == {"url", "width", "height", "content_type"}
    assert (image["width"], image["height"], image["content_type"]) == (1392, 752, "image/jpeg")


@pytest.mark.parametrize(
    ("endpoint_id", "inputs", "film"),
    [
        (HEDRA, {"aspect_ratio": "9:16", "resolution": "540p", "seed": 3}, "film 540x960 3"),
        ("veed/fabric-1.0", {"resolution": "480p"}, "film 854x480"),
        ("fal-ai/kling-video/ai-avatar/v2/standard", {}, "film 1280x720"),
    ],
)
def test_talking_heads_film_image_and_audio(fal: Fal, endpoint_id: str, inputs: dict[str, Any], film: str) -> None:
    result = fal.submit(endpoint_id, image_url=fal.upload_image(), audio_url=fal.upload_audio(2.5), **inputs).get(
        interval=0.01
    )

    video = result["video"]
    content = fal.http.get(video["url"]).content
    assert content.startswith(film.encode())
    assert content.endswith(f" {len(image_file())} {len(audio_file(2.5))}".encode())
    assert (video["content_type"], video["file_name"], video["file_size"]) == ("video/mp4", "output.mp4", len(content))


def test_seed_follows_from_the_request(fal: Fal) -> None:
    first, second = (fal.submit().get(interval=0.01) for _ in range(2))
    assert first["seed"] != second["seed"]


def test_inputs_come_from_allowed_origins_only(fal: Fal) -> None:
    # given a file at an allowed origin, behind a query as a presigned address has
    fal.receiver.files["/bucket/key.png"] = image_file()
    allowed = f"{fal.receiver.url}/bucket/key.png?X-Amz-Signature=1"
    assert fal.submit(KONTEXT, image_urls=[allowed]).get(interval=0.01)["images"]

    # then nothing is fetched from elsewhere
    for refused in ("http://localhost:1/x.png", "ftp://127.0.0.1/x", "no address at all", f"{fal.receiver.url}/none"):
        with pytest.raises(fal_client.client.FalClientHTTPError) as caught:
            fal.submit(KONTEXT, image_urls=[allowed, refused]).get(interval=0.01)
        (error,) = caught.value.response.json()["detail"]
        assert (error["type"], error["loc"]) == ("file_download_error", ["body", "image_urls", 1])


def test_cancel_of_a_waiting_request_costs_nothing(fal: Fal) -> None:
    fal.control.pause()
    handle = fal.submit(webhook="https://a.hooks.test/")
    handle.cancel()

    status = handle.status()
    assert isinstance(status, fal_client.Completed)
    assert status.error_type == "client_cancelled"
    with pytest.raises(fal_client.client.FalClientHTTPError) as caught:
        handle.get()
    assert caught.value.status_code == 499
    again = fal.http.put(handle.cancel_url, headers=fal.authorization)
    assert (again.status_code, again.json()) == (400, {"status": "ALREADY_COMPLETED"})
    fal.control.resume()
    fal.control.wait_until_idle()
    assert fal.control.invoice().lines == ()
    assert fal.receiver.deliveries == []


def test_running_request_may_ignore_its_cancellation(fal: Fal) -> None:
    fal.control.change_settings(cancel_stops_running=False)
    fal.control.set_latency(Latency(run_seconds=0.3))
    handle = fal.submit()
    fal.control.wait_for_requests(lambda requests: requests[0].started_at is not None)
    answer = fal.http.put(handle.cancel_url, headers=fal.authorization)

    assert (answer.status_code, answer.json()) == (202, {"status": "CANCELLATION_REQUESTED"})
    assert handle.get(interval=0.01)["images"]
    assert len(fal.control.invoice().lines) == 1


def test_start_timeout_ends_a_waiting_request(fal: Fal) -> None:
    fal.control.pause()
    answer = fal.http.post(
        f"/{IDEOGRAM}", json={"prompt": "x"}, headers=fal.authorization | {"X-Fal-Request-Timeout": "0.05"}
    ).json()
    fal.control.wait_for_requests(lambda requests: requests[0].ended_at is not None)

    status = fal.http.get(answer["status_url"], headers=fal.authorization).json()
    assert (status["status"], status["error_type"]) == ("COMPLETED", "request_timeout")
    result = fal.http.get(answer["response_url"], headers=fal.authorization)
    assert result.status_code == 504
    assert result.headers["x-fal-request-timeout-type"] == "user"
    assert result.json() == {"detail": "Request timed out", "error_type": "request_timeout"}


def test_low_priority_waits_for_normal(fal: Fal) -> None:
    fal.control.pause()
    low = fal.client.submit(IDEOGRAM, {"prompt": "x"}, priority="low")
    normal = fal.submit()
    assert normal.status() == fal_client.Queued(position=0)
    assert low.status() == fal_client.Queued(position=1)


def test_latencies_hold_a_request_back(fal: Fal) -> None:
    fal.control.set_latency(Latency(queue_seconds=0.2, run_seconds=0.3), IDEOGRAM)
    fal.submit().get(interval=0.01)
    (request,) = fal.control.requests()
    assert request.started_at is not None
    assert request.ended_at is not None
    assert request.started_at - request.submitted_at >= 0.2
    assert request.ended_at - request.started_at >= 0.3


def test_results_expire_large_ones_sooner(fal: Fal) -> None:
    fal.control.change_settings(stored_large_result_seconds=0.001, large_result_bytes=1000)
    small = fal.submit()
    small.get(interval=0.01)
    large = fal.submit(sync_mode=True)
    fal.control.wait_until_idle()

    assert fal.http.get(small.response_url, headers=fal.authorization).status_code == 200
    gone = fal.http.get(large.response_url, headers=fal.authorization)
    assert (gone.status_code, gone.json()) == (404, {"status": "NOT_FOUND"})


def test_async_client(fal: Fal) -> None:
    async def use() -> dict[str, object]:
        client = fal_client.AsyncClient(key=fal.simulator.facts.key)
        url = await client.upload(image_file(), "image/png")
        handle = await client.submit(KONTEXT, {"prompt": "x", "image_urls": [url]})
        result = await handle.get(interval=0.01)
        assert isinstance(await handle.status(), fal_client.Completed)
        return result

    assert asyncio.run(use())["has_nsfw_concepts"] == [False]


def test_environment_alone_leads_fal_client_to_the_simulator(fal: Fal) -> None:
    # given a fresh process with nothing but the environment; only the storage needs two globals, for lack of variables
    program = f"""
import os, fal_client, fal_client.client
fal_client.client.REST_URL, fal_client.client.CDN_URL = os.environ["FAL_REST_URL"], os.environ["FAL_CDN_URL"]
image = fal_client.upload({image_file()!r}, "image/png")
print(len(fal_client.subscribe({KONTEXT!r}, {{"prompt": "x", "image_urls": [image]}})["images"]))
"""
    environment = {"PATH": "/usr/bin:/bin", **fal.simulator.environment()}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.stdout, done.stderr) == ("1\n", "")


@pytest.mark.parametrize(
    ("prompt", "status_code", "error_type"),
    [("crash", 503, "runner_disconnected"), ("bug", 500, "internal_server_error")],
)
def test_breakdown_of_the_studio_is_an_error_of_fal(fal: Fal, prompt: str, status_code: int, error_type: str) -> None:
    with pytest.raises(fal_client.client.FalClientHTTPError) as caught:
        fal.submit(prompt=prompt).get(interval=0.01)
    assert caught.value.status_code == status_code
    assert error_type in caught.value.response.text
    # and the next request finds a studio that works
    assert fal.submit().get(interval=0.01)["images"]


def test_film_that_cannot_be_made_is_an_error_of_the_model(fal: Fal) -> None:
    handle = fal.submit(HEDRA, image_url=fal.upload_image(), audio_url=fal.upload_audio(1), aspect_ratio="1:1")
    with pytest.raises(fal_client.client.FalClientHTTPError) as caught:
        handle.get(interval=0.01)
    (error,) = caught.value.response.json()["detail"]
    assert (error["type"], error["msg"]) == ("no_media_generated", "this studio films no squares")


def test_reset_forgets_everything(fal: Fal) -> None:
    # given a request that is done, one that runs and one that waits, and settings that differ
    done = fal.submit()
    url = done.get(interval=0.01)["images"][0]["url"]
    fal.control.change_settings(concurrency=1)
    fal.control.add_fault(JobFault(kind="never_finish"))
    fal.submit()
    fal.submit()

    fal.control.reset()

    assert fal.control.requests() == []
    assert fal.control.invoice().lines == ()
    assert fal.control.faults() == []
    assert fal.control.settings().concurrency == 40
    assert fal.http.get(url).status_code == 404
    fal.control.wait_until_idle(seconds=1)


def test_unknown_setting_is_refused(fal: Fal) -> None:
    answer = fal.http.patch("/_simulator/settings", json={"speed": 2})
    assert answer.status_code == 400
    assert "speed" in answer.text
