"""fal's queue, storage and list of requests, with the key as it is now."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from shared.fal.callbacks import read_callback
from shared.fal.client import FalHosts, FalQueue
from shared.fal.lifetimes import LIFETIMES
from shared.fal.models.media import first_image, only_video
from shared.fal.platform import FalPlatform
from shared.keys import AssetKind
from shared.ledger.records import Seconds
from shared.providers.callbacks import CallbackBody
from shared.providers.media import FileLifetimes, MediaFile
from shared.providers.names import ProviderName
from shared.providers.outcomes import JobOutcome, ListedRequest, SubmitOutcome
from shared.runtime.keys import PresentClient, fal_key
from shared.runtime.settings import FalSettings


class FalClients(NamedTuple):
    """What speaks to fal with one key."""

    queue: FalQueue
    platform: FalPlatform


class Fal:
    """fal: `shared.ports.Provider`."""

    name = ProviderName.FAL
    lifetimes: FileLifetimes = LIFETIMES
    replays_safely = False

    def __init__(self, clients: PresentClient[FalClients]) -> None:
        self._clients = clients

    def submit(
        self,
        endpoint: str,
        arguments: Mapping[str, Any],
        callback_url: str | None,
        *,
        key: str,  # noqa: ARG002 - the port's; fal has no use for it
    ) -> SubmitOutcome:
        """Ask for one job; see `FalQueue.submit`."""
        return self._clients().queue.submit(endpoint, arguments, callback_url)

    def look_up(self, endpoint: str, request_id: str) -> JobOutcome:
        """Say how a job stands; see `FalQueue.look_up`."""
        return self._clients().queue.look_up(endpoint, request_id)

    def cancel(self, endpoint: str, request_id: str) -> None:
        """Ask for the end of a job; see `FalQueue.cancel`."""
        self._clients().queue.cancel(endpoint, request_id)

    def requests_between(self, endpoint: str, since: Seconds, until: Seconds) -> list[ListedRequest]:
        """Return an endpoint's requests of a span of time; see `FalPlatform.requests_between`."""
        return self._clients().platform.requests_between(endpoint, since, until)

    def upload(self, data: bytes, content_type: str, file_name: str) -> str:
        """Hand a file over; see `FalQueue.upload`."""
        return self._clients().queue.upload(data, content_type, file_name)

    def file_argument(self, url: str) -> str:
        """Return how a request names a file: by its URL."""
        return url

    def read_callback(self, body: bytes) -> CallbackBody:
        """Read a callback's body; see `shared.fal.callbacks.read_callback`."""
        return read_callback(body)

    def media_in(self, kind: AssetKind, payload: object, endpoint: str) -> MediaFile:
        """Return the file of an answer; see `shared.fal.models.media`."""
        read = only_video if kind is AssetKind.CLIP else first_image
        return read(payload, model_name=endpoint)


def fal_of(settings: FalSettings) -> Fal:
    """Return fal; raises `KeyMissing`."""
    hosts = FalHosts(rest_url=settings.fal_rest_url, cdn_url=settings.fal_cdn_url)

    def clients(key: str) -> FalClients:
        return FalClients(FalQueue(key, hosts), FalPlatform(key, settings.fal_api_url))

    return Fal(PresentClient(lambda: fal_key(settings), clients))
