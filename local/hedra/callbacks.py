"""Hedra's callbacks: the job, signed with the one key that Hedra has for all its customers.

See the section "Webhooks" of its OpenAPI document.
"""

import base64
import hashlib
import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from local.hedra.jobs import Jobs, status_of
from local.simulator.callbacks import Attempt
from local.simulator.records import RequestRecord

_FORGED_JOB = "job_00000000-0000-4000-8000-000000000000"


class SigningKey:
    """The key that callbacks are signed with."""

    def __init__(self, path: Path) -> None:
        self._path = path
        if path.exists():
            self._key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(path.read_text()))
        else:
            self.rotate()

    def rotate(self) -> None:
        """Sign with a new key from now on."""
        self._key = Ed25519PrivateKey.generate()
        self._path.touch(mode=0o600)
        self._path.write_text(base64.b64encode(self._key.private_bytes_raw()).decode())

    def public_key(self) -> str:
        """Return the public key in base64."""
        return base64.b64encode(self._key.public_key().public_bytes_raw()).decode()

    def sign(self, *, timestamp: str, job_id: str, event: str, redelivery: str, body: bytes) -> str:
        """Return the signature of a callback in hexadecimal."""
        message = "\n".join([timestamp, job_id, event, redelivery, hashlib.sha256(body).hexdigest()])
        return self._key.sign(message.encode()).hex()


class HedraCallbacks:
    """The callbacks of jobs that have ended."""

    # Never followed, and retried.
    retries_redirects = True

    def __init__(self, jobs: Jobs, key: SigningKey) -> None:
        self._jobs = jobs
        self._key = key

    def gives_up_at(self, record: RequestRecord) -> float:  # noqa: ARG002 - of whatever job
        """Return when no further attempt is begun: only their number is limited."""
        return float("inf")

    def message(self, attempt: Attempt) -> tuple[bytes, dict[str, str]]:
        """Return the body and the signed headers."""
        record = attempt.told()
        if attempt.fault == "forged_user":
            # Hedra signs what it sends to anybody with the same key: this is the job of somebody else.
            record = record.model_copy(update={"request_id": _FORGED_JOB})
        body = json.dumps(self._jobs.payload(record), separators=(",", ":"), ensure_ascii=False).encode()
        timestamp = str(attempt.timestamp())
        event = "job.completed" if status_of(record) == "COMPLETED" else "job.failed"
        redelivery = str(attempt.is_redelivery).lower()
        signature = self._key.sign(
            timestamp=timestamp,
            job_id=record.request_id,
            event=event,
            redelivery=redelivery,
            body=body + b" " if attempt.fault == "wrong_signature" else body,
        )
        return body, {
            "X-Hedra-Webhook-Id": record.request_id,
            "X-Hedra-Webhook-Timestamp": timestamp,
            "X-Hedra-Webhook-Event": event,
            "X-Hedra-Webhook-Attempt": str(attempt.number + 1),
            "X-Hedra-Webhook-Redelivery": redelivery,
            "X-Hedra-Webhook-Signature": signature,
        }
