"""Accepting a job, and answering that it was, or what a fault asks for instead."""

import asyncio
from collections.abc import Callable, Mapping

from starlette.responses import Response

from local.fal.answers import DroppedConnection, nginx_error
from local.fal.faults import Faults, SubmitFault, WebhookFault
from local.fal.records import RequestRecord
from local.fal.store import Store
from local.fal.waiting import wait_until

_EARLY_WEBHOOK_SECONDS = 60

PROXY_ANSWERS: Mapping[str, Callable[[], Response]] = {
    "bad_gateway_html": lambda: nginx_error(502, "Bad Gateway"),
    "unavailable_html": lambda: nginx_error(503, "Service Temporarily Unavailable"),
    "gateway_timeout_html": lambda: nginx_error(504, "Gateway Time-out"),
    "drop_connection": DroppedConnection,
}
"""The answers to a submit that do not come from the provider itself, by the kind of the fault."""


async def accept_job(
    model: str,
    accept: Callable[[], RequestRecord],
    answer: Callable[[RequestRecord], Response],
    *,
    faults: Faults,
    fault_answers: Mapping[str, Callable[[], Response]],
    store: Store,
) -> Response:
    """Accept a job and say so, unless a fault was ordered.

    Parameters
    ----------
    model
        Whose faults strike.
    accept
        Puts the job into the queue.
    answer
        Says that it is there.
    fault_answers
        The provider's own answers by the kind of the fault.
    """
    fault = faults.take(SubmitFault, model)
    if fault is not None and fault.kind != "slow_first_byte":
        if fault.accepts_job:
            accept()
        return {**PROXY_ANSWERS, **fault_answers}[fault.kind]()
    record = accept()
    if fault is not None:
        await asyncio.sleep(fault.seconds)
    if faults.take(WebhookFault, model, among=frozenset({"before_submit_response"})):
        await wait_until(lambda: store.request(record.request_id).webhook_settled, _EARLY_WEBHOOK_SECONDS)
    return answer(record)
