"""What an execution's calls take on AWS, by the latencies that AWS publishes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
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
    "AWS publishes none; an allowance: events of executions' histories lie milliseconds to tens of them apart. "
    "StartExecution, a state and an invocation were measured: 73-133 ms from the 10th to the 90th percentile, "
    "https://bitesizedserverless.com/bite/serverless-messaging-latency-compared/",
)
INVOCATION = Latency(
    "a warm invocation of Lambda, but by a message",
    0.005,
    0.020,
    "AWS publishes none; an allowance. Cold: under 100 ms to over 1 s, "
    "https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html",
)
SQS = Latency(
    "a message through SQS, until Lambda runs",
    0.014,
    0.034,
    "measured, from the 10th to the 90th percentile: "
    "https://bitesizedserverless.com/bite/serverless-messaging-latency-compared/. AWS: a request takes 20 ms on "
    "average, https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
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
    0.020,
    0.200,
    "of less than 512 KB: median often in the tens of milliseconds, "
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance-design-patterns.html; "
    "of small objects: consistently roughly 100-200 ms, "
    "https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html",
)
S3_SECONDS = (0.020, 0.050, 0.100, 0.200)
"""What is tried for it: AWS says both."""
API = Latency(
    "another request: SendTaskSuccess, PutEvents",
    0.010,
    0.020,
    "AWS publishes none; as a request to SQS",
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

_BY_MESSAGE = frozenset({"GeneratePortrait", "Composite", "HedraSubmit", "CollectAsset"})
"""Functions that SQS invokes."""

_ASKED_ON_PATH = 3

_ASSEMBLE = "Assemble"


def on_path(counts: "Counts") -> dict[Latency, int]:
    """Return how many of each follow one another from an execution's start to its end, but for assembling."""
    path = dict.fromkeys(LATENCIES, 0)
    path[STATE] = len(counts.states.keys() - BESIDE_THE_PATH)
    path[INVOCATION] = sum(count for function, count in PATH.items() if function not in _BY_MESSAGE) + 1  # Assemble
    path[SQS] = _ASKED_ON_PATH  # by states; what functions send is among their calls
    for function, invocations in PATH.items():
        for latency, calls in calls_in_turn(function, counts).items():
            path[latency] += invocations * calls
    return path


def assembling(counts: "Counts") -> dict[Latency, int]:
    """Return how many of each follow one another while an episode is assembled."""
    return calls_in_turn(_ASSEMBLE, counts)


def calls_in_turn(function: str, counts: "Counts") -> dict[Latency, int]:
    """Return how many calls of each kind follow one another in the invocation of a function that waits longest."""
    heaviest = max(counts.in_turn[function], key=_weight)
    calls: dict[Latency, int] = {}
    for operation, count in heaviest.items():
        latency = _latency_of(operation)
        calls[latency] = calls.get(latency, 0) + count * _requests(operation)
    return calls


def _weight(calls: "Mapping[Operation, int]") -> float:
    return sum(count * seconds_of(operation) for operation, count in calls.items())


def seconds_of(operation: "Operation") -> float:
    """Return the seconds, at most, that a call takes by what is published."""
    return _requests(operation) * _latency_of(operation).high


def _latency_of(operation: "Operation") -> Latency:
    service, _ = operation
    return _SERVICES.get(service, API)


def _requests(operation: "Operation") -> int:
    """Return for how many plain requests a call counts."""
    return 2 if operation[1] in _TRANSACTIONS else 1


def expected_seconds(path: Mapping[Latency, int], s3: float | None = None) -> tuple[float, float]:
    """Return the seconds that this takes, by the low and the high ends of what is published.

    Parameters
    ----------
    s3
        The seconds of a request to S3, where they are not to be those ends.
    """
    ends = {latency: replace(S3, low=s3, high=s3) if latency == S3 and s3 is not None else latency for latency in path}
    low = sum(count * ends[latency].low for latency, count in path.items())
    return low, sum(count * ends[latency].high for latency, count in path.items())


def slowest_s3(
    path: Mapping[Latency, int], assembly: Mapping[Latency, int], work: float, ratio: float
) -> tuple[float, float]:
    """Return how long a request to S3 may take for a path to be this ratio of the work and the assembly in it.

    Parameters
    ----------
    work
        Seconds that the path consists of, but for what it asks of AWS.

    Returns
    -------
    tuple of float
        Seconds, with all else at the high ends of what is published, and at the low ends. Negative: whatever S3 takes,
        it is more.
    """
    others, others_of_assembly = expected_seconds(path, 0.0), expected_seconds(assembly, 0.0)
    # others + n x = (ratio - 1) (work + others of the assembly + m x)
    requests = path.get(S3, 0) - (ratio - 1) * assembly.get(S3, 0)
    low, high = (
        ((ratio - 1) * (work + waits) - extra) / requests
        for extra, waits in zip(others, others_of_assembly, strict=True)
    )
    return high, low
