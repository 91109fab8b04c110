"""The account's key, the certificate, and the command line."""

import argparse
import stat
from datetime import UTC, datetime
from pathlib import Path

import certifi
import pytest
from cryptography import x509

from local.simulator.account import Account, load_account
from local.simulator.certificates import prepare_certificates
from local.simulator.launch import webhook_route


@pytest.mark.parametrize("authorization", [None, "", "Key", "Key ", "Key id:other", "Bearer id:secret", "id:secret"])
def test_only_the_key_in_its_own_scheme_opens_the_account(authorization: str | None) -> None:
    account = Account(user_id="u", key="id:secret")
    assert account.owns("Key id:secret", ("Key",))
    assert not account.owns(authorization, ("Key",))


def test_account_stays_and_its_key_can_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "account.json"
    first = load_account(path)
    assert load_account(path) == first
    replaced = load_account(path, "a:b")
    assert (replaced.user_id, replaced.key) == (first.user_id, "a:b")
    assert load_account(path) == replaced
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


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
    route = webhook_route(".lambda-url.us-east-1.on.aws=http://127.0.0.1:4566")
    assert route == (".lambda-url.us-east-1.on.aws", "http://127.0.0.1:4566")
    for wrong in ("http://127.0.0.1:1", "=http://127.0.0.1:1", "a=b"):
        with pytest.raises(argparse.ArgumentTypeError, match="SUFFIX=http"):
            webhook_route(wrong)
