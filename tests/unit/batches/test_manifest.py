"""Manifests: what they say, and what is said of those that cannot be used."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from shared.batches.manifest import MAX_ENTRIES, Batch, Entry, ManifestInvalid, manifest_of, parse_manifest
from shared.script.models import Script
from shared.script.overrides import Overrides, script_with_overrides
from shared.script.parse import parse_script
from shared.script.problems import ScriptInvalid

ROOT = Path(__file__).parents[3]


def parsed(text: str) -> Batch:
    return parse_manifest(text.encode(), file_name="b.yaml")


def test_a_manifest_lists_episodes_and_variants() -> None:
    batch = parsed("""
concurrency: 4
caps: {usd: 12.5}
episodes:
  - episode: plain
  - episode: plain
    as: upright
    overrides: {aspect_ratio: 9:16, style: noir}
  - episode: elsewhere
    folder: ../other/place
""")
    assert (batch.concurrency, batch.cap_usd) == (4, 12.5)
    plain, upright, elsewhere = batch.entries
    assert plain == Entry(episode_id="plain", source="plain")
    assert (upright.episode_id, upright.source, upright.is_variant) == ("upright", "plain", True)
    assert upright.overrides == {"aspect_ratio": "9:16", "style": "noir"}
    assert elsewhere.folder == "../other/place"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[]", "must begin with fields such as 'episodes:', found a list"),
        ("episodes: []", "episodes (line 1): must have at least one entry"),
        ("episodes:\n- episode: a b", "episodes[0].episode (line 2): must be an episode's id, which has letters"),
        ("episodes:\n- episode: a\n  overides: {}", "did you mean 'overrides'?"),
        (
            "episodes:\n- episode: a\n  as: b\n  overrides: {styl: noir}",
            "episodes[0].overrides.styl (line 4): is not a field that is known here; did you mean 'style'?",
        ),
        (
            "episodes:\n- episode: a\n  as: b\n  overrides:\n    engines: [still, hedra]",
            "episodes[0].overrides.engines (line 5): names engines after 'still'",
        ),
        ("episodes:\n- episode: a\n  as: b\n  overrides: {scenes: []}", "overrides.scenes (line 4): is not a field"),
        ("episodes:\n- episode: a\n  overrides: {style: noir}", "episodes[0].overrides (line 3): make a variant"),
        ("episodes:\n- episode: a\n  as: a", "episodes[0].as (line 3): is the id of the episode itself, 'a'"),
        ("episodes:\n- episode: a\n- episode: a", "episodes[1].episode (line 3): 'a' is made by episodes[0] already"),
        (
            "episodes:\n- {episode: a, as: b}\n- {episode: c, as: b}",
            "episodes[1].as (line 3): 'b' is made by episodes[0] already",
        ),
        (
            "episodes:\n- {episode: a, as: b}\n- {episode: b, as: c}",
            "episodes[1].episode (line 3): 'b' is itself a variant",
        ),
        ("concurrency: 0\nepisodes: [{episode: a}]", "concurrency (line 1): must be at least 1, found 0"),
        ("caps: {usd: -1}\nepisodes: [{episode: a}]", "caps.usd (line 1): must be at least 0, found -1"),
        ("caps: {images: 1}\nepisodes: [{episode: a}]", "caps.images (line 1): is not a field that is known here"),
        ("episodes: [{episode: a}", "cannot be read as YAML"),
        ("", "the file is empty"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(ManifestInvalid) as refused:
        parsed(text)
    assert problem in str(refused.value)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ManifestInvalid) as refused:
        parsed("concurrency: 0\nepisodes:\n- episode: a b\n- episode: c\n  as: d e\n")
    assert [problem.line for problem in refused.value.problems] == [1, 3, 5]


def test_more_entries_than_a_pass_can_look_at_are_refused() -> None:
    entries = "".join(f"- episode: e{number}\n" for number in range(MAX_ENTRIES + 1))
    with pytest.raises(ManifestInvalid, match=f"more entries than the {MAX_ENTRIES} that are allowed"):
        parsed(f"episodes:\n{entries}")


@given(
    st.lists(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", fullmatch=True), min_size=1, max_size=20, unique=True),
    st.integers(1, 100),
)
def test_the_manifest_of_episodes_as_they_are_says_just_that(ids: list[str], concurrency: int) -> None:
    batch = parse_manifest(manifest_of(ids, concurrency=concurrency), file_name="b.yaml")
    assert batch == Batch(tuple(Entry(episode_id=each, source=each) for each in ids), concurrency)


def test_the_sample_manifest_fits_the_sample_episode() -> None:
    manifest = ROOT / "events" / "sample-batch.yaml"
    script = ROOT / "events" / "sample-episode" / "script.yaml"
    for entry in parse_manifest(manifest.read_bytes(), file_name=manifest.name).entries:
        assert entry.source == "sample-episode"
        changed = script_with_overrides(script.read_bytes(), file_name=script.name, overrides=entry.overrides)
        assert parse_script(changed, file_name="script.json").title == "The Last Lighthouse"


def test_the_documentation_names_every_override_and_its_example_can_be_read() -> None:
    text = (ROOT / "docs" / "batches.md").read_text()
    _, example, *_ = text.split("```yaml\n")
    assert len(parsed(example.partition("```")[0]).entries) == 3
    sentence = text.partition("Overrides can be ")[2].partition(".")[0]
    assert set(sentence.split("`")[1::2]) == Overrides.model_fields.keys()


def test_everything_but_people_places_and_lines_can_be_otherwise() -> None:
    assert Overrides.model_fields.keys() == Script.model_fields.keys() - {"characters", "scenes"}


SCRIPT = """
title: T
style: noir
captions: {burn_in: true}
characters: [{name: A, prompt: a person}]
scenes:
- number: 1
  environment: a room
  lines: [{character: A, position: here, audio: 1.mp3}]
"""


def test_an_override_takes_the_place_of_a_field_as_a_whole() -> None:
    # when two fields are otherwise, one of them new
    changed = script_with_overrides(
        SCRIPT.encode(), file_name="script.yaml", overrides={"captions": {}, "rendering_speed": "TURBO"}
    )
    # then they are, and nothing else is
    assert yaml.safe_load(changed) == {**yaml.safe_load(SCRIPT), "captions": {}, "rendering_speed": "TURBO"}
    assert not parse_script(changed, file_name="script.json").captions.burn_in


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        (SCRIPT.replace("room", "room\n  wall: blue"), "scenes[0].wall (line 9): is not a field that is known here"),
        ("title: [", "cannot be read as YAML"),
        (
            SCRIPT.replace("style: noir", "outputs: [16:9]"),
            "outputs (line 3): do not have the script's own aspect_ratio",
        ),
    ],
)
def test_a_script_that_cannot_be_used_so_is_refused_with_its_own_lines(script: str, problem: str) -> None:
    with pytest.raises(ScriptInvalid) as refused:
        script_with_overrides(script.encode(), file_name="script.yaml", overrides={"aspect_ratio": "1:1"})
    assert problem in str(refused.value)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"[" * 200_000, "nested more than 16 levels deep"),
        (b"episodes: !!python/object/apply:os.system [ls]", "tag"),
        (b"\xff\xfe\x00", "UTF-8"),
    ],
)
def test_a_hostile_manifest_is_refused_as_a_hostile_script_is(data: bytes, problem: str) -> None:
    with pytest.raises(ManifestInvalid, match=problem):
        parse_manifest(data, file_name="b.yaml")


def test_a_manifests_aliases_cannot_grow_without_end() -> None:
    # given nine values, each of ten of the one before
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    with pytest.raises(ManifestInvalid, match="alias"):
        parsed("\n".join(rows))
