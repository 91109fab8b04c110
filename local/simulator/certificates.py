"""The simulators' own certificate authority, and the certificate that it serves with."""

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# Longer than any laptop keeps a state directory, and within what TLS clients accept for a server (825 days).
_VALIDITY = timedelta(days=820)
_RENEW_BEFORE = timedelta(days=30)


def prepare_certificates(directory: Path) -> Path:
    """Make the certificates that a server on this machine needs, unless the directory has valid ones.

    The authority's private key is thrown away once it has signed the one server certificate, so that nothing else can
    ever be issued in its name.

    Parameters
    ----------
    directory
        Where ``ca.pem``, ``server.pem`` and ``server-key.pem`` are kept.

    Returns
    -------
    Path
        ``ca.pem``: the own authority followed by the public ones, because ``SSL_CERT_FILE`` replaces a process's
        whole bundle.
    """
    bundle, certificate_file = directory / "ca.pem", directory / "server.pem"
    if bundle.exists() and certificate_file.exists():
        present = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        if present.not_valid_after_utc - _RENEW_BEFORE > datetime.now(UTC):
            return bundle

    authority_key = ec.generate_private_key(ec.SECP256R1())
    server_key = ec.generate_private_key(ec.SECP256R1())
    authority = _authority(authority_key)
    server = _server_certificate(server_key, authority, authority_key)
    key_file = directory / "server-key.pem"
    key_file.touch(mode=0o600)
    key_file.write_bytes(
        server_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    certificate_file.write_bytes(server.public_bytes(serialization.Encoding.PEM))
    bundle.write_bytes(authority.public_bytes(serialization.Encoding.PEM) + Path(certifi.where()).read_bytes())
    return bundle


def server_context(directory: Path) -> ssl.SSLContext:
    """Return the TLS context of a server that uses the certificate in ``directory``."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(directory / "server.pem", directory / "server-key.pem")
    context.set_alpn_protocols(["http/1.1"])
    return context


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = _name("Simulated providers' certificate authority")
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        _builder(name, name, key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _server_certificate(
    key: ec.EllipticCurvePrivateKey, authority: x509.Certificate, authority_key: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.IPv4Address("127.0.0.1"))]
    return (
        _builder(_name("Simulated providers"), authority.subject, key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )


def _builder(subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + _VALIDITY)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
