"""What is wrong with a provider, the key or the network, precisely: for `episode test-api`."""

import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http import HTTPStatus

import httpx
from fal_client import FalClientHTTPError

from cli.api_help import HELP, FaultKind, next_step
from shared.fal.errors import sort_error
from shared.providers.errors import Scope, SortedError
from shared.providers.http.exchange import KeyUnusable
from shared.providers.names import TITLES, ProviderName
from shared.providers.outcomes import ProviderUnreachable, Refused, Unconfirmed

_OF_THE_KEY = frozenset({FaultKind.KEY_MISSING, FaultKind.KEY_MALFORMED, FaultKind.KEY_REFUSED})


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, in the provider's words or ours.

    Parameters
    ----------
    is_unsure
        Whether nobody can tell if the provider has taken the request all the same.
    advice
        What to do about it, where its kind alone does not say that.
    """

    kind: FaultKind
    message: str
    is_unsure: bool = False
    advice: str = ""

    def next_step(self, provider: ProviderName, model: str = "") -> str:
        """Return what to do about it."""
        return self.advice or next_step(self.kind, provider, model, is_unsure=self.is_unsure)


def is_of_the_key(kind: FaultKind) -> bool:
    """Tell whether a fault is that the provider does not accept the key."""
    return kind in _OF_THE_KEY


def strikes_all(kind: FaultKind) -> bool:
    """Tell whether a fault would strike every other model of the provider too."""
    return is_of_the_key(kind) or kind is FaultKind.BALANCE


def fault_of_key(provider: ProviderName, key: str, where: str) -> Fault | None:
    """Return what is wrong with a key, as far as it can be seen without asking the provider.

    Parameters
    ----------
    where
        Where it is kept, in words.
    """
    if not key:
        return Fault(FaultKind.KEY_MISSING, f"there is no key in {where}")
    is_one_word = all("!" <= letter <= "~" and letter not in "\"'" for letter in key)
    if not is_one_word or not _is_complete(provider, key):
        title, form = HELP[provider].title, HELP[provider].key_form
        return Fault(FaultKind.KEY_MALFORMED, f"the key in {where} does not look like one for {title}, {form}")
    return None


def _is_complete(provider: ProviderName, key: str) -> bool:
    if provider is ProviderName.REPLICATE:
        return len(key) > len("r8_") and key.startswith("r8_")
    key_id, colon, secret = key.partition(":")
    return bool(key_id and colon and secret) or provider is ProviderName.HEDRA  # which has tokens of one part as well


def fault_of_refusal(refusal: Refused | Unconfirmed, provider: ProviderName) -> Fault:
    """Return what is wrong when a provider did not accept a request."""
    if isinstance(refusal, Refused):
        match refusal.cause:
            case None | KeyUnusable():
                return fault_of_error(refusal.error, provider)
            case FalClientHTTPError(status_code=status):
                return _fault_of_fals_status(status, refusal.error)
        return fault_of_exception(refusal.cause, provider)
    if refusal.cause is None:
        message = f"{TITLES[provider]} gave an answer that cannot be read: {refusal.reason}"
        return Fault(FaultKind.PROVIDER_DOWN, message, is_unsure=True)
    return replace(fault_of_exception(refusal.cause, provider), is_unsure=True)


_BY_SCOPE = {
    Scope.ACCOUNT: FaultKind.KEY_REFUSED,
    Scope.ENDPOINT: FaultKind.PROVIDER_DOWN,
    Scope.RATE: FaultKind.RATE_LIMIT,
    Scope.ASSET: FaultKind.INPUTS_REFUSED,
    Scope.FILE: FaultKind.INPUTS_REFUSED,
    Scope.JOB: FaultKind.JOB_ENDED,
}
_BY_NAME = {
    (Scope.ACCOUNT, "http_402"): FaultKind.BALANCE,
    (Scope.ACCOUNT, "INSUFFICIENT_BALANCE"): FaultKind.BALANCE,
    (Scope.ENDPOINT, "http_403"): FaultKind.MODEL_UNKNOWN,
    (Scope.ENDPOINT, "http_404"): FaultKind.MODEL_UNKNOWN,
    (Scope.ENDPOINT, "http_410"): FaultKind.MODEL_UNKNOWN,
    (Scope.ENDPOINT, "NOT_FOUND"): FaultKind.MODEL_UNKNOWN,
    (Scope.ENDPOINT, "GONE"): FaultKind.MODEL_UNKNOWN,
    (Scope.ENDPOINT, "FAILED_PRECONDITION"): FaultKind.MODEL_UNKNOWN,
}
"""What the stand-ins' own names of errors say more precisely than how far these reach."""
_WORDS = {
    FaultKind.KEY_REFUSED: "{title} refuses the key",
    FaultKind.BALANCE: "{title} wants to be paid first",
    FaultKind.MODEL_UNKNOWN: "{title} does not have the model",
}


def fault_of_error(error: SortedError, provider: ProviderName) -> Fault:
    """Return what an error means with which a job ended, or with which a provider refused a request."""
    kind = _BY_SCOPE[error.scope]
    if provider is not ProviderName.FAL:
        kind = _BY_NAME.get((error.scope, error.name), kind)
    return _in_words(kind, error, provider)


def _in_words(kind: FaultKind, error: SortedError, provider: ProviderName) -> Fault:
    words = _WORDS.get(kind, error.name).format(title=TITLES[provider])
    return Fault(kind, f"{words}: {error.message}")


def _fault_of_fals_status(status: int, error: SortedError) -> Fault:
    """Return what an error of fal's means that came in place of an answer."""
    match status:
        case HTTPStatus.UNAUTHORIZED:
            kind = FaultKind.KEY_REFUSED
        case HTTPStatus.PAYMENT_REQUIRED:
            kind = FaultKind.BALANCE
        case HTTPStatus.FORBIDDEN:
            # One status for both: only fal's words tell, "User is locked. Reason: Exhausted balance. [...]"
            # (https://github.com/fal-ai/fal-js/issues/238).
            is_balance = "balance" in error.message.lower()
            kind = FaultKind.BALANCE if is_balance else FaultKind.KEY_REFUSED
            return Fault(kind, f"fal refuses the account: {error.message}")
        case HTTPStatus.NOT_FOUND:
            kind = FaultKind.MODEL_UNKNOWN
        case _:
            return fault_of_error(error, ProviderName.FAL)
    return _in_words(kind, error, ProviderName.FAL)


def fault_of_exception(error: BaseException | None, provider: ProviderName) -> Fault:
    """Return what is wrong when no answer came, from what was raised and what had caused that."""
    title = TITLES[provider]
    for cause in _causes(error):
        match cause:
            case FalClientHTTPError() | httpx.HTTPStatusError():
                return _fault_of_fals_page(cause.response)
            case socket.gaierror():
                return Fault(FaultKind.NO_ADDRESS, f"the address of {title} is not to be found: {cause}")
            case ssl.SSLError():
                return Fault(FaultKind.NO_TRUST, f"whoever answers cannot be trusted to be {title}: {cause}")
            case ConnectionRefusedError():
                return Fault(FaultKind.NOBODY_THERE, f"nobody answers at the address of {title}: {cause}")
            case httpx.TimeoutException() | TimeoutError():
                return Fault(FaultKind.TIMEOUT, f"{title} did not answer in time ({type(cause).__name__})")
    if isinstance(error, httpx.TransportError) or (isinstance(error, ProviderUnreachable) and _has_cause(error)):
        return Fault(FaultKind.CUT_OFF, f"the connection to {title} broke off ({type(error).__name__})")
    said = str(error) if isinstance(error, ProviderUnreachable) else f"{title} gave an answer that cannot be read"
    return Fault(FaultKind.PROVIDER_DOWN, said)


def _fault_of_fals_page(response: httpx.Response) -> Fault:
    status = response.status_code
    try:
        body: object = response.json()
    except ValueError:
        return Fault(FaultKind.PROVIDER_DOWN, f"fal answers with a page of status {status} in place of an answer")
    return _fault_of_fals_status(status, sort_error(status, body))


def _has_cause(error: BaseException) -> bool:
    return error.__cause__ is not None or error.__context__ is not None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
