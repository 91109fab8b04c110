"""The sample app on the local engine: deployed as it is, and working."""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

import pytest

from local.aws.engine import LocalAws, _free_port
from local.aws.logs import LogReader, read_log
from local.aws.stack import DeploymentError

if TYPE_CHECKING:
    from collections.abc import Callable

    from local.aws.stack import Stack

    Eventually = Callable[..., object]


def _run(engine: LocalAws, stack: Stack, eventually: Eventually, name: str) -> dict[str, object]:
    """Upload a script and wait for the run that it starts."""
    engine.clients.s3.put_object(Bucket=stack.outputs["Bucket"], Key=f"episodes/{name}/script.yaml", Body=b"title: x")
    execution = f"{stack.outputs['StateMachine'].replace(':stateMachine:', ':execution:')}:{name}"
    steps = engine.clients.stepfunctions

    def ended() -> dict[str, object] | None:
        try:
            description = steps.describe_execution(executionArn=execution)
        except steps.exceptions.ExecutionDoesNotExist:
            return None
        return dict(description) if description["status"] != "RUNNING" else None

    answer = eventually(ended)
    assert isinstance(answer, dict)
    return answer


def test_an_upload_runs_the_plot_through_every_kind_of_resource(
    engine: LocalAws, stack: Stack, eventually: Eventually
) -> None:
    # Given the deployed app, when a file is uploaded
    run = _run(engine, stack, eventually, "first")

    # Then the event, the queues, the layer, the token and the synchronous call all did their part
    assert run["status"] == "SUCCEEDED", run
    output = json.loads(str(run["output"]))
    assert output["greeting"] == "Good evening, episodes/first/script.yaml."
    # And the launcher's variables reached the functions, whose workers are forks that need not import again
    assert output["extra"] == "from the launcher"
    assert output["forked"] is True
    item = engine.clients.dynamodb.get_item(
        TableName=stack.tables["Ledger"], Key={"pk": {"S": "episodes/first/script.yaml"}}
    )
    assert "Item" in item


def test_logs_of_a_function_are_read_once_each(engine: LocalAws, stack: Stack, eventually: Eventually) -> None:
    # Given a function that printed
    finish = stack.resources["Finish"]
    reader = LogReader(engine.clients, [finish])
    _run(engine, stack, eventually, "logged")

    # When its log is read, then the line is there, and only once
    said = "finishing with Good evening, episodes/logged/script.yaml."
    assert [line.function for line in reader.read() if line.text == said] == [finish]
    assert [line for line in reader.read() if line.text == said] == []
    assert said in [line.text for line in read_log(engine.clients, finish)]
    # And a function that never ran has no log, which is no error
    assert read_log(engine.clients, "unheard-of") == []


def test_a_function_url_is_served_under_its_host_name(engine: LocalAws, stack: Stack) -> None:
    # Given a function's URL as AWS gives it
    url = f"{stack.outputs['HookUrl']}fal/abc?attempt=1"
    assert url.startswith("https://")

    # When it is called on this machine
    address, host = engine.locate(url)
    body = '{ "status" : "OK", "title": "Ü" }'.encode()
    headers = {"Host": host, "Content-Type": "application/json"}
    with urlopen(Request(address, data=body, headers=headers)) as answer:  # noqa: S310  (a loopback address)
        status, content = answer.status, json.loads(answer.read())

    # Then the function got the body as it was, byte for byte (a signature is computed over it)
    assert status == 202
    assert content == {"method": "POST", "path": "/fal/abc", "body": body.decode()}


def test_a_poison_message_ends_in_the_dead_letter_queue(engine: LocalAws, stack: Stack, eventually: Eventually) -> None:
    # Given a message that its function reports as failed
    engine.clients.sqs.send_message(QueueUrl=stack.resources["WorkQueue"], MessageBody='{"poison": true}')

    # When it was received as often as the redrive policy allows, then it is a dead letter
    def dead_letters() -> list[str]:
        answer = engine.clients.sqs.receive_message(QueueUrl=stack.resources["WorkDeadLetters"])
        return [message["Body"] for message in answer.get("Messages", [])]

    assert eventually(dead_letters) == ['{"poison": true}']


def test_the_settings_of_the_template_arrive(engine: LocalAws, stack: Stack) -> None:
    # Given the deployed app, then a schedule ticks, and a parameter limits the consumers
    rules = engine.clients.events.list_rules()["Rules"]
    assert "rate(1 minute)" in [rule.get("ScheduleExpression") for rule in rules]
    mappings = engine.clients.functions.list_event_source_mappings(FunctionName=stack.resources["Work"])
    scaling = [mapping.get("ScalingConfig") for mapping in mappings["EventSourceMappings"]]
    assert scaling == [{"MaximumConcurrency": 3}]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_nothing_listens_beyond_the_loopback_interface(engine: LocalAws, stack: Stack, eventually: Eventually) -> None:
    # Given a run, so that everything that ever starts is there
    _run(engine, stack, eventually, "listening")
    log = str(engine.log.parent.parent)

    # When the listening sockets of the engine's processes are looked up
    listening = _listening_addresses(_processes_of(log))

    # Then there is the engine's own, and it is on 127.0.0.1
    assert listening
    assert {address.split(":")[0] for address in listening} == {"0100007F"}


def _processes_of(folder: str) -> list[Path]:
    """Find the processes whose environment names a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if folder.encode() in (process / "environ").read_bytes():
                found.append(process)
        except (OSError, ProcessLookupError):
            continue
    return found


def _listening_addresses(processes: list[Path]) -> list[str]:
    """Read the local addresses (hexadecimal) on which processes listen for TCP or take UDP."""
    inodes = set()
    for process in processes:
        for descriptor in (process / "fd").iterdir():
            try:
                target = str(descriptor.readlink())
            except OSError:
                continue
            inodes.add(target.removeprefix("socket:[").removesuffix("]"))
    listening = []
    for table, states in (("tcp", {"0A"}), ("tcp6", {"0A"}), ("udp", {"07"}), ("udp6", {"07"})):
        for line in Path(f"/proc/net/{table}").read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] in states and fields[9] in inodes:
                listening.append(fields[1])
    return listening


def test_a_failed_deployment_says_what_and_why(engine: LocalAws, tmp_path: Path) -> None:
    # Given a template with a resource that cannot be made
    template = tmp_path / "template.yaml"
    template.write_text(
        "Resources:\n"
        "  Alarm:\n"
        "    Type: AWS::CloudWatch::Alarm\n"
        "    Properties: {ComparisonOperator: GreaterThanThreshold, EvaluationPeriods: 1, Threshold: 0,\n"
        "      Metrics: [{Id: a, Expression: b}]}\n"
    )
    # When it is deployed, then the error names it and the reason
    with pytest.raises(DeploymentError, match=r"Alarm \(AWS::CloudWatch::Alarm\): .*Metrics"):
        engine.deploy(template, name="broken")
    # And a template that is refused as a whole gives CloudFormation's reason
    template.write_text("Resources: {Thing: {Type: 'AWS::No::Such'}}")
    with pytest.raises(DeploymentError, match="AWS::No::Such"):
        engine.deploy(template, name="refused")


def test_functions_never_see_the_users_own_aws_settings(engine: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a user with settings of their own
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "LOCALSTACK_HOSTNAME", "AUTH"):
        monkeypatch.setenv(name, "mine")

    # When the engine's environment is made, then it holds none of them
    environment = engine._engine_environment(port=1)
    assert "mine" not in environment.values()
    assert environment["AWS_CONFIG_FILE"] == environment["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull


def test_a_port_that_is_taken_is_given_up_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a port that somebody else takes between its choice and its use
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        ports = iter([taken, _free_port()])
        monkeypatch.setattr("local.aws.engine._free_port", lambda: next(ports))

        # When an engine starts, then it answers on another port
        with LocalAws() as second:
            assert not second.endpoint.endswith(f":{taken}")
            assert second.clients.s3.list_buckets()["Buckets"] == []
