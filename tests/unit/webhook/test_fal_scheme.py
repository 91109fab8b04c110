"""Only fal can speak for fal: every way to be taken for it without being it."""

import hashlib
from collections.abc import Sequence

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from shared.webhooks.fal import FalScheme
from shared.webhooks.scheme import TOLERANCE, CallbackRefused, KeysUnavailable
from tests.unit.webhook.fal_callbacks import (
    BODY,
    HEADERS,
    KEY,
    NOW,
    OTHER_KEY,
    REQUEST_ID,
    SIGNATURE,
    TIMESTAMP,
    US,
    USER_ID,
    signature_of,
    signed,
)


class Keys:
    """Keys that are rotated: only a refresh finds the new one."""

    def __init__(self, known: list[Ed25519PrivateKey], fresh: list[Ed25519PrivateKey] | None = None) -> None:
        self._known, self._fresh, self.asked = known, fresh if fresh is not None else known, list[str]()

    def known(self) -> Sequence[Ed25519PublicKey]:
        self.asked.append("known")
        return self._public(self._known)

    def refreshed(self) -> Sequence[Ed25519PublicKey]:
        self.asked.append("refreshed")
        return self._public(self._fresh)

    @staticmethod
    def _public(keys: list[Ed25519PrivateKey]) -> Sequence[Ed25519PublicKey]:
        if not keys:
            raise KeysUnavailable("none")
        return [key.public_key() for key in keys]


def verify(
    headers: dict[str, str], body: bytes = BODY, *, keys: Keys | None = None, now: float = NOW, user: str = US
) -> None:
    FalScheme(user, keys or Keys([KEY])).verify(headers, body, now)


def test_what_fal_signed_for_us_just_now_is_genuine() -> None:
    verify(signed())


def test_headers_come_in_any_case() -> None:
    verify({name.lower(): value for name, value in signed().items()})
    verify({name.upper(): value for name, value in signed().items()})


def test_a_signature_in_capital_letters_is_the_same_signature() -> None:
    verify(signed(signature=signature_of(BODY).upper()))


@pytest.mark.parametrize("late", [-TOLERANCE, 0, TOLERANCE])
def test_a_callback_within_the_tolerance_is_genuine(late: int) -> None:
    verify(signed(), now=NOW + late)


FORGED = {
    "signed with a wrong key": signed(key=OTHER_KEY),
    "another body was signed": signed(BODY + b" "),
    "another fal customer's valid callback": signed(user="auth0|somebody-else"),
    "another customer's, with our name put on it": signed(user="auth0|somebody-else", user_id=US),
    "our user id as a prefix": signed(user=US + "0"),
    "user id exchanged": signed(user_id="user-2"),
    "request id exchanged": signed(request_id="request-2"),
    "request id empty": signed(request_id=""),
    "time exchanged": signed(timestamp=str(NOW + 1)),
    "too old": signed(at=NOW - TOLERANCE - 1),
    "too new": signed(at=NOW + TOLERANCE + 1),
    "in milliseconds": signed(at=NOW * 1000),
    "no time": signed(at=""),
    "negative": signed(at=f"-{NOW}"),
    "with a sign": signed(at=f"+{NOW}"),
    "with a fraction": signed(at=f"{NOW}.0"),
    "with an exponent": signed(at="1.8e9"),
    "with a space before": signed(at=f" {NOW}"),
    "with a space after": signed(at=f"{NOW} "),
    "with underscores": signed(at="1_800_000_000"),
    "with a line's end": signed(at=f"{NOW}\n"),
    "hexadecimal": signed(at=hex(NOW)),
    "absurdly large": signed(at="9" * 400),
    "more digits than int() takes": signed(at="9" * 5000),
    "infinite": signed(at="inf"),
    "not a number": signed(at="nan"),
    "arabic digits": signed(at="١٨٠٠٠٠٠٠٠٠"),
    "superscript digits": signed(at="¹²³"),
    "fullwidth digits": signed(at=str(NOW).translate({48 + digit: 0xFF10 + digit for digit in range(10)})),
    "no hexadecimal": signed(signature="zz" * 64),
    "an empty signature": signed(signature=""),
    "a signature of zeros": signed(signature="00" * 64),
    "half a signature": signed(signature=signature_of(BODY)[:64]),
    "two signatures": signed(signature=signature_of(BODY) * 2),
    "a signature with spaces": signed(signature=" ".join(signature_of(BODY)[at : at + 2] for at in range(0, 128, 2))),
    "a signature with a version before it": signed(signature=f"v1,{signature_of(BODY)}"),
    "a hash for a signature": signed(signature=hashlib.sha512(BODY).hexdigest()),
    "a lone surrogate": signed(request_id="\ud800"),
    **{f"without {name}": {key: value for key, value in signed().items() if key != name} for name in HEADERS},
    "no headers": {},
}


@pytest.mark.parametrize("headers", FORGED.values(), ids=FORGED)
def test_everything_else_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(CallbackRefused):
        verify(headers)


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize("again", ["the same", "another"])
def test_a_doubled_header_is_refused(name: str, again: str) -> None:
    """A function URL joins doubled headers with a comma; other ways in may pass both on, in two cases."""
    headers = signed()
    second = headers[name] if again == "the same" else "x"
    for doubled in ({name: f"{headers[name]},{second}"}, {name: f"{second}, {headers[name]}"}, {name.lower(): second}):
        with pytest.raises(CallbackRefused, match=f"{name.lower()} is there more than once"):
            verify(headers | doubled)


def test_a_body_with_any_one_bit_altered_is_refused() -> None:
    headers = signed()
    for bit in range(len(BODY) * 8):
        altered = bytearray(BODY)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CallbackRefused, match="no key"):
            verify(headers, bytes(altered))


@given(st.binary(min_size=1, max_size=300), st.data())
def test_any_body_with_any_one_bit_altered_is_refused(body: bytes, data: st.DataObject) -> None:
    headers = signed(body)
    verify(headers, body)
    bit = data.draw(st.integers(0, len(body) * 8 - 1))
    altered = bytearray(body)
    altered[bit // 8] ^= 1 << bit % 8
    with pytest.raises(CallbackRefused, match="no key"):
        verify(headers, bytes(altered))


def test_a_signature_with_any_one_bit_altered_is_refused() -> None:
    genuine = bytes.fromhex(signature_of(BODY))
    for bit in range(len(genuine) * 8):
        altered = bytearray(genuine)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CallbackRefused, match="no key"):
            verify(signed(signature=altered.hex()))


def test_a_body_that_grows_or_shrinks_is_refused() -> None:
    for altered in (BODY[:-1], BODY[1:], BODY + b"\0", b"", BODY.replace(b"OK", b"KO")):
        with pytest.raises(CallbackRefused, match="no key"):
            verify(signed(), altered)


def test_every_published_key_is_tried() -> None:
    verify(signed(), keys=Keys([OTHER_KEY, Ed25519PrivateKey.generate(), KEY]))


def test_a_rotated_key_is_looked_for_once() -> None:
    # given a key that is known only since a moment
    keys = Keys([OTHER_KEY], [OTHER_KEY, KEY])
    verify(signed(), keys=keys)
    assert keys.asked == ["known", "refreshed"]


KEYLESS = {name: headers for name, headers in FORGED.items() if name not in {
    "signed with a wrong key", "another body was signed", "another customer's, with our name put on it",
    "request id exchanged", "request id empty", "time exchanged", "a signature of zeros", "a hash for a signature",
}}  # fmt: skip


@pytest.mark.parametrize("headers", KEYLESS.values(), ids=KEYLESS)
def test_what_can_be_refused_without_a_key_asks_for_none(headers: dict[str, str]) -> None:
    keys = Keys([])
    with pytest.raises(CallbackRefused):
        verify(headers, keys=keys)
    assert keys.asked == []


def test_without_any_keys_nothing_is_refused_and_nothing_let_in() -> None:
    with pytest.raises(KeysUnavailable):
        verify(signed(), keys=Keys([]))


@pytest.mark.parametrize("user", ["", "unset"])
def test_who_does_not_know_who_he_is_lets_nobody_in(user: str) -> None:
    """It fails closed, even for a callback that is signed for whatever stands in the configuration."""
    keys = Keys([KEY])
    with pytest.raises(CallbackRefused, match="FalUserId"):
        verify(signed(user=user), keys=keys, user=user)
    assert keys.asked == []


def test_a_refusal_quotes_nothing_that_came() -> None:
    for headers in FORGED.values():
        with pytest.raises(CallbackRefused) as refusal:
            verify(headers)
        for name in (REQUEST_ID, USER_ID, TIMESTAMP, SIGNATURE):
            assert len(headers.get(name, "")) < 4 or headers[name] not in str(refusal.value)


@given(st.dictionaries(st.text(max_size=30), st.text(max_size=30), max_size=6), st.binary(max_size=50))
def test_nothing_made_up_is_genuine(headers: dict[str, str], body: bytes) -> None:
    made_up = dict(zip(signed(), headers.values(), strict=False)) | headers
    with pytest.raises(CallbackRefused):
        verify(made_up, body)
