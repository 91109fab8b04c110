"""fal goes down at a random moment of an episode that others may help to make, and comes back, or does not.

A few of these run with the other tests; `CHAOS_OUTAGES=20` runs twenty, and `CHAOS_SEED` others than usual.
"""

import os
import random
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import pytest

from local.fal.process import SimulatedFal
from local.simulator.settings import Latency
from shared.bill import Bill
from shared.keys import bill_key
from shared.ledger.records import Run, RunState
from shared.ledger.states import JobState
from shared.providers.names import ProviderName
from shared.workflow.waking import ASSET_HELD
from tests.chaos.episodes import Episode, recordings
from tests.chaos.outgoing import Call, Strike
from tests.chaos.provider_faults import ENDPOINTS_OF_FAL
from tests.chaos.rounds import is_settled
from tests.chaos.stage import ChaosStage
from tests.chaos.theatre import Theatre
from tests.chaos.verdict import judge

_OUTAGES = int(os.environ.get("CHAOS_OUTAGES", "2"))
_SEED = int(os.environ.get("CHAOS_SEED", "1"))
_LINES = 10
_LAST_SUBMIT = 30
"""Of the 21 assets of the episode at least six are still wanted then: `fal_client` makes two calls of each submit."""


_LONGEST_OUTAGE = 10_000
"""Seconds: longer than anything is waited for that fal has accepted."""

_AT_ONCE, _RUN_SECONDS = 2, 0.2
"""As fal treats new accounts, so that it has unfinished jobs most of the time."""

_PATIENCE = 150
_TINY = 0.001
_SUBMITS = frozenset(f"POST /{endpoint}" for endpoint in ENDPOINTS_OF_FAL)


@dataclass
class FalGoesDown:
    """fal is gone from one of its calls on: the queue, its storage, its files and its platform.

    Parameters
    ----------
    at_submit
        Which call: a submit, so that at least that has to be made by another.
    how
        What whoever asks gets: no connection, or 503 from a proxy or from fal itself.
    works_on
        Whether it makes meanwhile what it has accepted, and calls back; else that stands still.
    seconds
        After which it is there again; None: not until everything is over.
    """

    stage: ChaosStage
    at_submit: int
    how: Literal["refuses_connections", "unavailable_html", "unavailable_json"]
    works_on: bool
    seconds: float | None
    began: float | None = None
    unfinished: int = 0
    """How many jobs it had accepted and not ended when it went down."""
    is_back: bool = False
    _submits: int = field(default=0)

    @classmethod
    def of(cls, stage: ChaosStage, number: int, dice: random.Random) -> "FalGoesDown":
        """Return the outage of this number: it ends in every second one."""
        return cls(
            stage,
            at_submit=dice.randint(1, _LAST_SUBMIT),
            how=dice.choice(("refuses_connections", "unavailable_html", "unavailable_json")),
            works_on=number // 2 % 2 == 0,
            seconds=dice.uniform(60, _LONGEST_OUTAGE) if number % 2 == 0 else None,
        )

    def __str__(self) -> str:
        """Return in words what happened, and when."""
        goes_on = "works on" if self.works_on else "stands still"
        back = "for good" if self.seconds is None else f"for {self.seconds:.0f} s"
        return f"fal {self.how} {back} at submit {self.at_submit}, {self.unfinished} jobs unfinished, and {goes_on}:"

    def strikes(self, call: Call) -> Strike | None:
        if call.service != ProviderName.FAL or self.began is not None:
            return None
        self._submits += call.operation in _SUBMITS
        if self._submits == self.at_submit:
            self.began = self.stage.clock()
            # Not within the function, whose calls are counted.
            going = threading.Thread(target=self._go)
            going.start()
            going.join()
        return None

    def tick(self) -> None:
        """Bring fal back once its time has come."""
        over = self.began is not None and self.seconds is not None and self.stage.clock() - self.began > self.seconds
        if over and not self.is_back:
            self.come_back()

    def come_back(self) -> None:
        self.is_back = True
        self._fal.control.change_settings(down=None, paused=False)

    def _go(self) -> None:
        control = self._fal.control
        control.change_settings(down=self.how, paused=not self.works_on)
        self.unfinished = sum(request.ended_at is None for request in control.requests())

    @property
    def _fal(self) -> SimulatedFal:
        return self.stage.fal


def ten_lines(episode_id: str, engines: list[str]) -> Episode:
    """Return an episode of two people in two places, for which whoever is there and can may be asked."""
    sounds = recordings()
    lines = [
        {
            "character": ("Mara", "Jonas")[number // 2 % 2],
            "position": f"standing, look {number // 3}",
            "audio": f"audio/{sounds[number % len(sounds)].name}",
            "start": 0.0,
            "end": 0.6 + 0.05 * number,
        }
        for number in range(_LINES)
    ]
    script = {
        "title": "Ten lines",
        "resolution": "540p",
        "providers": "resilient",
        "engines": engines,
        "characters": [
            {"name": "Mara", "prompt": "young woman, red curly hair"},
            {"name": "Jonas", "prompt": "old man, white beard"},
        ],
        "scenes": [
            {"number": 1, "environment": "lamp room of a lighthouse", "lines": lines[:6]},
            {"number": 2, "environment": "harbour in the fog", "lines": lines[6:]},
        ],
    }
    return Episode(episode_id, script)


@dataclass(frozen=True)
class Made:
    """How an episode came to its end.

    Parameters
    ----------
    runs
        Its runs; there is a second one where a person had to decide.
    decided
        How many jobs were held then, of which that person said that they are to be bought once more.
    """

    runs: list[Run]
    decided: int


def make(stage: ChaosStage, episode: Episode, outage: FalGoesDown) -> Made:
    """Make an episode while fal goes down, with the decision that is documented where fal had jobs in its hands."""
    stage.upload(episode.episode_id, episode.files)
    play_on(stage, outage, lambda: stage.ledger.newest_run(episode.episode_id) is not None)
    first = newest_run(stage, episode)
    if first.state is RunState.DONE:
        return Made([first], 0)
    assert first.failure
    assert first.failure.error == ASSET_HELD, first.failure
    held = [job for job in stage.jobs_and_waiters()[0] if job.state is JobState.HELD]
    assert {job.provider for job in held} == {ProviderName.FAL}
    stage.start(f"decided-{episode.episode_id}", episode.episode_id, retry=True, rebuy=True)
    play_on(stage, outage)
    return Made([first, newest_run(stage, episode)], len(held))


def play_on(stage: ChaosStage, outage: FalGoesDown, until: Callable[[], bool] = lambda: True) -> None:
    """Play until nothing is left to happen; fal comes back meanwhile when its time has come."""

    def settled() -> bool:
        outage.tick()
        return is_settled(stage) and until()

    stage.play_until(settled, patience=_PATIENCE)


def newest_run(stage: ChaosStage, episode: Episode) -> Run:
    run = stage.ledger.newest_run(episode.episode_id)
    assert run
    return run


def invoiced(stage: ChaosStage) -> dict[ProviderName, float]:
    """Return US dollars by who invoiced them."""
    return {name: float(simulator.control.invoice().total_usd) for name, simulator in stage.simulators.items()}


def check_bills(stage: ChaosStage, made: Made) -> None:
    """Hold the bills of an episode's runs against the invoices: they are equal where nobody had to decide."""
    bills = [Bill.model_validate_json(stage.stored(bill_key(run.episode_id, run.name))) for run in made.runs]
    if not made.decided:
        [bill] = bills
        for name, usd in invoiced(stage).items():
            assert sum(line.usd for line in bill.lines if line.provider is name) == pytest.approx(usd, abs=_TINY)
    least = sum(bill.total_usd for bill in bills)
    most = least + sum(bill.possible_duplicate_usd + bill.possibly_charged_usd for bill in bills)
    assert least - _TINY <= sum(invoiced(stage).values()) <= most + _TINY


@pytest.mark.parametrize("number", range(_OUTAGES))
def test_an_episode_is_completed_by_others_while_fal_is_down(theatre: Theatre, number: int) -> None:
    # given an episode for which all providers may be asked, and a fal that goes down at some time
    dice = random.Random(f"outage-{_SEED}-{number}")  # noqa: S311 - reproducible by design
    stage = theatre.set_up(rebuy=False, seed=dice.getrandbits(32), stand_ins=True)
    stage.fal.control.change_settings(concurrency=_AT_ONCE, latency=Latency(run_seconds=_RUN_SECONDS))
    outage = FalGoesDown.of(stage, number, dice)
    stage.outgoing.troubles.append(outage)
    episode = ten_lines(f"outage-{_SEED}-{number}", dice.choice((["fabric"], ["hedra", "fabric"])))
    # when
    made = make(stage, episode, outage)
    # then it is complete
    *_, last = made.runs
    assert last.state is RunState.DONE, last.failure
    assert "episode.mp4" in stage.folder(episode.episode_id)
    # and fal was down while something was wanted, which others made
    unserved, by_others = stage.outgoing.unserved(ProviderName.FAL), invoiced(stage)
    assert unserved
    del by_others[ProviderName.FAL]
    assert sum(by_others.values())
    # and when fal is back at last, with all that it still has
    outage.come_back()
    stage.fal.control.wait_until_idle()
    play_on(stage, outage)
    # then nothing was bought twice, by all invoices together, but what the person decided, and nothing is lost or waits
    verdict = judge(stage, undecidable=made.decided > 0)
    assert verdict.is_good, verdict
    assert verdict.possible_duplicates <= made.decided
    assert not any(job.is_open for job in stage.jobs_and_waiters()[0])
    check_bills(stage, made)
    sys.stdout.write(f"{outage} unserved {unserved}, held {made.decided}, invoices {invoiced(stage)}: {verdict}\n")
