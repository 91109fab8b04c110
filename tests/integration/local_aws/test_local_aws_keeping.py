"""What outlives the engine, however it ends, and that nothing else does."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from local.aws.engine import LocalAws

if TYPE_CHECKING:
    from collections.abc import Callable

    Eventually = Callable[..., object]

_LAUNCHER = """
import sys, time
from pathlib import Path
from local.aws.engine import LocalAws

engine = LocalAws(state=Path(sys.argv[2]))
engine.start()
stack = engine.deploy(Path(sys.argv[1]))
engine.clients.s3.put_object(Bucket=stack.outputs["Bucket"], Key="kept/clip.mp4", Body=b"clip", ContentType="video/mp4")
engine.clients.stepfunctions.start_execution(
    stateMachineArn=stack.outputs["StateMachine"], input='{"key": "silence"}'
)
client = engine.clients.dynamodb
client.put_item(TableName=stack.tables["Ledger"], Item={"pk": {"S": "early"}})
while not list(Path(sys.argv[2]).glob("tables/*.json")):
    time.sleep(0.01)
for number in range(30):
    item = {"pk": {"S": f"job-{number}"}, "secret": {"B": bytes([number])}, "usd": {"N": "0.25"}}
    client.put_item(TableName=stack.tables["Ledger"], Item=item)
print(engine.endpoint, engine._folder, flush=True)
time.sleep(600)
"""


def _left_over(folder: str) -> list[str]:
    """Find processes that mention a folder in their arguments or environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            texts = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except (OSError, ProcessLookupError):
            continue
        if folder.encode() in texts:
            found.append(process.name)
    return found


def _is_open(endpoint: str) -> bool:
    host, port = endpoint.removeprefix("http://").split(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_killed_launcher_leaves_nothing_behind_and_loses_nothing(
    tmp_path: Path, template: Path, eventually: Eventually
) -> None:
    # Given a launcher in the middle of a run, whose last change to the ledger is a moment old
    state = tmp_path / "state"
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    launcher = subprocess.Popen(
        [sys.executable, "-c", _LAUNCHER, str(template), str(state)], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert launcher.stdout is not None
    endpoint, folder = launcher.stdout.readline().split()
    assert _is_open(endpoint)

    # When it is killed without a chance to clean up
    launcher.send_signal(signal.SIGKILL)
    launcher.communicate()

    # Then the engine, its workers, its port and its temporary folder are gone within seconds
    eventually(lambda: not _left_over(folder), 5.0)
    assert not _is_open(endpoint)
    assert not Path(folder).exists()

    # And a new engine has every object and every item
    with LocalAws(state=state) as engine:
        stack = engine.deploy(template)
        items = engine.clients.dynamodb.scan(TableName=stack.tables["Ledger"])["Items"]
        items.remove({"pk": {"S": "early"}})
        assert sorted(items, key=lambda item: item["secret"]["B"]) == [
            {"pk": {"S": f"job-{number}"}, "secret": {"B": bytes([number])}, "usd": {"N": "0.25"}}
            for number in range(30)
        ]
        clip = engine.clients.s3.get_object(Bucket=stack.outputs["Bucket"], Key="kept/clip.mp4")
        assert (clip["Body"].read(), clip["ContentType"]) == (b"clip", "video/mp4")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_stop_is_quick_and_a_restart_serves_the_same_objects(
    tmp_path: Path, template: Path, eventually: Eventually
) -> None:
    # Given an engine with an object, an item and an execution that waits for its token
    state = tmp_path / "state"
    engine = LocalAws(state=state)
    engine.start()
    stack = engine.deploy(template)
    bucket = stack.outputs["Bucket"]
    engine.clients.s3.put_object(Bucket=bucket, Key="assets/a b/ü.png", Body=b"picture", Metadata={"tag": "simulated"})
    before = engine.clients.s3.head_object(Bucket=bucket, Key="assets/a b/ü.png")
    engine.clients.stepfunctions.start_execution(
        stateMachineArn=stack.outputs["StateMachine"], input='{"key": "silence"}'
    )
    engine.clients.dynamodb.put_item(TableName=stack.tables["Ledger"], Item={"pk": {"S": "last"}})
    folder, endpoint = str(engine._folder), engine.endpoint

    # When it is stopped
    began = time.monotonic()
    engine.stop()
    lasted = time.monotonic() - began

    # Then that is quick, and nothing is left
    assert lasted < 5
    assert not _left_over(folder)
    assert not _is_open(endpoint)
    assert not Path(folder).exists()
    # And stopping again is no error
    engine.stop()

    # When it is started again, then the object is the same in every respect that matters, and the item is there
    with LocalAws(state=state) as again:
        stack = again.deploy(template)
        after = again.clients.s3.head_object(Bucket=bucket, Key="assets/a b/ü.png")
        for name in ("ETag", "LastModified", "ContentLength", "Metadata"):
            assert after[name] == before[name]
        assert again.clients.dynamodb.scan(TableName=stack.tables["Ledger"])["Items"] == [{"pk": {"S": "last"}}]
        # And a kept bucket still announces its uploads
        again.clients.s3.put_object(Bucket=bucket, Key="episodes/second/script.yaml", Body=b"title: x")
        steps = again.clients.stepfunctions
        machine = stack.outputs["StateMachine"]
        eventually(lambda: steps.list_executions(stateMachineArn=machine, statusFilter="SUCCEEDED")["executions"])
