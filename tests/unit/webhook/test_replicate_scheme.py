"""Only Replicate can speak for Replicate, and only to us: every way to be taken for it without being it."""

import base64
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from shared.webhooks.replicate import ReplicateScheme, check_callback
from shared.webhooks.scheme import TOLERANCE, CallbackRefused, KeysUnavailable
from shared.webhooks.signing_secret import SecretUnreadable, decode_signing_secret
from tests.unit.webhook.fal_callbacks import BODY, NOW
from tests.unit.webhook.replicate_callbacks import (
    HEADERS,
    MESSAGE_ID,
    OTHER_SECRET,
    SIGNING_SECRET,
    bytes_of,
    signature_of,
    signed,
)


class Keys:
    """A secret that is changed: only a refresh finds the new one."""

    def __init__(self, known: str = SIGNING_SECRET, fresh: str | None = None) -> None:
        self._known, self._fresh, self.asked = known, known if fresh is None else fresh, list[str]()

    def known(self) -> bytes:
        return self._give("known", self._known)

    def refreshed(self) -> bytes:
        return self._give("refreshed", self._fresh)

    def _give(self, name: str, secret: str) -> bytes:
        self.asked.append(name)
        if not secret:
            raise KeysUnavailable("none")
        return decode_signing_secret(secret)


def verify(headers: dict[str, str], body: bytes = BODY, *, keys: Keys | None = None, now: float = NOW) -> None:
    ReplicateScheme(keys or Keys()).verify(headers, body, now)


# The cases that the Standard Webhooks' own libraries are tried on, with their message and secret:
# https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/python/tests/test_webhooks.py

PAYLOAD = b'{"test": 2432232314}'
FOREIGN = "Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="


def test_the_signature_is_the_one_of_the_standard() -> None:
    # given the message of the standard, which was signed in 2021
    at, signature = 1614265330, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    # then it is genuine then, and its signature is what the tests here sign with
    assert signature_of(PAYLOAD, at=at) == signature
    verify(signed(PAYLOAD, at=at, signature=signature), PAYLOAD, now=at)


def test_a_valid_signature_is_valid() -> None:
    verify(signed(PAYLOAD), PAYLOAD)


@pytest.mark.parametrize("case", [str.lower, str.upper, str.title])
def test_headers_come_in_any_case(case: Callable[[str], str]) -> None:
    verify({case(name): value for name, value in signed(PAYLOAD).items()}, PAYLOAD)


@pytest.mark.parametrize("name", HEADERS)
def test_a_missing_header_is_refused(name: str) -> None:
    headers = signed(PAYLOAD)
    del headers[name]
    with pytest.raises(CallbackRefused, match=f"{name} is missing"):
        verify(headers, PAYLOAD)


def test_an_invalid_timestamp_is_refused() -> None:
    with pytest.raises(CallbackRefused, match="timestamp"):
        verify(signed(PAYLOAD, timestamp="hello"), PAYLOAD)


def test_an_invalid_signature_is_refused() -> None:
    with pytest.raises(CallbackRefused, match="did not make"):
        verify(signed(PAYLOAD, signature="v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OA="), PAYLOAD)


@pytest.mark.parametrize("signature", ["", "v1", "v1,", ",", "v1,,", " ", signature_of(PAYLOAD).partition(",")[2]])
def test_a_partial_signature_is_refused(signature: str) -> None:
    with pytest.raises(CallbackRefused, match="list"):
        verify(signed(PAYLOAD, signature=signature), PAYLOAD)


@pytest.mark.parametrize("at", [NOW - TOLERANCE - 1, NOW + TOLERANCE + 1], ids=["too old", "too new"])
def test_a_callback_of_another_time_is_refused(at: int) -> None:
    with pytest.raises(CallbackRefused, match="too far from now"):
        verify(signed(PAYLOAD, at=at), PAYLOAD)


@pytest.mark.parametrize("late", [-TOLERANCE, 0, TOLERANCE])
def test_a_callback_within_the_tolerance_is_genuine(late: int) -> None:
    verify(signed(), now=NOW + late)


def test_one_good_signature_among_several_is_enough() -> None:
    genuine = signature_of(PAYLOAD)
    verify(signed(PAYLOAD, signature=f"v1,{FOREIGN} v2,{FOREIGN} v1a,{FOREIGN} {genuine} v1,{FOREIGN}"), PAYLOAD)


@pytest.mark.parametrize("version", ["v2", "v1a", "v11", "v0"])
def test_a_signature_of_another_version_is_none(version: str) -> None:
    keys = Keys()
    signature = signature_of(PAYLOAD).replace("v1", version)
    with pytest.raises(CallbackRefused, match="HMAC"):
        verify(signed(PAYLOAD, signature=signature), PAYLOAD, keys=keys)
    assert keys.asked == []


@pytest.mark.parametrize("written", [SIGNING_SECRET, SIGNING_SECRET.removeprefix("whsec_"), f" {SIGNING_SECRET}\n"])
def test_a_secret_is_good_with_its_prefix_and_without(written: str) -> None:
    verify(signed(PAYLOAD), PAYLOAD, keys=Keys(written))


@pytest.mark.parametrize("size", [24, 25, 26, 32, 64])
@pytest.mark.parametrize("padding", ["=", ""], ids=["padded", "unpadded"])
def test_a_secret_is_good_with_its_padding_and_without(size: int, padding: str) -> None:
    secret = "whsec_" + base64.b64encode(bytes(range(size))).decode()
    verify(signed(PAYLOAD, secret=secret), PAYLOAD, keys=Keys(secret if padding else secret.rstrip("=")))


@pytest.mark.parametrize(
    "secret",
    ["", "whsec_", "unset", "whsec_unset", "none", "whsec_" + "A" * 31, "whsec_" + "A" * 33, SIGNING_SECRET + "é",
     '{"key": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}', "change me, change me, change me, change me"],
)  # fmt: skip
def test_an_empty_secret_or_what_stands_in_its_place_is_none(secret: str) -> None:
    """Whoever guesses what somebody has left there could sign with it."""
    with pytest.raises(SecretUnreadable, match="whsec_") as refusal:
        decode_signing_secret(secret)
    assert len(secret) < 7 or secret not in str(refusal.value)


# Attacks

FORGED = {
    "signed with another secret": signed(secret=OTHER_SECRET),
    "another body was signed": signed(BODY + b" "),
    "id exchanged": signed(id="msg_2"),
    "time exchanged": signed(timestamp=str(NOW + 1)),
    "a hash for a signature": signed(signature="v1," + base64.b64encode(hashlib.sha256(BODY).digest()).decode()),
    "a signature of zeros": signed(signature="v1," + base64.b64encode(bytes(32)).decode()),
    "half a signature": signed(signature=signature_of(BODY)[:24]),
    "a signature without padding": signed(signature=signature_of(BODY).rstrip("=")),
    "a signature and more": signed(signature=signature_of(BODY).rstrip("=") + "AAAA="),
}
KEYLESS = {
    "another id, with a part of the body": signed(id=f"{MESSAGE_ID}.{NOW}"),
    "id empty": signed(message_id=""),
    "id with a space": signed(message_id="msg 1"),
    "id with a line's end": signed(message_id=f"{MESSAGE_ID}\n"),
    "id not ASCII": signed(message_id="msg_é"),
    "a lone surrogate": signed(id="\ud800"),
    "in milliseconds": signed(at=NOW * 1000),
    "no time": signed(at=""),
    "negative": signed(at=f"-{NOW}"),
    "with a sign": signed(at=f"+{NOW}"),
    "with a fraction": signed(at=f"{NOW}.0"),
    "with an exponent": signed(at="1.8e9"),
    "with a space": signed(at=f" {NOW}"),
    "with a zero before": signed(timestamp=f"0{NOW}"),
    "with a line's end": signed(at=f"{NOW}\n"),
    "absurdly large": signed(at="9" * 400),
    "more digits than int() takes": signed(at="9" * 5000),
    "infinite": signed(at="inf"),
    "not a number": signed(at="nan"),
    "arabic digits": signed(at="١٨٠٠٠٠٠٠٠٠"),
    "old": signed(at=NOW - TOLERANCE - 1),
    "no base64": signed(signature="v1,****"),
    "hexadecimal, as others sign": signed(signature=hashlib.sha256(BODY).hexdigest()),
    "signatures with commas between": signed(signature=f"{signature_of(BODY)},{signature_of(BODY)}"),
    "signatures with two spaces between": signed(signature=f"{signature_of(BODY)}  {signature_of(BODY)}"),
    "signature not ASCII": signed(signature=f"{signature_of(BODY)} v1,é"),
    "no headers": {},
}


@pytest.mark.parametrize("headers", [*FORGED.values(), *KEYLESS.values()], ids=[*FORGED, *KEYLESS])
def test_everything_else_is_refused_and_not_quoted(headers: dict[str, str]) -> None:
    with pytest.raises(CallbackRefused) as refusal:
        verify(headers)
    for name in HEADERS:
        assert len(headers.get(name, "")) < 4 or headers[name] not in str(refusal.value)


@pytest.mark.parametrize("headers", KEYLESS.values(), ids=KEYLESS)
def test_what_can_be_refused_without_the_secret_does_not_ask_for_it(headers: dict[str, str]) -> None:
    keys = Keys("")
    with pytest.raises(CallbackRefused):
        verify(headers, keys=keys)
    assert keys.asked == []


def test_a_body_that_is_no_text_is_refused_unasked() -> None:
    keys = Keys()
    with pytest.raises(CallbackRefused, match="UTF-8"):
        verify(signed(b"\xff"), b"\xff", keys=keys)
    assert keys.asked == []


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize("again", ["the same", "another"])
def test_a_doubled_header_is_refused(name: str, again: str) -> None:
    headers = signed()
    second = headers[name] if again == "the same" else "x"
    for doubled in ({name: f"{headers[name]},{second}"}, {name: f"{second}, {headers[name]}"}, {name.upper(): second}):
        with pytest.raises(CallbackRefused, match=r"more than once|list"):
            verify(headers | doubled)


def test_nothing_moves_between_id_time_and_body() -> None:
    """What is signed is one text with full stops in it: `a.1.b.2.c` could be read in several ways."""
    # given a genuine callback whose body has a time in it
    body = f".{NOW}.more".encode()
    genuine = signed(body)
    verify(genuine, body)
    # when its parts are cut elsewhere, so that the signed text stays the same
    moved = {**genuine, "webhook-id": f"{MESSAGE_ID}.{NOW}."}
    assert signature_of(b"more", message_id=moved["webhook-id"]) == genuine["webhook-signature"]
    # then it is refused
    with pytest.raises(CallbackRefused, match="full stops"):
        verify(moved, b"more")


@given(st.text(st.characters(codec="utf-8"), max_size=300).map(str.encode), st.data())
def test_any_body_is_genuine_until_one_bit_is_altered(body: bytes, data: st.DataObject) -> None:
    headers = signed(body)
    verify(headers, body)
    bit = data.draw(st.integers(0, max(0, len(body) * 8 - 1)))
    altered = bytearray(body or b"\0")
    altered[bit // 8] ^= 1 << bit % 8
    with pytest.raises(CallbackRefused, match=r"did not make|UTF-8"):
        verify(headers, bytes(altered))


def test_a_signature_with_any_one_bit_altered_is_refused() -> None:
    genuine = base64.b64decode(signature_of(BODY).partition(",")[2])
    for bit in range(len(genuine) * 8):
        altered = bytearray(genuine)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CallbackRefused, match="did not make"):
            verify(signed(signature="v1," + base64.b64encode(altered).decode()))


def test_a_signature_is_written_in_one_way_only() -> None:
    """The last character but one carries bits that decoding drops: that is another header for the same signature."""
    signature = signature_of(BODY)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    twin = alphabet[alphabet.index(signature[-2]) ^ 1]
    assert base64.b64decode(signature[3:-2] + twin + "=") == base64.b64decode(signature[3:])
    with pytest.raises(CallbackRefused):
        verify(signed(signature=signature[:-2] + twin + "="))


def test_a_changed_secret_is_looked_for_once() -> None:
    keys = Keys(OTHER_SECRET, SIGNING_SECRET)
    verify(signed(), keys=keys)
    assert keys.asked == ["known", "refreshed"]


def test_without_the_secret_nothing_is_refused_and_nothing_let_in() -> None:
    with pytest.raises(KeysUnavailable):
        verify(signed(), keys=Keys(""))


@given(st.text(st.characters(codec="utf-8"), max_size=200), st.integers(1, 10**11))
def test_the_library_signs_as_the_documentation_says(body: str, at: int) -> None:
    """It is used for that alone; here it is held against `hmac` of the standard library."""
    made = Webhook(bytes_of(SIGNING_SECRET)).sign(MESSAGE_ID, datetime.fromtimestamp(at, UTC), body)
    assert made == signature_of(body.encode(), at=at)


def test_a_checked_callback_has_its_parts_as_they_came() -> None:
    callback = check_callback(signed(), BODY, now=NOW)
    assert (callback.message_id, callback.sent_at.timestamp(), callback.body) == (MESSAGE_ID, NOW, BODY.decode())


@given(st.dictionaries(st.text(max_size=30), st.text(max_size=30), max_size=6), st.binary(max_size=50))
def test_nothing_made_up_is_genuine(headers: dict[str, str], body: bytes) -> None:
    made_up = dict(zip(signed(), headers.values(), strict=False)) | headers
    with pytest.raises(CallbackRefused):
        verify(made_up, body)
