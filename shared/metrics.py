"""Every metric of Showrunner's own: its name, its unit, who reports it, what it means.

What AWS measures by itself (queues, functions, executions, the function URL's answers) is not measured again. A test
compares this table with the template's alarms and its dashboard.
"""

from dataclasses import dataclass
from enum import StrEnum

NAMESPACE = "Showrunner"

DIMENSION = "service"
"""The one dimension; its value is the stack's name, so that two stacks of an account are told apart."""


class Unit(StrEnum):
    """Units as CloudWatch names them; it has none for money.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html
    """

    COUNT = "Count"
    SECONDS = "Seconds"
    NONE = "None"


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric.

    Parameters
    ----------
    reported_by
        The functions that report it, by their names in the template.
    """

    name: str
    unit: Unit
    reported_by: tuple[str, ...]
    meaning: str


_CYCLE = ("Reconcile",)
_CLOSING = ("RecordOutcome", "Reconcile")

OPEN_JOBS = Metric("OpenJobs", Unit.COUNT, _CYCLE, "jobs that somebody still has to bring to an end")
OLDEST_OPEN_JOB = Metric(
    "OldestOpenJobSeconds", Unit.SECONDS, _CYCLE, "how long the oldest open job that is not held has been open"
)
HELD_JOBS = Metric("HeldJobs", Unit.COUNT, _CYCLE, "jobs that wait for a person's decision")
ACCOUNT_REFUSED = Metric(
    "AccountRefused", Unit.COUNT, _CYCLE, "1 while a provider refuses the key or the balance, else 0"
)
CALLBACKS_MISSED = Metric(
    "CallbacksMissed", Unit.COUNT, _CYCLE, "results that reconcile found before any callback had brought them"
)
DAY_USD = Metric("DayUsd", Unit.NONE, _CYCLE, "US dollars that were reserved or paid today (UTC)")
DAY_IMAGES = Metric("DayImages", Unit.COUNT, _CYCLE, "images that were asked for or bought today (UTC)")
DAY_CLIP_SECONDS = Metric(
    "DayClipSeconds", Unit.SECONDS, _CYCLE, "seconds of clips that were asked for or bought today (UTC)"
)
EPISODES_DONE = Metric("EpisodesDone", Unit.COUNT, _CLOSING, "episodes that were finished")
EPISODES_FAILED = Metric(
    "EpisodesFailed", Unit.COUNT, _CLOSING, "runs that ended without an episode, and by nobody's decision"
)
STEP_DOWNS = Metric("StepDowns", Unit.COUNT, _CLOSING, "parts of finished episodes that were made with a lesser engine")
FOREIGN_CALLBACKS = Metric(
    "ForeignCallbacks",
    Unit.COUNT,
    ("CollectAsset",),
    "callbacks that a provider signed and that carry the name or the secret of no job of ours",
)

METRICS = (
    OPEN_JOBS,
    OLDEST_OPEN_JOB,
    HELD_JOBS,
    ACCOUNT_REFUSED,
    CALLBACKS_MISSED,
    DAY_USD,
    DAY_IMAGES,
    DAY_CLIP_SECONDS,
    EPISODES_DONE,
    EPISODES_FAILED,
    STEP_DOWNS,
    FOREIGN_CALLBACKS,
)
