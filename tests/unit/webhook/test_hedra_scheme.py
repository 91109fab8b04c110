"""Only Hedra can speak for Hedra: every way to be taken for it without being it."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from shared.webhooks.ed25519 import PinnedKey, PublicKeys
from shared.webhooks.hedra import HedraScheme, read_published_key
from shared.webhooks.scheme import TOLERANCE, CallbackRefused, KeysUnavailable
from tests.unit.webhook.fal_callbacks import BODY, NOW
from tests.unit.webhook.hedra_callbacks import HEADERS, JOB_ID, KEY, OTHER_KEY, base64_of, signature_of, signed


class Keys:
    """A key that is rotated: only a refresh finds the new one."""

    def __init__(self, known: Ed25519PrivateKey | None, fresh: Ed25519PrivateKey | None = None) -> None:
        self._known, self._fresh, self.asked = known, fresh or known, list[str]()

    def known(self) -> list[Ed25519PublicKey]:
        return self._give("known", self._known)

    def refreshed(self) -> list[Ed25519PublicKey]:
        return self._give("refreshed", self._fresh)

    def _give(self, name: str, key: Ed25519PrivateKey | None) -> list[Ed25519PublicKey]:
        self.asked.append(name)
        if key is None:
            raise KeysUnavailable("none")
        return [key.public_key()]


def verify(headers: dict[str, str], body: bytes = BODY, *, keys: PublicKeys | None = None, now: float = NOW) -> None:
    HedraScheme(keys or Keys(KEY)).verify(headers, body, now)


@pytest.mark.parametrize("event", ["job.completed", "job.failed", "job.expired"])
@pytest.mark.parametrize("redelivery", ["false", "true"])
def test_what_hedra_signed_just_now_is_genuine(event: str, redelivery: str) -> None:
    """Also an event that there may be one day: what became of a job is told by the body."""
    verify(signed(event=event, redelivery=redelivery))


def test_headers_come_in_any_case() -> None:
    verify({name.upper(): value for name, value in signed().items()})
    verify({name.title(): value for name, value in signed().items()})


@pytest.mark.parametrize("attempt", ["2", "99", "", "é", "x" * 999, None])
def test_the_number_of_the_attempt_is_not_signed_and_not_read(attempt: str | None) -> None:
    verify(signed(attempt=attempt))


@pytest.mark.parametrize("late", [-TOLERANCE, 0, TOLERANCE])
def test_a_callback_within_the_tolerance_is_genuine(late: int) -> None:
    verify(signed(), now=NOW + late)


FORGED = {
    "signed with a wrong key": signed(key=OTHER_KEY),
    "another body was signed": signed(BODY + b" "),
    "id exchanged": signed(id="job_2"),
    "event exchanged": signed(event_="job.failed"),
    "made one that was asked for again": signed(redelivery_="true"),
    "time exchanged": signed(timestamp=str(NOW + 1)),
    "a signature of zeros": signed(signature="00" * 64),
    "a hash for a signature": signed(signature=hashlib.sha512(BODY).hexdigest()),
}
KEYLESS = {
    "too old": signed(at=NOW - TOLERANCE - 1),
    "too new": signed(at=NOW + TOLERANCE + 1),
    "in milliseconds": signed(at=NOW * 1000),
    "no time": signed(at=""),
    "with a sign": signed(at=f"+{NOW}"),
    "with a fraction": signed(at=f"{NOW}.0"),
    "with a zero before": signed(at=f"0{NOW}"),
    "with a line's end": signed(at=f"{NOW}\n"),
    "absurdly large": signed(at="9" * 400),
    "more digits than int() takes": signed(at="9" * 5000),
    "not a number": signed(at="nan"),
    "arabic digits": signed(at="١٨٠٠٠٠٠٠٠٠"),
    "id empty": signed(job_id=""),
    "id with a line's end": signed(job_id=f"{JOB_ID}\n"),
    "id and event in one": signed(job_id=f"{JOB_ID}\njob.completed", event=""),
    "id not ASCII": signed(job_id="job_é"),
    "event empty": signed(event=""),
    "event with a space": signed(event="job completed"),
    "asked for again, who knows": signed(redelivery="maybe"),
    "asked for again, in capitals": signed(redelivery="True"),
    "no hexadecimal": signed(signature="zz" * 64),
    "an empty signature": signed(signature=""),
    "half a signature": signed(signature=signature_of(BODY)[:64]),
    "two signatures": signed(signature=signature_of(BODY) * 2),
    "base64, as others sign": signed(signature=base64.b64encode(bytes.fromhex(signature_of(BODY))).decode()),
    "a lone surrogate": signed(id="\ud800"),
    **{f"without {name}": {key: value for key, value in signed().items() if key != name} for name in HEADERS},
    "no headers": {},
}


@pytest.mark.parametrize("headers", [*FORGED.values(), *KEYLESS.values()], ids=[*FORGED, *KEYLESS])
def test_everything_else_is_refused_and_not_quoted(headers: dict[str, str]) -> None:
    with pytest.raises(CallbackRefused) as refusal:
        verify(headers)
    for name in (HEADERS[0], HEADERS[1], HEADERS[4]):
        assert len(headers.get(name, "")) < 4 or headers[name] not in str(refusal.value)


@pytest.mark.parametrize("headers", KEYLESS.values(), ids=KEYLESS)
def test_what_can_be_refused_without_a_key_asks_for_none(headers: dict[str, str]) -> None:
    keys = Keys(None)
    with pytest.raises(CallbackRefused):
        verify(headers, keys=keys)
    assert keys.asked == []


@pytest.mark.parametrize("name", HEADERS)
@pytest.mark.parametrize("again", ["the same", "another"])
def test_a_doubled_header_is_refused(name: str, again: str) -> None:
    headers = signed()
    second = headers[name] if again == "the same" else "x"
    for doubled in ({name: f"{headers[name]},{second}"}, {name: f"{second}, {headers[name]}"}, {name.upper(): second}):
        with pytest.raises(CallbackRefused, match=f"{name} is there more than once"):
            verify(headers | doubled)


@given(st.binary(min_size=1, max_size=300), st.data())
def test_any_body_is_genuine_until_one_bit_is_altered(body: bytes, data: st.DataObject) -> None:
    headers = signed(body)
    verify(headers, body)
    bit = data.draw(st.integers(0, len(body) * 8 - 1))
    altered = bytearray(body)
    altered[bit // 8] ^= 1 << bit % 8
    with pytest.raises(CallbackRefused, match="no key of Hedra's"):
        verify(headers, bytes(altered))


def test_a_signature_with_any_one_bit_altered_is_refused() -> None:
    genuine = bytes.fromhex(signature_of(BODY))
    for bit in range(len(genuine) * 8):
        altered = bytearray(genuine)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CallbackRefused, match="no key of Hedra's"):
            verify(signed(signature=altered.hex()))


def test_a_rotated_key_is_looked_for_once() -> None:
    keys = Keys(OTHER_KEY, KEY)
    verify(signed(), keys=keys)
    assert keys.asked == ["known", "refreshed"]


def test_without_a_key_nothing_is_refused_and_nothing_let_in() -> None:
    with pytest.raises(KeysUnavailable):
        verify(signed(), keys=Keys(None))


def test_a_pinned_key_is_the_only_one() -> None:
    pinned = PinnedKey(KEY.public_key())
    verify(signed(), keys=pinned)
    with pytest.raises(CallbackRefused, match="no key"):
        verify(signed(key=OTHER_KEY), keys=pinned)


def test_the_published_key_is_read() -> None:
    (key,) = read_published_key({"algorithm": "ed25519", "public_key": base64_of(KEY)})
    assert key.public_bytes_raw() == KEY.public_key().public_bytes_raw()


NO_KEYS: dict[str, object] = {
    "null": None,
    "a list": [],
    "a text": "x",
    "empty": {},
    "a key of null": {"public_key": None},
    "a number": {"public_key": 7},
    "an empty key": {"public_key": ""},
    "too short": {"public_key": "AAAA"},
    "too long": {"public_key": base64_of(KEY) + "AAAA"},
    "not ASCII": {"public_key": "é"},
    "no base64": {"public_key": "*" * 44},
}


@pytest.mark.parametrize("document", NO_KEYS.values(), ids=NO_KEYS)
def test_what_is_no_published_key_holds_none(document: object) -> None:
    assert read_published_key(document) == []


@given(st.dictionaries(st.text(max_size=30), st.text(max_size=30), max_size=6), st.binary(max_size=50))
def test_nothing_made_up_is_genuine(headers: dict[str, str], body: bytes) -> None:
    made_up = dict(zip(signed(), headers.values(), strict=False)) | headers
    with pytest.raises(CallbackRefused):
        verify(made_up, body)
