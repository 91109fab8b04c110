"""Delivering webhooks: signed, repeated until they are taken, and never to an address that was not routed.

See https://fal.ai/docs/documentation/model-apis/inference/webhooks.
"""

import asyncio
import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from local.fal.account import Account
from local.fal.errors import model_error
from local.fal.faults import Faults, WebhookFault
from local.fal.records import RequestRecord, WebhookAttempt
from local.fal.settings import LiveSettings
from local.fal.signing_keys import SigningKeys
from local.fal.store import Store

if TYPE_CHECKING:
    from pydantic import JsonValue

_PER_DELIVERY = frozenset({"drop", "delay", "duplicate"})
_PER_ATTEMPT = frozenset({"wrong_signature", "stale_timestamp", "forged_user", "error_payload", "null_payload"})
_OK = 200
# Receivers must refuse what is more than 300 s old.
_STALE_SECONDS = 3600
_FORGED_USER = "simulated|somebody-else"


class Webhooks:
    """Delivers the webhook of every request that ended, in a task of its own."""

    def __init__(
        self,
        *,
        store: Store,
        settings: LiveSettings,
        faults: Faults,
        account: Account,
        signing_keys: SigningKeys,
        result_expires_at: Callable[[RequestRecord], float],
    ) -> None:
        self._store = store
        self._settings = settings
        self._faults = faults
        self._account = account
        self._signing_keys = signing_keys
        self._result_expires_at = result_expires_at
        self._deliveries: dict[str, set[asyncio.Task[None]]] = {}
        # Redirects are never followed: a 3xx answer is final.
        self._client = httpx.AsyncClient(follow_redirects=False, trust_env=False)

    def deliver(self, record: RequestRecord) -> None:
        """Begin to deliver a request's webhook, if it has one."""
        if record.webhook_url is None:
            return
        task = asyncio.create_task(self._deliver(record, record.webhook_url))
        deliveries = self._deliveries.setdefault(record.request_id, set())
        deliveries.add(task)

        def forget(done: asyncio.Task[None]) -> None:
            deliveries.discard(done)
            if not deliveries:
                self._deliveries.pop(record.request_id, None)

        task.add_done_callback(forget)

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

    async def _deliver(self, record: RequestRecord, url: str) -> None:
        fault = self._faults.take(WebhookFault, record.endpoint_id, among=_PER_DELIVERY)
        if fault is not None and fault.kind == "drop":
            self._note(record, url, attempt=0, error="dropped", fault=fault)
        else:
            if fault is not None and fault.kind == "delay":
                await asyncio.sleep(fault.seconds)
            copies = 1 + (fault.times if fault is not None and fault.kind == "duplicate" else 0)
            for _ in range(copies):
                await self._attempt_until_taken(record, url)
        settled = self._store.request(record.request_id).model_copy(update={"webhook_settled": True})
        self._store.save_request(settled)

    async def _attempt_until_taken(self, record: RequestRecord, url: str) -> None:
        target = self._route(url)
        if target is None:
            self._note(record, url, attempt=0, error="no route to this host")
            return
        settings = self._settings.now
        for attempt in range(settings.webhook_max_retries + 1):
            status_code = await self._attempt(record, url, target, attempt)
            if status_code is not None and httpx.codes.is_success(status_code):
                return
            if status_code is not None and httpx.codes.is_redirect(status_code):
                return
            backoff = settings.webhook_backoff_seconds
            wait = backoff[min(attempt, len(backoff) - 1)]
            if time.time() + wait >= self._result_expires_at(record):
                return
            await asyncio.sleep(wait)

    async def _attempt(self, record: RequestRecord, url: str, target: str, attempt: int) -> int | None:
        fault = self._faults.take(WebhookFault, record.endpoint_id, among=_PER_ATTEMPT)
        settings = self._settings.now
        timeout = settings.webhook_first_timeout_seconds if attempt == 0 else settings.webhook_retry_timeout_seconds
        body = _body(record, fault)
        headers = {"Host": urlsplit(url).netloc, "Content-Type": "application/json"}
        headers |= self._signature_headers(record, body, fault)
        try:
            # The limit is on the whole exchange, not on each of its steps.
            async with asyncio.timeout(timeout):
                response = await self._client.post(target, content=body, headers=headers, timeout=None)
        except (httpx.HTTPError, TimeoutError) as error:
            self._note(record, url, attempt=attempt, error=str(error) or type(error).__name__, fault=fault)
            return None
        self._note(record, url, attempt=attempt, status_code=response.status_code, fault=fault)
        return response.status_code

    def _signature_headers(self, record: RequestRecord, body: bytes, fault: WebhookFault | None) -> dict[str, str]:
        # Signed afresh at every attempt: attempts go on for longer than a timestamp is good for.
        kind = None if fault is None else fault.kind
        timestamp = int(time.time()) - (_STALE_SECONDS if kind == "stale_timestamp" else 0)
        user_id = _FORGED_USER if kind == "forged_user" else self._account.user_id
        signature = self._signing_keys.sign(
            request_id=record.request_id,
            user_id=user_id,
            timestamp=timestamp,
            body=body + b" " if kind == "wrong_signature" else body,
        )
        return {
            "X-Fal-Webhook-Request-Id": record.request_id,
            "X-Fal-Webhook-User-Id": user_id,
            "X-Fal-Webhook-Timestamp": str(timestamp),
            "X-Fal-Webhook-Signature": signature,
        }

    def _route(self, url: str) -> str | None:
        """Return where a webhook URL is really posted to, or None.

        fal drops private addresses before any request is made; here, all that are not routed are dropped.
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


def _body(record: RequestRecord, fault: WebhookFault | None) -> bytes:
    ids: dict[str, JsonValue] = {"request_id": record.request_id, "gateway_request_id": record.gateway_request_id}
    status_code, payload = record.status_code, record.output
    if fault is not None and fault.kind == "error_payload":
        error = model_error("no_media_generated")
        status_code, payload = error.status_code, error.body
    if status_code == _OK and (payload is None or (fault is not None and fault.kind == "null_payload")):
        message = "Response payload is not JSON serializable. Retrieve the response from the queue."
        content = {**ids, "status": "OK", "payload": None, "payload_error": message}
    elif status_code == _OK:
        content = {**ids, "status": "OK", "payload": payload}
    else:
        content = {**ids, "status": "ERROR", "error": f"Invalid status code: {status_code}", "payload": payload}
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()
