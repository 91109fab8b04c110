"""What the simulator keeps of requests, files, webhook attempts and money."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import JsonValue, PlainSerializer

from shared.frozen import Frozen

Usd = Annotated[Decimal, PlainSerializer(float, return_type=float, when_used="json")]
"""An amount that JSON shows as a number, as fal does."""


class RequestState(StrEnum):
    """The three states, by fal's names. A failed or cancelled request is COMPLETED too."""

    IN_QUEUE = "IN_QUEUE"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"


class RequestRecord(Frozen):
    """A request to a model, from its submit on. Times are seconds since the epoch."""

    request_id: str
    gateway_request_id: str
    """The id of the last attempt at running it. It always differs from ``request_id`` here, so that nobody matches
    by the wrong one."""
    endpoint_id: str
    input: dict[str, JsonValue]
    unknown_inputs: tuple[str, ...] = ()
    """Inputs that the model does not document, and that were ignored."""
    webhook_url: str | None = None
    priority: Literal["normal", "low"] = "normal"
    webhook_events: tuple[str, ...] | None = None
    """What it calls back about, where a caller can choose (fal's cannot). None: what the provider does usually."""
    start_timeout_seconds: float | None = None
    deadline_at: float | None = None
    """When it is cancelled, wherever it is then. fal has no such thing."""
    idempotency_key: str | None = None
    """By which its caller may send it again without getting another one. fal has no such thing."""
    keeps_payload: bool = True
    file_seconds: float | None = None
    """How long its files are kept."""
    submitted_at: float
    started_at: float | None = None
    ended_at: float | None = None
    state: RequestState = RequestState.IN_QUEUE
    status_code: int | None = None
    output: JsonValue = None
    """The body of the result, or of the error."""
    error_type: str | None = None
    """Of an error of the infrastructure."""
    failure: str | None = None
    """The kind of any error."""
    retry_hint: bool | None = None
    """What ``X-Fal-Needs-Retry`` says of an error; None: no such header."""
    billable_units: Decimal | None = None
    webhook_settled: bool = False
    """Whether its webhook was delivered or given up."""

    @property
    def timed_out_waiting(self) -> bool:
        """Whether it had not started by the time that its caller set for that."""
        return self.error_type == "request_timeout" and self.started_at is None


class FileRecord(Frozen):
    """A file that was uploaded, or of a result."""

    path: str
    """Below ``/files/``."""
    stored_as: str
    content_type: str
    file_name: str
    file_size: int
    created_at: float
    expires_at: float | None = None
    endpoint_id: str | None = None
    """The endpoint that made it; None for an upload."""


class InvoiceLine(Frozen):
    """A request that was billed."""

    request_id: str
    endpoint: str
    quantity: Usd
    unit: str
    unit_price_usd: Usd
    usd: Usd
    at: float
    webhook_url: str | None = None
    """Where the request's outcome was to be sent: the caller's own mark on what it bought."""


class Invoice(Frozen):
    """Everything that was billed."""

    lines: tuple[InvoiceLine, ...]
    total_usd: Usd


class WebhookAttempt(Frozen):
    """One POST of a webhook, or the reason why there was none."""

    request_id: str
    url: str
    attempt: int
    at: float
    status_code: int | None = None
    error: str | None = None
    fault: str | None = None
    """The kind of the fault that altered it."""
