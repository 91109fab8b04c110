"""fal down, in every way that it can be, while the simulator itself stays within reach."""

import httpx
import pytest

from local.fal.settings import Latency
from tests.integration.local_fal.harness import HOOK, Fal

IDEOGRAM = "/fal-ai/ideogram/v3"


def submit(fal: Fal) -> httpx.Response:
    return fal.http.post(IDEOGRAM, json={"prompt": "x"}, headers=fal.authorization)


def test_connections_are_refused_and_those_that_there_were_are_cut(fal: Fal) -> None:
    # given an open connection and a request that runs
    fal.control.set_latency(Latency(run_seconds=0.3))
    fal.submit(webhook=HOOK)
    assert fal.http.get("/v1/models").status_code == 200

    # when fal goes down, nothing answers: the open connection breaks, and no other is made
    fal.control.go_down("refuses_connections")
    with pytest.raises(httpx.TransportError):
        submit(fal)
    for _ in range(3):
        with pytest.raises(httpx.ConnectError):
            submit(fal)

    # then nothing was accepted, and what had been goes on
    fal.control.wait_until_idle()
    assert len(fal.control.requests()) == len(fal.control.invoice().lines) == len(fal.receiver.deliveries) == 1

    # and it comes up again at the same address
    fal.control.come_up()
    assert submit(fal).status_code == 200
    assert len(fal.control.requests()) == 2


@pytest.mark.parametrize(
    ("outage", "content_type", "text"),
    [
        ("unavailable_html", "text/html; charset=utf-8", "nginx"),
        ("unavailable_json", "application/json", "runner_scheduling_failure"),
    ],
)
def test_every_request_may_be_answered_with_503(fal: Fal, outage: str, content_type: str, text: str) -> None:
    fal.control.change_settings(down=outage)
    for answer in (submit(fal), fal.http.get("/v1/models"), fal.http.get("/files/b/x")):
        assert (answer.status_code, answer.headers["content-type"]) == (503, content_type)
        assert text in answer.text
    assert fal.control.requests() == []
    fal.control.come_up()
    assert submit(fal).status_code == 200


def test_reset_brings_fal_up(fal: Fal) -> None:
    fal.control.go_down()
    fal.control.go_down()
    fal.control.reset()
    assert submit(fal).status_code == 200
