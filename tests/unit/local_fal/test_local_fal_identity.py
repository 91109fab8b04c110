"""The account's key, the signing keys, the certificate, and the command line."""

import argparse
import base64
import hashlib
import stat
from datetime import UTC, datetime
from pathlib import Path

import certifi
import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from local.fal.__main__ import _route
from local.fal.account import Account, load_account
from local.fal.certificates import prepare_certificates
from local.fal.signing_keys import SigningKeys


@pytest.mark.parametrize("authorization", [None, "", "Key", "Key ", "Key id:other", "Bearer id:secret", "id:secret"])
def test_only_the_key_in_its_own_scheme_opens_the_account(authorization: str | None) -> None:
    account = Account(user_id="u", key="id:secret")
    assert account.owns("Key id:secret")
    assert not account.owns(authorization)


def test_account_stays_and_its_key_can_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "account.json"
    first = load_account(path)
    assert load_account(path) == first
    replaced = load_account(path, "a:b")
    assert (replaced.user_id, replaced.key) == (first.user_id, "a:b")
    assert load_account(path) == replaced
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


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


def test_certificate_is_for_this_machine_and_made_once(tmp_path: Path) -> None:
    bundle = prepare_certificates(tmp_path)
    content = bundle.read_bytes()
    authority = x509.load_pem_x509_certificate(content)
    server = x509.load_pem_x509_certificate((tmp_path / "server.pem").read_bytes())

    server.verify_directly_issued_by(authority)
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    assert server.not_valid_after_utc > datetime.now(UTC)
    # SSL_CERT_FILE replaces the public authorities, so they must be there too.
    assert content.endswith(Path(certifi.where()).read_bytes())
    # The authority's key was never written; the server's is for its owner alone.
    assert [path.name for path in tmp_path.glob("*key*")] == ["server-key.pem"]
    assert stat.S_IMODE((tmp_path / "server-key.pem").stat().st_mode) == 0o600

    assert prepare_certificates(tmp_path).read_bytes() == content


def test_webhook_routes_are_read_from_the_command_line() -> None:
    route = _route(".lambda-url.us-east-1.on.aws=http://127.0.0.1:4566")
    assert route == (".lambda-url.us-east-1.on.aws", "http://127.0.0.1:4566")
    for wrong in ("http://127.0.0.1:1", "=http://127.0.0.1:1", "a=b"):
        with pytest.raises(argparse.ArgumentTypeError, match="SUFFIX=http"):
            _route(wrong)
