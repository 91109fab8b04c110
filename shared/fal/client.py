"""fal.ai through its own client, with its replays switched off: one POST a call, and every answer sorted.

`fal_client` replays a submit up to ten times, also after a timeout when fal may have the job already
(the same complaint about its sibling: https://github.com/fal-ai/fal-js/issues/238): each replay may buy a second time.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import fal_client
import fal_client.client
import httpx
from fal_client import FalClientHTTPError, StorageSettings, SyncClient

from shared.fal.errors import is_fals_own, no_payload, retry_hint, sort_error, tells_its_type
from shared.fal.lifetimes import RESULT_LIFETIME, UPLOAD_LIFETIME
from shared.providers.errors import SortedError
from shared.providers.outcomes import (
    Accepted,
    Failed,
    Finished,
    Gone,
    InProgress,
    JobOutcome,
    ProviderUnreachable,
    Queued,
    Refused,
    SubmitOutcome,
    Unconfirmed,
)

fal_client.client.MAX_ATTEMPTS = 1

# These are about the asking, and not the verdict on the job that was asked after.
_SAY_NOTHING_OF_THE_JOB = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.PAYMENT_REQUIRED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.CONFLICT,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)

_KEEP_RESULTS = {"X-Fal-Object-Lifecycle-Preference": json.dumps({"expiration_duration_seconds": RESULT_LIFETIME})}


@dataclass(frozen=True, slots=True)
class FalHosts:
    """Where fal's storage is; where its queue is, `fal_client` reads from ``FAL_QUEUE_RUN_HOST``."""

    rest_url: str
    cdn_url: str


class FalQueue:
    """Submit jobs, look after them, and hand files over.

    Parameters
    ----------
    key
        ``<id>:<secret>``.
    hosts
        fal's storage hosts.
    timeout
        Seconds that one request may take.
    """

    def __init__(self, key: str, hosts: FalHosts, timeout: float = 20.0) -> None:
        fal_client.client.REST_URL = hosts.rest_url
        fal_client.client.CDN_URL = hosts.cdn_url
        self._client = SyncClient(key=key, default_timeout=timeout)

    def submit(self, endpoint: str, arguments: Mapping[str, Any], callback_url: str | None) -> SubmitOutcome:
        """Ask for one job, with exactly one POST, and say what is certain about it; None: fal calls nobody back."""
        try:
            handle = self._client.submit(endpoint, dict(arguments), webhook_url=callback_url, headers=_KEEP_RESULTS)
        except FalClientHTTPError as error:
            if is_fals_own(error.status_code, _body(error.response)):
                return Refused(_sorted(error), error)
            return Unconfirmed(f"status {error.status_code} that is not fal's own", error)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            return Refused(sort_error(503, f"no connection to fal: {error}", "connection_failed"), error)
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            # A timeout, a dropped connection, or a success whose body cannot be read: the job may exist.
            return Unconfirmed(type(error).__name__, error)
        return Accepted(handle.request_id)

    def look_up(self, endpoint: str, request_id: str) -> JobOutcome:
        """Say how a job stands; raises `ProviderUnreachable`."""
        try:
            match self._client.status(endpoint, request_id):
                case fal_client.Queued():
                    return Queued()
                case fal_client.Completed(metrics=metrics):
                    return self._result(endpoint, request_id, _run_seconds(metrics))
                case _:
                    return InProgress()
        except FalClientHTTPError as error:
            if error.status_code == HTTPStatus.NOT_FOUND:
                return Gone()
            raise ProviderUnreachable(f"status {error.status_code}") from error
        except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ProviderUnreachable(type(error).__name__) from error

    def cancel(self, endpoint: str, request_id: str) -> None:
        """Ask for a job's end, with exactly one PUT; raises `ProviderUnreachable`.

        A job that is being worked on may complete, and cost, all the same; one that has ended or that fal knows no
        more needs no asking. Source: https://fal.ai/docs/inference-api/queue/cancel
        """
        try:
            self._client.cancel(endpoint, request_id)
        except FalClientHTTPError as error:
            if error.status_code != HTTPStatus.NOT_FOUND and not _had_ended(error):
                raise ProviderUnreachable(f"status {error.status_code}") from error
        except httpx.HTTPError as error:
            raise ProviderUnreachable(type(error).__name__) from error

    def _result(self, endpoint: str, request_id: str, run_seconds: float | None) -> Finished | Failed:
        # A failed job is COMPLETED too: only its result tells.
        try:
            payload: object = self._client.result(endpoint, request_id)
        except FalClientHTTPError as error:
            status, body = error.status_code, _body(error.response)
            # A job may have ended as a 502 or 504 of fal's own; one of a gateway in between names no type.
            is_verdict = is_fals_own(status, body) or tells_its_type(body)
            if status in _SAY_NOTHING_OF_THE_JOB or not is_verdict:
                raise
            return Failed(_sorted(error))
        return Finished(payload, run_seconds) if isinstance(payload, Mapping) else Failed(no_payload())

    def upload(self, data: bytes, content_type: str, file_name: str) -> str:
        """Hand a file over through fal's storage; return its URL; raises `ProviderUnreachable`."""
        try:
            lifecycle = StorageSettings(expires_in=UPLOAD_LIFETIME)
            return self._client.upload(data, content_type, file_name, lifecycle=lifecycle)
        except (httpx.HTTPError, FalClientHTTPError, ValueError, KeyError) as error:
            # Not `from error`: it tells the URL that was uploaded to, which is a permission, and ends in a log.
            raise ProviderUnreachable(f"fal's storage did not take a file ({type(error).__name__})") from None


def _sorted(error: FalClientHTTPError) -> SortedError:
    hint = retry_hint(error.response.headers)
    return sort_error(error.status_code, _body(error.response), error.error_type, hint=hint)


def _had_ended(error: FalClientHTTPError) -> bool:
    body = _body(error.response)
    return (
        error.status_code == HTTPStatus.BAD_REQUEST
        and isinstance(body, Mapping)
        and body.get("status") == "ALREADY_COMPLETED"
    )


def _run_seconds(metrics: object) -> float | None:
    seconds = metrics.get("inference_time") if isinstance(metrics, Mapping) else None
    return float(seconds) if isinstance(seconds, int | float) else None


def _body(response: httpx.Response) -> object:
    try:
        return response.json()
    except ValueError:
        return response.text
