"""Only a provider can speak for itself: what holds of the signatures of each of them, and every way around it."""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.webhooks.scheme import TOLERANCE, CallbackRefused, KeysUnavailable
from tests.unit.webhook.callers import CALLERS, Caller, Keys
from tests.unit.webhook.fal_callbacks import BODY, NOW

each = pytest.mark.parametrize("caller", CALLERS.values(), ids=CALLERS)
NOT_SIGNED = r"no key of \w+'s made|did not make"
BODIES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=300).map(str.encode)


def headers_of(caller: Caller, body: bytes = BODY, *, at: object = NOW) -> dict[str, str]:
    """Return the headers of a genuine callback, by their names in lower case."""
    return {name.lower(): value for name, value in caller.signed(body, at).items()}


def verify(
    caller: Caller, headers: dict[str, str], body: bytes = BODY, *, keys: Keys[Any] | None = None, now: float = NOW
) -> None:
    caller.scheme(keys or Keys(caller.ours)).verify(headers, body, now)


def refusal_of(caller: Caller, headers: dict[str, str], keys: Keys[Any] | None = None) -> str:
    """Return why a callback is refused, which quotes nothing that came."""
    with pytest.raises(CallbackRefused) as refusal:
        verify(caller, headers, keys=keys)
    said = str(refusal.value)
    assert all(value not in said for value in headers.values() if len(value) > 5)
    return said


def with_one_bit_altered(data: bytes) -> Iterator[bytes]:
    """Yield copies, each with another bit altered."""
    for bit in range(len(data) * 8):
        altered = bytearray(data)
        altered[bit // 8] ^= 1 << bit % 8
        yield bytes(altered)


@each
@pytest.mark.parametrize("case", [str.lower, str.upper, str.title])
def test_what_was_signed_for_us_just_now_is_genuine_in_any_case(caller: Caller, case: Callable[[str], str]) -> None:
    verify(caller, {case(name): value for name, value in caller.signed(BODY, NOW).items()})


@each
@pytest.mark.parametrize("late", [-TOLERANCE, 0, TOLERANCE])
def test_a_callback_within_the_tolerance_is_genuine(caller: Caller, late: int) -> None:
    verify(caller, headers_of(caller), now=NOW + late)


@each
@pytest.mark.parametrize("at", [NOW - TOLERANCE - 1, NOW + TOLERANCE + 1, 1], ids=["too old", "too new", "of 1970"])
def test_a_callback_of_another_time_is_refused_without_a_key(caller: Caller, at: int) -> None:
    keys = Keys(caller.ours)
    assert "too far from now" in refusal_of(caller, headers_of(caller, at=at), keys)
    assert keys.asked == []


NO_TIMES = {
    "in milliseconds": NOW * 1000,
    "none": "",
    "a word": "hello",
    "zero": 0,
    "negative": f"-{NOW}",
    "with a sign": f"+{NOW}",
    "with a fraction": f"{NOW}.0",
    "with an exponent": "1.8e9",
    "with a space before": f" {NOW}",
    "with a space after": f"{NOW} ",
    "with a zero before": f"0{NOW}",
    "with underscores": "1_800_000_000",
    "with a line's end": f"{NOW}\n",
    "hexadecimal": hex(NOW),
    "absurdly large": "9" * 400,
    "more digits than int() takes": "9" * 5000,
    "infinite": "inf",
    "not a number": "nan",
    "arabic digits": "١٨٠٠٠٠٠٠٠٠",
    "superscript digits": "¹²³",
    "fullwidth digits": str(NOW).translate({48 + digit: 0xFF10 + digit for digit in range(10)}),
}


@each
@pytest.mark.parametrize("at", NO_TIMES.values(), ids=NO_TIMES)
def test_what_is_no_time_is_refused_without_a_key_though_it_was_signed(caller: Caller, at: object) -> None:
    keys = Keys(caller.ours)
    said = refusal_of(caller, headers_of(caller, at=at), keys)
    assert said == "the timestamp is not a number of seconds" or said.endswith("is not ASCII")
    assert keys.asked == []


@each
def test_a_missing_header_is_refused_without_a_key(caller: Caller) -> None:
    keys = Keys(caller.ours)
    for missing in caller.headers:
        headers = {name: value for name, value in headers_of(caller).items() if name != missing}
        assert refusal_of(caller, headers, keys) == f"header {missing} is missing"
    assert refusal_of(caller, {}, keys).endswith("is missing")
    assert keys.asked == []


@each
@pytest.mark.parametrize("strange", ["é", "\ud800"], ids=["a letter", "a lone surrogate"])
def test_a_header_that_is_not_ascii_is_refused_without_a_key(caller: Caller, strange: str) -> None:
    keys = Keys(caller.ours)
    for name in caller.headers:
        headers = headers_of(caller)
        assert refusal_of(caller, headers | {name: headers[name] + strange}, keys) == f"header {name} is not ASCII"
    assert keys.asked == []


@each
@pytest.mark.parametrize("again", ["the same", "another"])
def test_a_doubled_header_is_refused_without_a_key(caller: Caller, again: str) -> None:
    """A function URL joins doubled headers with a comma; other ways in may pass both on, in two cases."""
    keys, headers = Keys(caller.ours), headers_of(caller)
    for name in caller.headers:
        first, second = headers[name], headers[name] if again == "the same" else "x"
        for doubled in ({name: f"{first},{second}"}, {name: f"{second}, {first}"}, {name.upper(): second}):
            said = refusal_of(caller, headers | doubled, keys)
            assert said == f"header {name} is there more than once" or "not a list" in said
    assert keys.asked == []


@each
def test_what_is_no_signature_is_refused_without_a_key(caller: Caller) -> None:
    keys, headers = Keys(caller.ours), headers_of(caller)
    genuine = headers[caller.signature]
    for none in ("", "*" * len(genuine), genuine * 2, f" {genuine}", f"{genuine} ", f"{genuine[:9]} {genuine[9:]}"):
        refusal_of(caller, headers | {caller.signature: none}, keys)
    assert keys.asked == []


@each
def test_what_somebody_else_signed_is_refused(caller: Caller) -> None:
    for forge in caller.forged.values():
        refusal_of(caller, {name.lower(): value for name, value in forge(BODY, NOW).items()})


@each
def test_a_time_that_was_not_signed_is_refused(caller: Caller) -> None:
    with pytest.raises(CallbackRefused, match=NOT_SIGNED):
        verify(caller, headers_of(caller) | {caller.timestamp: str(NOW + 1)})


@each
def test_a_signature_of_zeros_or_a_hash_is_refused(caller: Caller) -> None:
    headers = headers_of(caller)
    size = len(caller.read(headers[caller.signature]))
    for made_up in (bytes(size), hashlib.sha512(BODY).digest()[:size]):
        with pytest.raises(CallbackRefused, match=NOT_SIGNED):
            verify(caller, headers | {caller.signature: caller.written(made_up)})


@each
def test_a_signature_that_is_cut_short_is_refused(caller: Caller) -> None:
    headers = headers_of(caller)
    signature = caller.read(headers[caller.signature])
    for size in (0, 1, len(signature) // 2, len(signature) - 1):
        refusal_of(caller, headers | {caller.signature: caller.written(signature[:size])})


@each
def test_a_signature_with_any_one_bit_altered_is_refused(caller: Caller) -> None:
    headers = headers_of(caller)
    for altered in with_one_bit_altered(caller.read(headers[caller.signature])):
        with pytest.raises(CallbackRefused, match=NOT_SIGNED):
            verify(caller, headers | {caller.signature: caller.written(altered)})


@each
def test_a_body_with_any_one_bit_altered_is_refused(caller: Caller) -> None:
    headers = headers_of(caller)
    for altered in with_one_bit_altered(BODY):
        with pytest.raises(CallbackRefused, match=rf"{NOT_SIGNED}|UTF-8"):
            verify(caller, headers, altered)


@each
@given(body=BODIES, data=st.data())
def test_any_body_is_genuine_until_one_bit_is_altered(caller: Caller, body: bytes, data: st.DataObject) -> None:
    headers = headers_of(caller, body)
    verify(caller, headers, body)
    altered = bytearray(body)
    bit = data.draw(st.integers(0, len(body) * 8 - 1))
    altered[bit // 8] ^= 1 << bit % 8
    with pytest.raises(CallbackRefused, match=rf"{NOT_SIGNED}|UTF-8"):
        verify(caller, headers, bytes(altered))


@each
def test_a_body_that_grows_or_shrinks_is_refused(caller: Caller) -> None:
    for altered in (BODY[:-1], BODY[1:], BODY + b"\0", BODY + b" ", b"", BODY.replace(b"OK", b"KO")):
        with pytest.raises(CallbackRefused, match=NOT_SIGNED):
            verify(caller, headers_of(caller), altered)


@each
def test_a_changed_key_is_looked_for_once(caller: Caller) -> None:
    # given a key that is known only since a moment
    keys = Keys(caller.others, caller.ours)
    # then what it signed is genuine, and so it is looked for
    verify(caller, headers_of(caller), keys=keys)
    assert keys.asked == ["known", "refreshed"]


@each
def test_what_no_key_made_is_looked_for_once_and_refused(caller: Caller) -> None:
    keys = Keys(caller.others)
    with pytest.raises(CallbackRefused, match=NOT_SIGNED):
        verify(caller, headers_of(caller), keys=keys)
    assert keys.asked == ["known", "refreshed"]


@each
def test_without_any_key_nothing_is_refused_and_nothing_let_in(caller: Caller) -> None:
    with pytest.raises(KeysUnavailable):
        verify(caller, headers_of(caller), keys=Keys[object](None))


@each
@given(made_up=st.dictionaries(st.text(max_size=30), st.text(max_size=30), max_size=6), body=st.binary(max_size=50))
def test_nothing_made_up_is_genuine(caller: Caller, made_up: dict[str, str], body: bytes) -> None:
    named = dict(zip(caller.headers, made_up.values(), strict=False))
    with pytest.raises(CallbackRefused):
        verify(caller, named | made_up, body)
