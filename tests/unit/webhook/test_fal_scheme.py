"""What is fal's own in how it signs; what holds of every provider's signatures is in `test_schemes`."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from shared.webhooks.ed25519 import PublicKeys
from shared.webhooks.fal import FalScheme
from shared.webhooks.scheme import CallbackRefused
from tests.unit.webhook.callers import Keys
from tests.unit.webhook.fal_callbacks import BODY, KEY, NOW, OTHER_KEY, US, signature_of, signed


def keys_of(*keys: Ed25519PrivateKey) -> Keys[list[Ed25519PublicKey]]:
    return Keys([key.public_key() for key in keys])


def verify(headers: dict[str, str], *, keys: PublicKeys | None = None, user: str = US) -> None:
    FalScheme(user, keys or keys_of(KEY)).verify(headers, BODY, NOW)


def test_a_signature_in_capital_letters_is_the_same_signature() -> None:
    verify(signed(signature=signature_of(BODY).upper()))


def test_every_published_key_is_tried() -> None:
    verify(signed(), keys=keys_of(OTHER_KEY, Ed25519PrivateKey.generate(), KEY))


FORGED = {
    "another customer's, with our name put on it": signed(user="auth0|somebody-else", user_id=US),
    "request id exchanged": signed(request_id="request-2"),
    "request id empty": signed(request_id=""),
}
KEYLESS = {
    "another fal customer's valid callback": signed(user="auth0|somebody-else"),
    "our user id as a prefix": signed(user=US + "0"),
    "user id exchanged": signed(user_id="user-2"),
    "no hexadecimal": signed(signature="zz" * 64),
    "half a signature": signed(signature=signature_of(BODY)[:64]),
    "a signature with spaces": signed(signature=" ".join(signature_of(BODY)[at : at + 2] for at in range(0, 128, 2))),
    "a signature with a version before it": signed(signature=f"v1,{signature_of(BODY)}"),
}


@pytest.mark.parametrize("headers", FORGED.values(), ids=FORGED)
def test_what_fal_did_not_sign_so_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(CallbackRefused, match="no key of fal's"):
        verify(headers)


@pytest.mark.parametrize("headers", KEYLESS.values(), ids=KEYLESS)
def test_what_can_be_refused_without_a_key_asks_for_none(headers: dict[str, str]) -> None:
    keys = keys_of(KEY)
    with pytest.raises(CallbackRefused):
        verify(headers, keys=keys)
    assert keys.asked == []


@pytest.mark.parametrize("user", ["", "unset"])
def test_who_does_not_know_who_he_is_lets_nobody_in(user: str) -> None:
    """It fails closed, even for a callback that is signed for whatever stands in the configuration."""
    keys = keys_of(KEY)
    with pytest.raises(CallbackRefused, match="FalUserId"):
        verify(signed(user=user), keys=keys, user=user)
    assert keys.asked == []
