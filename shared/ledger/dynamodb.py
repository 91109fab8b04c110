"""The ledger in one DynamoDB table.

Keys (base table only; every read is strongly consistent):

=========================  ==========================  ======================================
pk                         sk                          item
=========================  ==========================  ======================================
``ASSET#<address>``        ``JOB``                     a job
``ASSET#<address>``        ``WAITER#<hash of token>``  a waiter
``ASSET#<address>``        ``HANDOVER#<provider>``     where the file was handed over to it
``REQUEST#<request id>``   ``JOB``                     which job a provider's request belongs to
``WATCH``                  ``<address>``               a mark: reconcile looks after this address
``BUDGET#episode``         ``<id>``                    what was reserved for an episode
``BUDGET#day``             ``<yyyy-mm-dd>``            what was reserved in a day
``OUTAGES``                ``<endpoint or account>``   an outage
``OPEN-RUNS``              ``<run's name>``            a mark: this run has not ended
``EPISODE#<id>``           ``RUN#<digest>``            the latest run at this state of inputs
``EPISODE#<id>``           ``NEWEST``                  which run was claimed last
``RUN#<run's name>``       ``PART#<index>``            how a part was made
``RUN#<run's name>``       ``GIVEN-UP#<address>``      why it made do without a clip
=========================  ==========================  ======================================
"""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet

from shared.addresses import Address
from shared.ledger.dynamo_jobs import DynamoJobs
from shared.ledger.dynamo_table import Key, LedgerBusy, record_of
from shared.ledger.records import ENDED_RUNS, Failure, PartOutcome, Run, RunState, Seconds
from shared.ledger.rules import claimed_run, may_take_up

__all__ = ["DynamoLedger", "LedgerBusy"]

_GIVEN_UP = "GIVEN-UP#"


class DynamoLedger(DynamoJobs):
    """`shared.ports.Ledger` in DynamoDB: runs here, what is bought in its base."""

    def claim_run(
        self,
        episode_id: str,
        digest: str,
        now: Seconds,
        *,
        name: Callable[[int], str],
        again: AbstractSet[RunState],
        rebuy: bool = False,
    ) -> Run:
        """Claim a state of an episode's inputs for a run; see `shared.ports.Ledger.claim_run`."""
        before = self.run(episode_id, digest)
        if before and not may_take_up(before, newest=self._is_newest(before), again=again):
            return before
        run = claimed_run(before, episode_id, digest, now, name, rebuy=rebuy)
        put = self._put_action(_run(episode_id, digest), run)
        put["Put"] |= self._unchanged(before)
        actions = [
            put,
            self._put_action(_newest(episode_id), digest=digest),
            self._put_action(_open_run(run.name), episode_id=episode_id, digest=digest),
        ]
        if before and before.name != run.name:
            actions.append(self._delete_action(_open_run(before.name)))
        if self._transact(actions):
            return self.claim_run(episode_id, digest, now, name=name, again=again, rebuy=rebuy)
        return run

    def run(self, episode_id: str, digest: str) -> Run | None:
        """Return the latest run at this state of the inputs."""
        item = self._get(_run(episode_id, digest))
        return Run.model_validate(item) if item else None

    def newest_run(self, episode_id: str) -> Run | None:
        """Return the run that was claimed last, at whatever state of the inputs."""
        newest = self._get(_newest(episode_id))
        return self.run(episode_id, newest["digest"]) if newest else None

    def _is_newest(self, run: Run) -> bool:
        newest = self._get(_newest(run.episode_id))
        return newest is not None and newest["digest"] == run.digest

    def update_run(self, run: Run, state: RunState, changes: Mapping[str, object] | None = None) -> Run | None:
        """Bring this attempt of a run from a state that has not ended to `state`; None when it had ended already."""
        fields = {"state": state, **(changes or {})}
        going = {"starting": RunState.STARTING, "running": RunState.RUNNING}
        condition = "#name = :name AND #state IN (:starting, :running)"
        actions = [self._update_action(_run(run.episode_id, run.digest), fields, condition, name=run.name, **going)]
        if state in ENDED_RUNS:
            actions.append(self._delete_action(_open_run(run.name)))
        return None if self._transact(actions) else Run.model_validate({**run.model_dump(), **fields})

    def open_runs(self) -> list[Run]:
        """Return every run that has not ended."""
        found = (self.run(mark["episode_id"], mark["digest"]) for mark in self._query("OPEN-RUNS"))
        return [run for run in found if run and run.state not in ENDED_RUNS]

    def note_part(self, run_name: str, outcome: PartOutcome) -> None:
        """Remember how a part was made in a run."""
        self._put((f"RUN#{run_name}", f"PART#{outcome.part:05d}"), outcome)

    def parts(self, run_name: str) -> dict[int, PartOutcome]:
        """Return the parts that a run has made so far, by their index."""
        items = self._query(f"RUN#{run_name}", "PART#")
        found = (PartOutcome.model_validate(record_of(item)) for item in items)
        return {outcome.part: outcome for outcome in found}

    def note_given_up(self, run_name: str, address: Address, failure: Failure) -> None:
        """Remember why a run made do without a clip, where the clip's own job does not say it."""
        self._put((f"RUN#{run_name}", f"{_GIVEN_UP}{address}"), failure)

    def given_up(self, run_name: str) -> dict[Address, Failure]:
        """Return what was noted so, by the clip's address."""
        items = self._query(f"RUN#{run_name}", _GIVEN_UP)
        return {item["sk"].removeprefix(_GIVEN_UP): Failure.model_validate(record_of(item)) for item in items}


def _run(episode_id: str, digest: str) -> Key:
    return f"EPISODE#{episode_id}", f"RUN#{digest}"


def _newest(episode_id: str) -> Key:
    return f"EPISODE#{episode_id}", "NEWEST"


def _open_run(name: str) -> Key:
    return "OPEN-RUNS", name
