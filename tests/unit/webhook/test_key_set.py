"""fal's public keys: read whatever stands beside them, fetched seldom, kept, served stale."""

import io
import json
import urllib.error
from http.client import IncompleteRead
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from shared.webhooks import published_keys
from shared.webhooks.key_set import MAX_AGE, MIN_INTERVAL, KeySet
from shared.webhooks.published_keys import read_keys, write_keys
from shared.webhooks.scheme import KeysUnavailable
from shared.webhooks.store import FAL_KEYS
from tests.fakes.clock import Clock
from tests.unit.webhook.webhook_function import MemoryStore, Published

ONE, TWO = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()


def raw(*keys: Ed25519PublicKey | Ed25519PrivateKey) -> list[bytes]:
    public = [key.public_key() if isinstance(key, Ed25519PrivateKey) else key for key in keys]
    return [key.public_bytes_raw() for key in public]


def jwks(*keys: Ed25519PrivateKey) -> dict[str, Any]:
    return dict(write_keys(key.public_key() for key in keys))


# Reading


def test_keys_are_read_whatever_stands_beside_them() -> None:
    # given a set with two keys, and entries that are none
    others = [
        None,
        "x",
        {},
        {"crv": "P-256", "x": "AAAA"},
        {"crv": "Ed25519", "x": "AAAA"},
        {"crv": "Ed25519", "x": "é"},
        {"crv": "Ed25519", "x": 7},
    ]
    # then the two are found
    assert raw(*read_keys({"keys": [*others, *jwks(ONE, TWO)["keys"]]})) == raw(ONE, TWO)


def test_keys_are_read_with_padding_and_without() -> None:
    (entry,) = jwks(ONE)["keys"]
    assert "=" not in entry["x"]
    assert raw(*read_keys({"keys": [entry, {**entry, "x": entry["x"] + "="}]})) == raw(ONE, ONE)


@pytest.mark.parametrize("document", [None, [], "x", {}, {"keys": None}, {"keys": {}}])
def test_what_is_no_key_set_has_no_keys(document: object) -> None:
    assert read_keys(document) == []


class Answer(io.BytesIO):
    """What the site of the keys says."""

    def __init__(self, said: bytes | Exception) -> None:
        super().__init__(said if isinstance(said, bytes) else b"")
        self._said = said

    def read(self, size: int | None = -1) -> bytes:
        if isinstance(self._said, Exception):
            raise self._said
        return super().read(size)


def test_published_keys_are_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def site(*_: object, timeout: float) -> Answer:
        assert timeout <= 5  # the webhook function may run for 10 seconds
        return Answer(json.dumps(jwks(ONE, TWO)).encode())

    monkeypatch.setattr(published_keys._opener, "open", site)
    assert raw(*published_keys.fetch_keys("https://rest.example.test/jwks.json")) == raw(ONE, TWO)


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
        b"[" * 60_000,
    ],
    ids=lambda answer: repr(answer)[:20],
)
@pytest.mark.parametrize("late", [False, True], ids=["on connecting", "on reading"])
def test_what_is_not_published_is_named(monkeypatch: pytest.MonkeyPatch, answer: bytes | Exception, late: bool) -> None:
    def site(*_: object, **__: object) -> Answer:
        if isinstance(answer, Exception) and not late:
            raise answer
        return Answer(answer)

    monkeypatch.setattr(published_keys._opener, "open", site)
    with pytest.raises(published_keys.KeysNotPublished, match=r"rest\.example\.test"):
        published_keys.fetch_keys("https://rest.example.test/jwks.json")


# One function


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def published() -> Published:
    return Published([ONE])


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def keys(published: Published, store: MemoryStore, clock: Clock) -> KeySet:
    return KeySet(published, store, FAL_KEYS, clock)


def test_keys_are_fetched_once_a_day(keys: KeySet, published: Published, store: MemoryStore, clock: Clock) -> None:
    for _ in range(3):
        assert raw(*keys.known()) == raw(ONE)
    assert (published.fetches, store.reads, store.writes) == (1, 1, [FAL_KEYS])
    clock.forward(MAX_AGE + 1)
    keys.known()
    assert published.fetches == 2


def test_a_rotated_key_is_found_but_not_searched_for_all_the_time(
    keys: KeySet, published: Published, clock: Clock
) -> None:
    # given keys that were fetched a while ago, and rotated since
    keys.known()
    clock.forward(MIN_INTERVAL + 1)
    published.keys = [ONE, TWO]
    # then a refresh finds the new one, and a second refresh right away does not ask again
    assert len(keys.refreshed()) == 2
    assert len(keys.refreshed()) == 2
    assert published.fetches == 2


def test_a_key_that_is_withdrawn_is_no_longer_good(keys: KeySet, published: Published, clock: Clock) -> None:
    keys.known()
    published.keys = [TWO]
    clock.forward(MAX_AGE + 1)
    assert raw(*keys.known()) == raw(TWO)


def test_stale_keys_are_better_than_none(keys: KeySet, published: Published, clock: Clock) -> None:
    # given keys of yesterday, and a site that is broken today
    keys.known()
    clock.forward(MAX_AGE + 1)
    published.is_down = True
    # then they still serve, and the site is asked once a minute
    for _ in range(5):
        assert raw(*keys.known()) == raw(ONE) == raw(*keys.refreshed())
    assert published.fetches == 2
    clock.forward(MIN_INTERVAL + 1)
    keys.known()
    assert published.fetches == 3


def test_without_any_keys(keys: KeySet, published: Published, clock: Clock) -> None:
    # given a site that is down when a function starts
    published.is_down = True
    for ask in (keys.known, keys.refreshed, keys.known):
        with pytest.raises(KeysUnavailable):
            ask()
    assert published.fetches == 1
    # when it is back a minute later, then all is well
    published.is_down = False
    clock.forward(MIN_INTERVAL + 1)
    assert raw(*keys.known()) == raw(ONE)


# Many functions


def test_a_cold_function_reads_what_another_kept(published: Published, store: MemoryStore, clock: Clock) -> None:
    KeySet(published, store, FAL_KEYS, clock).known()
    clock.forward(MAX_AGE - 1)
    published.is_down = True
    assert raw(*KeySet(published, store, FAL_KEYS, clock).known()) == raw(ONE)
    assert published.fetches == 1


def test_a_cold_function_finds_a_rotated_key_at_once(published: Published, store: MemoryStore, clock: Clock) -> None:
    KeySet(published, store, FAL_KEYS, clock).known()
    clock.forward(3600)
    published.keys = [ONE, TWO]
    cold = KeySet(published, store, FAL_KEYS, clock)
    assert raw(*cold.known()) == raw(ONE)
    assert raw(*cold.refreshed()) == raw(ONE, TWO)


def test_a_cold_function_serves_what_is_kept_stale_when_fal_is_down(
    published: Published, store: MemoryStore, clock: Clock
) -> None:
    KeySet(published, store, FAL_KEYS, clock).known()
    clock.forward(30 * MAX_AGE)
    published.is_down = True
    assert raw(*KeySet(published, store, FAL_KEYS, clock).known()) == raw(ONE)


@pytest.mark.parametrize("is_down", [False, True])
@pytest.mark.parametrize("had_keys", [False, True])
def test_a_hundred_cold_functions_ask_once_a_minute(
    published: Published, store: MemoryStore, clock: Clock, is_down: bool, had_keys: bool
) -> None:
    """Also when nobody answers: that it was tried in vain is kept as well."""
    if had_keys:
        KeySet(published, store, FAL_KEYS, clock).known()
        clock.forward(MAX_AGE + 1)
    published.is_down, published.fetches = is_down, 0
    for _ in range(100):
        cold = KeySet(published, store, FAL_KEYS, clock)
        for ask in (cold.known, cold.refreshed):
            if is_down and not had_keys:
                with pytest.raises(KeysUnavailable):
                    ask()
            else:
                assert raw(*ask()) == raw(ONE)
    assert published.fetches == 1


def test_what_one_function_found_serves_another_that_is_warm(
    published: Published, store: MemoryStore, clock: Clock
) -> None:
    one, other = KeySet(published, store, FAL_KEYS, clock), KeySet(published, store, FAL_KEYS, clock)
    one.known()
    other.known()
    clock.forward(3600)
    published.keys = [TWO]
    assert raw(*one.refreshed()) == raw(*other.refreshed()) == raw(TWO)
    assert published.fetches == 2


def test_without_a_store_keys_are_fetched_all_the_same(published: Published, store: MemoryStore, clock: Clock) -> None:
    store.is_readable = store.is_writable = False
    for _ in range(2):
        keys = KeySet(published, store, FAL_KEYS, clock)
        assert raw(*keys.known()) == raw(*keys.known()) == raw(ONE)
    assert published.fetches == 2


def test_without_a_store_a_site_that_is_down_is_asked_once_a_minute(
    keys: KeySet, published: Published, store: MemoryStore, clock: Clock
) -> None:
    keys.known()
    clock.forward(MIN_INTERVAL + 1)
    store.is_readable = store.is_writable = False
    published.is_down, published.fetches = True, 0
    for _ in range(100):
        assert raw(*keys.refreshed()) == raw(ONE)
    assert published.fetches == 1


def test_keys_that_a_clock_ahead_of_ours_has_kept_are_good(
    published: Published, store: MemoryStore, clock: Clock
) -> None:
    KeySet(published, store, FAL_KEYS, clock).known()
    clock.forward(-MIN_INTERVAL / 2)
    assert raw(*KeySet(published, store, FAL_KEYS, clock).known()) == raw(ONE)
    assert published.fetches == 1


kept_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["keys", "x", "crv"]), inner),
    max_leaves=5,
)


@given(
    st.binary(max_size=20)
    | st.just(b"[" * 50_000)
    | st.fixed_dictionaries({}, optional={"jwks": kept_values, "fetched_at": kept_values, "tried_at": kept_values}).map(
        lambda kept: json.dumps(kept).encode()
    )
    | st.sampled_from([1e12, -1.0, 10**400]).map(
        lambda at: json.dumps({"jwks": jwks(TWO), "fetched_at": at, "tried_at": at}).encode()
    )
)
def test_whatever_was_kept_does_no_harm(kept: bytes) -> None:
    """Damaged, empty, or of the future: within two minutes the published keys are known."""
    clock, published = Clock(), Published([ONE])
    keys = KeySet(published, MemoryStore({FAL_KEYS: kept}), FAL_KEYS, clock)
    for _ in range(2):
        try:
            keys.refreshed()
        except KeysUnavailable:
            assert published.fetches == 0  # somebody claims to have tried in vain a moment ago
        clock.forward(2 * MIN_INTERVAL + 1)
    assert raw(*keys.known()) == raw(ONE)
    assert published.fetches


def test_a_kept_set_without_keys_is_not_young(published: Published, clock: Clock) -> None:
    """Whatever it says of itself: otherwise fal would go unheard for a day."""
    at = clock() - 2 * MIN_INTERVAL
    kept = json.dumps({"jwks": {"keys": [{"crv": "Ed25519", "x": "AAAA"}]}, "fetched_at": at, "tried_at": at})
    assert raw(*KeySet(published, MemoryStore({FAL_KEYS: kept.encode()}), FAL_KEYS, clock).known()) == raw(ONE)
