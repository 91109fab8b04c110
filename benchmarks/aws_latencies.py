"""What an execution's calls take on AWS, by the latencies that AWS publishes."""

from collections.abc import Mapping
from dataclasses import dataclass

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
_AT_ONCE: Mapping[str, int] = {"PlanEpisode": 16, _ASSEMBLE: 8}
"""How many of its parts' requests a function that works on all parts makes at once."""

_BESIDE_ANOTHER: Mapping[tuple[str, str], int] = {("HouseClip", "HeadObject"): 1, ("HouseClip", "GetObject"): 1}
"""Requests that a function makes while it makes another one: a clip is fetched while its recording is."""


def on_path(counts: Counts, of_one_part: Counts) -> dict[Latency, float]:
    """Return how many of each follow one another from an execution's start to its end, but for assembling.

    Parameters
    ----------
    counts
        Of the episode.
    of_one_part
        Of an episode of one part: what a function that works on all parts does besides comes at once for many parts.
    """
    path = dict.fromkeys(LATENCIES, 0.0)
    path[STATE] = len(counts.states.keys() - BESIDE_THE_PATH)
    path[INVOCATION] = sum(PATH.values()) + 1
    path[SQS] = _ASKED_ON_PATH * _REQUESTS_A_MESSAGE  # requests by states; those of functions are among their calls
    path[SQS] += PATH["HedraWebhook"]  # what they have sent is received
    for function, invocations in PATH.items():
        for latency, calls in calls_in_turn(function, counts, of_one_part).items():
            path[latency] += invocations * calls
    return path


def assembling(counts: Counts, of_one_part: Counts) -> tuple[float, float]:
    """Return the seconds, at least and at most, for which assembling waits for AWS."""
    return expected_seconds(calls_in_turn(_ASSEMBLE, counts, of_one_part))


def calls_in_turn(function: str, counts: Counts, of_one_part: Counts) -> dict[Latency, float]:
    """Return how many calls of each kind follow one another in an invocation of a function."""
    calls: dict[Latency, float] = {}
    for (service, operation), total in counts.of_function(function).items():
        if function in _AT_ONCE:
            fixed = min(total, of_one_part.of_function(function).get((service, operation), 0))
            count = fixed + (total - fixed) / _AT_ONCE[function]
        else:
            count = total / counts.invocations[function] - _BESIDE_ANOTHER.get((function, operation), 0)
        latency = _SERVICES.get(service, API)
        calls[latency] = calls.get(latency, 0.0) + count * (2 if operation in _TRANSACTIONS else 1)
    return calls


def expected_seconds(path: Mapping[Latency, float]) -> tuple[float, float]:
    """Return the seconds that this takes, by the low and the high ends of what is published."""
    low = sum(count * latency.low for latency, count in path.items())
    return low, sum(count * latency.high for latency, count in path.items())
