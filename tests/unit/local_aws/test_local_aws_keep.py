"""What is kept between runs: the files' formats and their repair."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.aws.keep import ARTEFACTS, decode_items, encode_items, lock, replace_file, tidy_objects

if TYPE_CHECKING:
    from pathlib import Path

_NAMES = st.text(max_size=8) | st.sampled_from(["B", "BS", "S", "M"])
_VALUES = st.recursive(
    st.fixed_dictionaries({"S": st.text(max_size=8)})
    | st.fixed_dictionaries({"N": st.integers().map(str)})
    | st.fixed_dictionaries({"B": st.binary(max_size=8)})
    | st.fixed_dictionaries({"BS": st.lists(st.binary(max_size=4), min_size=1, max_size=3)})
    | st.fixed_dictionaries({"SS": st.lists(st.text(max_size=4), min_size=1, max_size=3)})
    | st.fixed_dictionaries({"BOOL": st.booleans()})
    | st.fixed_dictionaries({"NULL": st.just(value=True)}),
    lambda values: (
        st.fixed_dictionaries({"L": st.lists(values, max_size=3)})
        | st.fixed_dictionaries({"M": st.dictionaries(_NAMES, values, max_size=3)})
    ),
    max_leaves=8,
)
_ITEMS = st.lists(st.dictionaries(_NAMES, _VALUES, max_size=4), max_size=5)


@given(_ITEMS)
def test_items_survive_being_written_and_read(items: list[dict[str, object]]) -> None:
    written = encode_items(items)
    assert sorted(map(repr, decode_items(written))) == sorted(repr(_sorted(item)) for item in items)


def _sorted(value: object) -> object:
    """Order mappings as the file does, for comparing by text."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(each) for each in value] if isinstance(value, list) else value


@given(_ITEMS, st.randoms())
def test_the_order_of_a_scan_makes_no_difference(items: list[dict[str, object]], random: object) -> None:
    shuffled = list(items)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert encode_items(shuffled) == encode_items(items)


def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    file = tmp_path / "tables" / "Ledger.json"
    replace_file(file, "one")
    with file.open(encoding="utf-8") as reader:
        replace_file(file, "two")
        # Whoever reads the old file reads all of it
        assert reader.read() == "one"
    assert file.read_text(encoding="utf-8") == "two"
    assert list(file.parent.iterdir()) == [file]


def test_objects_are_tidied_after_a_kill(tmp_path: Path) -> None:
    # Given a whole object, one whose description is older than its content, a half-written one, and old artefacts
    bucket = tmp_path / "000000000000" / "bucket"
    artefacts = tmp_path / "000000000000" / ARTEFACTS
    for folder in (bucket, artefacts):
        folder.mkdir(parents=True)
    for name, seconds in {
        "whole": 100,
        "whole.meta.json": 101,
        "torn": 200,
        "torn.meta.json": 199,
        "half.tmp": 100,
        "named.tmp": 100,
        "named.tmp.meta.json": 101,
    }.items():
        (bucket / name).write_text(name)
        os.utime(bucket / name, (seconds, seconds))
    (artefacts / "code.zip").write_text("code")

    # When the folder is tidied
    tidy_objects(tmp_path)

    # Then what cannot be trusted is gone, and only that
    assert {path.name for path in bucket.iterdir()} == {
        "whole",
        "whole.meta.json",
        "torn",
        "named.tmp",
        "named.tmp.meta.json",
    }
    assert not artefacts.exists()


def test_a_state_folder_serves_one_engine_at_a_time(tmp_path: Path) -> None:
    # Given an engine that holds the folder, then another is refused
    held = lock(tmp_path)
    with pytest.raises(RuntimeError, match="Another local run"):
        lock(tmp_path, patience=0.1)
    # And when the first has ended, it may
    held.close()
    lock(tmp_path, patience=0.1).close()
