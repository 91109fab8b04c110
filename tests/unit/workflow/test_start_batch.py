"""Passes over batches: what they start, what they write into variants' folders, and what they say."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.batches.decisions import EntryState
from shared.batches.summary import BatchState
from shared.batches.variants import VariantRecord
from shared.ledger.records import RunState
from shared.workflow.events import BatchDone
from shared.workflow.start_batch import go_over_open_batches, start_batches
from shared.workflow.start_episode import Considered
from tests.fakes.faults import Crash, Fuse, Stage
from tests.unit.workflow.batch_studio import NOIR, SCRIPT, Batches
from tests.world import BUCKET


@pytest.fixture
def studio() -> Batches:
    batches = Batches()
    batches.episode("source")
    batches.clock.forward(100)
    return batches


def test_a_batch_is_made_a_few_at_a_time(studio: Batches) -> None:
    # given five episodes, two at a time
    for number in range(5):
        studio.episode(f"e{number}")
    studio.order(*({"episode": f"e{number}"} for number in range(5)), concurrency=2)
    # when there are passes, and each end causes another
    first = studio.go()
    studio.go()
    # then the first two run, and it says what it waits for
    assert list(studio.executions.started) == [studio.run("e0").name, studio.run("e1").name]
    assert (first.state, first.waits_for) == (BatchState.OPEN, "2 running, 3 waiting for their turn")
    # and the others follow in their order, until all have ended
    for number in range(5):
        studio.end(f"e{number}", "PartFailed" if number == 3 else None)
        summary = studio.go()
    assert len(studio.executions.started) == 5
    assert (summary.state, summary.waits_for) == (BatchState.ENDED, None)
    assert summary.counts == {EntryState.DONE: 4, EntryState.FAILED: 1}
    # and what became of each is said, with where it lies
    assert summary.episodes[0].episode == f"s3://{BUCKET}/episodes/e0/episode.mp4"
    assert (summary.episodes[3].episode, summary.episodes[3].message) == (None, "it did not work")
    told = studio.bucket.get("batches/b.summary.md").decode()
    assert "| e3 | failed: it did not work | $0.00 |" in told
    # and it is told once, however many passes come after
    go_over_open_batches(studio.batching())
    ((kind, event),) = studio.events.published
    assert kind == "Batch Done"
    assert (event["done"], event["not_done"]) == (4, 1)
    assert BatchDone.model_validate(event).summary.endswith("batches/b.summary.md")


def test_a_failure_is_tried_again_by_who_asks_and_never_by_its_own_end(studio: Batches) -> None:
    # given a batch whose episode fails
    studio.order({"episode": "source"})
    studio.go()
    studio.end("source", "PartFailed")
    # when its own end, and whatever else happens, causes passes
    for _ in range(3):
        studio.clock.forward(60)
        assert studio.states() == {"source": "failed"}
    # then nobody pays for it again
    assert len(studio.executions.started) == 1
    # when the schedule asks
    studio.clock.forward(60)
    start_batches(studio.batching())
    assert studio.run("source").attempt == 2
    # then it is tried once more, and that is all
    studio.end("source", "PartFailed")
    assert studio.states() == {"source": "failed"}
    assert len(studio.executions.started) == 2
    # and a person asks by putting the manifest there again
    studio.order({"episode": "source"})
    assert studio.states() == {"source": "running"}
    assert studio.run("source").attempt == 3


def test_asking_again_for_what_is_done_starts_writes_and_tells_nothing_more(studio: Batches) -> None:
    # given a batch that is done
    studio.order({"episode": "source"}, NOIR)
    studio.go()
    studio.end("source")
    studio.end("noir")
    studio.go()
    before, told = set(studio.executions.started), studio.told
    # when somebody asks for it once more
    studio.order({"episode": "source"}, NOIR)
    studio.bucket.writes.clear()
    summary = studio.go()
    # then only the summary is written
    assert summary.counts == {EntryState.DONE: 2}
    assert set(studio.executions.started) == before
    assert set(studio.bucket.writes) == {"batches/b.summary.json", "batches/b.summary.md"}
    assert studio.told == told


def test_a_variant_is_the_source_with_other_fields(studio: Batches) -> None:
    # given
    studio.order(NOIR)
    # when
    assert studio.states() == {"noir": "running"}
    # then its folder holds the source's files, and the script with the overrides
    assert studio.files_of("noir") == {"script.json", "audio/1.mp3", "variant.json"}
    assert studio.script("noir") == {**SCRIPT, "style": "noir"}
    assert "style" not in studio.script("source")
    # and the source itself was not made
    assert studio.ledger.newest_run("source") is None


def test_a_variant_follows_its_source_and_its_manifest(studio: Batches) -> None:
    # given a variant that is done
    studio.order(NOIR)
    studio.go()
    studio.end("noir")
    studio.go()
    # when the source changes, and the batch is asked for again
    studio.episode("source", title="Another")
    studio.order(NOIR)
    assert studio.states() == {"noir": "running"}
    # then the variant has changed with it, in a run of its own
    assert studio.script("noir") == {**SCRIPT, "title": "Another", "style": "noir"}
    assert len(studio.executions.started) == 2
    # and so it has with the manifest
    studio.end("noir")
    studio.order({**NOIR, "overrides": {"style": "anime"}})
    studio.go()
    assert studio.script("noir")["style"] == "anime"
    # and with a recording, of which no other one is copied
    studio.end("noir")
    studio.put("episodes/source/audio/1.mp3", "another sound")
    studio.order({**NOIR, "overrides": {"style": "anime"}})
    studio.bucket.writes.clear()
    studio.go()
    assert studio.bucket.get("episodes/noir/audio/1.mp3") == b"another sound"
    assert "episodes/noir/script.json" not in studio.bucket.writes


def test_a_folder_of_somebodys_own_is_never_written_to(studio: Batches) -> None:
    # given a folder with the variant's id
    studio.put("episodes/noir/script.yaml", "title: My own")
    studio.order(NOIR)
    # then nothing is started or written there, and it says why
    assert studio.states() == {"noir": "refused"}
    assert "no batch has put there (script.yaml)" in studio.message("noir")
    assert studio.files_of("noir") == {"script.yaml"}
    assert studio.executions.started == {}


@pytest.mark.parametrize("path", ["audio/1.mp3", "audio/own.mp3", "script.yaml"])
def test_what_somebody_puts_into_a_variants_folder_is_never_overwritten(studio: Batches, path: str) -> None:
    # given a variant that is done, and a file of somebody's own in its folder
    studio.order(NOIR)
    studio.go()
    studio.end("noir")
    studio.put(f"episodes/noir/{path}", "my own")
    studio.episode("source", title="Another")
    # when the batch is asked for again
    studio.order(NOIR)
    # then the variant is refused
    assert studio.states() == {"noir": "refused"}
    assert f"somebody has put {path} into the variant's folder" in studio.message("noir")
    assert studio.bucket.get(f"episodes/noir/{path}") == b"my own"


def test_two_batches_do_not_write_into_the_same_folder(studio: Batches) -> None:
    studio.order(NOIR)
    studio.go()
    studio.order({**NOIR, "overrides": {"style": "anime"}}, name="other")
    studio.go()
    assert studio.script("noir")["style"] == "noir"
    (entry,) = studio.summary("other").episodes
    assert "that the batch 'b' has made" in (entry.message or "")


def test_a_pass_that_dies_anywhere_is_made_up_for(studio: Batches) -> None:
    # given a variant and an episode, and a pass that dies at its nth call
    for calls in range(1, 60):
        batches = Batches()
        batches.episode("source")
        batches.order({"episode": "source"}, NOIR)
        batches.fuse = Fuse(calls)
        try:
            go_over_open_batches(batches.batching())
        except (Crash, ExceptionGroup):
            pass
        else:
            assert calls > 20
            return
        # when the next one comes
        batches.fuse = Fuse()
        # then all is as if nothing had happened
        assert batches.states() == {"source": "running", "noir": "running"}, calls
        record = VariantRecord.model_validate_json(batches.bucket.get("episodes/noir/variant.json"))
        assert None not in record.stored.values()
        assert len(batches.executions.started) + _claimed_and_not_started(batches) == 2
    raise AssertionError("a pass never ends")


def _claimed_and_not_started(batches: Batches) -> int:
    """Return how many runs `reconcile` has to start."""
    return sum(run.name not in batches.executions.started for run in batches.ledger.open_runs())


@settings(max_examples=60)
@given(st.lists(st.integers(0, 2), min_size=1, max_size=120), st.integers(0, 3))
def test_passes_that_overlap_start_each_once_and_never_too_many(choices: list[int], ends: int) -> None:
    # given five episodes of which two run at once, a variant among them, and some that have ended
    batches = Batches()
    batches.episode("source")
    for number in range(4):
        batches.episode(f"e{number}")
    batches.order(
        *({"episode": f"e{number}"} for number in range(2)), NOIR, {"episode": "e2"}, {"episode": "e3"}, concurrency=2
    )
    batches.go()
    for episode_id in ("e0", "e1", "noir")[:ends]:
        batches.end(episode_id, "PartFailed")
        if episode_id == "e0":
            batches.go()
    before = set(batches.executions.started)
    # when three passes go over the batch, in turns of any length
    turns = Stage()
    raised = turns.run(
        [lambda: go_over_open_batches(batches.batching(call=turns.call))] * 3, choices, between=lambda _: False
    )
    # then no more than two run, each as its first attempt
    assert raised == [None] * 3
    assert len(batches.ledger.open_runs()) <= 2
    assert all(name.endswith("-1") for name in batches.executions.started)
    assert len(set(batches.executions.started) - before) <= 2
    # and all come to an end, the variant's folder whole
    batches.finish()
    assert batches.go().state is BatchState.ENDED
    assert len(batches.executions.started) == 5
    record = VariantRecord.model_validate_json(batches.bucket.get("episodes/noir/variant.json"))
    assert {path for path, etag in record.stored.items() if etag} == {"audio/1.mp3", "script.json"}


def test_a_storyboard_that_waits_for_a_person_makes_room(studio: Batches) -> None:
    # given two episodes, one at a time, of which the first waits for a person
    studio.episode("second")
    studio.order({"episode": "source"}, {"episode": "second"}, concurrency=1)
    studio.go()
    studio.ledger.update_run(studio.run("source"), RunState.RUNNING, {"review_token": "t"})
    # then the second one runs, and the batch waits
    assert studio.states() == {"source": "waiting for review", "second": "running"}
    studio.end("second")
    assert studio.go().state is BatchState.OPEN
    # and it ends with the first one
    studio.end("source", "ReviewTimedOut")
    assert studio.go().state is BatchState.ENDED


def test_files_that_are_missing_are_waited_for_and_not_for_ever(studio: Batches) -> None:
    # given an episode without its recording, one without anything, and one with all
    studio.put("episodes/lacking/script.json", json.dumps(SCRIPT))
    studio.order({"episode": "lacking"}, {"episode": "nothing"}, {"episode": "source"}, concurrency=1)
    # then the one with all runs, and the others are waited for
    assert studio.states() == {"lacking": "waiting for files", "nothing": "waiting for files", "source": "running"}
    assert "audio/1.mp3" in studio.message("lacking")
    assert "there is no script" in studio.message("nothing")
    # when one of them comes, and the other does not
    studio.episode("lacking")
    studio.clock.forward(31)
    studio.end("source")
    assert studio.states()["lacking"] == "running"
    studio.end("lacking")
    studio.clock.forward(900)
    # then the batch ends
    assert studio.states() == {"lacking": "done", "nothing": "refused", "source": "done"}
    assert studio.summary().state is BatchState.ENDED


def test_files_that_were_there_when_somebody_asked_have_all_come(studio: Batches) -> None:
    # given an upload of this moment, and then a manifest
    studio.episode("fresh")
    studio.put("batches/b.yaml", json.dumps({"episodes": [{"episode": "fresh"}]}))
    # then nobody waits for the quiet period
    assert studio.states() == {"fresh": "running"}
    # and where something comes after that, everybody does
    studio.clock.forward(2)
    studio.episode("fresh", title="Newer")
    assert studio.states() == {"fresh": "waiting for files"}
    studio.clock.forward(31)
    assert studio.states() == {"fresh": "running"}


def test_a_manifest_that_cannot_be_used_is_told_with_its_line(studio: Batches) -> None:
    studio.put("batches/b.yaml", "episodes:\n  - episode: source\n    overides: {style: noir}\n")
    summary = studio.go()
    assert summary.state is BatchState.ENDED
    assert summary.problem == (
        "b.yaml: episodes[0].overides (line 3): is not a field that is known here; did you mean 'overrides'?"
    )
    assert studio.told == ["Batch Done"]
    assert studio.executions.started == {}


def test_overrides_that_do_not_fit_the_script_are_told(studio: Batches) -> None:
    studio.episode("source", outputs=["16:9"])
    studio.order({**NOIR, "overrides": {"aspect_ratio": "1:1"}})
    assert studio.states() == {"noir": "refused"}
    assert "outputs: do not have the script's own aspect_ratio" in studio.message("noir")
    assert studio.files_of("noir") == set()


def test_above_its_cap_a_batch_starts_nothing_more(studio: Batches) -> None:
    # given a batch that may use nothing
    studio.order({"episode": "source"}, caps={"usd": 0})
    # then
    summary = studio.go()
    assert summary.counts == {EntryState.NOT_STARTED: 1}
    assert summary.state is BatchState.ENDED
    assert studio.executions.started == {}


def test_uploads_to_what_a_batch_makes_start_nothing_of_their_own(studio: Batches) -> None:
    # given an open batch of an episode and a variant
    studio.episode("listed")
    studio.episode("other")
    studio.order({"episode": "listed"}, NOIR)
    studio.clock.forward(100)
    # then uploads start neither the episode, nor the one that only lends its files, but any other
    assert studio.upload_to("listed") is Considered.LEFT_TO_A_BATCH
    assert studio.upload_to("source") is Considered.LEFT_TO_A_BATCH
    assert studio.upload_to("other") is Considered.STARTED
    # when the batch has ended
    studio.go()
    studio.end("listed")
    studio.end("noir")
    studio.go()
    studio.episode("listed", title="Newer")
    studio.clock.forward(100)
    # then they start the episode again, and still not the variant, or what nobody ever wanted as it is
    assert studio.upload_to("listed") is Considered.STARTED
    assert studio.upload_to("noir") is Considered.LEFT_TO_A_BATCH
    assert studio.upload_to("source") is Considered.LEFT_TO_A_BATCH


def test_the_schedule_makes_what_no_manifest_names_a_few_at_a_time(studio: Batches) -> None:
    # given three episodes that nobody has made, one of which a manifest names, a variant, and one that runs
    for name in ("one", "two", "named"):
        studio.episode(name)
    studio.clock.forward(100)
    assert studio.upload_to("two") is Considered.STARTED
    studio.order({"episode": "named"}, NOIR)
    # when the schedule comes, with one place for each batch
    desk = studio.batching(concurrency=1)
    passed = start_batches(desk)
    # then what runs already counts, and nothing stands in two batches
    assert passed["_scheduled"] == {"two": "running", "one": "waiting for its turn"}
    assert passed["b"] == {"named": "running", "noir": "waiting for its turn"}
    # and the next one follows when that has ended
    studio.end("two")
    assert go_over_open_batches(desk)["_scheduled"] == {"two": "done", "one": "running"}
