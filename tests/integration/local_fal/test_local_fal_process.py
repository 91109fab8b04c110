"""The simulator as a process: what survives a restart, and how it ends."""

import signal
import ssl
import subprocess
import sys
import time
from pathlib import Path

import fal_client
import httpx
import pytest

from local.fal.process import SimulatedFal
from local.simulator.faults import JobFault
from local.simulator.process import Facts
from tests.integration.local_fal.harness import HOOK, use_simulator
from tests.integration.local_simulator.harness import STUDIO, Receiver


def test_restart_keeps_everything_and_takes_up_the_rest(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulator = SimulatedFal(tmp_path, studio=STUDIO, webhook_routes={".hooks.test": receiver.url})

    # given a simulator that stops with one request done, one running and one waiting
    with simulator:
        before = simulator.facts
        use_simulator(simulator, monkeypatch)
        client = fal_client.SyncClient(key=before.key)
        done = client.submit("fal-ai/ideogram/v3", {"prompt": "x"})
        result = done.get(interval=0.01)
        client.upload(b"x", "text/plain")
        simulator.control.change_settings(concurrency=1)
        simulator.control.add_fault(JobFault(kind="never_finish", count=1))
        interrupted = [
            client.submit("fal-ai/ideogram/v3", {"prompt": "y"}, webhook_url=HOOK).request_id for _ in range(2)
        ]
        simulator.control.wait_for_requests(lambda requests: requests[1].started_at is not None)

    # when it is started again
    with simulator:
        # then it is the same account at the same address, under the same certificate
        assert simulator.facts == before
        assert done.get(interval=0.01) == result
        context = ssl.create_default_context(cafile=before.ca_file)
        assert httpx.get(result["images"][0]["url"], verify=context).status_code == 200
        # and the token that the client got before is still good
        assert client.upload(b"x", "text/plain", repository="fal_v3", fallback_repository="fal_v3")
        # and what was interrupted is run again, billed once, and delivered
        simulator.control.wait_until_idle()
        assert {line.request_id for line in simulator.control.invoice().lines} == {done.request_id, *interrupted}
        assert {delivery.content["request_id"] for delivery in receiver.deliveries} == set(interrupted)


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_process_ends_quickly_and_leaves_only_its_state(tmp_path: Path, signal_number: signal.Signals) -> None:
    # given a simulator that works on a request, with an open connection
    state_dir = tmp_path / "state"
    command = [sys.executable, "-m", "local.fal", "--state-dir", str(state_dir), "--studio", STUDIO]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        facts = Facts.model_validate_json(process.stdout.readline())
        context = ssl.create_default_context(cafile=facts.ca_file)
        with httpx.Client(base_url=f"https://{facts.host}", verify=context) as client:
            headers = {"Authorization": f"Key {facts.key}"}
            client.post("/fal-ai/ideogram/v3", json={"prompt": "x"}, headers=headers).raise_for_status()

            # when it is told to end
            began = time.monotonic()
            process.send_signal(signal_number)
            exit_code = process.wait(10)

        # then it does so, at once and in silence
        assert time.monotonic() - began < 2, "one second is the aim; the other is for busy machines"
        assert (exit_code, process.stderr.read()) == (0, "")
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


def test_process_ends_with_whoever_started_it(tmp_path: Path) -> None:
    # given a simulator that was started by a process which is killed, and can stop nothing any more
    command = [sys.executable, "-m", "local.fal", "--state-dir", str(tmp_path), "--studio", STUDIO]
    with subprocess.Popen(
        [*command, "--until-input-ends"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        Facts.model_validate_json(process.stdout.readline())
        assert process.poll() is None
        # when the other end of its input is closed, as the system does then
        process.stdin.close()
        # then it ends, too
        assert (process.wait(10), process.stderr.read()) == (0, b"")


def test_process_that_cannot_start_says_where_to_look(tmp_path: Path, receiver: Receiver) -> None:
    # given a port that is taken
    simulator = SimulatedFal(tmp_path, port=int(receiver.url.rpartition(":")[2]))
    with pytest.raises(RuntimeError, match=r"simulator\.log"):
        simulator.start()
