"""Whatever bytes are uploaded as a script, the answer is a script or named problems, soon, and in plain text."""

import io
import itertools
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.script.limits import MAX_SCRIPT_BYTES
from shared.script.models import Script
from shared.script.parse import parse_script
from shared.script.problems import ScriptInvalid
from tests.unit.script.script_examples import FULL, MINIMAL

FILE_NAMES = st.sampled_from(["script.yaml", "script.yml", "script.json"])
SOURCES = [
    yaml.safe_dump(FULL, allow_unicode=True, sort_keys=False).encode(),
    yaml.safe_dump(MINIMAL, default_flow_style=True).encode(),
    json.dumps(FULL, indent=1).encode(),
    json.dumps(MINIMAL).encode(),
]
TOKENS = [
    *(b"\t", b"- ", b": ", b"? ", b"&a ", b"*a ", b"*a", b"!!int ", b"!<x> ", b"\n---\n", b"\n...\n", b"%YAML 1.2\n"),
    *(b"<<: *a\n", b"[[", b"]", b"{", b"}", b",", b'"', b"'", b"|\n", b">-\n", b"#", b"\\ud800", b"\\u0000", b"\\x07"),
    *(b"\x00", b"\xff", b"\xef\xbb\xbf", b"\xc2\x85", b"\xe2\x80\xa8", b"\xed\xa0\x80", b"NaN", b"-Infinity", b".nan"),
    *(b"1e999", b"9" * 400, b"0x1F", b"1_000", b"title: x\n", b'"title":1,', b"null", b"~"),
]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["still", "16:9", "../x.mp3", "a.mp3", "<<", "\u202e", "\ud800", "{error}", "x" * 6000, 10**400])
)
FIELDS = st.sampled_from(
    [*FULL, *FULL["characters"][0], *FULL["scenes"][0], *FULL["scenes"][0]["lines"][0], "kontext", "ideogram", "usd"]
)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS | st.text(max_size=6), inner, max_size=5),
    max_leaves=12,
)
MAX_SECONDS = 3.0
MAX_MESSAGE = 3000


def fuzzed(examples: int) -> settings:
    return settings(
        max_examples=examples, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
    )


def answer_to(data: bytes, file_name: str) -> Script | ScriptInvalid:
    """Parse; any exception but the one that is documented fails the test."""
    try:
        return parse_script(data, file_name=file_name)
    except ScriptInvalid as invalid:
        return invalid


def assert_answered(data: bytes, file_name: str) -> None:
    began = time.thread_time()
    answer = answer_to(data, file_name)
    assert time.thread_time() - began < MAX_SECONDS
    if isinstance(answer, Script):
        assert Script.model_validate_json(answer.model_dump_json()) == answer
        return
    assert answer.problems
    for text in (str(answer), *(str(problem) for problem in answer.problems)):
        assert len(text) < MAX_MESSAGE
        assert "Traceback" not in text
        assert text.isprintable(), ascii(text)


@fuzzed(3000)
@given(data=st.binary(max_size=400) | st.text(max_size=200).map(str.encode), file_name=FILE_NAMES)
def test_any_bytes_are_answered(data: bytes, file_name: str) -> None:
    assert_answered(data, file_name)


@fuzzed(2000)
@given(pieces=st.lists(st.sampled_from(TOKENS) | st.binary(max_size=3), max_size=40), file_name=FILE_NAMES)
def test_any_tokens_in_a_row_are_answered(pieces: list[bytes], file_name: str) -> None:
    assert_answered(b"".join(pieces), file_name)


@fuzzed(3000)
@given(
    source=st.sampled_from(SOURCES),
    edits=st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 20), st.binary(max_size=6) | st.sampled_from(TOKENS)),
        min_size=1,
        max_size=5,
    ),
    file_name=FILE_NAMES,
)
def test_any_edit_of_a_script_is_answered(source: bytes, edits: list[tuple[float, int, bytes]], file_name: str) -> None:
    data = source
    for position, cut, inserted in edits:
        at = round(position * len(data))
        data = data[:at] + inserted + data[at + cut :]
    assert_answered(data, file_name)


@fuzzed(2000)
@given(document=st.dictionaries(FIELDS, DOCUMENTS, max_size=8))
def test_any_document_of_the_wrong_shape_is_answered(document: dict[str, Any]) -> None:
    assert_answered(json.dumps(document).encode(), "script.json")
    assert_answered(yaml.dump(document, allow_unicode=True).encode("utf-8", "surrogatepass"), "script.yaml")


@fuzzed(1000)
@given(
    brackets=st.lists(st.sampled_from(["[", "{a: ", "- ", '{"a":', "? ", "&a [", "*a, "]), min_size=1, max_size=6),
    depth=st.integers(1, 5000),
    file_name=FILE_NAMES,
)
def test_any_nesting_is_answered(brackets: list[str], depth: int, file_name: str) -> None:
    assert_answered("".join(brackets * depth)[:MAX_SCRIPT_BYTES].encode(), file_name)


def repeated(pattern: Callable[[int], str]) -> str:
    """Return as many pieces of a pattern as a script has room for."""
    text = io.StringIO()
    for number in itertools.count():
        if text.tell() > MAX_SCRIPT_BYTES - 200:
            break
        text.write(pattern(number))
    return text.getvalue()


@pytest.mark.parametrize(
    ("file_name", "text"),
    [
        ("script.yaml", "a: [" + repeated(lambda _: "1,") + "]"),
        ("script.yaml", repeated(lambda _: "- 1\n")),
        ("script.yaml", "".join(f"k{n}: 1\n" for n in range(19_000))),
        ("script.yaml", repeated(lambda n: f"k{n}: &a{n} 1\n")),
        ("script.yaml", "a: &a [x, y]\nb: [" + repeated(lambda _: "*a,") + "]"),
        ("script.yaml", repeated(lambda _: "- ")),
        ("script.yaml", repeated(lambda _: "? ")),
        ("script.yaml", "a: " + repeated(lambda _: "9")),
        ("script.yaml", 'a: "' + repeated(lambda _: "\n ") + '"'),
        ("script.yaml", "a: x" + repeated(lambda _: "\n x")),
        ("script.yaml", repeated(lambda _: "#\n")),
        ("script.json", repeated(lambda _: "[")),
        ("script.json", repeated(lambda _: '{"a":')),
        ("script.json", '{"a":' + repeated(lambda _: "9") + "}"),
        ("script.json", '{"a":0.' + repeated(lambda _: "0") + "1}"),
        ("script.json", "{" + repeated(lambda n: f'"k{n}":1,') + '"k7":2}'),
        ("script.json", "{" + repeated(lambda n: f'"k{n}":1,') + '"z":2,"z":2}'),
        ("script.json", "{" + ",".join(f'"k{n}":1' for n in range(19_000)) + "}"),
        ("script.json", '{"scenes":[{"lines":[' + ",".join(['{"z":1}'] * 8000) + "]}]}"),
        ("script.json", '{"' + repeated(lambda _: "k") + '":1}'),
    ],
    ids=range(20),
)  # fmt: skip
def test_the_worst_of_the_largest_documents_are_answered_soon(file_name: str, text: str) -> None:
    assert_answered(text.encode(), file_name)
