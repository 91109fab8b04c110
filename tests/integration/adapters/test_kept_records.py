"""What this machine keeps, read without its engine, is what the engine had."""

import fcntl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.kept import KeptBucket, KeptExecutions, kept_records
from local.aws.clients import ACCOUNT
from local.aws.keep import ARTEFACTS, Keeper
from shared.ledger.budgets import Budget, BudgetKind, Usage
from shared.ledger.dynamodb import DynamoLedger
from shared.ledger.records import PartOutcome, RunState
from shared.ledger.rules import NEVER
from shared.ports import ObjectMissing
from tests.builders import ADDRESS, EPISODE, claim_job, claim_of


def test_the_ledger_reads_as_it_was_written(aws: Callable[[str], Any], table: str, tmp_path: Path) -> None:
    # given a ledger with a job, a run and its parts, and many jobs more
    ledger = DynamoLedger(aws("dynamodb"), table)
    claim_job(ledger, claim_of(), 1.0)
    others = [f"{number:040x}" for number in range(150)]
    for address in others:
        claim_job(ledger, claim_of(address), 1.0)
    run = ledger.claim_run(EPISODE, "a-digest", 1.0, name=lambda _: "the-run", again=NEVER)
    ledger.update_run(run, RunState.RUNNING, {"execution_arn": "an-arn"})
    for index in (0, 1, 10):
        ledger.note_part("the-run", PartOutcome(part=index, engine="hedra", seconds=1.0))
    ledger.note_part("the-run-2", PartOutcome(part=7, engine="still", seconds=1.0))
    # when the engine keeps it, and it is read from what is kept
    Keeper(aws("dynamodb"), {"showrunner-Ledger": table}, tmp_path / "aws/tables").keep()
    kept = kept_records(tmp_path).ledger
    # then every question has the same answer
    assert kept.newest_run(EPISODE) == ledger.newest_run(EPISODE)
    assert kept.run(EPISODE, "a-digest") == ledger.run(EPISODE, "a-digest")
    assert kept.newest_run("another") is None
    assert kept.jobs([ADDRESS, *others, "b" * 40]) == ledger.jobs([ADDRESS, *others, "b" * 40])
    assert len(kept.jobs([ADDRESS, *others])) == 151
    assert kept.parts("the-run") == ledger.parts("the-run")
    assert kept.open_runs() == ledger.open_runs()
    budget = Budget(BudgetKind.EPISODE, EPISODE)
    assert kept.spent(budget) == ledger.spent(budget) != Usage()


def test_where_nothing_is_kept_nothing_is_there(tmp_path: Path) -> None:
    records = kept_records(tmp_path / "nothing")
    assert records.ledger.newest_run(EPISODE) is None
    assert records.ledger.jobs([ADDRESS]) == {}
    assert list(records.bucket.list("")) == []
    assert not records.bucket.exists("any")
    assert not records.executions.is_running("any")
    assert not (tmp_path / "nothing").exists()


def test_objects_are_read_by_their_keys(tmp_path: Path) -> None:
    # given objects as the engine keeps them, with their descriptions, and the artefacts of a deployment
    folder = tmp_path / "aws/objects" / ACCOUNT
    for name in ("a-bucket/episodes/a/status.json", "a-bucket/episodes/ab/status.json", f"{ARTEFACTS}/template.json"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(name)
        (folder / f"{name}.meta.json").write_text("{}")
    bucket = kept_records(tmp_path).bucket
    # then they are read as from S3
    assert bucket.get("episodes/a/status.json") == b"a-bucket/episodes/a/status.json"
    assert [stored.key for stored in bucket.list("episodes/a")] == ["episodes/a/status.json", "episodes/ab/status.json"]
    assert [stored.key for stored in bucket.list("episodes/a/")] == ["episodes/a/status.json"]
    assert [stored.size for stored in bucket.list("", at_most=1)] == [bucket.size("episodes/a/status.json")]
    bucket.download("episodes/a/status.json", tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == bucket.get("episodes/a/status.json")
    with pytest.raises(ObjectMissing, match="no object episodes/b"):
        KeptBucket(folder / "a-bucket").get("episodes/b")


def test_something_runs_while_an_engine_holds_the_folder(tmp_path: Path) -> None:
    executions = KeptExecutions(tmp_path / "lock")
    with (tmp_path / "lock").open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert executions.is_running("any")
        # and looking does not take it away
        assert executions.is_running("any")
    assert not executions.is_running("any")
