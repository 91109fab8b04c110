"""Delivering callbacks: repeated until they are taken, and never to an address that was not routed.

What a callback says, and how it is signed, is a provider's own: its `CallbackScheme`.
"""

import asyncio
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

import httpx

from local.simulator.errors import model_error
from local.simulator.faults import Faults, WebhookFault
from local.simulator.records import RequestRecord, WebhookAttempt
from local.simulator.settings import LiveSettings
from local.simulator.store import Store

_PER_DELIVERY = frozenset({"drop", "delay", "duplicate"})
_PER_ATTEMPT = frozenset({"wrong_signature", "stale_timestamp", "forged_user", "error_payload", "null_payload"})
# Receivers must refuse what is more than 300 s old.
_STALE_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Attempt:
    """One POST of a callback, as it is being made.

    Attributes
    ----------
    number
        0 for the first of its delivery.
    is_redelivery
        Whether it was sent before, and is sent again because somebody asked for that.
    fault
        The kind of the fault that alters it.
    """

    record: RequestRecord
    number: int
    is_redelivery: bool
    fault: str | None

    def timestamp(self) -> int:
        """Return when it says that it is made, in seconds since the epoch."""
        return int(time.time()) - (_STALE_SECONDS if self.fault == "stale_timestamp" else 0)

    def told(self) -> RequestRecord:
        """Return the record that it tells of: what the request has come to, or what a fault makes of that."""
        if self.fault == "error_payload":
            error = model_error("no_media_generated")
            return self.record.model_copy(update={"output": error.body, "failure": error.kind})
        if self.fault == "null_payload":
            return self.record.model_copy(update={"output": None})
        return self.record


class CallbackScheme(Protocol):
    """What a provider's callbacks are like."""

    retries_redirects: bool
    """Whether another attempt is made after a redirect, which is never followed."""

    def message(self, attempt: Attempt) -> tuple[bytes, dict[str, str]]:
        """Return the body and the headers, signed."""
        ...

    def gives_up_at(self, record: RequestRecord) -> float:
        """Return when no further attempt is begun, in seconds since the epoch."""
        ...


class Callbacks:
    """Delivers callbacks, each in a task of its own."""

    def __init__(self, *, store: Store, settings: LiveSettings, faults: Faults, scheme: CallbackScheme) -> None:
        self._store = store
        self._settings = settings
        self._faults = faults
        self._scheme = scheme
        self._deliveries: dict[str, set[asyncio.Task[None]]] = {}
        # Redirects are never followed.
        self._client = httpx.AsyncClient(follow_redirects=False, trust_env=False)

    def deliver(self, record: RequestRecord, *, again: bool = False) -> None:
        """Begin to deliver what there is to say of a request that has ended, if anybody wants to hear it.

        Parameters
        ----------
        record
            The request.
        again
            Whether it was delivered before, and somebody asked for it once more.
        """
        if record.webhook_url is not None:
            self._begin(record.request_id, self._deliver(record, record.webhook_url, again=again))

    def announce_once(self, record: RequestRecord) -> None:
        """Begin to tell that a request has come to where it is now; such news is never repeated."""
        if record.webhook_url is not None:
            self._begin(record.request_id, self._announce_once(record, record.webhook_url))

    def is_delivering(self, request_id: str) -> bool:
        """Tell whether a request's callback is being delivered."""
        return request_id in self._deliveries

    def resume(self) -> None:
        """Take up the deliveries that were under way when the simulator stopped."""
        for record in self._store.requests():
            if record.ended_at is not None and not record.webhook_settled:
                self.deliver(record)

    def is_idle(self) -> bool:
        """Tell whether nothing is being delivered."""
        return not self._deliveries

    async def stop(self) -> None:
        """Stop delivering; what is unsettled is taken up by `resume`."""
        tasks = [task for deliveries in self._deliveries.values() for task in deliveries]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """Stop, and close the connections."""
        await self.stop()
        await self._client.aclose()

    def _begin(self, request_id: str, delivery: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(delivery)
        deliveries = self._deliveries.setdefault(request_id, set())
        deliveries.add(task)

        def forget(done: asyncio.Task[None]) -> None:
            deliveries.discard(done)
            if not deliveries:
                self._deliveries.pop(request_id, None)

        task.add_done_callback(forget)

    async def _deliver(self, record: RequestRecord, url: str, *, again: bool) -> None:
        fault = self._faults.take(WebhookFault, record.endpoint_id, among=_PER_DELIVERY)
        if fault is not None and fault.kind == "drop":
            self._note(record, url, attempt=0, error="dropped", fault=fault)
        else:
            if fault is not None and fault.kind == "delay":
                await asyncio.sleep(fault.seconds)
            copies = 1 + (fault.times if fault is not None and fault.kind == "duplicate" else 0)
            for _ in range(copies):
                await self._attempt_until_taken(record, url, again=again)
        settled = self._store.request(record.request_id).model_copy(update={"webhook_settled": True})
        self._store.save_request(settled)

    async def _announce_once(self, record: RequestRecord, url: str) -> None:
        target = self._route(url)
        if target is not None:
            await self._attempt(record, url, target, 0, again=False)

    async def _attempt_until_taken(self, record: RequestRecord, url: str, *, again: bool) -> None:
        target = self._route(url)
        if target is None:
            self._note(record, url, attempt=0, error="no route to this host")
            return
        settings = self._settings.now
        for attempt in range(settings.webhook_max_retries + 1):
            status_code = await self._attempt(record, url, target, attempt, again=again)
            if status_code is not None and self._is_final(status_code):
                return
            backoff = settings.webhook_backoff_seconds
            wait = backoff[min(attempt, len(backoff) - 1)]
            if time.time() + wait >= self._scheme.gives_up_at(record):
                return
            await asyncio.sleep(wait)

    def _is_final(self, status_code: int) -> bool:
        is_redirect = httpx.codes.is_redirect(status_code)
        return httpx.codes.is_success(status_code) or (is_redirect and not self._scheme.retries_redirects)

    async def _attempt(self, record: RequestRecord, url: str, target: str, attempt: int, *, again: bool) -> int | None:
        fault = self._faults.take(WebhookFault, record.endpoint_id, among=_PER_ATTEMPT)
        settings = self._settings.now
        timeout = settings.webhook_first_timeout_seconds if attempt == 0 else settings.webhook_retry_timeout_seconds
        # Signed afresh at every attempt: attempts go on for longer than a timestamp is good for.
        body, signed = self._scheme.message(Attempt(record, attempt, again, None if fault is None else fault.kind))
        headers = {"Host": urlsplit(url).netloc, "Content-Type": "application/json", **signed}
        try:
            # The limit is on the whole exchange, not on each of its steps.
            async with asyncio.timeout(timeout):
                response = await self._client.post(target, content=body, headers=headers, timeout=None)
        except (httpx.HTTPError, TimeoutError) as error:
            self._note(record, url, attempt=attempt, error=str(error) or type(error).__name__, fault=fault)
            return None
        self._note(record, url, attempt=attempt, status_code=response.status_code, fault=fault)
        return response.status_code

    def _route(self, url: str) -> str | None:
        """Return where a webhook URL is really posted to, or None.

        Providers drop private addresses before any request is made; here, all that are not routed are dropped.
        """
        parts = urlsplit(url)
        for suffix, base in self._settings.now.webhook_routes.items():
            if (parts.hostname or "").endswith(suffix):
                query = f"?{parts.query}" if parts.query else ""
                return f"{base.rstrip('/')}{parts.path or '/'}{query}"
        return None

    def _note(
        self,
        record: RequestRecord,
        url: str,
        *,
        attempt: int,
        status_code: int | None = None,
        error: str | None = None,
        fault: WebhookFault | None = None,
    ) -> None:
        self._store.save_webhook_attempt(
            WebhookAttempt(
                request_id=record.request_id,
                url=url,
                attempt=attempt,
                at=time.time(),
                status_code=status_code,
                error=error,
                fault=None if fault is None else fault.kind,
            )
        )
