"""A provider that is down, in every way that it can be, while its simulator itself stays within reach."""

from typing import Any

import httpx
import pytest

from local.simulator.settings import Latency
from tests.integration.local_simulator.harness import Simulated


def test_connections_are_refused_and_those_that_there_were_are_cut(simulated: Simulated[Any]) -> None:
    # given an open connection and a request that runs
    simulated.control.set_latency(Latency(run_seconds=0.3))
    assert simulated.post_picture(simulated.hook).status_code == simulated.accepted

    # when the provider goes down, nothing answers: the open connection breaks, and no other is made
    simulated.control.go_down("refuses_connections")
    with pytest.raises(httpx.TransportError):
        simulated.post_picture()
    for _ in range(3):
        with pytest.raises(httpx.ConnectError):
            simulated.post_picture()

    # then nothing was accepted, and what had been goes on
    simulated.control.wait_until_idle()
    assert len(simulated.control.requests()) == len(simulated.control.invoice().lines) == 1
    assert len(simulated.receiver.deliveries) == 1

    # and it comes up again at the same address
    simulated.control.come_up()
    assert simulated.post_picture().status_code == simulated.accepted
    assert len(simulated.control.requests()) == 2


@pytest.mark.parametrize("outage", ["unavailable_html", "unavailable_json"])
def test_every_request_may_be_answered_with_503(simulated: Simulated[Any], outage: str) -> None:
    file = simulated.picture_url()
    simulated.control.change_settings(down=outage)
    for answer in (simulated.post_picture(), simulated.http.get("anything"), simulated.http.get(file)):
        assert answer.status_code == 503
        # The proxy in front of the provider answers with a page, and the provider itself with JSON.
        assert ("nginx" in answer.text) == (outage == "unavailable_html")
        assert ("json" in answer.headers["content-type"]) == (outage == "unavailable_json")
    assert len(simulated.control.requests()) == 1
    simulated.control.come_up()
    assert simulated.post_picture().status_code == simulated.accepted


def test_reset_brings_the_provider_up(simulated: Simulated[Any]) -> None:
    simulated.control.go_down()
    simulated.control.go_down()
    simulated.control.reset()
    assert simulated.post_picture().status_code == simulated.accepted
