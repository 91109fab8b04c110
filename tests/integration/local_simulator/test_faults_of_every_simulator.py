"""Every fault that can be ordered, as the callers of each provider see it."""

import time
from typing import Any

import httpx
import pytest

from local.simulator.faults import JobFault, ResultFileFault, SubmitFault
from tests.integration.local_simulator.harness import Simulated

HTML = "text/html; charset=utf-8"
JSON = "application/json"
PROBLEM = "application/problem+json"
PROXY_ANSWERS = [
    ("bad_gateway_html", 502, "<center>nginx</center>", HTML),
    ("unavailable_html", 503, "<center>nginx</center>", HTML),
    ("gateway_timeout_html", 504, "<center>nginx</center>", HTML),
]
OWN_ANSWERS = {
    "fal": [
        ("too_many_requests", 429, "concurrent_requests_limit", JSON),
        ("internal_error", 500, "internal_error", JSON),
        ("unavailable_json", 503, "runner_scheduling_failure", JSON),
        ("exhausted_balance", 403, "Exhausted balance", JSON),
        ("application_not_found", 404, 'Application \\"ideogram/v3\\" not found', JSON),
        ("garbage_json", 200, '{"status": "IN_QUEUE", "request_id": "', JSON),
    ],
    "hedra": [
        ("too_many_requests", 429, "RESOURCE_EXHAUSTED", JSON),
        ("internal_error", 500, "INTERNAL", JSON),
        ("unavailable_json", 503, "UNAVAILABLE", JSON),
        ("exhausted_balance", 402, "INSUFFICIENT_BALANCE", JSON),
        ("application_not_found", 404, "NOT_FOUND", JSON),
        ("garbage_json", 202, '{"job_id": "job_', JSON),
    ],
    "replicate": [
        ("too_many_requests", 429, "Request was throttled", PROBLEM),
        ("internal_error", 500, "Internal server error", PROBLEM),
        ("unavailable_json", 503, "Service unavailable", PROBLEM),
        ("exhausted_balance", 402, "insufficient credit", PROBLEM),
        ("application_not_found", 404, "could not be found", PROBLEM),
        ("garbage_json", 201, '{"id": "', JSON),
    ],
}
ANSWERS = [(provider, *answer) for provider, own in OWN_ANSWERS.items() for answer in (*own, *PROXY_ANSWERS)]


@pytest.mark.parametrize(("simulated", "kind", "status_code", "text", "content_type"), ANSWERS, indirect=["simulated"])
@pytest.mark.parametrize("accepts_job", [False, True])
def test_submit_is_answered_badly_once(
    simulated: Simulated[Any], kind: str, status_code: int, text: str, content_type: str, accepts_job: bool
) -> None:
    fault = {"kind": kind, "count": 1, "endpoint": simulated.model, "accepts_job": accepts_job}
    ordered = simulated.control.add_fault(SubmitFault.model_validate(fault))

    answer = simulated.post_picture()

    assert (answer.status_code, answer.headers["content-type"]) == (status_code, content_type)
    assert text in answer.text
    # The request exists, runs and is billed only where that was asked for.
    simulated.control.wait_until_idle()
    assert len(simulated.control.requests()) == accepts_job
    assert len(simulated.control.invoice().lines) == accepts_job
    # And the fault is used up.
    assert simulated.post_picture().status_code == simulated.accepted
    assert simulated.control.hits(ordered) == 1


@pytest.mark.parametrize("accepts_job", [False, True])
def test_submit_may_lose_its_connection(simulated: Simulated[Any], accepts_job: bool) -> None:
    simulated.control.add_fault(SubmitFault(kind="drop_connection", accepts_job=accepts_job, count=1))
    with pytest.raises(httpx.TransportError):
        simulated.post_picture()
    simulated.control.wait_until_idle()
    assert len(simulated.control.requests()) == accepts_job
    assert len(simulated.control.invoice().lines) == accepts_job


def test_submit_may_be_answered_late(simulated: Simulated[Any]) -> None:
    simulated.control.add_fault(SubmitFault(kind="slow_first_byte", seconds=0.3, count=1))
    began = time.monotonic()
    assert simulated.post_picture().status_code == simulated.accepted
    assert time.monotonic() - began >= 0.3


def test_result_file_may_be_anything_once(simulated: Simulated[Any]) -> None:
    url = simulated.picture_url()
    whole = simulated.http.get(url).content
    got: dict[str, httpx.Response] = {}
    for kind in ("truncated", "garbage", "wrong_content", "missing"):
        fault = {"kind": kind, "endpoint": simulated.model, "count": 1}
        simulated.control.add_fault(ResultFileFault.model_validate(fault))
        got[kind] = simulated.http.get(url)
        assert simulated.http.get(url).content == whole

    assert got["truncated"].content == whole[: len(whole) // 2]
    assert len(got["garbage"].content) == len(whole)
    assert got["garbage"].content != whole
    assert got["wrong_content"].headers["content-type"].startswith("text/html")
    assert got["missing"].status_code == 404


def test_download_may_be_cut_off(simulated: Simulated[Any]) -> None:
    url = simulated.picture_url()
    simulated.control.add_fault(ResultFileFault(kind="cut_off", count=1))
    with pytest.raises(httpx.TransportError):
        simulated.http.get(url)
    assert simulated.http.get(url).status_code == 200


def test_faults_strike_the_model_that_they_are_for(simulated: Simulated[Any]) -> None:
    ordered = simulated.control.add_fault(JobFault(kind="error", endpoint="another/model"))
    simulated.post_picture()
    simulated.control.wait_until_idle()
    assert simulated.control.hits(ordered) == 0
    assert len(simulated.control.invoice().lines) == 1
