"""Replicate's callbacks: the prediction, signed by the rules of Standard Webhooks.

See https://replicate.com/docs/topics/webhooks/verify-webhook and https://www.standardwebhooks.com.
"""

import base64
import hashlib
import hmac
import json
import secrets
from pathlib import Path

from local.replicate.predictions import Predictions
from local.simulator.callbacks import Attempt
from local.simulator.records import RequestRecord
from local.simulator.settings import LiveSettings

_PREFIX = "whsec_"
_SECRET_BYTES = 24


class SigningSecret:
    """The account's one secret for signing callbacks."""

    def __init__(self, path: Path) -> None:
        self._path = path
        if path.exists():
            self.text = path.read_text()
        else:
            self.rotate()

    def rotate(self) -> None:
        """Sign with a new secret from now on."""
        self.text = _PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()
        self._path.touch(mode=0o600)
        self._path.write_text(self.text)


class ReplicateCallbacks:
    """The callbacks of predictions. Only the last of each is repeated."""

    # Not followed, as documented; that it counts as an answer to try again after is unverified.
    retries_redirects = True

    def __init__(self, predictions: Predictions, secret: SigningSecret, settings: LiveSettings) -> None:
        self._predictions = predictions
        self._secret = secret
        self._settings = settings

    def gives_up_at(self, record: RequestRecord) -> float:
        """Return when the last attempt is over: about a minute after the end of the prediction."""
        return (record.ended_at or 0) + (self._settings.now.webhook_give_up_seconds or 0)

    def message(self, attempt: Attempt) -> tuple[bytes, dict[str, str]]:
        """Return the body and the signed headers."""
        prediction = self._predictions.described(attempt.told())
        body = json.dumps(prediction, separators=(",", ":"), ensure_ascii=False).encode()
        message_id = _message_id(attempt.record)
        timestamp = str(attempt.timestamp())
        # Somebody else's account signs with another secret.
        secret = self._secret.text if attempt.fault != "forged_user" else _PREFIX + base64.b64encode(b"else").decode()
        signed = body + b" " if attempt.fault == "wrong_signature" else body
        signature = sign(secret, message_id, timestamp, signed)
        return body, {"webhook-id": message_id, "webhook-timestamp": timestamp, "webhook-signature": signature}


def sign(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """Return the header ``webhook-signature``."""
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    digest = hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, "sha256")
    return f"v1,{base64.b64encode(digest).decode()}"


def _message_id(record: RequestRecord) -> str:
    """Return the id of the event, which is the same in every attempt."""
    event = f"{record.request_id} {record.state}"
    return f"msg_{hashlib.sha256(event.encode()).hexdigest()[:27]}"
