"""Where everything lies in the bucket, and which keys are whose."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.keys import (
    RESULT_NAMES,
    SCRIPT_NAMES,
    STORYBOARD_FOLDER,
    AssetKind,
    FileKind,
    FileRef,
    bill_key,
    episode_folder,
    is_episode_id,
    is_result,
    plan_key,
    poster_name,
    split_episode_key,
    video_name,
)
from shared.script.paths import RESERVED_STEMS
from shared.styles.aspect_ratio import AspectRatio

ADDRESS = "a" * 40


def test_every_kind_of_file_lies_in_a_folder_of_its_own() -> None:
    keys = {kind: FileRef(kind=kind, address=ADDRESS).key for kind in FileKind}
    assert len(set(keys.values())) == len(FileKind)
    assert all(key.endswith(f"/{ADDRESS}") for key in keys.values())


@pytest.mark.parametrize("kind", AssetKind)
def test_what_was_bought_is_never_among_what_may_be_pruned(kind: AssetKind) -> None:
    assert FileRef.of_asset(kind, ADDRESS).key == f"assets/{kind}/{ADDRESS}"


@pytest.mark.parametrize(
    "kind", [FileKind.PART, FileKind.HOUSE, FileKind.DISSOLVE, FileKind.EPISODE, FileKind.THUMBNAIL]
)
def test_what_is_derived_may_be_pruned(kind: FileKind) -> None:
    assert FileRef(kind=kind, address=ADDRESS).key.startswith("derived/")


def test_sources_never_expire() -> None:
    assert FileRef(kind=FileKind.SOURCE, address=ADDRESS).key == f"sources/{ADDRESS}"


@given(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", fullmatch=True), st.text(min_size=1))
def test_a_key_is_taken_apart_as_it_was_put_together(episode_id: str, path: str) -> None:
    assert is_episode_id(episode_id)
    assert split_episode_key(episode_folder(episode_id) + path) == (episode_id, path)


@pytest.mark.parametrize(
    "key", ["", "episodes", "episodes/", "episodes/a", "episodes/a/", "plans/a/b", "xepisodes/a/b"]
)
def test_keys_of_no_episode(key: str) -> None:
    assert split_episode_key(key) is None


@pytest.mark.parametrize("text", ["", ".a", "-a", "_a", "a/b", "a b", "é", "a\n", "x" * 101, ".."])
def test_texts_that_name_no_episode(text: str) -> None:
    assert not is_episode_id(text)


@pytest.mark.parametrize(("key_of", "folder"), [(plan_key, "plans"), (bill_key, "bills")])
def test_what_is_kept_of_every_run_lies_apart_from_inputs(key_of: Callable[[str, str], str], folder: str) -> None:
    assert key_of("a", "run") == f"{folder}/a/run.json"
    assert split_episode_key(key_of("a", "run")) is None


def test_a_script_can_name_none_of_our_own_files() -> None:
    """Otherwise a result would be an input, and an episode would start itself over and over."""
    for name in RESULT_NAMES | set(SCRIPT_NAMES):
        assert name.partition(".")[0] in RESERVED_STEMS
    assert not RESULT_NAMES & set(SCRIPT_NAMES)


def test_what_lies_in_the_storyboard_is_a_result() -> None:
    assert is_result(f"{STORYBOARD_FOLDER}/01-mara.png")
    assert all(is_result(name) for name in RESULT_NAMES)
    assert not is_result("refs/storyboard/01-mara.png")
    assert not is_result("storyboards/01-mara.png")
    assert not is_result("script.yaml")


def test_the_first_video_has_a_plain_name_and_the_others_their_aspect_ratio() -> None:
    assert video_name("9:16", is_first=True) == "episode.mp4"
    assert video_name("9:16", is_first=False) == "episode-9x16.mp4"
    assert poster_name("episode.mp4") == "poster.jpg"
    assert poster_name("episode-9x16.mp4") == "poster-9x16.jpg"


@pytest.mark.parametrize("ratio", AspectRatio)
def test_every_video_and_poster_is_a_result_and_no_input(ratio: AspectRatio) -> None:
    for is_first in (True, False):
        video = video_name(ratio, is_first=is_first)
        assert {video, poster_name(video)} <= RESULT_NAMES


@pytest.mark.parametrize("name", ["captions.srt", "captions.vtt"])
def test_captions_are_results(name: str) -> None:
    """They are written whenever an episode is made; as inputs, they would start it over and over."""
    assert is_result(name)
