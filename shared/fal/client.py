"""fal.ai through its own client, with its replays switched off: one POST a call, and every answer sorted.

`fal_client` replays a submit up to ten times, also after a timeout when fal may have the job already
(the same complaint about its sibling: https://github.com/fal-ai/fal-js/issues/238): each replay may buy a second time.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import fal_client
import fal_client.client
import httpx
from fal_client import FalClientHTTPError, StorageSettings, SyncClient

from shared.fal.errors import is_fals_own, sort_error
from shared.fal.outcomes import (
    Accepted,
    Failed,
    FalUnreachable,
    Finished,
    Gone,
    InProgress,
    JobOutcome,
    Queued,
    Refused,
    SubmitOutcome,
    Unconfirmed,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

fal_client.client.MAX_ATTEMPTS = 1

# These are about the asking and not about the job that was asked after.
_SAY_NOTHING_OF_THE_JOB = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.PAYMENT_REQUIRED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)


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

    def submit(self, endpoint: str, arguments: "Mapping[str, Any]", callback_url: str) -> SubmitOutcome:
        """Ask for one job, with exactly one POST, and say what is certain about it."""
        try:
            handle = self._client.submit(endpoint, dict(arguments), webhook_url=callback_url)
        except FalClientHTTPError as error:
            body = _body(error.response)
            if is_fals_own(error.status_code, body):
                return Refused(sort_error(error.status_code, body, error.error_type))
            return Unconfirmed(f"status {error.status_code} that is not fal's own")
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            return Refused(sort_error(503, f"no connection to fal: {error}", "connection_failed"))
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            # A timeout, a dropped connection, or a success whose body cannot be read: the job may exist.
            return Unconfirmed(type(error).__name__)
        return Accepted(handle.request_id)

    def look_up(self, endpoint: str, request_id: str) -> JobOutcome:
        """Say how a job stands; raises `FalUnreachable`."""
        try:
            match self._client.status(endpoint, request_id):
                case fal_client.Queued():
                    return Queued()
                case fal_client.InProgress():
                    return InProgress()
            # A failed job is COMPLETED too: only its result tells.
            return Finished(self._client.result(endpoint, request_id))
        except FalClientHTTPError as error:
            body = _body(error.response)
            if error.status_code == HTTPStatus.NOT_FOUND:
                return Gone()
            if error.status_code in _SAY_NOTHING_OF_THE_JOB or not is_fals_own(error.status_code, body):
                raise FalUnreachable(f"status {error.status_code}") from error
            return Failed(sort_error(error.status_code, body, error.error_type))
        except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise FalUnreachable(type(error).__name__) from error

    def upload(self, data: bytes, content_type: str, file_name: str, lifetime: int) -> str:
        """Hand a file over through fal's storage for `lifetime` seconds; return its URL; raises `FalUnreachable`."""
        try:
            return self._client.upload(data, content_type, file_name, lifecycle=StorageSettings(expires_in=lifetime))
        except (httpx.HTTPError, FalClientHTTPError, ValueError, KeyError) as error:
            raise FalUnreachable(f"fal's storage did not take a file ({type(error).__name__})") from error


def _body(response: httpx.Response) -> object:
    try:
        return response.json()
    except ValueError:
        return response.text
