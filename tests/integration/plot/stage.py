"""The plot on moto: the test is trigger, event source mapping and function URL; fal is the simulated one."""

import json
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from local.fal.process import SimulatedFal
from shared.aws.step_functions import SfnTaskTokens
from shared.ledger.dynamodb import DynamoLedger
from shared.workflow.inputs import execution_name
from tests.integration.plot.deployment import TOLD_QUEUE, client
from tests.integration.plot.functions import Functions
from tests.integration.plot.template_values import REGION, Mapped, TemplateValues

TINY = "tests/fixtures/tiny-episode"
_PATIENCE_SECONDS = 120
_PAUSE_SECONDS = 0.02


@dataclass(frozen=True)
class Execution:
    """How an execution stands."""

    name: str
    status: str
    error: str | None
    cause: str | None


@dataclass
class Stage:
    """A deployed plot and those who play the services that moto does not."""

    values: TemplateValues
    functions: Functions
    fal: SimulatedFal

    def __post_init__(self) -> None:
        self._mappings = self.values.mappings()
        self._s3, self._sqs, self._states = client("s3"), client("sqs"), client("stepfunctions")
        self.ledger = DynamoLedger(client("dynamodb"), self.values.name("Ledger"))
        self.tokens = SfnTaskTokens(self._states)

    # The world outside

    def upload(self, episode_id: str, files: Mapping[str, bytes]) -> None:
        """Put files into an episode's folder, the script last."""
        for path in sorted(files, key=lambda path: path.startswith("script.")):
            self._s3.put_object(Bucket=self.bucket, Key=f"episodes/{episode_id}/{path}", Body=files[path])

    def start(self, name: str, episode_id: str, **asked: bool) -> None:
        """Start an execution as a person does in the console, or by `episode retry`."""
        self._states.start_execution(
            stateMachineArn=self.values.arn("Plot"), name=name, input=json.dumps({"episode_id": episode_id, **asked})
        )

    def call_back(self, headers: Mapping[str, str], query: str, body: bytes, path: str = "/") -> int:
        """Hand a callback to the function behind the function URL; return the status that it answers."""
        event = {
            "version": "2.0",
            "rawPath": path,
            "rawQueryString": query,
            "headers": {name.lower(): value for name, value in headers.items()},
            "requestContext": {"http": {"method": "POST", "path": path}},
            "body": body.decode(),
            "isBase64Encoded": False,
        }
        answer, raised = self.functions.invoke("HedraWebhook", event)
        return int(HTTPStatus.BAD_GATEWAY) if raised else int(json.loads(answer)["statusCode"])

    # Event source mappings

    def play_until(self, condition: Callable[[], object], *, without: Collection[str] = ()) -> None:
        """Hand messages to their functions until the condition holds.

        Parameters
        ----------
        without
            Functions that get no messages meanwhile.
        """
        give_up = time.monotonic() + _PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < give_up, f"not so after {_PATIENCE_SECONDS} s: {self.execution_states()}"
            served = [mapped for mapped in self._mappings if mapped.function not in without]
            if sum(self._serve(mapped) for mapped in served) == 0:
                time.sleep(_PAUSE_SECONDS)

    def play_out(self, name: str, *, without: Collection[str] = ()) -> Execution:
        """Hand messages to their functions until an execution is over; return how it ended."""
        self.play_until(lambda: self.execution(name).status != "RUNNING", without=without)
        return self.execution(name)

    def play_uploads(self) -> None:
        """Hand every upload to `start_episode`."""
        (uploads,) = [mapped for mapped in self._mappings if mapped.function == "StartEpisode"]
        while self._serve(uploads):
            pass

    def _serve(self, mapped: Mapped) -> bool:
        messages = self._received(mapped)
        if not messages:
            return False
        self._hand_over(mapped, messages)
        return True

    def _received(self, mapped: Mapped) -> list[dict[str, Any]]:
        answer = self._sqs.receive_message(
            QueueUrl=self.values.ref(mapped.queue),
            MaxNumberOfMessages=mapped.batch_size,
            MessageSystemAttributeNames=["All"],
        )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages

    def _hand_over(self, mapped: Mapped, messages: list[dict[str, Any]]) -> None:
        """Hand messages to their function as one batch; those that it has handled are deleted."""
        records = [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message["Attributes"],
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": self.values.arn(mapped.queue),
                "awsRegion": REGION,
            }
            for message in messages
        ]
        answer, raised = self.functions.invoke(mapped.function, {"Records": records})
        failed = {failure["itemIdentifier"] for failure in json.loads(answer).get("batchItemFailures", [])}
        for message in messages:
            if not raised and message["MessageId"] not in failed:
                self._sqs.delete_message(QueueUrl=self.values.ref(mapped.queue), ReceiptHandle=message["ReceiptHandle"])

    def waiting_messages(self, queue: str) -> int:
        """Return how many messages wait in a queue."""
        url = self.values.ref(queue)
        attributes = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        return int(attributes["Attributes"]["ApproximateNumberOfMessages"])

    def bury(self, queue: str, dead_letters: str) -> None:
        """Move a queue's messages to its dead letters, as SQS does with what could not be handled."""
        url = self.values.ref(queue)
        for message in self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]:
            self._sqs.send_message(QueueUrl=self.values.ref(dead_letters), MessageBody=message["Body"])
            self._sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    # What came of it

    @property
    def bucket(self) -> str:
        return self.values.name("Bucket")

    def run_name(self, episode_id: str, attempt: int = 1) -> str:
        """Return the name of the episode's newest run, which has to be this attempt."""
        run = self.ledger.newest_run(episode_id)
        assert run is not None
        assert run.name == execution_name(episode_id, run.digest, attempt)
        return run.name

    def execution(self, name: str) -> Execution:
        arn = f"{self.values.arn('Plot').replace(':stateMachine:', ':execution:')}:{name}"
        described = self._states.describe_execution(executionArn=arn)
        return Execution(name, described["status"], described.get("error"), described.get("cause"))

    def execution_states(self) -> dict[str, str]:
        listed = self._states.list_executions(stateMachineArn=self.values.arn("Plot"))["executions"]
        return {execution["name"]: execution["status"] for execution in listed}

    def stored(self, key: str) -> bytes:
        """Return an object of the bucket."""
        data: bytes = self._s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return data

    def result(self, episode_id: str, path: str) -> bytes:
        """Return a file from an episode's folder."""
        return self.stored(f"episodes/{episode_id}/{path}")

    def document(self, episode_id: str, path: str) -> dict[str, Any]:
        document = json.loads(self.result(episode_id, path))
        assert isinstance(document, dict)
        return document

    def folder(self, episode_id: str) -> set[str]:
        prefix = f"episodes/{episode_id}/"
        listed = self._s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix)["Contents"]
        return {entry["Key"].removeprefix(prefix) for entry in listed}

    def stored_keys(self) -> set[str]:
        """Return the keys of all objects in the bucket."""
        listed = self._s3.list_objects_v2(Bucket=self.bucket).get("Contents", [])
        return {entry["Key"] for entry in listed}

    def told(self) -> list[tuple[str, str]]:
        """Return the events that were put on the bus, each with the run that it tells of."""
        url = self._sqs.get_queue_url(QueueName=TOLD_QUEUE)["QueueUrl"]
        messages = self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        events = [json.loads(message["Body"]) for message in messages.get("Messages", [])]
        return [(event["detail-type"], event["detail"]["run"]) for event in events]

    def bought(self) -> list[str]:
        """Return the endpoints of all that fal has billed, sorted."""
        return sorted(line.endpoint for line in self.fal.control.invoice().lines)
