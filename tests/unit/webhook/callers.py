"""Every provider that calls back, as the webhook function hears it: so that the same is tried on each of them."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.unit.webhook import fal_callbacks, hedra_callbacks, replicate_callbacks

Signer = Callable[[bytes, int], dict[str, str]]
"""Gives the headers of a body that is sent at a time."""


@dataclass(frozen=True, eq=False)
class Caller:
    """A provider.

    Parameters
    ----------
    signed
        Signs as the provider does, for us.
    forged
        Sign otherwise: what they sign is good but for one thing.
    made
        Tells whether the provider signed a body for us, by headers whose names are in lower case: written apart from
        the code under test, and as plainly.
    """

    name: str
    path: str
    headers: tuple[str, ...]
    signed: Signer
    forged: Mapping[str, Signer]
    made: Callable[[Mapping[str, str], bytes], bool]

    @property
    def timestamp(self) -> str:
        """The header that holds the time."""
        (name,) = (name for name in self.headers if name.endswith("-timestamp"))
        return name

    def is_genuine(self, headers: Mapping[str, str], body: bytes, now: int) -> bool:
        """Tell whether the provider made a callback for us, just now."""
        found = [(name.lower(), value) for name, value in headers.items() if name.lower() in self.headers]
        values = dict(found)
        if len(found) != len(self.headers) or len(values) != len(self.headers):
            return False
        try:
            return self.made(values, body) and abs(int(values[self.timestamp]) - now) <= 300
        except (ValueError, InvalidSignature):
            return False


def _verify(key: Ed25519PrivateKey, signature: str, lines: list[str], body: bytes) -> bool:
    message = "\n".join([*lines, hashlib.sha256(body).hexdigest()])
    key.public_key().verify(bytes.fromhex(signature), message.encode())
    return True


def _made_by_fal(headers: Mapping[str, str], body: bytes) -> bool:
    *signed, signature = (headers[name] for name in FAL.headers)
    return signed[1] == fal_callbacks.US and _verify(fal_callbacks.KEY, signature, signed, body)


def _made_by_hedra(headers: Mapping[str, str], body: bytes) -> bool:
    *signed, signature = (headers[name] for name in HEDRA.headers)
    return _verify(hedra_callbacks.KEY, signature, signed, body)


def _made_by_replicate(headers: Mapping[str, str], body: bytes) -> bool:
    message_id, at, signature = (headers[name] for name in REPLICATE.headers)
    body.decode()  # which fails on what is no text
    return replicate_callbacks.signature_of(body, message_id=message_id, at=at) in signature.split(" ")


FAL = Caller(
    "fal",
    "/",
    tuple(name.lower() for name in fal_callbacks.HEADERS),
    lambda body, at: fal_callbacks.signed(body, at=at),
    {
        "wrong key": lambda body, at: fal_callbacks.signed(body, at=at, key=fal_callbacks.OTHER_KEY),
        "another customer": lambda body, at: fal_callbacks.signed(body, at=at, user="auth0|somebody-else"),
    },
    _made_by_fal,
)
REPLICATE = Caller(
    "replicate",
    "/replicate",
    replicate_callbacks.HEADERS,
    lambda body, at: replicate_callbacks.signed(body, at=at),
    {"another customer": lambda body, at: replicate_callbacks.signed(body, at=at, secret="whsec_" + "A" * 32)},
    _made_by_replicate,
)
HEDRA = Caller(
    "hedra",
    "/hedra",
    hedra_callbacks.HEADERS,
    lambda body, at: hedra_callbacks.signed(body, at=at),
    {
        "wrong key": lambda body, at: hedra_callbacks.signed(body, at=at, key=hedra_callbacks.OTHER_KEY),
        "another event": lambda body, at: hedra_callbacks.signed(body, at=at, event_="job.failed"),
    },
    _made_by_hedra,
)
CALLERS = {caller.name: caller for caller in (FAL, REPLICATE, HEDRA)}
