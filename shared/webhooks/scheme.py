"""What the schemes by which providers sign their callbacks have in common.

A scheme is one module of this package, with one class that has `Scheme.verify`. It states which headers it reads and
what is signed; the checks below need no key, and come first, so that strangers cause neither a fetch nor arithmetic.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Protocol

TOLERANCE = 300
"""Seconds by which a callback's time may differ from ours, both ways.

Sources: https://fal.ai/docs/documentation/model-apis/inference/webhooks and
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

_SECONDS = re.compile(r"[1-9][0-9]{0,11}")  # one way of writing each, so that nothing else was signed than is read


class CallbackRefused(Exception):
    """A callback that the provider did not make for us; its text says which check failed, and quotes nothing."""


class KeysUnavailable(Exception):
    """The provider's keys, or our secret, cannot be had just now: whether the callback is genuine cannot be told."""


class Scheme(Protocol):
    """How a provider shows that a callback is its own."""

    def verify(self, headers: Mapping[str, str], body: bytes, now: float) -> None:
        """Return if the provider made the callback, just now, for us.

        Parameters
        ----------
        headers
            By name, in any case.
        body
            The raw bytes, as they were signed.
        now
            Seconds since the epoch.

        Raises
        ------
        CallbackRefused
            When it did not.
        KeysUnavailable
            When it cannot be told, because there are no keys to tell it by.
        """


def required_headers(
    headers: Mapping[str, str], names: Iterable[str], *, with_commas: Collection[str] = ()
) -> list[str]:
    """Return the values of headers; raises `CallbackRefused`.

    They are ASCII, as HTTP has it (RFC 9110, 5.5), and each is there once: of two, a proxy and we might read different
    ones.

    Parameters
    ----------
    headers
        By name, in any case.
    names
        In lower case.
    with_commas
        Those of the names whose values may hold commas. Elsewhere a comma tells of a header that was there twice:
        https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html.
    """
    lowered: dict[str, list[str]] = {}
    for name, value in headers.items():
        lowered.setdefault(name.lower(), []).append(value)
    values = []
    for name in names:
        match lowered.get(name):
            case None:
                raise CallbackRefused(f"header {name} is missing")
            case [value] if not value.isascii():
                raise CallbackRefused(f"header {name} is not ASCII")
            case [value] if "," not in value or name in with_commas:
                values.append(value)
            case _:
                raise CallbackRefused(f"header {name} is there more than once")
    return values


def check_time(timestamp: str, now: float) -> None:
    """Refuse what is not a whole number of seconds since the epoch, or is too far from `now` either way."""
    if not _SECONDS.fullmatch(timestamp):
        raise CallbackRefused("the timestamp is not a number of seconds")
    if abs(now - int(timestamp)) > TOLERANCE:
        raise CallbackRefused("the timestamp is too far from now")
