"""What is Replicate's own in how it signs; what holds of every provider's signatures is in `test_schemes`."""

import base64
import hashlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from shared.webhooks.replicate import ReplicateScheme, check_callback
from shared.webhooks.scheme import CallbackRefused
from shared.webhooks.signing_secret import SecretUnreadable, decode_signing_secret
from tests.unit.webhook.callers import Keys
from tests.unit.webhook.fal_callbacks import BODY, NOW
from tests.unit.webhook.replicate_callbacks import (
    MESSAGE_ID,
    SIGNING_SECRET,
    bytes_of,
    signature_of,
    signed,
)


def keys_of(secret: str = SIGNING_SECRET) -> Keys[bytes]:
    return Keys(decode_signing_secret(secret))


def verify(headers: dict[str, str], body: bytes = BODY, *, keys: Keys[bytes] | None = None, now: float = NOW) -> None:
    ReplicateScheme(keys or keys_of()).verify(headers, body, now)


# Cases that the Standard Webhooks' own libraries are tried on, with their message and secret:
# https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/python/tests/test_webhooks.py

PAYLOAD = b'{"test": 2432232314}'
FOREIGN = "Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="


def test_the_signature_is_the_one_of_the_standard() -> None:
    # given the message of the standard, which was signed in 2021
    at, signature = 1614265330, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    # then it is genuine then, and its signature is what the tests here sign with
    assert signature_of(PAYLOAD, at=at) == signature
    verify(signed(PAYLOAD, at=at, signature=signature), PAYLOAD, now=at)


def test_an_invalid_signature_is_refused() -> None:
    with pytest.raises(CallbackRefused, match="did not make"):
        verify(signed(PAYLOAD, signature="v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OA="), PAYLOAD)


@pytest.mark.parametrize("signature", ["", "v1", "v1,", ",", "v1,,", " ", signature_of(PAYLOAD).partition(",")[2]])
def test_a_partial_signature_is_refused(signature: str) -> None:
    with pytest.raises(CallbackRefused, match="list"):
        verify(signed(PAYLOAD, signature=signature), PAYLOAD)


def test_one_good_signature_among_several_is_enough() -> None:
    genuine = signature_of(PAYLOAD)
    verify(signed(PAYLOAD, signature=f"v1,{FOREIGN} v2,{FOREIGN} v1a,{FOREIGN} {genuine} v1,{FOREIGN}"), PAYLOAD)


@pytest.mark.parametrize("version", ["v2", "v1a", "v11", "v0"])
def test_a_signature_of_another_version_is_none(version: str) -> None:
    keys = keys_of()
    signature = signature_of(PAYLOAD).replace("v1", version)
    with pytest.raises(CallbackRefused, match="HMAC"):
        verify(signed(PAYLOAD, signature=signature), PAYLOAD, keys=keys)
    assert keys.asked == []


@pytest.mark.parametrize("written", [SIGNING_SECRET, SIGNING_SECRET.removeprefix("whsec_"), f" {SIGNING_SECRET}\n"])
def test_a_secret_is_good_with_its_prefix_and_without(written: str) -> None:
    verify(signed(PAYLOAD), PAYLOAD, keys=keys_of(written))


@pytest.mark.parametrize("size", [24, 25, 26, 32, 64])
@pytest.mark.parametrize("padding", ["=", ""], ids=["padded", "unpadded"])
def test_a_secret_is_good_with_its_padding_and_without(size: int, padding: str) -> None:
    secret = "whsec_" + base64.b64encode(bytes(range(size))).decode()
    verify(signed(PAYLOAD, secret=secret), PAYLOAD, keys=keys_of(secret if padding else secret.rstrip("=")))


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
    "id exchanged": signed(id="msg_2"),
    "half a signature": signed(signature=signature_of(BODY)[:24]),
    "a signature without padding": signed(signature=signature_of(BODY).rstrip("=")),
    "a signature and more": signed(signature=signature_of(BODY).rstrip("=") + "AAAA="),
}
KEYLESS = {
    "another id, with a part of the body": signed(id=f"{MESSAGE_ID}.{NOW}"),
    "id empty": signed(message_id=""),
    "id with a space": signed(message_id="msg 1"),
    "id with a line's end": signed(message_id=f"{MESSAGE_ID}\n"),
    "no base64": signed(signature="v1,****"),
    "hexadecimal, as others sign": signed(signature=hashlib.sha256(BODY).hexdigest()),
    "signatures with commas between": signed(signature=f"{signature_of(BODY)},{signature_of(BODY)}"),
    "signatures with two spaces between": signed(signature=f"{signature_of(BODY)}  {signature_of(BODY)}"),
}


@pytest.mark.parametrize("headers", FORGED.values(), ids=FORGED)
def test_what_replicate_did_not_sign_so_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(CallbackRefused, match="did not make"):
        verify(headers)


@pytest.mark.parametrize("headers", KEYLESS.values(), ids=KEYLESS)
def test_what_can_be_refused_without_the_secret_does_not_ask_for_it(headers: dict[str, str]) -> None:
    keys = keys_of()
    with pytest.raises(CallbackRefused):
        verify(headers, keys=keys)
    assert keys.asked == []


def test_a_body_that_is_no_text_is_refused_unasked() -> None:
    keys = keys_of()
    with pytest.raises(CallbackRefused, match="UTF-8"):
        verify(signed(b"\xff"), b"\xff", keys=keys)
    assert keys.asked == []


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


def test_a_signature_is_written_in_one_way_only() -> None:
    """The last character but one carries bits that decoding drops: that is another header for the same signature."""
    signature = signature_of(BODY)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    twin = alphabet[alphabet.index(signature[-2]) ^ 1]
    assert base64.b64decode(signature[3:-2] + twin + "=") == base64.b64decode(signature[3:])
    with pytest.raises(CallbackRefused):
        verify(signed(signature=signature[:-2] + twin + "="))


@given(st.text(st.characters(codec="utf-8"), max_size=200), st.integers(1, 10**11))
def test_the_library_signs_as_the_documentation_says(body: str, at: int) -> None:
    """It is used for that alone; here it is held against `hmac` of the standard library."""
    made = Webhook(bytes_of(SIGNING_SECRET)).sign(MESSAGE_ID, datetime.fromtimestamp(at, UTC), body)
    assert made == signature_of(body.encode(), at=at)


def test_a_checked_callback_has_its_parts_as_they_came() -> None:
    callback = check_callback(signed(), BODY, now=NOW)
    assert (callback.message_id, callback.sent_at.timestamp(), callback.body) == (MESSAGE_ID, NOW, BODY.decode())
