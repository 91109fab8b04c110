"""fal's queue and storage, with the key as it is now."""

from collections.abc import Mapping
from typing import Any

from shared.fal.client import FalHosts, FalQueue
from shared.fal.outcomes import JobOutcome, SubmitOutcome
from shared.runtime.fal_key import PresentClient, fal_key
from shared.runtime.settings import FalSettings


class Fal:
    """fal's queue and storage: `shared.ports.Provider`."""

    def __init__(self, present: PresentClient[FalQueue]) -> None:
        self._present = present

    def submit(self, endpoint: str, arguments: Mapping[str, Any], callback_url: str) -> SubmitOutcome:
        """Ask for one job; see `FalQueue.submit`."""
        return self._present().submit(endpoint, arguments, callback_url)

    def look_up(self, endpoint: str, request_id: str) -> JobOutcome:
        """Say how a job stands; see `FalQueue.look_up`."""
        return self._present().look_up(endpoint, request_id)

    def cancel(self, endpoint: str, request_id: str) -> None:
        """Ask for the end of a job; see `FalQueue.cancel`."""
        self._present().cancel(endpoint, request_id)

    def upload(self, data: bytes, content_type: str, file_name: str, lifetime: int) -> str:
        """Hand a file over; see `FalQueue.upload`."""
        return self._present().upload(data, content_type, file_name, lifetime)


def fal_of(settings: FalSettings) -> Fal:
    """Return fal's queue and storage; raises `FalKeyMissing`."""
    hosts = FalHosts(rest_url=settings.fal_rest_url, cdn_url=settings.fal_cdn_url)
    return Fal(PresentClient(lambda: fal_key(settings), lambda key: FalQueue(key, hosts)))
