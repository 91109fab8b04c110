"""fal's callbacks: what they say, and how they are signed.

See https://fal.ai/docs/documentation/model-apis/inference/webhooks.
"""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from local.fal.signing_keys import SigningKeys
from local.simulator.account import Account
from local.simulator.callbacks import Attempt
from local.simulator.errors import model_error
from local.simulator.records import RequestRecord

if TYPE_CHECKING:
    from pydantic import JsonValue

_OK = 200
_FORGED_USER = "simulated|somebody-else"


class FalCallbacks:
    """The callbacks of requests that have ended."""

    retries_redirects = False

    def __init__(
        self, account: Account, signing_keys: SigningKeys, result_expires_at: Callable[[RequestRecord], float]
    ) -> None:
        self._account = account
        self._signing_keys = signing_keys
        self._result_expires_at = result_expires_at

    def gives_up_at(self, record: RequestRecord) -> float:
        """Return when the result is no longer stored."""
        return self._result_expires_at(record)

    def message(self, attempt: Attempt) -> tuple[bytes, dict[str, str]]:
        """Return the body and the signed headers."""
        body = _body(attempt.record, attempt.fault)
        timestamp = attempt.timestamp()
        user_id = _FORGED_USER if attempt.fault == "forged_user" else self._account.user_id
        signature = self._signing_keys.sign(
            request_id=attempt.record.request_id,
            user_id=user_id,
            timestamp=timestamp,
            body=body + b" " if attempt.fault == "wrong_signature" else body,
        )
        return body, {
            "X-Fal-Webhook-Request-Id": attempt.record.request_id,
            "X-Fal-Webhook-User-Id": user_id,
            "X-Fal-Webhook-Timestamp": str(timestamp),
            "X-Fal-Webhook-Signature": signature,
        }


def _body(record: RequestRecord, fault: str | None) -> bytes:
    ids: dict[str, JsonValue] = {"request_id": record.request_id, "gateway_request_id": record.gateway_request_id}
    status_code, payload = record.status_code, record.output
    if fault == "error_payload":
        error = model_error("no_media_generated")
        status_code, payload = error.status_code, error.body
    if status_code == _OK and (payload is None or fault == "null_payload"):
        message = "Response payload is not JSON serializable. Retrieve the response from the queue."
        content = {**ids, "status": "OK", "payload": None, "payload_error": message}
    elif status_code == _OK:
        content = {**ids, "status": "OK", "payload": payload}
    else:
        content = {**ids, "status": "ERROR", "error": f"Invalid status code: {status_code}", "payload": payload}
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()
