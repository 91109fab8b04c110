"""How faults of functions, of AWS, of messages and of people are put on a stage."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from aws_lambda_powertools.utilities import parameters

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

CALLS_OF_AN_EPISODE = {
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
    "Reconcile": 20,
}
CALLS_OF_A_SERVICE = {"s3": 40, "dynamodb": 120, "sqs": 6, "stepfunctions": 8, "events": 1, "secretsmanager": 3}
"""So many calls an episode makes of each function, and of each service, more or less."""

_KEYS = "secretsmanager"


def kill(function: str, *, done: bool) -> Arm:
    def arm(name: str, scene: Scene) -> Armed:
        death = Kill(function, some_calls(scene.dice, CALLS_OF_AN_EPISODE[function]), done)
        return arm_trouble(name, death, lambda: death.hits, scene)

    return arm


def kill_reconcile(*, done: bool) -> Arm:
    """Kill it, and have its schedule fall while episodes are under way: most of them are made between two cycles."""
    killing = kill("Reconcile", done=done)

    def arm(name: str, scene: Scene) -> Armed:
        armed = killing(name, scene)
        falls_at = scene.dice.randint(2, 20)

        def tick() -> None:
            if not armed.hits() and scene.stage.served >= falls_at:
                scene.stage.reconcile()

        return replace(armed, tick=tick)

    return arm


def fails_once(service: str, *, done: int, answered: bool = False) -> Arm:
    def arm(name: str, scene: Scene) -> Armed:
        _forget_keys(service)
        failing = CallsFail(service, some_calls(scene.dice, CALLS_OF_A_SERVICE[service]), done, answered)
        return arm_trouble(name, failing, lambda: failing.hits, scene)

    return arm


def fails_for_a_while(service: str) -> Arm:
    def arm(name: str, scene: Scene) -> Armed:
        _forget_keys(service)
        begins = scene.dice.randint(1, max(1, CALLS_OF_A_SERVICE[service] // 2))
        outage = Outage(service, begins, scene.dice.uniform(30, 900), scene.stage.clock)
        return arm_trouble(name, outage, lambda: outage.hits, scene)

    return arm


def _forget_keys(service: str) -> None:
    """Have the keys of providers read anew: functions remember them for minutes, also from one round to the next."""
    if service == _KEYS:
        parameters.clear_caches()  # type: ignore[no-untyped-call]  # Powertools' own


def the_webhooks_secrets_are_out_of_reach(name: str, scene: Scene) -> Armed:
    """Let nobody say what Replicate signs with, for a while, to a webhook function that has just started."""
    outage = Outage(_KEYS, 1, scene.dice.uniform(30, 900), scene.stage.clock, function="HedraWebhook")
    return arm_trouble(name, outage, lambda: outage.hits, scene)


def arm_trouble(name: str, trouble: Trouble, hits: Callable[[], int], scene: Scene) -> Armed:
    """Put what strikes calls on a stage."""
    troubles = scene.stage.outgoing.troubles
    troubles.append(trouble)
    return Armed(name, hits, disarm=lambda: troubles.remove(trouble))


def messages_twice(name: str, scene: Scene) -> Armed:
    scene.stage.deliver_twice = 0.4
    return Armed(name, lambda: scene.stage.delivered_twice, disarm=lambda: setattr(scene.stage, "deliver_twice", 0.0))


def messages_out_of_order(name: str, scene: Scene) -> Armed:
    scene.stage.hold_back = 0.3
    return Armed(name, lambda: scene.stage.held_back, disarm=lambda: setattr(scene.stage, "hold_back", 0.0))


def callbacks_at_anothers_path(name: str, scene: Scene) -> Armed:
    scene.stage.misdirect = True
    return Armed(name, lambda: scene.stage.misdirected, disarm=lambda: setattr(scene.stage, "misdirect", False))


def five_callbacks_at_once(name: str, scene: Scene) -> Armed:
    scene.stage.callbacks_at_once = 5
    return Armed(
        name, lambda: scene.stage.callbacks_multiplied, disarm=lambda: setattr(scene.stage, "callbacks_at_once", 1)
    )


@dataclass
class _Stop:
    """Somebody stops an execution; with `wait_for_jobs` when a provider has jobs that then finish."""

    scene: Scene
    at: int
    wait_for_jobs: bool
    hits: int = 0
    done: bool = field(default=False)

    def tick(self) -> None:
        stage = self.scene.stage
        running = [name for name, state in stage.execution_states().items() if state == "RUNNING"]
        ready = any(self._requests()) if self.wait_for_jobs else stage.served >= self.at
        if self.done or not running or not ready:
            return
        self.done = True
        stage.stop_execution(self.scene.dice.choice(running))
        self.hits += 1
        if self.wait_for_jobs:
            self.let_work()

    def let_work(self, *, work: bool = True) -> None:
        for simulator in self.scene.stage.simulators.values():
            simulator.control.change_settings(paused=not work)

    def _requests(self) -> Iterator[object]:
        return (request for each in self.scene.stage.simulators.values() for request in each.control.requests())


def stopped(name: str, scene: Scene) -> Armed:
    stop = _Stop(scene, scene.dice.randint(2, 20), wait_for_jobs=False)
    return Armed(name, lambda: stop.hits, stop.tick)


def callback_after_the_token(name: str, scene: Scene) -> Armed:
    stop = _Stop(scene, 0, wait_for_jobs=True)
    stop.let_work(work=False)
    return Armed(name, lambda: stop.hits, stop.tick, stop.let_work)


def superseded(name: str, scene: Scene) -> Armed:
    at = scene.dice.randint(2, 20)
    hits: list[int] = []

    def tick() -> None:
        if not hits and scene.stage.served >= at:
            hits.append(1)
            number = scene.dice.randrange(len(scene.episodes))
            scene.episodes[number] = episode = scene.episodes[number].with_another_position()
            scene.stage.upload(episode.episode_id, episode.files)

    return Armed(name, lambda: len(hits), tick)


def cancelled(name: str, scene: Scene) -> Armed:
    """Somebody cancels a run, sooner or later, and has reconcile look at once."""
    at = scene.dice.randint(2, 20)
    hits: list[int] = []

    def tick() -> None:
        stage = scene.stage
        if not hits and stage.served >= at and stage.cancel_run(scene.dice.choice(scene.episodes).episode_id):
            hits.append(1)
            stage.reconcile()

    return Armed(name, lambda: len(hits), tick)


def same_person(name: str, scene: Scene) -> Armed:
    return Armed(name, lambda: people_shared(scene.episodes))
