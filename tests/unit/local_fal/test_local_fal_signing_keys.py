"""The keys that webhooks are signed with."""

import base64
import hashlib
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from local.fal.signing_keys import SigningKeys


@given(body=st.binary(max_size=200), timestamp=st.integers(0, 2**33))
def test_signature_is_that_of_the_last_published_key(
    tmp_path_factory: pytest.TempPathFactory, body: bytes, timestamp: int
) -> None:
    keys = SigningKeys(tmp_path_factory.getbasetemp() / "signing-keys.json")
    signature = bytes.fromhex(keys.sign(request_id="r", user_id="u", timestamp=timestamp, body=body))
    message = f"r\nu\n{timestamp}\n{hashlib.sha256(body).hexdigest()}".encode()
    former, current = (
        Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key["x"] + "="))
        for key in keys.public_keys()["keys"]
    )
    current.verify(signature, message)
    with pytest.raises(InvalidSignature):
        former.verify(signature, message)


def test_signing_keys_stay_and_rotate(tmp_path: Path) -> None:
    keys = SigningKeys(tmp_path / "keys.json")
    before = keys.public_keys()["keys"]
    keys.rotate()
    after = SigningKeys(tmp_path / "keys.json").public_keys()["keys"]
    assert after[0] == before[1]
    assert after[1] not in before
