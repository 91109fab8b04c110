"""Ledgers and clients that are broken on purpose: the verdict has to find them out, or it is worth nothing."""

from dataclasses import dataclass, field
from typing import Any

import fal_client.client
import pytest

import shared.ledger.dynamo_jobs
import shared.workflow.buy_asset
from local.simulator.faults import SubmitFault
from shared.fal.models import ideogram
from shared.ledger.dynamodb import DynamoLedger
from shared.ledger.records import Job, Waiter
from shared.providers.errors import Scope, SortedError
from shared.providers.outcomes import Refused, SubmitOutcome, Unconfirmed
from shared.runtime.fal import Fal
from tests.chaos.episodes import Episode
from tests.chaos.outgoing import FAL, Call, Killed, Strike
from tests.chaos.rounds import finish, play_storm
from tests.chaos.stage import ChaosStage, Stuck
from tests.chaos.test_chaos_kill import one_line
from tests.chaos.theatre import Theatre
from tests.chaos.verdict import Verdict, judge
from tests.fakes.broken_rules import claim_also_what_was_sent

_A_MESSAGE_COMES_AGAIN = 700
"""Seconds: later than the visibility timeout of requests."""


@dataclass
class DiesAfterItsPost:
    """The first buying function dies when fal has its request, before that is recorded; reconcile comes late then."""

    stage: ChaosStage
    hits: int = 0

    def strikes(self, call: Call) -> Strike | None:
        if self.hits or call.service != FAL or call.operation != f"POST /{ideogram.ENDPOINT}":
            return None
        self.hits += 1
        self.stage.next_reconcile = self.stage.clock() + _A_MESSAGE_COMES_AGAIN
        return Strike(Killed("after its POST"), done=1)


def play(stage: ChaosStage, **fields: object) -> Verdict:
    """Play an episode of one line, with some fields of its script changed, to its end and return the verdict."""
    episode = one_line()
    episodes = [Episode(episode.episode_id, {**episode.script, **fields})]
    play_storm(stage, episodes, ())
    finish(stage, episodes, {}, stage.dice)
    return judge(stage, undecidable=False)


@pytest.mark.parametrize("broken", [False, True])
def test_a_lease_that_is_taken_over_from_submitting_buys_twice(
    theatre: Theatre, monkeypatch: pytest.MonkeyPatch, broken: bool
) -> None:
    # given a submitter that dies after its POST, no callback, and a reconcile that comes after the request came again
    if broken:
        monkeypatch.setattr(shared.ledger.dynamo_jobs, "may_claim", claim_also_what_was_sent)
        monkeypatch.setattr(shared.workflow.buy_asset, "may_claim", claim_also_what_was_sent)
    stage = theatre.set_up(rebuy=False, seed=1)
    stage.drop_callbacks()
    death = DiesAfterItsPost(stage)
    stage.outgoing.troubles.append(death)
    # when
    verdict = play(stage)
    # then
    assert death.hits == 1
    assert bool(verdict.bought_twice) is broken
    assert (verdict.lost, verdict.hung) == ([], [])


@pytest.mark.parametrize("broken", [False, True])
def test_a_client_that_replays_its_post_buys_twice(
    theatre: Theatre, monkeypatch: pytest.MonkeyPatch, broken: bool
) -> None:
    # given a submit whose answer is lost
    if broken:
        monkeypatch.setattr(fal_client.client, "MAX_ATTEMPTS", 4)
    stage = theatre.set_up(rebuy=False, seed=2)
    lost = stage.fal.control.add_fault(
        SubmitFault(endpoint=ideogram.ENDPOINT, kind="drop_connection", accepts_job=True, count=1)
    )
    # when
    verdict = play(stage)
    # then
    assert stage.fal.control.hits(lost) == 1
    assert bool(verdict.bought_twice) is broken
    assert (verdict.lost, verdict.hung) == ([], [])


def refuse_what_is_unconfirmed(patch: pytest.MonkeyPatch) -> None:
    """Let fal seem not to have a job where nobody can tell."""
    submit = Fal.submit

    def submit_impatiently(fal: Fal, endpoint: str, *asked: Any, key: str) -> SubmitOutcome:
        outcome = submit(fal, endpoint, *asked, key=key)
        if isinstance(outcome, Unconfirmed):
            return Refused(SortedError("lost", outcome.reason, Scope.ENDPOINT, retry=True, may_be_charged=False))
        return outcome

    patch.setattr(Fal, "submit", submit_impatiently)


@pytest.mark.parametrize("broken", [False, True])
def test_asking_the_next_provider_after_an_answer_was_lost_buys_twice(
    theatre: Theatre, monkeypatch: pytest.MonkeyPatch, broken: bool
) -> None:
    # given a fal that has a job, and whose answer is lost; and others who may be asked
    if broken:
        refuse_what_is_unconfirmed(monkeypatch)
    stage = theatre.set_up(rebuy=False, seed=4, stand_ins=True)
    lost = stage.fal.control.add_fault(
        SubmitFault(endpoint=ideogram.ENDPOINT, kind="drop_connection", accepts_job=True, count=1)
    )
    # when
    verdict = play(stage, providers="resilient", engines=["fabric"])
    # then
    assert stage.fal.control.hits(lost) == 1
    assert bool(verdict.bought_twice) is broken
    assert (verdict.lost, verdict.hung) == ([], [])


@dataclass
class Race:
    """A second request for a portrait is handled while the first one's result is brought home.

    The result is stored, and everybody is woken, after the last time that the second one's handler reads the job.
    """

    stage: ChaosStage
    late: bool
    """Whether the handler writes its waiter only then, and not before it reads."""
    pending: list[Waiter] = field(default_factory=list)
    reads: int = 0
    active: bool = False

    def hook(self, monkeypatch: pytest.MonkeyPatch) -> None:
        add_waiter, read = DynamoLedger.add_waiter, DynamoLedger.job

        def add(ledger: DynamoLedger, waiter: Waiter) -> None:
            if self.active and self.late:
                self.pending.append(waiter)
            else:
                add_waiter(ledger, waiter)

        def job(ledger: DynamoLedger, address: str) -> Job | None:
            found = read(ledger, address)
            if not self.active:
                return found
            self.reads += 1
            if self.reads == _LAST_READ:
                self.active = False
                self.stage.fal.control.resume()
                self.stage.fal.control.wait_until_idle()
                while self.stage.waiting("InboxQueue"):
                    self.stage.serve("CollectAsset")
                for waiter in self.pending:
                    add_waiter(ledger, waiter)
            return found

        monkeypatch.setattr(DynamoLedger, "add_waiter", add)
        monkeypatch.setattr(DynamoLedger, "job", job)


_PATIENCE = 6.0
_LAST_READ = 3
"""A request of which another one has the job reads it first, in its try to claim it, and to see how it stands."""


@pytest.mark.parametrize("late", [False, True])
def test_a_waiter_that_is_written_after_the_job_was_read_hangs(
    theatre: Theatre, monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    # given two episodes that want the same pictures, of which the first has asked; and no reconcile, which mends this
    stage = theatre.set_up(rebuy=False, seed=3)
    stage.next_reconcile = float("inf")
    stage.fal.control.pause()
    first, second = one_line(), one_line().named("second")
    stage.upload(first.episode_id, first.files)
    stage.play_until(lambda: len(stage.fal.control.requests()) == 2)
    race = Race(stage, late)
    race.hook(monkeypatch)
    # when the second one asks for the portrait while the first one's arrives
    stage.upload(second.episode_id, second.files)
    stage.play_until(lambda: stage.waiting("PortraitQueue"), without={"GeneratePortrait"})
    race.active = True
    stage.serve("GeneratePortrait")
    # then
    assert race.reads == _LAST_READ
    if late:
        with pytest.raises(Stuck):
            stage.play_until(lambda: stage.all_ended(2), patience=_PATIENCE)
        assert [text for text in judge(stage, undecidable=False).hung if "waiter" in text]
    else:
        stage.play_until(lambda: stage.all_ended(2))
        assert judge(stage, undecidable=False).is_good
