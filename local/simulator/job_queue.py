"""The queue: which request waits, which runs, how each ends, and what it costs."""

import asyncio
import json
import time
import uuid
from collections.abc import Callable

from pydantic import JsonValue

from local.simulator.errors import infrastructure_error
from local.simulator.job_runner import JobRunner, Outcome, failure_of
from local.simulator.records import InvoiceLine, RequestRecord, RequestState
from local.simulator.settings import LiveSettings
from local.simulator.store import Store
from shared.frozen import Frozen

CANCELLED = "client_cancelled"
"""The error type of a request that was cancelled."""


class Submission(Frozen):
    """What a caller submits."""

    endpoint_id: str
    input: dict[str, JsonValue]
    unknown_inputs: tuple[str, ...] = ()
    webhook_url: str | None = None
    webhook_events: tuple[str, ...] | None = None
    low_priority: bool = False
    start_timeout_seconds: float | None = None
    deadline_seconds: float | None = None
    idempotency_key: str | None = None
    keeps_payload: bool = True
    file_seconds: float | None = None


class JobQueue:
    """Starts requests in order, as many at once as the account may run.

    Parameters
    ----------
    store
        Where requests and the invoice are kept.
    runner
        What runs them.
    settings
        Concurrency, latencies and retention.
    on_completed
        Called with every request that ended by itself.
    on_started
        Called with every request that begins to run.
    new_id
        Makes the id of a request.
    reports_cancelled
        Whether ``on_completed`` is called with cancelled requests too.
    """

    def __init__(
        self,
        store: Store,
        runner: JobRunner,
        settings: LiveSettings,
        on_completed: Callable[[RequestRecord], None],
        *,
        on_started: Callable[[RequestRecord], None],
        new_id: Callable[[], str],
        reports_cancelled: bool,
    ) -> None:
        self._store = store
        self._runner = runner
        self._settings = settings
        self._on_completed = on_completed
        self._on_started = on_started
        self._new_id = new_id
        self._reports_cancelled = reports_cancelled
        self._waiting: list[RequestRecord] = []
        self._running: dict[str, asyncio.Task[None]] = {}
        self._cancelled: set[str] = set()
        self._start_timeouts: dict[str, asyncio.TimerHandle] = {}
        self._deadlines: dict[str, asyncio.TimerHandle] = {}
        self._next_dispatch: asyncio.TimerHandle | None = None

    def submit(self, submission: Submission) -> RequestRecord:
        """Put a request into the queue."""
        now = time.time()
        record = RequestRecord(
            request_id=self._new_id(),
            gateway_request_id=str(uuid.uuid4()),
            endpoint_id=submission.endpoint_id,
            input=submission.input,
            unknown_inputs=submission.unknown_inputs,
            webhook_url=submission.webhook_url,
            webhook_events=submission.webhook_events,
            priority="low" if submission.low_priority else "normal",
            start_timeout_seconds=submission.start_timeout_seconds,
            deadline_at=None if submission.deadline_seconds is None else now + submission.deadline_seconds,
            idempotency_key=submission.idempotency_key,
            keeps_payload=submission.keeps_payload,
            file_seconds=submission.file_seconds,
            submitted_at=now,
        )
        self._enqueue(self._store.save_request(record))
        return record

    def resume(self) -> None:
        """Take up the requests that had not ended when the simulator stopped; fal re-runs those it lost, too."""
        for record in self._store.unfinished_requests():
            again = {"state": RequestState.IN_QUEUE, "started_at": None, "gateway_request_id": str(uuid.uuid4())}
            self._enqueue(self._store.save_request(record.model_copy(update=again)))

    def position(self, request_id: str) -> int:
        """Return how many requests are ahead of a waiting one."""
        return next((ahead for ahead, record in enumerate(self._waiting) if record.request_id == request_id), 0)

    def waiting(self) -> int:
        """Return how many requests wait."""
        return len(self._waiting)

    def is_idle(self) -> bool:
        """Tell whether nothing waits and nothing runs."""
        return not self._waiting and not self._running

    def cancel(self, record: RequestRecord) -> None:
        """Ask for the end of a request that has not ended."""
        if record.request_id in self._running:
            if self._settings.now.cancel_stops_running:
                self._cancelled.add(record.request_id)
                self._running[record.request_id].cancel()
        else:
            self._leave(record)
            self._end(record, failure_of(infrastructure_error(CANCELLED)), notify=self._reports_cancelled)

    def is_kept(self, record: RequestRecord) -> bool:
        """Tell whether a request that ended still has its result."""
        return time.time() < self.result_expires_at(record)

    def result_expires_at(self, record: RequestRecord) -> float:
        """Return until when a result is stored, in seconds since the epoch.

        fal keeps some results longer than it promises; callers should not count on it, so that nothing is kept here.
        """
        settings = self._settings.now
        large = len(json.dumps(record.output)) >= settings.large_result_bytes
        return (record.ended_at or 0) + (
            settings.stored_large_result_seconds if large else settings.stored_result_seconds
        )

    def dispatch(self) -> None:
        """Start what may start now. To be called after anything that may let a request start."""
        self._cancel_next_dispatch()
        settings = self._settings.now
        if settings.paused:
            return
        delays: list[float] = []
        for record in list(self._waiting):
            if len(self._running) >= settings.concurrency:
                return
            ready_at = record.submitted_at + settings.latency_of(record.endpoint_id).queue_seconds
            delay = ready_at - time.time()
            if delay <= 0:
                self._start(record)
            else:
                delays.append(delay)
        if delays:
            self._next_dispatch = asyncio.get_running_loop().call_later(min(delays), self.dispatch)

    async def stop(self) -> None:
        """Stop running requests; they stay unfinished and are taken up by `resume`."""
        self._cancel_next_dispatch()
        for record in list(self._waiting):
            self._leave(record)
        for deadline in self._deadlines.values():
            deadline.cancel()
        self._deadlines.clear()
        running = list(self._running.values())
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _enqueue(self, record: RequestRecord) -> None:
        self._waiting.append(record)
        # Sorting keeps the order of those of equal priority.
        self._waiting.sort(key=lambda waiting: waiting.priority == "low")
        if record.start_timeout_seconds is not None:
            delay = max(record.submitted_at + record.start_timeout_seconds - time.time(), 0)
            self._start_timeouts[record.request_id] = asyncio.get_running_loop().call_later(
                delay, self._time_out, record
            )
        if record.deadline_at is not None:
            delay = max(record.deadline_at - time.time(), 0)
            self._deadlines[record.request_id] = asyncio.get_running_loop().call_later(
                delay, self._reach_deadline, record.request_id
            )
        self.dispatch()

    def _start(self, record: RequestRecord) -> None:
        self._leave(record)
        started = {"state": RequestState.IN_PROGRESS, "started_at": time.time()}
        record = self._store.save_request(record.model_copy(update=started))
        self._running[record.request_id] = asyncio.create_task(self._run(record))
        self._on_started(record)

    async def _run(self, record: RequestRecord) -> None:
        try:
            outcome = await self._runner.run(record)
        except asyncio.CancelledError:
            if record.request_id not in self._cancelled:
                raise
            outcome = failure_of(infrastructure_error(CANCELLED))
        finally:
            del self._running[record.request_id]
        self._end(record, outcome, notify=self._reports_cancelled or record.request_id not in self._cancelled)
        self._cancelled.discard(record.request_id)
        self.dispatch()

    def _end(self, record: RequestRecord, outcome: Outcome, *, notify: bool) -> None:
        deadline = self._deadlines.pop(record.request_id, None)
        if deadline is not None:
            deadline.cancel()
        ended = self._store.save_request(
            record.model_copy(
                update={
                    "state": RequestState.COMPLETED,
                    "ended_at": time.time(),
                    "status_code": outcome.status_code,
                    "output": outcome.output,
                    "error_type": outcome.error_type,
                    "failure": outcome.failure,
                    "retry_hint": outcome.retry_hint,
                    "billable_units": outcome.quantity,
                    "webhook_settled": record.webhook_url is None or not notify,
                }
            )
        )
        if outcome.quantity:
            self._bill(ended, outcome)
        if notify:
            self._on_completed(ended)

    def _bill(self, record: RequestRecord, outcome: Outcome) -> None:
        usd = outcome.quantity * outcome.unit_price_usd
        self._store.save_invoice_line(
            InvoiceLine(
                request_id=record.request_id,
                endpoint=record.endpoint_id,
                quantity=outcome.quantity,
                unit=outcome.unit,
                unit_price_usd=outcome.unit_price_usd,
                usd=usd,
                at=time.time(),
                webhook_url=record.webhook_url,
            )
        )
        balance = self._settings.now.balance_usd
        if balance is not None:
            self._settings.change({"balance_usd": balance - usd})

    def _reach_deadline(self, request_id: str) -> None:
        self._deadlines.pop(request_id, None)
        self.cancel(self._store.request(request_id))

    def _time_out(self, record: RequestRecord) -> None:
        self._leave(record)
        self._end(record, failure_of(infrastructure_error("request_timeout")), notify=True)

    def _leave(self, record: RequestRecord) -> None:
        self._waiting = [other for other in self._waiting if other.request_id != record.request_id]
        start_timeout = self._start_timeouts.pop(record.request_id, None)
        if start_timeout is not None:
            start_timeout.cancel()

    def _cancel_next_dispatch(self) -> None:
        if self._next_dispatch is not None:
            self._next_dispatch.cancel()
            self._next_dispatch = None
