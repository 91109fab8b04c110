"""Callback addresses, the bodies that come to them, and the keys that signed them."""

import base64
import io
import json
import urllib.error
import urllib.request
from http.client import IncompleteRead
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from shared.fal.callbacks import (
    CallbackName,
    CallbackUnreadable,
    Delivered,
    DeliveredElsewhere,
    JobFailed,
    read_callback,
)
from shared.fal.key_set import KeySet, KeysUnavailable
from shared.fal.signatures import public_keys
from tests.fakes.clock import Clock

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@given(texts, st.integers(0, 10**6), texts)
def test_a_name_comes_back_from_its_url(address: str, attempt: int, secret: str) -> None:
    name = CallbackName(address=address, attempt=attempt, secret=secret)
    assert CallbackName.from_query(urlsplit(name.url("https://hooks.example.test/")).query) == name


@given(st.text(max_size=60))
def test_any_other_query_is_a_value_error(query: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
        CallbackName.from_query(query)


def body(**fields: Any) -> bytes:
    return json.dumps({"request_id": "r", "gateway_request_id": None, **fields}).encode()


def test_a_result() -> None:
    assert read_callback(body(status="OK", payload={"images": []})) == Delivered("r", {"images": []})


@pytest.mark.parametrize("payload", [None, [], "x", 7])
def test_a_result_that_is_not_in_the_callback(payload: object) -> None:
    assert read_callback(body(status="OK", payload=payload, payload_error="x")) == DeliveredElsewhere("r")


def test_a_failure_with_its_reason() -> None:
    detail = [{"type": "content_policy_violation", "loc": ["body"], "msg": "flagged"}]
    read = read_callback(body(status="ERROR", error="Invalid status code: 422", payload={"detail": detail}))
    assert isinstance(read, JobFailed)
    assert read.error
    assert (read.error.name, read.error.retry) == ("content_policy_violation", False)


@pytest.mark.parametrize("payload", [None, {}, {"detail": "Internal Server Error"}, "x"])
def test_a_failure_without_its_reason(payload: object) -> None:
    assert read_callback(body(status="ERROR", payload=payload)) == JobFailed("r", None)


@pytest.mark.parametrize(
    "data",
    [b"", b"x", b"[]", b"null", b"\xff", b"{}", b'{"request_id": 7}', b'{"request_id": "r"}', body(status="DONE")],
)
def test_what_is_no_callback(data: bytes) -> None:
    with pytest.raises(CallbackUnreadable):
        read_callback(data)


def published(*keys: Ed25519PrivateKey) -> dict[str, object]:
    def entry(key: Ed25519PrivateKey) -> dict[str, str]:
        raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return {"kty": "OKP", "crv": "Ed25519", "x": base64.urlsafe_b64encode(raw).decode().rstrip("=")}

    return {"keys": [entry(key) for key in keys]}


ONE, TWO = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()


def test_keys_are_read_whatever_stands_beside_them() -> None:
    # given a set with two keys, and entries that are none
    jwks = published(ONE, TWO)
    entries = jwks["keys"]
    assert isinstance(entries, list)
    others = [
        None,
        "x",
        {},
        {"crv": "P-256", "x": "AAAA"},
        {"crv": "Ed25519", "x": "AAAA"},
        {"crv": "Ed25519", "x": "é"},
    ]
    # then the two are found
    assert raw(public_keys({"keys": [*others, *entries]})) == raw([ONE.public_key(), TWO.public_key()])


@pytest.mark.parametrize("jwks", [None, [], "x", {}, {"keys": None}, {"keys": {}}])
def test_what_is_no_key_set_has_no_keys(jwks: object) -> None:
    assert public_keys(jwks) == []


def raw(keys: list[Ed25519PublicKey]) -> list[bytes]:
    return [key.public_bytes(Encoding.Raw, PublicFormat.Raw) for key in keys]


class Site:
    """Where the key set is published."""

    def __init__(self) -> None:
        self.answer: bytes | Exception = json.dumps(published(ONE)).encode()
        self.fetches = 0

    def open(self, *_: object, **__: object) -> io.BytesIO:
        self.fetches += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return io.BytesIO(self.answer)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Site:
    site = Site()
    monkeypatch.setattr(urllib.request, "urlopen", site.open)
    return site


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_keys_are_fetched_once_a_day(site: Site, clock: Clock) -> None:
    keys = KeySet("https://rest.example.test/jwks.json", clock)
    for _ in range(3):
        assert raw(keys(False)) == raw([ONE.public_key()])
    assert site.fetches == 1
    clock.forward(86_401)
    keys(False)
    assert site.fetches == 2


def test_a_rotated_key_is_found_but_not_searched_for_all_the_time(site: Site, clock: Clock) -> None:
    # given keys that were fetched a while ago, and rotated since
    keys = KeySet("https://rest.example.test/jwks.json", clock)
    keys(False)
    clock.forward(61)
    site.answer = json.dumps(published(ONE, TWO)).encode()
    # then a refresh finds the new one, and a second refresh right away does not ask again
    assert len(keys(True)) == 2
    assert len(keys(True)) == 2
    assert site.fetches == 2


@pytest.mark.parametrize(
    "answer",
    [
        urllib.error.URLError("down"),
        TimeoutError(),
        ConnectionResetError(),
        IncompleteRead(b""),
        b"<html>",
        b"[]",
        b"{}",
        b"\xff",
    ],
    ids=repr,
)
def test_stale_keys_are_better_than_none(site: Site, clock: Clock, answer: bytes | Exception) -> None:
    # given keys of yesterday, and a site that is broken today
    keys = KeySet("https://rest.example.test/jwks.json", clock)
    keys(False)
    clock.forward(90_000)
    site.answer = answer
    # then they still serve
    assert raw(keys(False)) == raw([ONE.public_key()]) == raw(keys(True))


def test_without_any_keys(site: Site, clock: Clock) -> None:
    # given a site that is down when a function starts
    site.answer = urllib.error.URLError("down")
    keys = KeySet("https://rest.example.test/jwks.json", clock)
    for _ in range(3):
        with pytest.raises(KeysUnavailable):
            keys(False)
    assert site.fetches == 1
    # when it is back a minute later, then all is well
    site.answer = json.dumps(published(ONE)).encode()
    clock.forward(61)
    assert keys(False)
