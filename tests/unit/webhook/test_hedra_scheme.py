"""What is Hedra's own in how it signs; what holds of every provider's signatures is in `test_schemes`."""

import base64

import pytest

from shared.webhooks.ed25519 import PinnedKey, PublicKeys
from shared.webhooks.hedra import HedraScheme, read_published_key
from shared.webhooks.scheme import CallbackRefused
from tests.unit.webhook.callers import Keys
from tests.unit.webhook.fal_callbacks import BODY, NOW
from tests.unit.webhook.hedra_callbacks import JOB_ID, KEY, OTHER_KEY, base64_of, signature_of, signed


def verify(headers: dict[str, str], *, keys: PublicKeys | None = None) -> None:
    HedraScheme(keys or Keys([KEY.public_key()])).verify(headers, BODY, NOW)


@pytest.mark.parametrize("event", ["job.completed", "job.failed", "job.expired"])
@pytest.mark.parametrize("redelivery", ["false", "true"])
def test_every_event_that_hedra_signed_is_genuine(event: str, redelivery: str) -> None:
    """Also one that there may be one day: what became of a job is told by the body."""
    verify(signed(event=event, redelivery=redelivery))


@pytest.mark.parametrize("attempt", ["2", "99", "", "é", "x" * 999, None])
def test_the_number_of_the_attempt_is_not_signed_and_not_read(attempt: str | None) -> None:
    verify(signed(attempt=attempt))


FORGED = {
    "id exchanged": signed(id="job_2"),
    "event exchanged": signed(event_="job.failed"),
    "made one that was asked for again": signed(redelivery_="true"),
}
KEYLESS = {
    "id empty": signed(job_id=""),
    "id with a line's end": signed(job_id=f"{JOB_ID}\n"),
    "id and event in one": signed(job_id=f"{JOB_ID}\njob.completed", event=""),
    "event empty": signed(event=""),
    "event with a space": signed(event="job completed"),
    "asked for again, who knows": signed(redelivery="maybe"),
    "asked for again, in capitals": signed(redelivery="True"),
    "no hexadecimal": signed(signature="zz" * 64),
    "half a signature": signed(signature=signature_of(BODY)[:64]),
    "base64, as others sign": signed(signature=base64.b64encode(bytes.fromhex(signature_of(BODY))).decode()),
}


@pytest.mark.parametrize("headers", FORGED.values(), ids=FORGED)
def test_what_hedra_did_not_sign_so_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(CallbackRefused, match="no key of Hedra's"):
        verify(headers)


@pytest.mark.parametrize("headers", KEYLESS.values(), ids=KEYLESS)
def test_what_can_be_refused_without_a_key_asks_for_none(headers: dict[str, str]) -> None:
    keys = Keys([KEY.public_key()])
    with pytest.raises(CallbackRefused):
        verify(headers, keys=keys)
    assert keys.asked == []


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
