"""A batch on the real functions, rules and queues: a manifest is put into the bucket, and all follows from it."""

import json

from shared.batches.decisions import EntryState
from shared.batches.summary import BatchState, BatchSummary
from shared.ledger.records import RunState
from tests.integration.plot.deployment import client
from tests.integration.plot.stage import Stage
from tests.integration.plot.test_plot_logs import ScriptWith
from tests.integration.plot.watched import WatchedCalls


def put_manifest(stage: Stage, *entries: dict[str, object]) -> None:
    manifest = {"concurrency": 1, "episodes": entries}
    client("s3").put_object(Bucket=stage.bucket, Key="batches/two.yaml", Body=json.dumps(manifest).encode())


def summary(stage: Stage) -> BatchSummary | None:
    listed = client("s3").list_objects_v2(Bucket=stage.bucket, Prefix="batches/two.summary.json")
    if not listed["KeyCount"]:
        return None
    body = client("s3").get_object(Bucket=stage.bucket, Key="batches/two.summary.json")["Body"]
    return BatchSummary.model_validate_json(body.read())


def has_ended(stage: Stage) -> bool:
    now = summary(stage)
    return now is not None and now.state is BatchState.ENDED


def test_a_manifest_is_made_one_episode_after_the_other(
    stage: Stage, one_line_with: ScriptWith, watched_calls: WatchedCalls
) -> None:
    # given a manifest with an episode and a variant of it, one at a time, and then the episode's files
    entries: tuple[dict[str, object], ...] = (
        {"episode": "tiny"},
        {"episode": "tiny", "as": "titled", "overrides": {"title": "Another"}},
    )
    put_manifest(stage, *entries)
    stage.upload("tiny", one_line_with())
    # when everything is handled, whatever it is
    put_manifest(stage, *entries)
    stage.play_until(lambda: has_ended(stage))
    # then both are done, the second one after the first
    ended = summary(stage)
    assert ended is not None
    assert ended.counts == {EntryState.DONE: 2}
    first, second = (stage.ledger.newest_run(entry.episode_id) for entry in ended.episodes)
    assert first is not None
    assert second is not None
    assert (first.state, second.state) == (RunState.DONE, RunState.DONE)
    assert first.ended_at is not None
    assert second.started_at >= first.ended_at
    assert len(stage.execution_states()) == 2
    # and the variant is another episode of the same assets, which were bought once
    assert json.loads(stage.result("titled", "script.json"))["title"] == "Another"
    bills = [json.loads(stage.result(episode_id, "bill.json")) for episode_id in ("tiny", "titled")]
    assert [(bill["bought"], bill["reused"]) for bill in bills] == [(4, 0), (0, 4)]
    # and the function came to do most of what its role allows
    done = {need.action for caller, need in watched_calls.made if caller == "StartBatch"}
    assert done >= {"s3:PutObject", "dynamodb:PutItem", "dynamodb:GetItem", "states:StartExecution", "events:PutEvents"}
