"""Ways in which a batch could spend again and again, swallow an upload for ever, or stand still: none of them does."""

import json
from typing import Any

import pytest

from shared.batches.decisions import UNATTENDED_ATTEMPTS
from shared.batches.manifest import Batch, parse_manifest
from shared.batches.summary import BatchState
from shared.ledger.budgets import OVER_CAP
from shared.ledger.records import RunState
from shared.ports import ObjectMissing
from shared.workflow.start_batch import go_over_open_batches, start_batches
from shared.workflow.start_episode import Considered
from tests.unit.workflow.batch_studio import NOIR, Batches


@pytest.fixture
def studio() -> Batches:
    batches = Batches()
    batches.episode("source")
    batches.clock.forward(100)
    return batches


@pytest.mark.parametrize("named", [True, False], ids=["by a manifest", "by the schedule alone"])
@pytest.mark.parametrize(("error", "attempts"), [("PartFailed", UNATTENDED_ATTEMPTS), (OVER_CAP, 9)])
def test_what_fails_every_night_is_not_paid_for_every_night(
    studio: Batches, error: str, attempts: int, *, named: bool
) -> None:
    # given an episode that fails whenever it is made
    if named:
        studio.order({"episode": "source"})
        studio.go()
        studio.end("source", error)
    # when nobody asks but the schedule, for many nights
    for _ in range(9):
        studio.clock.forward(86_400)
        start_batches(studio.batching())
        if studio.ledger.open_runs():
            studio.end("source", error)
            go_over_open_batches(studio.batching())
    # then that ends; where a cap was the reason nothing was paid, and it goes on
    assert studio.run("source").attempt == attempts + (named and error == OVER_CAP)
    # and a person who asks has it tried again
    studio.order({"episode": "source"})
    assert studio.states() == {"source": "running"}


def test_another_configuration_makes_nothing_that_is_done_anew_by_the_schedule(studio: Batches) -> None:
    # given an episode that is done
    studio.upload_to("source")
    studio.end("source")
    # when the stack is told to use another model, and the schedule comes
    studio.clock.forward(86_400)
    studio.configuration = "another model"
    start_batches(studio.batching())
    # then nothing of it is bought again
    assert len(studio.executions.started) == 1
    # but where a file came since, whose own message was lost
    studio.episode("source", title="Newer")
    studio.clock.forward(86_400)
    start_batches(studio.batching())
    assert len(studio.executions.started) == 2


def test_the_schedule_opens_no_script_of_an_episode_that_is_done(studio: Batches) -> None:
    # given an episode that is done, as there are more every day
    studio.upload_to("source")
    studio.end("source")
    studio.clock.forward(86_400)
    # when the schedule comes
    read: list[str] = []

    def noted(function: Any, *args: Any, **kwargs: Any) -> Any:
        if function.__name__ == "get":
            read.append(args[0])
        return function(*args, **kwargs)

    start_batches(studio.batching(call=noted))
    # then the time that it takes does not grow with their scripts
    assert read == []


def test_an_upload_that_comes_while_a_batch_ends_is_not_lost(studio: Batches) -> None:
    # given a batch whose only episode is done
    studio.order({"episode": "source"})
    studio.go()
    studio.end("source")
    # when a pass looks at it, then somebody uploads, which is left to the open batch, and only then the end is written
    considered: list[Considered] = []

    def interrupted(function: Any, *args: Any, **kwargs: Any) -> Any:
        if function.__name__ == "put" and args[0].endswith("b.summary.json") and not considered:
            studio.episode("source", title="Newer")
            studio.clock.forward(40)
            considered.append(studio.upload_to("source"))
        return function(*args, **kwargs)

    go_over_open_batches(studio.batching(call=interrupted))
    assert considered == [Considered.LEFT_TO_A_BATCH]
    # then its newer state is made all the same
    studio.go()
    assert studio.run("source").state is RunState.STARTING
    assert len(studio.executions.started) == 2
    assert studio.summary().state is BatchState.OPEN


def test_one_episode_that_cannot_be_looked_at_holds_up_no_other(studio: Batches) -> None:
    # given a batch of two, the first of which S3 does not give
    studio.episode("other")
    studio.order({"episode": "source"}, {"episode": "other"})

    def refused(function: Any, *args: Any, **kwargs: Any) -> Any:
        if function.__name__ == "get" and args[0].startswith("episodes/source/"):
            raise PermissionError("access denied")
        return function(*args, **kwargs)

    # when it is gone over, then that is an error, of which an alarm tells
    with pytest.raises(ExceptionGroup) as raised:
        go_over_open_batches(studio.batching(call=refused))
    assert "access denied" in repr(raised.value.exceptions)
    # and the other is made, and the batch stays open and says why
    assert studio.run("other").state is RunState.STARTING
    summary = studio.summary()
    assert summary.state is BatchState.OPEN
    assert "access denied" in (summary.episodes[0].message or "")
    # and both are, once it is mended
    assert studio.states() == {"source": "running", "other": "running"}


def test_one_episode_that_cannot_be_started_holds_up_no_other(studio: Batches) -> None:
    # given a variant, one of whose files S3 does not copy, and an episode
    studio.episode("other")
    studio.order(NOIR, {"episode": "other"})

    def refused(function: Any, *args: Any, **kwargs: Any) -> Any:
        if function.__name__ == "copy":
            raise PermissionError("access denied")
        return function(*args, **kwargs)

    with pytest.raises(ExceptionGroup):
        go_over_open_batches(studio.batching(call=refused))
    # then
    assert studio.run("other").state is RunState.STARTING
    assert "access denied" in (studio.summary().episodes[0].message or "")
    assert studio.states() == {"noir": "running", "other": "running"}


def test_a_file_that_is_taken_away_meanwhile_is_waited_for(studio: Batches) -> None:
    # given an episode whose script goes away after its folder was listed
    studio.order({"episode": "source"})

    def gone(function: Any, *args: Any, **kwargs: Any) -> Any:
        if function.__name__ == "get" and args[0].startswith("episodes/source/"):
            raise ObjectMissing(args[0])
        return function(*args, **kwargs)

    go_over_open_batches(studio.batching(call=gone))
    # then that is no error
    assert [str(entry.state) for entry in studio.summary().episodes] == ["waiting for files"]


def test_manifests_of_batches_that_have_ended_are_not_read_for_each_upload(
    studio: Batches, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given many batches that have ended, of an episode and of one that only lends its files
    studio.episode("made")
    for number in range(5):
        studio.order({"episode": "made"}, {**NOIR, "as": f"noir-{number}"}, name=f"b{number}")
    while True:
        go_over_open_batches(studio.batching())
        if not (running := studio.ledger.open_runs()):
            break
        studio.end(running[0].episode_id)
    # when uploads come
    parsed: list[bytes] = []

    def noting(data: bytes, *, file_name: str) -> Batch:
        parsed.append(data)
        return parse_manifest(data, file_name=file_name)

    monkeypatch.setattr("shared.workflow.batch_orders.parse_manifest", noting)
    studio.episode("made", title="Newer")
    studio.clock.forward(100)
    # then none of the manifests is parsed, which takes long, and what lends its files is known all the same
    assert studio.upload_to("made") is Considered.STARTED
    assert studio.upload_to("source") is Considered.LEFT_TO_A_BATCH
    assert parsed == []


def test_a_script_of_a_variant_that_cannot_be_read_again_is_refused(
    studio: Batches, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a variant's script that is valid as it was written, and not as it is read: longer than a script may be, say
    studio.order(NOIR, {"episode": "source"})
    monkeypatch.setattr(
        "shared.workflow.variant_folder.script_with_overrides", lambda *_, **__: json.dumps({"title": 1}).encode()
    )
    # then it is refused with the reason, and the other is made
    assert studio.states() == {"noir": "refused", "source": "running"}
