"""What is wrong with fal, the key or the network, precisely, and what helps: for `episode test-api`."""

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

import httpx
from fal_client import FalClientHTTPError

from shared.fal.errors import Scope, SortedError, sort_error
from shared.fal.outcomes import FalUnreachable, Refused, Unconfirmed


class FaultKind(StrEnum):
    """What kind of fault it is, for machines."""

    KEY_MISSING = "key_missing"
    KEY_MALFORMED = "key_malformed"
    KEY_REFUSED = "key_refused"
    BALANCE = "balance_exhausted"
    MODEL_UNKNOWN = "model_unknown"
    INPUTS_REFUSED = "inputs_refused"
    RATE_LIMIT = "rate_limit"
    FAL_DOWN = "fal_down"
    JOB_ENDED = "job_ended"
    NO_RESULT = "no_result"
    TOO_SLOW = "too_slow"
    NO_ADDRESS = "network_dns"
    NO_TRUST = "network_tls"
    NOBODY_THERE = "network_refused"
    TIMEOUT = "network_timeout"
    CUT_OFF = "network_cut"


NEXT_STEPS = {
    FaultKind.KEY_MISSING: "make a key at https://fal.ai/dashboard/keys, and put it there",
    FaultKind.KEY_MALFORMED: "copy the whole key from https://fal.ai/dashboard/keys: <id>:<secret>, without quotes",
    FaultKind.KEY_REFUSED: "make a new key at https://fal.ai/dashboard/keys: this one was revoked or mistyped",
    FaultKind.BALANCE: "top up the balance at https://fal.ai/dashboard/billing",
    FaultKind.MODEL_UNKNOWN: "look for the model at https://fal.ai/models, and give the stack its id",
    FaultKind.INPUTS_REFUSED: "the key and the model work; the model does not take what this test sends it",
    FaultKind.RATE_LIMIT: "wait until other jobs of the account are done, or have fal raise its limit",
    FaultKind.FAL_DOWN: "look at https://status.fal.ai, and try again later",
    FaultKind.JOB_ENDED: "try again; if it ends so once more, ask fal, and name the request",
    FaultKind.NO_RESULT: "try again; if nothing comes once more, ask fal, and name the request",
    FaultKind.TOO_SLOW: "look at https://status.fal.ai; --timeout waits longer",
    FaultKind.NO_ADDRESS: "look at the network and its name server, and at FAL_QUEUE_RUN_HOST and FAL_REST_URL, if set",
    FaultKind.NO_TRUST: "look at the clock, and at what is between here and fal: a proxy's certificate goes into "
    "SSL_CERT_FILE",
    FaultKind.NOBODY_THERE: "look at the firewall and the proxy, and at FAL_QUEUE_RUN_HOST and FAL_REST_URL, if set",
    FaultKind.TIMEOUT: "look at the network, and try again",
    FaultKind.CUT_OFF: "look at the network, and try again",
}

_MODEL_PARAMETERS = {"ideogram": "IdeogramEndpoint", "kontext": "KontextEndpoint", "hedra": "HedraEndpoint"}
_LOOK_FIRST = (
    "fal may have taken the request all the same: look at https://fal.ai/dashboard/requests before trying again"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, in fal's words or ours, and what to do.

    Parameters
    ----------
    is_unsure
        Whether nobody can tell if fal has taken the request all the same.
    """

    kind: FaultKind
    message: str
    is_unsure: bool = False

    def next_step(self, model: str) -> str:
        """Return what to do about it."""
        step = NEXT_STEPS[self.kind]
        if self.kind is FaultKind.MODEL_UNKNOWN:
            step = f"{step} as {_MODEL_PARAMETERS[model]}"
            if model == "hedra":
                step = f"{step}; or name other engines in the script: `engines: [fabric, still]`"
        return f"{step}. {_LOOK_FIRST}" if self.is_unsure else step

    @property
    def is_of_the_key(self) -> bool:
        """Whether fal does not accept the key."""
        return self.kind in {FaultKind.KEY_MISSING, FaultKind.KEY_MALFORMED, FaultKind.KEY_REFUSED}

    @property
    def is_of_the_account(self) -> bool:
        """Whether it would strike every other model too."""
        return self.is_of_the_key or self.kind is FaultKind.BALANCE


def fault_of_key(key: str, where: str) -> Fault | None:
    """Return what is wrong with a key, as far as it can be seen without asking fal.

    Parameters
    ----------
    where
        Where it is kept, in words.
    """
    if not key:
        return Fault(FaultKind.KEY_MISSING, f"there is no key in {where}")
    key_id, colon, secret = key.partition(":")
    if not (key_id and colon and secret) or any(letter.isspace() or letter in "\"'" for letter in key):
        return Fault(FaultKind.KEY_MALFORMED, f"the key in {where} does not look like one of fal's, <id>:<secret>")
    return None


def fault_of_refusal(refusal: Refused | Unconfirmed) -> Fault:
    """Return what is wrong when fal did not accept a request."""
    if isinstance(refusal, Refused) and isinstance(refusal.cause, FalClientHTTPError):
        return fault_of_status(refusal.cause.status_code, refusal.error)
    fault = fault_of_exception(refusal.cause)
    return Fault(fault.kind, fault.message, is_unsure=isinstance(refusal, Unconfirmed))


def fault_of_status(status: int, error: SortedError) -> Fault:
    """Return what an error of fal's means that came in place of an answer."""
    match status:
        case HTTPStatus.UNAUTHORIZED:
            return Fault(FaultKind.KEY_REFUSED, f"fal refuses the key: {error.message}")
        case HTTPStatus.PAYMENT_REQUIRED:
            return Fault(FaultKind.BALANCE, f"fal wants to be paid first: {error.message}")
        case HTTPStatus.FORBIDDEN:
            # One status for both: only fal's words tell, "User is locked. Reason: Exhausted balance. [...]"
            # (https://github.com/fal-ai/fal-js/issues/238).
            is_balance = "balance" in error.message.lower()
            kind = FaultKind.BALANCE if is_balance else FaultKind.KEY_REFUSED
            return Fault(kind, f"fal refuses the account: {error.message}")
        case HTTPStatus.NOT_FOUND:
            return Fault(FaultKind.MODEL_UNKNOWN, f"fal does not have the model: {error.message}")
    return fault_of_error(error)


def fault_of_error(error: SortedError) -> Fault:
    """Return what an error means with which a job ended, or with which fal refused a request."""
    kinds = {
        Scope.ACCOUNT: FaultKind.KEY_REFUSED,
        Scope.ENDPOINT: FaultKind.FAL_DOWN,
        Scope.RATE: FaultKind.RATE_LIMIT,
        Scope.ASSET: FaultKind.INPUTS_REFUSED,
        Scope.FILE: FaultKind.INPUTS_REFUSED,
        Scope.JOB: FaultKind.JOB_ENDED,
    }
    return Fault(kinds[error.scope], f"{error.name}: {error.message}")


def fault_of_exception(error: BaseException | None) -> Fault:
    """Return what is wrong when no answer of fal's came, from what was raised and what had caused that."""
    for cause in _causes(error):
        match cause:
            case FalClientHTTPError() | httpx.HTTPStatusError():
                return _fault_of_page(cause.response)
            case socket.gaierror():
                return Fault(FaultKind.NO_ADDRESS, f"fal's address is not to be found: {cause}")
            case ssl.SSLError():
                return Fault(FaultKind.NO_TRUST, f"whoever answers cannot be trusted to be fal: {cause}")
            case ConnectionRefusedError():
                return Fault(FaultKind.NOBODY_THERE, f"nobody answers at fal's address: {cause}")
            case httpx.TimeoutException() | TimeoutError():
                return Fault(FaultKind.TIMEOUT, f"fal did not answer in time ({type(cause).__name__})")
    if isinstance(error, httpx.TransportError | FalUnreachable):
        return Fault(FaultKind.CUT_OFF, f"the connection to fal broke off ({type(error).__name__})")
    return Fault(FaultKind.FAL_DOWN, "fal gave an answer that cannot be read")


def _fault_of_page(response: httpx.Response) -> Fault:
    status = response.status_code
    try:
        body: object = response.json()
    except ValueError:
        return Fault(FaultKind.FAL_DOWN, f"fal answers with a page of status {status} in place of an answer")
    return fault_of_status(status, sort_error(status, body))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
