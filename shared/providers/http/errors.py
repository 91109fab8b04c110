"""Sort what providers refuse, and what their jobs failed of, by their tables of meanings."""

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from types import MappingProxyType

from shared.providers.errors import FILE_NOT_FETCHED, Scope, SortedError
from shared.providers.http.json_paths import text_at, value_at, values_at
from shared.providers.http.spec import ErrorForm, Meaning, ProviderSpec

ACCOUNT_REFUSED = Meaning(Scope.ACCOUNT, retry=False)
NO_SUCH_MODEL = Meaning(Scope.ENDPOINT, retry=False)
OUTAGE = Meaning(Scope.ENDPOINT, retry=True)
TOO_SOON = Meaning(Scope.RATE, retry=True)
INPUTS_REFUSED = Meaning(Scope.ASSET, retry=False)
FILE_LOST = Meaning(Scope.FILE, retry=True)
JOB_ENDED = Meaning(Scope.JOB, retry=False)

STATUSES: Mapping[int, Meaning] = MappingProxyType(
    {
        401: ACCOUNT_REFUSED,
        402: ACCOUNT_REFUSED,
        403: ACCOUNT_REFUSED,
        404: NO_SUCH_MODEL,
        405: NO_SUCH_MODEL,
        408: TOO_SOON,
        409: TOO_SOON,
        410: NO_SUCH_MODEL,
        425: TOO_SOON,
        429: TOO_SOON,
    }
)
"""What a status means by itself, where a provider's own table says nothing else. Standards: RFC 9110, 6585, 8470."""

_BY_CLASS: Mapping[int, Meaning] = MappingProxyType({4: INPUTS_REFUSED, 5: OUTAGE})

_GATEWAYS = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT})
_CODE = re.compile(r"[\w.:/-]{1,80}", re.ASCII)
_MAX_MESSAGE = 500
# The path and the query of an address are permissions as often as not: only where it leads is shown.
_ADDRESS = re.compile(r"(https?://)(?:[^\s/?#@]*@)?([^\s/?#\"'<>]+)[^\s\"'<>]*", re.IGNORECASE)


def is_verdict(status: int, document: object, spec: ProviderSpec) -> bool:
    """Tell whether an answer to a submit certainly says that the provider does not have the job.

    A 4xx does, whatever its body; a 5xx only with an error in the provider's own form, for a gateway's page says
    nothing about what is behind it. A conflict does not where it is about a request that was sent before under the same
    key.
    """
    if status == HTTPStatus.CONFLICT and spec.submit.idempotency_header:
        return False
    if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return True
    if status < HTTPStatus.INTERNAL_SERVER_ERROR or status in _GATEWAYS:
        return False
    return says_why(document, spec.refusal)


def says_why(document: object, form: ErrorForm) -> bool:
    """Tell whether there is an error in a document."""
    return next(_codes(document, form), None) is not None or bool(_message(document, form))


def sort_refusal(status: int, document: object, spec: ProviderSpec) -> SortedError:
    """Sort an answer by which a provider refuses a job: there is none then, and nothing that could be charged.

    Parameters
    ----------
    document
        The JSON of the answer; None where it has none.
    """
    by_status = spec.meanings.get(status) or STATUSES.get(status) or _BY_CLASS.get(status // 100, OUTAGE)
    words = f"{spec.title} answered with status {status}"
    return _sorted(document, spec.refusal, spec, f"http_{status}", by_status, words, may_be_charged=False)


def sort_failure(document: object, form: ErrorForm, spec: ProviderSpec, status: str) -> SortedError:
    """Sort the failure of a job.

    Parameters
    ----------
    status
        The provider's word for how the job stands.
    """
    by_status = spec.meanings.get(status) or JOB_ENDED
    words = f"{spec.title} ended the job ('{status}') and says no more why"
    return _sorted(document, form, spec, status, by_status, words)


def no_connection(title: str, reason: str) -> SortedError:
    """Return the error of a submit that never left: there was no connection to send it by."""
    return SortedError(
        name="connection_failed",
        message=f"no connection to {title}: {reason}",
        scope=OUTAGE.scope,
        retry=OUTAGE.retry,
        may_be_charged=False,
    )


def no_key(title: str, reason: str) -> SortedError:
    """Return the error of a submit that never left: what is configured as the key is none."""
    message = f"{title} cannot be asked: {reason}"
    return SortedError("key_unusable", message, ACCOUNT_REFUSED.scope, ACCOUNT_REFUSED.retry, may_be_charged=False)


def no_output(title: str) -> SortedError:
    """Return the error of a job that succeeded without an output."""
    message = f"{title} says that the job succeeded, but it has no output"
    return SortedError("no_payload", message, JOB_ENDED.scope, JOB_ENDED.retry, JOB_ENDED.may_be_charged)


def _sorted(
    document: object,
    form: ErrorForm,
    spec: ProviderSpec,
    otherwise: str,
    by_status: Meaning,
    words: str,
    *,
    may_be_charged: bool = True,
) -> SortedError:
    codes = list(_codes(document, form))
    known = next((code for code in codes if _meaning(code, spec)), None)
    meaning = (_meaning(known, spec) if known else None) or by_status
    # That one endpoint is out of order may pass: there the provider's word that it is pointless is heeded.
    pointless = meaning.scope is Scope.ENDPOINT and _hint(document, form) is False
    own_name = known or (codes[-1] if codes else otherwise)
    return SortedError(
        name=FILE_NOT_FETCHED if meaning.scope is Scope.FILE else own_name,
        message=_message(document, form) or words,
        scope=meaning.scope,
        retry=meaning.retry and not pointless,
        may_be_charged=meaning.may_be_charged and may_be_charged,
    )


def _meaning(code: str, spec: ProviderSpec) -> Meaning | None:
    while code and code not in spec.meanings:
        code = code.rpartition(".")[0]
    return spec.meanings.get(code)


def _codes(document: object, form: ErrorForm) -> Iterator[str]:
    for path in form.codes:
        yield from (code for code in values_at(document, path) if isinstance(code, str) and _CODE.fullmatch(code))
    if form.code_in_message:
        for path in form.messages:
            yield from re.findall(form.code_in_message, text_at(document, path) or "")


def _hint(document: object, form: ErrorForm) -> bool | None:
    hint = value_at(document, form.retryable) if form.retryable else None
    return hint if isinstance(hint, bool) else None


def _message(document: object, form: ErrorForm) -> str:
    text = next(filter(None, (text_at(document, path) for path in form.messages)), "")
    shown = _ADDRESS.sub(r"\1\2/...", text[: 4 * _MAX_MESSAGE])[:_MAX_MESSAGE]
    return shown.encode("utf-8", "replace").decode()  # JSON may hold half of a character, and no log takes that
