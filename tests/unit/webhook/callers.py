"""Every provider that calls back, as the webhook function hears it: so that the same is tried on each of them."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.webhooks.fal import FalScheme
from shared.webhooks.hedra import HedraScheme
from shared.webhooks.replicate import ReplicateScheme
from shared.webhooks.scheme import KeysUnavailable, Scheme
from tests.unit.webhook import fal_callbacks, hedra_callbacks, replicate_callbacks

Given = TypeVar("Given")

Signer = Callable[[bytes, object], dict[str, str]]
"""Gives the headers of a body that is sent at a time."""


class Keys(Generic[Given]):
    """What signatures are checked by, while it is changed: only a refresh finds the new. None: it cannot be had."""

    def __init__(self, known: Given | None, fresh: Given | None = None) -> None:
        self._known, self._fresh, self.asked = known, known if fresh is None else fresh, list[str]()

    def known(self) -> Given:
        return self._give("known", self._known)

    def refreshed(self) -> Given:
        return self._give("refreshed", self._fresh)

    def _give(self, name: str, given: Given | None) -> Given:
        self.asked.append(name)
        if given is None:
            raise KeysUnavailable("none")
        return given


@dataclass(frozen=True, eq=False)
class Caller:
    """A provider.

    Parameters
    ----------
    headers
        Those that a callback has to have, in lower case.
    signed
        Signs as the provider does, for us.
    forged
        Sign otherwise: what they sign is good but for one thing.
    made
        Tells whether the provider signed a body for us, by headers whose names are in lower case: written apart from
        the code under test, and as plainly.
    scheme
        Makes the scheme under test of what signatures are checked by.
    ours, others
        What our signatures are checked by, and somebody else's.
    read, written
        The bytes of a signature as it stands in its header, and back.
    """

    name: str
    path: str
    headers: tuple[str, ...]
    signed: Signer
    forged: Mapping[str, Signer]
    made: Callable[[Mapping[str, str], bytes], bool]
    scheme: Callable[[Keys[Any]], Scheme]
    ours: object
    others: object
    read: Callable[[str], bytes] = bytes.fromhex
    written: Callable[[bytes], str] = bytes.hex

    @property
    def timestamp(self) -> str:
        """The header that holds the time."""
        return self._header("timestamp")

    @property
    def signature(self) -> str:
        """The header that holds the signature."""
        return self._header("signature")

    def _header(self, what: str) -> str:
        (name,) = (name for name in self.headers if name.endswith(f"-{what}"))
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
    lambda keys: FalScheme(fal_callbacks.US, keys),
    ours=[fal_callbacks.KEY.public_key()],
    others=[fal_callbacks.OTHER_KEY.public_key()],
)
REPLICATE = Caller(
    "replicate",
    "/replicate",
    replicate_callbacks.HEADERS,
    lambda body, at: replicate_callbacks.signed(body, at=at),
    {"another customer": lambda body, at: replicate_callbacks.signed(body, at=at, secret="whsec_" + "A" * 32)},
    _made_by_replicate,
    ReplicateScheme,
    ours=replicate_callbacks.bytes_of(replicate_callbacks.SIGNING_SECRET),
    others=replicate_callbacks.bytes_of(replicate_callbacks.OTHER_SECRET),
    read=lambda text: base64.b64decode(text.removeprefix("v1,")),
    written=lambda signature: "v1," + base64.b64encode(signature).decode(),
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
    HedraScheme,
    ours=[hedra_callbacks.KEY.public_key()],
    others=[hedra_callbacks.OTHER_KEY.public_key()],
)
CALLERS = {caller.name: caller for caller in (FAL, REPLICATE, HEDRA)}
