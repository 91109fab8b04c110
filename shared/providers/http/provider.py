"""A provider that speaks HTTP and JSON, by its specification."""

import time
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from shared.keys import AssetKind
from shared.providers.callbacks import CallbackBody, CallbackUnreadable, Delivered, DeliveredElsewhere, JobFailed
from shared.providers.http import jobs
from shared.providers.http.errors import is_verdict, no_connection, no_key, says_why, sort_refusal
from shared.providers.http.exchange import Answer, AnswerLost, Exchange, KeyUnusable, NotConnected
from shared.providers.http.json_paths import read_json, text_at
from shared.providers.http.listing import listed_requests
from shared.providers.outcomes import (
    Accepted,
    Failed,
    Finished,
    Gone,
    JobOutcome,
    ListedRequest,
    ProviderUnreachable,
    Refused,
    SubmitOutcome,
    Unconfirmed,
)

if TYPE_CHECKING:
    import httpx
    from pydantic import JsonValue

    from shared.providers.http.spec import ProviderSpec
    from shared.providers.media import FileLifetimes, MediaFile
    from shared.providers.names import ProviderName

_REPLAYS = 2
"""So often a submit is sent again whose answer did not come, where that is one job."""

_SUBMIT_LIMIT = 2.5
"""Times the timeout: what all sendings of one submit may take together."""

_GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


class HttpProvider:
    """`shared.ports.Provider` by a specification.

    Parameters
    ----------
    base_url
        Where the provider's API is, without the paths of the specification.
    key
        Gives the key of the account as it is now.
    timeout
        Seconds that one request may take.
    transport
        What carries the requests; None: the network.
    clock
        A monotonic clock, in seconds.
    """

    def __init__(
        self,
        spec: "ProviderSpec",
        base_url: str,
        key: Callable[[], str],
        *,
        timeout: float = 15.0,
        transport: "httpx.BaseTransport | None" = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._spec = spec
        self._timeout = timeout
        self._clock = clock
        self._exchange = Exchange(
            base_url,
            key,
            spec.key_header,
            spec.key_format,
            spec.headers,
            timeout=timeout,
            transport=transport,
            clock=clock,
        )

    @property
    def name(self) -> "ProviderName":
        """Which one it is."""
        return self._spec.name

    @property
    def lifetimes(self) -> "FileLifetimes":
        """How long files lie there."""
        return self._spec.lifetimes

    @property
    def replays_safely(self) -> bool:
        """Whether the same submit under the same key, sent again, is one job and is paid for once."""
        return self._spec.submit.idempotency_header is not None

    def submit(
        self, endpoint: str, arguments: Mapping[str, object], callback_url: str | None, *, key: str
    ) -> SubmitOutcome:
        """Ask for one job, and say what is certain about it.

        There is exactly one POST, unless the provider takes a key by which a second one is the same job: then it is
        sent up to twice again when its answer did not come, and after that only an acceptance says anything. A refusal
        may be of the second one alone, for having come too soon, or because the first one has used up the balance.

        Parameters
        ----------
        callback_url
            None: nobody is called back.
        key
            Names this attempt at this asset, the same whenever it is sent again.
        """
        form = self._spec.submit
        path = form.path.replace("{endpoint}", quote(endpoint, safe="/"))
        body = self._body(arguments, callback_url)
        headers = {**form.headers, **({form.idempotency_header: key} if form.idempotency_header else {})}
        ends = self._clock() + _SUBMIT_LIMIT * self._timeout
        doubt: Unconfirmed | None = None
        for _ in range(1 + (_REPLAYS if self.replays_safely else 0)):
            outcome, may_send_again = self._post(path, body, headers)
            if isinstance(outcome, Accepted):
                return outcome
            if isinstance(outcome, Unconfirmed):
                doubt = outcome
            if not may_send_again or self._clock() + self._timeout > ends:
                break
        return doubt or outcome

    def look_up(self, endpoint: str, request_id: str) -> JobOutcome:  # noqa: ARG002 -- the port's signature
        """Say how a job stands; raises `ProviderUnreachable`."""
        answer = self._ask("GET", _about(request_id, self._spec.status_path))
        if answer.status in _GONE:
            return Gone()
        outcome = jobs.outcome_in(answer.document, self._spec.job, self._spec) if answer.is_success else None
        if outcome is None:
            raise ProviderUnreachable(f"{self._spec.title} answered with status {answer.status}, and nothing to read")
        return outcome

    def cancel(self, endpoint: str, request_id: str) -> None:  # noqa: ARG002 -- the port's signature
        """Ask for the end of a job, with one request; raises `ProviderUnreachable`.

        Where the specification has no `cancel`, nothing is asked: the job ends by itself. One that the provider knows
        no more needs no asking.
        """
        cancel = self._spec.cancel
        if cancel is None:
            return
        answer = self._ask(cancel.method, _about(request_id, cancel.path))
        if not answer.is_success and answer.status not in _GONE:
            raise ProviderUnreachable(f"{self._spec.title} answered a cancellation with status {answer.status}")

    def requests_between(self, endpoint: str, since: float, until: float) -> Sequence[ListedRequest]:
        """Return the account's requests for a model that were sent then, 2,000 of all of its requests at most.

        That a request is not among them proves nothing. There are none where the specification has no `listing`.

        Parameters
        ----------
        since, until
            Seconds since 1970-01-01T00:00Z.

        Raises
        ------
        ProviderUnreachable
            When the provider could not be asked, or its answer could not be read.
        """
        if self._spec.listing is None:
            return ()
        return listed_requests(self._ask, self._spec.listing, self._spec, endpoint, since, until)

    def upload(self, data: bytes, content_type: str, file_name: str) -> str:
        """Hand a file over, for as long as `lifetimes` says; return its URL; raises `ProviderUnreachable`."""
        title = self._spec.title
        form = next((form for form in self._spec.uploads if content_type.startswith(form.content_types)), None)
        if form is None:
            raise ProviderUnreachable(f"{title} takes no file of type {content_type}")
        try:
            answer = self._exchange.ask("POST", form.path, parts={form.part: (file_name, data, content_type)})
        except (NotConnected, AnswerLost) as error:
            # Not `from error`: its traceback would go on to what was sent.
            raise ProviderUnreachable(f"{title} did not take a file ({error})") from None
        url = text_at(answer.document, form.url) if answer.is_success else None
        if url is None:
            raise ProviderUnreachable(f"{title} did not take a file (status {answer.status})")
        return url

    def file_argument(self, url: str) -> "JsonValue":
        """Return how a request names a file that lies at this URL."""
        form = self._spec.file
        return {**form.fields, form.url_field: url} if form else url

    def read_callback(self, body: bytes) -> CallbackBody:
        """Read the body of a callback; raises `CallbackUnreadable`."""
        document = read_json(body)
        form = self._spec.callback or self._spec.job
        request_id = jobs.request_id_in(document, form)
        if request_id is None:
            raise CallbackUnreadable("the callback names no job")
        match jobs.outcome_in(document, form, self._spec):
            case Finished(payload):
                return Delivered(request_id, payload)
            case Failed(error):
                status = text_at(document, form.status) or ""
                has_reason = says_why(document, form.error) or status in self._spec.meanings
                return JobFailed(request_id, error if has_reason else None)
            case Gone():
                return DeliveredElsewhere(request_id)
            case _:
                raise CallbackUnreadable("the callback does not say that the job is over")

    def media_in(self, kind: AssetKind, payload: object, endpoint: str) -> "MediaFile":
        """Return the file in what a model answered; raises `shared.providers.media.NoMediaReturned`."""
        return jobs.media_in(kind, payload, endpoint, self._spec.job.item)

    def _body(self, arguments: Mapping[str, object], callback_url: str | None) -> Mapping[str, object]:
        form = self._spec.submit
        body = dict(form.fields)
        body |= {form.input_field: dict(arguments)} if form.input_field else arguments
        if form.callback_field and callback_url:
            body[form.callback_field] = callback_url
        return body

    def _post(self, path: str, body: Mapping[str, object], headers: Mapping[str, str]) -> tuple[SubmitOutcome, bool]:
        """Send a submit once; return what is certain then, and whether sending it again may make it certain."""
        try:
            answer = self._exchange.ask("POST", path, json=body, headers=headers)
        except KeyUnusable as error:
            return Refused(no_key(self._spec.title, str(error)), error), False
        except NotConnected as error:
            return Refused(no_connection(self._spec.title, str(error)), _cause(error)), False
        except AnswerLost as error:
            return Unconfirmed(str(error), _cause(error)), True
        if answer.is_success:
            request_id = jobs.request_id_in(answer.document, self._spec.job)
            accepted = Accepted(request_id) if request_id else None
            return accepted or Unconfirmed(f"status {answer.status} with no job in it that can be read"), False
        if is_verdict(answer.status, answer.document, self._spec):
            return Refused(sort_refusal(answer.status, answer.document, self._spec)), False
        reason = f"status {answer.status} that says nothing of the job"
        return Unconfirmed(reason), answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR

    def _ask(self, method: str, path: str, query: Mapping[str, str] | None = None) -> Answer:
        try:
            return self._exchange.ask(method, path, query=query)
        except (NotConnected, AnswerLost) as error:
            raise ProviderUnreachable(f"{self._spec.title} cannot be asked ({error})") from error


def _about(request_id: str, path: str) -> str:
    return path.replace("{request_id}", quote(request_id, safe=""))


def _cause(error: Exception) -> Exception | None:
    return error.__cause__ if isinstance(error.__cause__, Exception) else None
