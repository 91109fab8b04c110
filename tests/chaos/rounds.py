"""A round: some episodes at once while things go wrong, then calm, then the verdict."""

import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from shared.ledger.records import Run, RunState
from shared.ledger.states import JobState
from shared.providers.names import ProviderName
from tests.chaos.arming import Armed, Scene
from tests.chaos.episodes import Episode, write_episodes, write_routings
from tests.chaos.fault_classes import CLASSES
from tests.chaos.stage import ChaosStage, Stuck
from tests.chaos.theatre import Theatre
from tests.chaos.verdict import Verdict, judge

EPISODES_AT_ONCE = 3
_FURTHER_FAULTS = 3
_STAND_INS = 0.6
"""How many of the rounds that can do without have stand-ins for fal."""

_STORM_SECONDS = 20.0
_CALM_SECONDS = 120.0
_ATTEMPTS = 4
_FAULTS_STAND_FOR = 7200
_PERSON_COMES_BACK = 3601
"""Seconds: an endpoint that a provider did not know is left alone for an hour."""


@dataclass(frozen=True)
class Round:
    """What a round came to."""

    seed: int
    number: int
    episodes: int
    faults: Counter[str]
    """How often each class of faults struck."""
    verdict: Verdict
    unexplained: list[str]
    """Episodes that could not be finished, for no reason that the faults explain."""

    @property
    def is_good(self) -> bool:
        return self.verdict.is_good and not self.unexplained


def play_round(theatre: Theatre, seed: int, number: int, only: Sequence[str] | None = None) -> Round:
    """Play a round; which faults strike where is decided by seed and number.

    Parameters
    ----------
    only
        The classes of faults; None for the one whose turn it is, and some more.
    """
    dice = random.Random(f"{seed}-{number}")  # noqa: S311 - reproducible by design
    names = only if only is not None else _some_classes(number, dice)
    asked = [provider for name in names if (provider := CLASSES[name].provider)]
    needs_stand_ins = any(provider is not ProviderName.FAL for provider in asked)
    stand_ins = needs_stand_ins or dice.random() < _STAND_INS
    stage = theatre.set_up(rebuy=dice.random() < 0.3, seed=dice.getrandbits(32), stand_ins=stand_ins)
    routings = write_routings(asked, dice, EPISODES_AT_ONCE) if stand_ins else [None] * EPISODES_AT_ONCE
    episodes = write_episodes(f"round-{seed}-{number}", routings, dice)
    scene = Scene(stage, episodes, dice)
    armed = [CLASSES[name].arm(name, scene) for name in names]
    play_storm(stage, episodes, armed)
    faults = Counter({fault.name: fault.hits() for fault in armed})
    _calm_down(stage, armed)
    try:
        unexplained = finish(stage, episodes, faults, dice)
    except Stuck as stuck:
        unexplained = [str(stuck)]
    verdict = judge(stage, undecidable=any(CLASSES[name].undecidable for name in names))
    return Round(seed, number, len(episodes), faults, verdict, unexplained)


def turn_of(number: int) -> str:
    """Return the class of faults whose turn a round is: each comes again and again."""
    return list(CLASSES)[number % len(CLASSES)]


def _some_classes(number: int, dice: random.Random) -> list[str]:
    """Return the class whose turn it is, and up to three others."""
    turn = turn_of(number)
    return [turn, *dice.sample([name for name in CLASSES if name != turn], dice.randint(0, _FURTHER_FAULTS))]


def play_storm(stage: ChaosStage, episodes: list[Episode], armed: Sequence[Armed]) -> None:
    """Upload the episodes and play until they have ended one way or the other, or for a while."""
    for episode in list(episodes):
        stage.upload(episode.episode_id, episode.files)
    give_up, began = time.monotonic() + _STORM_SECONDS, stage.clock()
    while time.monotonic() < give_up and stage.clock() - began < _FAULTS_STAND_FOR and not _is_over(stage, episodes):
        for fault in armed:
            fault.tick()
        stage.play_on()


def _calm_down(stage: ChaosStage, armed: Sequence[Armed]) -> None:
    for fault in armed:
        fault.disarm()
    for simulator in stage.simulators.values():
        simulator.control.clear_faults()


def finish(stage: ChaosStage, episodes: Sequence[Episode], faults: Mapping[str, int], dice: random.Random) -> list[str]:
    """Play on without faults, as a person who tries again what failed; return what could not be finished."""
    for attempt in range(1, _ATTEMPTS + 1):
        stage.play_until(lambda: is_settled(stage), patience=_CALM_SECONDS)
        failed = [episode.episode_id for episode in episodes if not _is_done(stage, episode.episode_id)]
        # A person first tries again as it is, and later may say that what is held is to be bought once more.
        rebuy = attempt > 1 and dice.random() < 0.5
        if not failed or attempt == _ATTEMPTS:
            break
        stage.troupe.leap(_PERSON_COMES_BACK)
        for episode_id in failed:
            stage.start(f"again-{attempt}-{episode_id}", episode_id, retry=True, rebuy=rebuy)
    explained = any(hits and CLASSES[name].ends_for_good for name, hits in faults.items())
    return [
        f"{episode_id}: {run and (run.state, run.failure)}"
        for episode_id in failed
        if (run := stage.ledger.newest_run(episode_id)) is None
        or run.state is not RunState.FAILED
        or not (explained or _is_held_up(stage, run))
    ]


def _is_over(stage: ChaosStage, episodes: Sequence[Episode]) -> bool:
    runs = [stage.ledger.newest_run(episode.episode_id) for episode in episodes]
    return all(run and run.ended_at for run in runs) and not stage.ledger.open_runs()


def is_settled(stage: ChaosStage) -> bool:
    """Tell whether nothing is left to happen: no execution, no run, no message; no job but what is held."""
    if stage.has_messages or "RUNNING" in stage.execution_states().values() or stage.ledger.open_runs():
        return False
    jobs, waiters = stage.jobs_and_waiters()
    return stage.troupe.idle and not waiters and not any(job.is_open and job.state is not JobState.HELD for job in jobs)


def _is_done(stage: ChaosStage, episode_id: str) -> bool:
    run: Run | None = stage.ledger.newest_run(episode_id)
    return run is not None and run.state is RunState.DONE and "episode.mp4" in stage.folder(episode_id)


def _is_held_up(stage: ChaosStage, run: Run) -> bool:
    """Tell whether a run failed since an asset is held; whether that may be is the verdict's business."""
    jobs, _ = stage.jobs_and_waiters()
    return run.failure is not None and any(job.state is JobState.HELD for job in jobs)
