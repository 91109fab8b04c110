"""Whatever is done to a script, the parser answers with a script or with problems."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.script.models import Script
from shared.script.parse import parse_script
from shared.script.problems import ScriptInvalid
from tests.unit.script.script_examples import FULL

FULL_YAML = yaml.safe_dump(FULL, allow_unicode=True, sort_keys=False).encode()
FULL_JSON = json.dumps(FULL, indent=1).encode()


def locations(value: Any, location: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield (*location, key)
        yield from locations(child, (*location, key))


LOCATIONS = list(locations(FULL))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["still", "16:9", "../x", "noir", "{}", "{error}", "x" * 6000]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def assert_answered(data: bytes, file_name: str) -> None:
    answer: Script | ScriptInvalid
    try:
        answer = parse_script(data, file_name=file_name)
    except ScriptInvalid as invalid:
        answer = invalid
    if isinstance(answer, Script):
        assert Script.model_validate_json(answer.model_dump_json()) == answer
    else:
        assert answer.problems
        assert str(answer).startswith(f"{file_name}: ")
        assert len(str(answer)) < 3000


@settings(max_examples=500, deadline=None)
@given(changes=st.lists(st.tuples(st.sampled_from(LOCATIONS), VALUES, st.booleans()), min_size=1, max_size=3))
def test_changed_values_are_taken_or_explained(changes: list[tuple[tuple[str | int, ...], Any, bool]]) -> None:
    # given a valid script with values replaced, or removed
    script = deepcopy(FULL)
    for location, value, removed in changes:
        place: Any = script
        try:
            for part in location[:-1]:
                place = place[part]
            if removed:
                del place[location[-1]]
            else:
                place[location[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away

    # then parsing it gives a script that holds, or says what is wrong
    assert_answered(json.dumps(script).encode(), "script.json")
    assert_answered(yaml.dump(script, allow_unicode=True).encode("utf-8", "surrogatepass"), "script.yaml")


@settings(max_examples=500, deadline=None)
@given(
    source=st.sampled_from([(FULL_YAML, "script.yaml"), (FULL_JSON, "script.json")]),
    edits=st.lists(
        st.tuples(
            st.floats(0, 1),
            st.integers(0, 12),
            st.binary(max_size=6)
            | st.sampled_from([b"\t", b"- ", b": ", b"&a ", b"*a ", b"!!int ", b"\n---\n", b"[[", b"}"]),
        ),
        min_size=1,
        max_size=4,
    ),
)
def test_changed_bytes_are_taken_or_explained(source: tuple[bytes, str], edits: list[tuple[float, int, bytes]]) -> None:
    # given a valid script with bytes cut out and put in
    data, file_name = source
    for position, cut, inserted in edits:
        at = round(position * len(data))
        data = data[:at] + inserted + data[at + cut :]

    # then parsing it gives a script that holds, or says what is wrong
    assert_answered(data, file_name)
