"""What an execution's calls take on AWS, by the latencies that AWS publishes."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.calls_in_turn import Operation
    from benchmarks.counted_run import Counts


@dataclass(frozen=True, slots=True)
class Latency:
    """What one of them takes, in seconds, and who says so.

    Parameters
    ----------
    low, high
        Ends of the range that is published; both the same where it is one figure.
    """

    what: str
    low: float
    high: float
    source: str


STATE = Latency(
    "a state of Step Functions",
    0.010,
    0.030,
    "AWS publishes none; an allowance: events of executions' histories lie milliseconds to tens of them apart",
)
INVOCATION = Latency(
    "a warm invocation of Lambda",
    0.005,
    0.020,
    "AWS publishes none; an allowance. Cold: under 100 ms to over 1 s, "
    "https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html",
)
SQS = Latency(
    "a request to SQS",
    0.010,
    0.020,
    "20 ms as the average of a client in the region, "
    "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
    "sqs-throughput-horizontal-scaling-and-batching.html",
)
DYNAMODB = Latency(
    "a request to DynamoDB; a transaction counts twice",
    0.001,
    0.009,
    "single-digit milliseconds, https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html",
)
S3 = Latency(
    "a request to S3",
    0.100,
    0.200,
    "roughly 100-200 ms for small objects, https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html",
)
API = Latency(
    "another request: SendTaskSuccess, PutEvents",
    0.010,
    0.020,
    "AWS publishes none; as for SQS",
)
LATENCIES = (STATE, INVOCATION, SQS, DYNAMODB, S3, API)

_SERVICES = {"sqs": SQS, "dynamodb": DYNAMODB, "s3": S3}
_TRANSACTIONS = frozenset({"TransactWriteItems", "TransactGetItems"})

PATH: Mapping[str, int] = {
    "PlanEpisode": 1,
    "GeneratePortrait": 1,
    "Composite": 1,
    "HedraSubmit": 1,
    "HedraWebhook": 3,
    "CollectAsset": 3,
    "HouseClip": 1,
    "RecordOutcome": 1,
}
"""The invocations that follow one another from an execution's start to its end: for a portrait, a composite, a clip.

Assembling is none of them: it is what the path ends with, and no overhead.
"""

BESIDE_THE_PATH = frozenset({"AskBackground"})
"""States that run while others do, and that the last of the path's do not wait for."""

_ASKED_ON_PATH = 3
_REQUESTS_A_MESSAGE = 2
"""It is sent, and received by Lambda."""

_ASSEMBLE = "Assemble"


def on_path(counts: "Counts") -> dict[Latency, float]:
    """Return how many of each follow one another from an execution's start to its end, but for assembling."""
    path = dict.fromkeys(LATENCIES, 0.0)
    path[STATE] = len(counts.states.keys() - BESIDE_THE_PATH)
    path[INVOCATION] = sum(PATH.values()) + 1
    path[SQS] = _ASKED_ON_PATH * _REQUESTS_A_MESSAGE  # requests by states; those of functions are among their calls
    path[SQS] += PATH["HedraWebhook"]  # what they have sent is received
    for function, invocations in PATH.items():
        for latency, calls in calls_in_turn(function, counts).items():
            path[latency] += invocations * calls
    return path


def assembling(counts: "Counts") -> tuple[float, float]:
    """Return the seconds, at least and at most, for which assembling waits for AWS."""
    return expected_seconds(calls_in_turn(_ASSEMBLE, counts))


def calls_in_turn(function: str, counts: "Counts") -> dict[Latency, float]:
    """Return how many calls of each kind follow one another in an invocation of a function, on average."""
    invocations = counts.in_turn[function]
    calls: Counter[Latency] = Counter()
    for invocation in invocations:
        for operation, count in invocation.items():
            calls[_latency_of(operation)] += count * _requests(operation)
    return {latency: count / len(invocations) for latency, count in calls.items()}


def seconds_of(operation: "Operation") -> float:
    """Return the seconds, at most, that a call takes by what is published."""
    return _requests(operation) * _latency_of(operation).high


def _latency_of(operation: "Operation") -> Latency:
    service, _ = operation
    return _SERVICES.get(service, API)


def _requests(operation: "Operation") -> int:
    """Return for how many plain requests a call counts."""
    return 2 if operation[1] in _TRANSACTIONS else 1


def expected_seconds(path: Mapping[Latency, float]) -> tuple[float, float]:
    """Return the seconds that this takes, by the low and the high ends of what is published."""
    low = sum(count * latency.low for latency, count in path.items())
    return low, sum(count * latency.high for latency, count in path.items())
