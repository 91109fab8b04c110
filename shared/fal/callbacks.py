"""What fal sends to callback addresses."""

import json

from shared.fal.errors import sort_error, tells_its_type
from shared.providers.callbacks import CallbackBody, CallbackUnreadable, Delivered, DeliveredElsewhere, JobFailed

_FAILED_JOB_STATUS = 422  # the callback names the job's HTTP status only in a sentence, which is never matched


def read_callback(body: bytes) -> CallbackBody:
    """Read a callback's body; raises `CallbackUnreadable`.

    Source: https://fal.ai/docs/documentation/model-apis/inference/webhooks
    """
    try:
        message = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise CallbackUnreadable("the callback is not JSON") from error
    if not isinstance(message, dict) or not isinstance(message.get("request_id"), str):
        raise CallbackUnreadable("the callback names no request")
    request_id, payload = message["request_id"], message.get("payload")
    match message.get("status"):
        case "OK" if isinstance(payload, dict):
            return Delivered(request_id, payload)
        case "OK":
            return DeliveredElsewhere(request_id)
        case "ERROR":
            # Without a type it may be an outage as well as a verdict on the inputs: only the result's status tells.
            known = tells_its_type(payload)
            return JobFailed(request_id, sort_error(_FAILED_JOB_STATUS, payload) if known else None)
    raise CallbackUnreadable("the callback's status is neither OK nor ERROR")
