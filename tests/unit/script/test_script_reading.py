"""How a script's bytes become values, and what cannot be read."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from shared.script.document import UnreadableDocument
from shared.script.json_document import read_json
from shared.script.limits import MAX_SCRIPT_BYTES
from shared.script.parse import parse_script
from shared.script.problems import MAX_PROBLEMS, ScriptInvalid, ScriptProblem
from shared.script.yaml_document import read_yaml
from tests.unit.script.script_examples import FULL, MINIMAL, changed, parsed

MINIMAL_YAML = """\
title: The Last Lighthouse
aspect_ratio: 16:9
characters:
  - name: Alex Chen
    prompt: young tech entrepreneur
scenes:
  - number: 1
    environment: modern office
    lines:
      - character: Alex Chen
        position: at the window
        audio: audio/01.mp3
"""


def first_problem(data: bytes, file_name: str = "script.yaml") -> ScriptProblem:
    with pytest.raises(ScriptInvalid) as caught:
        parse_script(data, file_name=file_name)
    return caught.value.problems[0]


def test_an_unquoted_aspect_ratio_is_text() -> None:
    # given 16:9 without quotes, which YAML 1.1 reads as the number 969
    assert yaml.safe_load("16:9") == 969
    # then it is the aspect ratio
    assert parse_script(MINIMAL_YAML.encode(), file_name="script.yml").aspect_ratio.value == "16:9"


def test_yaml_and_json_of_one_script_are_the_same() -> None:
    as_yaml = yaml.safe_dump(FULL, allow_unicode=True).encode()
    assert parse_script(as_yaml, file_name="script.yaml") == parsed(FULL)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[(text, text) for text in ("16:9", "1:30:00", "yes", "No", "on", "off", "y", "2026-11-22", "010", "0x1F")],
        *[(text, text) for text in ("0o7", "1_000", ".inf", ".nan", "NaN", "1e", "e5", ".", "+", "1.2.3", "=")],
        *[(text, None) for text in ("", "~", "null", "Null", "NULL")],
        ("true", True), ("FALSE", False), ("0", 0), ("-12", -12), ("+3", 3), ("4.2", 4.2), (".5", 0.5), ("1e3", 1000.0),
        ("9" * 19, 1e19),
        ('"12"', "12"), ("'true'", "true"), ('""', ""),
    ],
)  # fmt: skip
def test_scalars_follow_the_core_schema_of_yaml_1_2(text: str, value: Any) -> None:
    read = read_yaml(f"key: {text}\n").value
    assert read == {"key": value}
    assert isinstance(read, dict)
    assert type(read["key"]) is type(value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(categories=("L", "N", "P", "S", "Zs"))),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc<é", min_size=1), inner, max_size=4),
        max_leaves=20,
    )
)  # fmt: skip
def test_what_json_says_yaml_says_too(value: Any) -> None:
    # given any value, written as JSON, which is YAML 1.2 as well
    text = json.dumps(value, ensure_ascii=False)
    if '"<<"' in text:
        return
    # then both readers give it back
    assert read_json(text).value == value
    assert read_yaml(text).value == value


def test_problems_name_the_line() -> None:
    # given a wrong name on line 10
    problem = first_problem(MINIMAL_YAML.replace("character: Alex Chen", "character: Alx Chen").encode())
    # then the problem says so
    assert (problem.path, problem.line) == ("scenes[0].lines[0].character", 10)
    # and a field that is missing is looked for where its group begins
    problem = first_problem(MINIMAL_YAML.replace("        audio: audio/01.mp3\n", "").encode())
    assert (problem.path, problem.message, problem.line) == ("scenes[0].lines[0].audio", "is missing", 10)


def test_the_summary_is_one_sentence_for_an_operator() -> None:
    with pytest.raises(ScriptInvalid) as caught:
        parse_script(
            MINIMAL_YAML.replace("Alex Chen\n        pos", "Alx Chen\n        pos").encode(), file_name="script.yaml"
        )
    assert str(caught.value) == (
        "script.yaml: scenes[0].lines[0].character (line 10): "
        "'Alx Chen' is not among the characters (Alex Chen); did you mean 'Alex Chen'?"
    )
    with pytest.raises(ScriptInvalid, match=r"^script\.json: .* \(and 2 more problems\)$"):
        parse_script(b'{"title": "x", "titel": 1}', file_name="script.json")


def test_thousands_of_problems_are_cut_short() -> None:
    script = changed(MINIMAL, ("scenes",), [{"number": "x"}] * 190)
    with pytest.raises(ScriptInvalid) as caught:
        parsed(script)
    assert len(caught.value.problems) == MAX_PROBLEMS
    assert str(caught.value).endswith("(and 569 more problems)")


@pytest.mark.parametrize(
    ("data", "message", "line"),
    [
        (b"", "the file is empty", None),
        (b" \n\n", "the file is empty", None),
        (b"# nothing yet\n", "must begin with fields such as 'title: …', found nothing", None),
        (b"- a\n", "must begin with fields", None),
        (b"title", "must begin with fields such as 'title: …', found 'title'", None),
        (b"\xff\xfet\x00", "is encoded as UTF-16", None),
        (b"title: a\nlanguage: \xe9\n", "not encoded as UTF-8", 2),
        (b"title: a\n\x01", "control character U+0001", 2),
        (b'title: a\nlanguage: "\\x07"', "control character U+0007", 2),
        (b"title: a\n\tlanguage: en", "cannot be read as YAML at column 1", 2),
        (b"title: a: b", "cannot be read as YAML at column 9", 1),
        (b"title: [a", "cannot be read as YAML", None),
        (b"title: a\ntitle: b", "stands twice in the same place", 2),
        (b"title: !!python/object/apply:os.system ['ls']", "has the tag 'tag:yaml.org,2002:python", 1),
        (b"title: !!int 3", "has the tag", 1),
        (b"base: &b {x: 1}\ncaps: {<<: *b}", "merges fields with '<<'", 2),
        (b"? [a]\n: b", "has a key that is not a plain word", 1),
        (b"title: a\n---\ntitle: b", "holds more than one document", 2),
        (b"title: *a", "repeats 'a', which is nowhere above", 1),
        (b"title: &a [*a]", "repeats 'a', which is nowhere above", 1),
        (b"title: " + b"[" * 5000, "nested more than 16 levels deep", None),
        (b"title: 1e999", "must be a finite number", 1),
        (b"a: [" + b"1," * 30_000 + b"]", "more than 20,000 values", None),
        (b"#" * (MAX_SCRIPT_BYTES + 1), "the file has 1,048,577 bytes; a script has at most 1,048,576", None),
    ],
)  # fmt: skip
def test_yaml_that_cannot_be_read_is_explained(data: bytes, message: str, line: int | None) -> None:
    problem = first_problem(data)
    assert message in problem.message
    assert line in {None, problem.line}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"{", "cannot be read as JSON"),
        (b'{"title": "a", "title": "b"}', "has the field 'title' twice"),
        (b'{"caps": {"usd": NaN}}', "has NaN, which is not a number"),
        (b'{"caps": {"usd": -Infinity}}', "has -Infinity, which is not a number"),
        (b'{"caps": {"usd": 1e999}}', "must be a finite number"),
        (b'{"caps": {"usd": ' + b"9" * 5000 + b"}}", "must be a finite number"),
        (b'{"title": "\\ud800"}', "control character U+D800"),
        (b'{"\\ud800": 1}', "control character U+D800"),
        (b"[" * 200_000, "nested more than 16 levels deep"),
        (b"[" * 20 + b"]" * 20, "nested more than 16 levels deep"),
        (b"[1]", "must begin with fields"),
    ],
)
def test_json_that_cannot_be_read_is_explained(data: bytes, message: str) -> None:
    assert message in first_problem(data, "script.json").message


def test_a_syntax_error_says_what_would_be_right() -> None:
    assert "indent with spaces" in first_problem(b"title: a\n\tlanguage: en").hint
    assert "put text that has ':' in it into quotes" in first_problem(b"title: a: b").hint


def test_a_byte_order_mark_is_no_problem() -> None:
    assert parse_script(b"\xef\xbb\xbf" + MINIMAL_YAML.encode(), file_name="script.yaml").title == "The Last Lighthouse"


def test_only_yaml_and_json_are_scripts() -> None:
    assert first_problem(MINIMAL_YAML.encode(), "script.txt").hint == "name it script.yaml or script.json"


def test_aliases_repeat_values() -> None:
    read = read_yaml("a: &x {k: [1, text]}\nb: *x\nc: [*x, *x]\n").value
    assert read == {"a": {"k": [1, "text"]}, "b": {"k": [1, "text"]}, "c": [{"k": [1, "text"]}] * 2}


def test_aliases_cannot_grow_without_end() -> None:
    # given each line ten times the one before it
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    # then it is refused before it is built
    with pytest.raises(UnreadableDocument, match="too much once every alias is written out"):
        read_yaml("\n".join(lines))
    # and so is a long text repeated often
    with pytest.raises(UnreadableDocument, match="too much once every alias is written out"):
        read_yaml(f"a: &a {'x' * 300_000}\nb: [{', '.join(['*a'] * 10)}]")


def test_aliases_cannot_nest_too_deeply() -> None:
    lines = ["a0: &a0 x"] + [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 30)]
    assert "nested more than 16 levels deep" in first_problem("\n".join(lines).encode()).message
