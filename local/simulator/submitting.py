"""Accepting a job, and answering that it was, or what a fault asks for instead."""

import asyncio
from collections.abc import Callable, Mapping

from starlette.responses import Response

from local.simulator.answers import DroppedConnection, nginx_error
from local.simulator.faults import Faults, SubmitFault, WebhookFault
from local.simulator.records import RequestRecord
from local.simulator.store import Store
from local.simulator.waiting import wait_until

_EARLY_WEBHOOK_SECONDS = 60

_PROXY_ANSWERS: Mapping[str, Callable[[], Response]] = {
    "bad_gateway_html": lambda: nginx_error(502, "Bad Gateway"),
    "unavailable_html": lambda: nginx_error(503, "Service Temporarily Unavailable"),
    "gateway_timeout_html": lambda: nginx_error(504, "Gateway Time-out"),
    "drop_connection": DroppedConnection,
}


def fault_answer(fault: SubmitFault, own_answers: Mapping[str, Callable[[], Response]]) -> Response:
    """Return the answer to a submit that a fault asks for.

    Parameters
    ----------
    own_answers
        The provider's own, by the kind of the fault; the others come from the proxy in front of it, or not at all.
    """
    return {**_PROXY_ANSWERS, **own_answers}[fault.kind]()


async def accept_job(
    model: str,
    accept: Callable[[], RequestRecord],
    answer: Callable[[RequestRecord], Response],
    *,
    faults: Faults,
    answer_fault: Callable[[SubmitFault], Response],
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
    answer_fault
        Says what a fault asks for instead.
    """
    fault = faults.take(SubmitFault, model)
    if fault is not None and fault.kind != "slow_first_byte":
        if fault.accepts_job:
            accept()
        return answer_fault(fault)
    record = accept()
    if fault is not None:
        await asyncio.sleep(fault.seconds)
    if faults.take(WebhookFault, model, among=frozenset({"before_submit_response"})):
        await wait_until(lambda: store.request(record.request_id).webhook_settled, _EARLY_WEBHOOK_SECONDS)
    return answer(record)
