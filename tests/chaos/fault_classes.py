"""The classes of faults by name: each can be put on a stage, strikes there, and tells how often it did."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from local.fal.faults import Fault, JobFault, ResultFileFault, SubmitFault, UploadFault, WebhookFault
from shared.fal.models import fabric, hedra, ideogram, kontext
from shared.ledger.outages import ACCOUNT
from tests.chaos.episodes import Episode, people_shared
from tests.chaos.outgoing import Trouble
from tests.chaos.stage import ChaosStage
from tests.chaos.troubles import CallsFail, Kill, Outage, some_calls


@dataclass
class Armed:
    """A fault that was put on a stage.

    Parameters
    ----------
    hits
        Tells how often it has struck.
    tick
        Is called again and again while the episodes play.
    disarm
        Takes it off the stage.
    """

    name: str
    hits: Callable[[], int]
    tick: Callable[[], object] = lambda: None
    disarm: Callable[[], object] = lambda: None


@dataclass(frozen=True)
class Scene:
    """A stage, what plays on it, and the dice."""

    stage: ChaosStage
    episodes: list[Episode]
    dice: random.Random


Arm = Callable[[str, Scene], Armed]

_ENDPOINTS = (ideogram.ENDPOINT, kontext.MULTI_ENDPOINT, hedra.ENDPOINT, fabric.ENDPOINT)
_CALLS_OF_AN_EPISODE = {
    "StartEpisode": 20,
    "PlanEpisode": 25,
    "GeneratePortrait": 15,
    "GenerateBackground": 15,
    "Composite": 20,
    "HedraSubmit": 25,
    "HedraWebhook": 4,
    "CollectAsset": 30,
    "HouseClip": 12,
    "Assemble": 8,
    "RecordOutcome": 10,
    "Reconcile": 60,
}
_CALLS_OF_A_SERVICE = {"s3": 40, "dynamodb": 120, "sqs": 6, "stepfunctions": 8, "events": 1}
_LIST_NEVER = 1e9


def _kill(function: str, *, done: bool) -> Arm:
    def arm(name: str, scene: Scene) -> Armed:
        kill = Kill(function, some_calls(scene.dice, _CALLS_OF_AN_EPISODE[function]), done)
        return _trouble(name, kill, lambda: kill.hits, scene)

    return arm


def _fails_once(service: str, *, done: int, answered: bool = False) -> Arm:
    def arm(name: str, scene: Scene) -> Armed:
        failing = CallsFail(service, some_calls(scene.dice, _CALLS_OF_A_SERVICE[service]), done, answered)
        return _trouble(name, failing, lambda: failing.hits, scene)

    return arm


def _fails_for_a_while(service: str) -> Arm:
    def arm(name: str, scene: Scene) -> Armed:
        begins = scene.dice.randint(1, max(1, _CALLS_OF_A_SERVICE[service] // 2))
        outage = Outage(service, begins, scene.dice.uniform(30, 900), scene.stage.clock)
        return _trouble(name, outage, lambda: outage.hits, scene)

    return arm


def _trouble(name: str, trouble: Trouble, hits: Callable[[], int], scene: Scene) -> Armed:
    troubles = scene.stage.outgoing.troubles
    troubles.append(trouble)
    return Armed(name, hits, disarm=lambda: troubles.remove(trouble))


def _of_fal(*faults: Fault) -> Arm:
    """Return what orders faults of the simulator; all of them together are one fault, which strikes when all do."""

    def arm(name: str, scene: Scene) -> Armed:
        control = scene.stage.fal.control
        ids = [control.add_fault(fault) for fault in faults]
        return Armed(name, lambda: min(control.hits(fault_id) for fault_id in ids))

    return arm


def _of_fal_somewhere(fault: Fault) -> Arm:
    def arm(name: str, scene: Scene) -> Armed:
        endpoint = scene.dice.choice((None, *_ENDPOINTS[:3]))
        return _of_fal(fault.model_copy(update={"endpoint": endpoint}))(name, scene)

    return arm


def _answer_and_callback_dropped(*, listed: bool) -> Arm:
    """fal has a job, and nothing tells of it but its list of requests, or not even that."""

    def arm(name: str, scene: Scene) -> Armed:
        endpoint = scene.dice.choice(_ENDPOINTS[:3])
        if not listed:
            scene.stage.fal.control.change_settings(request_list_delay_seconds=_LIST_NEVER)
        return _of_fal(
            SubmitFault(endpoint=endpoint, kind="drop_connection", accepts_job=True, count=1),
            WebhookFault(endpoint=endpoint, kind="drop"),
        )(name, scene)

    return arm


def _balance(name: str, scene: Scene) -> Armed:
    control = scene.stage.fal.control
    control.set_balance(Decimal(str(scene.dice.choice(("0.01", "0.1", "0.2")))))
    noticed: list[int] = []

    def tick() -> None:
        if not noticed and ACCOUNT in scene.stage.ledger.outages((ACCOUNT,)):
            noticed.append(1)

    return Armed(name, lambda: len(noticed), tick, lambda: control.set_balance(None))


def _results_gone(name: str, scene: Scene) -> Armed:
    """fal's queue forgets results at once; its list of requests has them."""
    control = scene.stage.fal.control
    control.change_settings(stored_result_seconds=0.01, stored_large_result_seconds=0.01)
    dropped = _of_fal(WebhookFault(kind="drop", count=2))(name, scene)
    return Armed(name, dropped.hits)


def _messages_twice(name: str, scene: Scene) -> Armed:
    scene.stage.deliver_twice = 0.4
    return Armed(name, lambda: scene.stage.delivered_twice, disarm=lambda: setattr(scene.stage, "deliver_twice", 0.0))


def _messages_out_of_order(name: str, scene: Scene) -> Armed:
    scene.stage.hold_back = 0.3
    return Armed(name, lambda: scene.stage.held_back, disarm=lambda: setattr(scene.stage, "hold_back", 0.0))


def _five_callbacks_at_once(name: str, scene: Scene) -> Armed:
    scene.stage.callbacks_at_once = 5
    return Armed(
        name, lambda: scene.stage.callbacks_multiplied, disarm=lambda: setattr(scene.stage, "callbacks_at_once", 1)
    )


@dataclass
class _Stop:
    """Somebody stops an execution; with `wait_for_jobs` when fal has jobs that then finish."""

    scene: Scene
    at: int
    wait_for_jobs: bool
    hits: int = 0
    done: bool = field(default=False)

    def tick(self) -> None:
        stage = self.scene.stage
        running = [name for name, state in stage.execution_states().items() if state == "RUNNING"]
        ready = stage.fal.control.requests() if self.wait_for_jobs else stage.served >= self.at
        if self.done or not running or not ready:
            return
        self.done = True
        stage.stop_execution(self.scene.dice.choice(running))
        self.hits += 1
        if self.wait_for_jobs:
            stage.fal.control.resume()


def _stop(name: str, scene: Scene) -> Armed:
    stop = _Stop(scene, scene.dice.randint(2, 20), wait_for_jobs=False)
    return Armed(name, lambda: stop.hits, stop.tick)


def _callback_after_the_token(name: str, scene: Scene) -> Armed:
    scene.stage.fal.control.pause()
    stop = _Stop(scene, 0, wait_for_jobs=True)
    return Armed(name, lambda: stop.hits, stop.tick, scene.stage.fal.control.resume)


def _superseded(name: str, scene: Scene) -> Armed:
    at = scene.dice.randint(2, 20)
    hits: list[int] = []

    def tick() -> None:
        if not hits and scene.stage.served >= at:
            hits.append(1)
            number = scene.dice.randrange(len(scene.episodes))
            scene.episodes[number] = episode = scene.episodes[number].with_another_position()
            scene.stage.upload(episode.episode_id, episode.files)

    return Armed(name, lambda: len(hits), tick)


def _cancelled(name: str, scene: Scene) -> Armed:
    """Somebody cancels a run, sooner or later, and has reconcile look at once."""
    at = scene.dice.randint(2, 20)
    hits: list[int] = []

    def tick() -> None:
        stage = scene.stage
        if not hits and stage.served >= at and stage.cancel_run(scene.dice.choice(scene.episodes).episode_id):
            hits.append(1)
            stage.reconcile()

    return Armed(name, lambda: len(hits), tick)


def _same_person(name: str, scene: Scene) -> Armed:
    return Armed(name, lambda: people_shared(scene.episodes))


def _classes() -> Iterator[tuple[str, Arm]]:
    for function in _CALLS_OF_AN_EPISODE:
        yield f"{function} killed before a call", _kill(function, done=False)
        yield f"{function} killed after a call", _kill(function, done=True)
    for service in _CALLS_OF_A_SERVICE:
        yield f"{service} fails once", _fails_once(service, done=0)
        yield f"{service} loses an answer", _fails_once(service, done=1)
        yield f"{service} repeats a call", _fails_once(service, done=2, answered=True)
        yield f"{service} fails for a while", _fails_for_a_while(service)
    for kind in (
        "too_many_requests",
        "internal_error",
        "bad_gateway_html",
        "unavailable_json",
        "unavailable_html",
        "gateway_timeout_html",
        "garbage_json",
        "drop_connection",
    ):
        yield f"submit: {kind}", _of_fal_somewhere(SubmitFault(kind=kind, count=2))
    for kind in ("bad_gateway_html", "gateway_timeout_html", "unavailable_html", "garbage_json", "drop_connection"):
        yield (
            f"submit: {kind}, and fal has the job",
            _of_fal_somewhere(SubmitFault(kind=kind, accepts_job=True, count=1)),
        )
    yield (
        "submit: application_not_found",
        _of_fal(SubmitFault(endpoint=hedra.ENDPOINT, kind="application_not_found", count=1)),
    )
    yield "submit: slow", _of_fal_somewhere(SubmitFault(kind="slow_first_byte", seconds=0.3, count=2))
    yield "balance exhausted", _balance
    yield "job: internal error", _of_fal_somewhere(JobFault(kind="error", count=2))
    yield "job: refused", _of_fal_somewhere(JobFault(kind="error", error_type="content_policy_violation", count=1))
    yield (
        "job: file not fetched",
        _of_fal(JobFault(endpoint=kontext.MULTI_ENDPOINT, kind="error", error_type="file_download_error", count=1)),
    )
    yield "job: not safe for work", _of_fal(JobFault(endpoint=ideogram.ENDPOINT, kind="nsfw", count=1))
    yield "job: no images", _of_fal(JobFault(endpoint=kontext.MULTI_ENDPOINT, kind="no_images", count=1))
    yield "job: no payload", _of_fal_somewhere(JobFault(kind="null_payload", count=1))
    yield "job: never finished", _of_fal_somewhere(JobFault(kind="never_finish", count=1))
    yield "job: late", _of_fal_somewhere(JobFault(kind="finish_late", seconds=0.3, count=2))
    for kind in ("truncated", "cut_off", "garbage", "wrong_content", "missing"):
        yield f"file: {kind}", _of_fal_somewhere(ResultFileFault(kind=kind, count=1))
    for kind in ("drop", "duplicate", "before_submit_response", "wrong_signature", "stale_timestamp", "forged_user"):
        yield f"callback: {kind}", _of_fal_somewhere(WebhookFault(kind=kind, times=4, count=3))
    yield "callback: null_payload", _of_fal_somewhere(WebhookFault(kind="null_payload", count=2))
    yield "callback: late", _of_fal_somewhere(WebhookFault(kind="delay", seconds=0.4, count=2))
    yield "callback: five at once", _five_callbacks_at_once
    yield "callback: after the token is gone", _callback_after_the_token
    for kind in ("token_unavailable", "upload_unavailable", "drop_connection"):
        yield f"upload: {kind}", _of_fal(UploadFault(kind=kind, count=2))
    yield "answer and callback dropped", _answer_and_callback_dropped(listed=True)
    yield "answer and callback dropped, and not listed", _answer_and_callback_dropped(listed=False)
    yield "results gone", _results_gone
    yield "messages twice", _messages_twice
    yield "messages out of order", _messages_out_of_order
    yield "execution stopped", _stop
    yield "superseded", _superseded
    yield "cancelled", _cancelled
    yield "two episodes ask for the same person", _same_person


CLASSES: dict[str, Arm] = dict(_classes())
"""Every class of faults."""

ENDS_FOR_GOOD = frozenset({"job: refused", "job: not safe for work"})
"""Classes after which an asset cannot be had, however often a person tries."""

UNDECIDABLE = frozenset({"answer and callback dropped, and not listed"})
"""Classes after which fal may bill a second time, if somebody has said that this may be risked."""
