"""Every call that leaves a function, to AWS or a provider, goes through here: it may be counted, fail, be the last."""

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

import httpx
import pytest
from botocore.client import BaseClient

from shared.providers.names import ProviderName
from tests.chaos.virtual_time import VirtualClock

FAL = ProviderName.FAL
_ONE_AT_A_TIME = frozenset({"dynamodb", "sqs"})
"""Services whose models in moto are not safe against several threads, where AWS's are."""


NO_ANSWER = 0
"""In the place of the status of an answer that did not come."""


@dataclass(frozen=True)
class ListOfRequests:
    """How a provider lists the account's requests: where, and what is said of time there.

    Parameters
    ----------
    path
        How the path of its URL ends.
    span
        The parameters that say from when on, and until when.
    items, sent_at
        The field that holds the requests, and their field that says when they were sent.
    """

    path: str
    span: tuple[str, str]
    items: str
    sent_at: str


_LISTS = {
    ProviderName.FAL: ListOfRequests("/requests/by-endpoint", ("start", "end"), "items", "sent_at"),
    ProviderName.REPLICATE: ListOfRequests(
        "/v1/predictions", ("created_after", "created_before"), "results", "created_at"
    ),
}


class Killed(Exception):
    """The function's process died; whatever its code still does has no effect."""


@dataclass
class Invocation:
    """One run of a handler.

    Parameters
    ----------
    calls
        How many calls it has made so far.
    dead
        Whether its process has died.
    """

    function: str
    number: int
    calls: int = 0
    dead: bool = False


@dataclass(frozen=True)
class Call:
    """One outgoing call: the n-th of its invocation."""

    invocation: Invocation
    service: str
    operation: str
    number: int


@dataclass(frozen=True)
class Strike:
    """What goes wrong with a call.

    Parameters
    ----------
    error
        What the caller gets; None: its answer.
    done
        How often the call takes effect: 0, 1, or 2 when the client library repeats a call whose answer was lost.
    """

    error: Exception | None
    done: int


class Trouble(Protocol):
    """What may strike calls."""

    def strikes(self, call: Call) -> Strike | None:
        """Say what goes wrong with a call, if anything does."""


_NOTED = "noted"
_present: ContextVar[Invocation | None] = ContextVar("invocation", default=None)


@dataclass
class Outgoing:
    """The calls of all functions, and what goes wrong with them."""

    clock: VirtualClock
    troubles: list[Trouble] = field(default_factory=list)
    moves: int = 0
    """How many calls have been made, by whomever: while it grows, something happens."""
    longest: dict[str, int] = field(default_factory=dict)
    """The most calls that an invocation has made, by function."""
    observe: Callable[[Call], AbstractContextManager[object]] = field(default=lambda _: nullcontext())
    """Is entered around each call of a function that nothing goes wrong with."""
    providers: dict[str, ProviderName] = field(default_factory=dict)
    """Who is at a host and port."""
    answers: Counter[tuple[ProviderName, str, int]] = field(default_factory=Counter)
    """How often each provider has answered what with which status."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _service_locks: dict[str, threading.RLock] = field(
        default_factory=lambda: {service: threading.RLock() for service in _ONE_AT_A_TIME}
    )
    _invocations: int = 0

    @contextmanager
    def invocation(self, function: str) -> Iterator[Invocation]:
        """Run a handler within."""
        with self._lock:
            self._invocations += 1
            invocation = Invocation(function, self._invocations)
        token = _present.set(invocation)
        try:
            yield invocation
        finally:
            _present.reset(token)
            self.longest[function] = max(invocation.calls, self.longest.get(function, 0))

    def hook(self, patch: pytest.MonkeyPatch) -> None:
        """Have the calls of boto3 and httpx go through here, also those of pools of threads."""
        call_aws, send, submit = BaseClient._make_api_call, httpx.Client.send, ThreadPoolExecutor.submit  # type: ignore[attr-defined]  # botocore's stubs leave it out
        outgoing = self

        def make_api_call(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
            service = client.meta.service_model.service_name
            body = parameters.get("Body")
            start = body.tell() if body is not None and hasattr(body, "tell") else None

            def call() -> Any:
                if body is not None and start is not None:
                    body.seek(start)  # as botocore does before it repeats a request
                # A copy: botocore puts a file of its own in the place of bytes, and reads it to its end.
                return outgoing._exclusively(service, lambda: call_aws(client, operation, {**parameters}))

            return outgoing._call(service, operation, call)

        def send_request(client: httpx.Client, request: httpx.Request, **options: Any) -> httpx.Response:
            provider = outgoing.providers.get(request.url.netloc.decode())
            if _present.get() is None or provider is None:  # of the tests themselves, to a simulator's own API
                return send(client, request, **options)
            operation = f"{request.method} {request.url.path}"
            response: httpx.Response = outgoing._call(
                provider,
                operation,
                lambda: outgoing._ask(provider, operation, lambda: send(client, request, **options), request),
            )
            return response

        def submit_in_context(pool: ThreadPoolExecutor, task: Callable[..., Any], /, *args: Any, **named: Any) -> Any:
            return submit(pool, copy_context().run, task, *args, **named)

        patch.setattr(BaseClient, "_make_api_call", make_api_call)
        patch.setattr(httpx.Client, "send", send_request)
        patch.setattr(ThreadPoolExecutor, "submit", submit_in_context)

    def _exclusively(self, service: str, do: Callable[[], Any]) -> Any:
        if service not in _ONE_AT_A_TIME:
            return do()
        with self._service_locks[service]:
            return do()

    def _call(self, service: str, operation: str, do: Callable[[], Any]) -> Any:
        invocation = _present.get()
        if invocation is None:
            with self._lock:
                self.moves += 1
            return do()
        with self._lock:
            self.moves += 1
            if invocation.dead:
                raise Killed
            invocation.calls += 1
            call = Call(invocation, service, operation, invocation.calls)
            strike = next((strike for trouble in self.troubles if (strike := trouble.strikes(call))), None)
        if strike is None:
            with self.observe(call):
                return do()
        answer = None
        for _ in range(strike.done):
            answer = do()
        if isinstance(strike.error, Killed):
            invocation.dead = True
        if strike.error:
            raise strike.error
        return answer

    def unserved(self, provider: ProviderName) -> int:
        """Return how many requests a provider did not serve at all: no answer came, or that it is not available."""
        statuses = {NO_ANSWER, httpx.codes.SERVICE_UNAVAILABLE}
        return sum(times for (who, _, status), times in self.answers.items() if who is provider and status in statuses)

    def _ask(
        self, provider: ProviderName, operation: str, ask: Callable[[], httpx.Response], request: httpx.Request
    ) -> httpx.Response:
        form = _LISTS.get(provider)
        is_list = form is not None and request.method == "GET" and request.url.path.endswith(form.path)
        status = NO_ANSWER
        try:
            response = self._ask_for_list(ask, request, form) if form and is_list else ask()
            status = response.status_code
        finally:
            # fal_client's transport sends what it is given through another client: this is one answer.
            if _NOTED not in request.extensions:
                request.extensions[_NOTED] = True
                with self._lock:
                    self.answers[provider, operation, status] += 1
        return response

    def _ask_for_list(
        self, ask: Callable[[], httpx.Response], request: httpx.Request, form: ListOfRequests
    ) -> httpx.Response:
        """Ask for a list of requests: providers live in real time, and who asks in virtual time."""
        times = {name: request.url.params[name] for name in form.span}
        request.url = request.url.copy_merge_params(_translated(times, self.clock.real))
        response = ask()
        if response.is_error:
            return response
        page = json.loads(response.read())
        items = [
            item | _translated({form.sent_at: item[form.sent_at]}, self.clock.virtual) for item in page[form.items]
        ]
        return httpx.Response(response.status_code, json={**page, form.items: items}, request=request)


def _translated(times: dict[str, str], translate: Callable[[float], float]) -> dict[str, str]:
    return {
        name: datetime.fromtimestamp(translate(datetime.fromisoformat(text).timestamp()), UTC).isoformat()
        for name, text in times.items()
    }
