"""A batch of ten variants of the sample episode's beginning, from the manifest to the files, twice."""

import json
import shutil
from pathlib import Path
from typing import Any

import yaml

from cli.batch import ask_for_batch, exit_code_of, folders_of, follow_batch
from shared.batches.decisions import EntryState
from shared.batches.manifest import parse_manifest
from shared.batches.summary import BatchState, BatchSummary
from shared.keys import episode_folder
from tests.e2e.conftest import Stage

SAMPLE = Path(__file__).parents[2] / "events" / "sample-episode"
CONCURRENCY = 5
SAME_ASSETS: dict[str, dict[str, Any]] = {
    "plain": {},
    "titled": {"title": "Another Title"},
    "burnt": {"captions": {"burn_in": True}},
    "upright-too": {"outputs": ["16:9", "9:16"]},
    "carded": {"edit": {"title_card": True, "lower_thirds": True}},
    "stills": {"engines": ["still"]},
}
OWN_ASSETS: dict[str, dict[str, Any]] = {
    "noir": {"style": "noir"},
    "drawn": {"style": "storybook"},
    "square": {"aspect_ratio": "1:1"},
    "quick": {"rendering_speed": "QUALITY"},
}
ASSETS = {"portrait": 2, "background": 1, "composite": 2, "clip": 2}
"""What one of them buys: two people in one place, a line each."""


def write_beginning(folder: Path) -> None:
    """Write how the sample episode's first two lines begin."""
    script = yaml.safe_load((SAMPLE / "script.yaml").read_text())
    for field in ("music", "edit"):
        del script[field]
    scene = script["scenes"][0]
    scene["environment"] += ", a herring gull on the rail"  # no other test buys it
    for character in script["characters"]:
        character["prompt"] += ", seen after the rain"
    kept = [{**line, "end": 1.2} for line in scene["lines"][:2]]  # short, so that the test is
    script |= {
        "resolution": "540p",
        "rendering_speed": "TURBO",
        "aspect_ratio": "16:9",
        "scenes": [{**scene, "lines": kept}],
    }
    script["characters"] = [
        each for each in script["characters"] if each["name"] in {line["character"] for line in kept}
    ]
    (folder / "audio").mkdir(parents=True)
    for line in kept:
        shutil.copyfile(SAMPLE / line["audio"], folder / line["audio"])
    (folder / "script.json").write_text(json.dumps(script))


def write_manifest(path: Path) -> None:
    variants = {**SAME_ASSETS, **OWN_ASSETS}
    entries = [
        {"episode": "gull", "as": f"gull-{name}", "overrides": overrides} for name, overrides in variants.items()
    ]
    path.write_text(json.dumps({"concurrency": CONCURRENCY, "episodes": entries}))


def make(stage: Stage, manifest: Path) -> BatchSummary:
    wanted = parse_manifest(manifest.read_bytes(), file_name=manifest.name)
    asked = ask_for_batch(manifest.stem, wanted, manifest, stage.target)
    return follow_batch(asked, stage.target, lambda _: None, 240.0)


def overlapping(spans: list[tuple[float, float]]) -> int:
    """Return how many of these spans of time went on at once at most."""
    return max(sum(begin <= at < end for begin, end in spans) for at, _ in spans)


def test_ten_variants_twice(stage: Stage, tmp_path: Path) -> None:
    # given a manifest with ten variants of an episode, six of which need the same assets or fewer
    write_beginning(tmp_path / "gull")
    manifest = tmp_path / "gulls.yaml"
    write_manifest(manifest)
    wanted = parse_manifest(manifest.read_bytes(), file_name=manifest.name)
    assert folders_of(wanted, manifest) == {"gull": tmp_path / "gull"}
    before, executions = stage.asked(), len(stage.executions("gull-"))
    # when the batch is made
    first = make(stage, manifest)
    # then all are done
    assert (first.state, exit_code_of(first)) == (BatchState.ENDED, 0), first
    assert first.counts == {EntryState.DONE: 10}
    assert all(stage.target.bucket.exists(f"{episode_folder(entry.episode_id)}episode.mp4") for entry in first.episodes)
    # and what several need was bought once
    distinct = 1 + len(OWN_ASSETS)
    assert stage.asked() - before == {kind: count * distinct for kind, count in ASSETS.items()}
    # and no more than so many were made at once, and the episode that only lends its files was not made
    runs = [run for entry in first.episodes if (run := stage.target.ledger.newest_run(entry.episode_id))]
    assert len(runs) == 10
    assert overlapping([(run.started_at, run.ended_at or run.started_at) for run in runs]) <= CONCURRENCY
    assert stage.target.ledger.newest_run("gull") is None
    assert len(stage.executions("gull-")) - executions == 10
    # and the summary says so to people
    told = stage.target.bucket.get("batches/gulls.summary.md").decode()
    assert "10 episodes: 10 done" in told
    assert f"s3://{stage.studio.stack.outputs['BucketName']}/episodes/gull-noir/episode.mp4" in told
    # when it is asked for once more
    asked, executions = stage.asked(), len(stage.executions("gull-"))
    second = make(stage, manifest)
    # then nothing is bought, and nothing started
    assert second.counts == {EntryState.DONE: 10}
    assert second.asked_at > first.asked_at
    assert [entry.run for entry in second.episodes] == [entry.run for entry in first.episodes]
    assert stage.asked() == asked
    assert len(stage.executions("gull-")) == executions
