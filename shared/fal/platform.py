"""fal's platform API: the account's list of requests, and what models cost now. `fal_client` has neither.

Source: https://fal.ai/docs/platform-apis
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from shared.fal.errors import sort_error
from shared.prices import LivePrice
from shared.providers.outcomes import Failed, Finished, Gone, JobOutcome, ListedRequest, ProviderUnreachable

_PAGE_SIZE = 100
_MAX_PAGES = 20


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Request(_Answer):
    request_id: str
    sent_at: datetime
    ended_at: datetime | None = None
    status_code: int | None = None
    duration: float | None = None
    json_input: Any = None
    json_output: Any = None

    def listed(self) -> ListedRequest:
        sent_at = self.sent_at if self.sent_at.tzinfo else self.sent_at.replace(tzinfo=UTC)
        return ListedRequest(
            request_id=self.request_id,
            sent_at=sent_at.timestamp(),
            input=self.json_input if isinstance(self.json_input, Mapping) else None,
            outcome=self._outcome(),
        )

    def _outcome(self) -> JobOutcome | None:
        if self.ended_at is None or self.status_code is None:
            return None
        if not httpx.codes.is_success(self.status_code):
            return Failed(sort_error(self.status_code, self.json_output))
        if isinstance(self.json_output, Mapping):
            return Finished(self.json_output, self.duration)
        return Gone()


class _RequestPage(_Answer):
    items: tuple[_Request, ...]
    next_cursor: str | None = None


class _UnitPrice(_Answer):
    endpoint_id: str
    unit_price: float
    unit: str
    currency: str = "USD"


class _PriceList(_Answer):
    prices: tuple[_UnitPrice, ...]


_SomeAnswer = TypeVar("_SomeAnswer", bound=_Answer)


class _NotFound(ProviderUnreachable):
    """The platform API does not know something that it was asked about."""


class FalPlatform:
    """Ask fal about the account.

    Parameters
    ----------
    key
        ``<id>:<secret>``.
    api_url
        Where the platform API is, for example ``https://api.fal.ai``.
    timeout
        Seconds that one request may take.
    """

    def __init__(self, key: str, api_url: str, timeout: float = 20.0) -> None:
        self._client = httpx.Client(base_url=api_url, headers={"Authorization": f"Key {key}"}, timeout=timeout)

    def requests_between(self, endpoint: str, since: float, until: float) -> list[ListedRequest]:
        """Return an endpoint's requests of a span of time, 2,000 of them at most.

        That a request is not among them proves nothing: fal says neither how soon a request is listed, nor whether it
        is before it has ended.

        Parameters
        ----------
        since, until
            Seconds since 1970-01-01T00:00Z.

        Raises
        ------
        ProviderUnreachable
            When fal could not be asked, or its answer could not be read.
        """
        query = {
            "endpoint_id": endpoint,
            "start": _time_text(since),
            "end": _time_text(until),
            "limit": str(_PAGE_SIZE),
            "expand": "payloads",
        }
        found: list[ListedRequest] = []
        for _ in range(_MAX_PAGES):
            page = self._get("/v1/models/requests/by-endpoint", query, _RequestPage)
            found += [request.listed() for request in page.items]
            if page.next_cursor is None:
                break
            query["cursor"] = page.next_cursor
        return found

    def prices(self, endpoints: Collection[str]) -> dict[str, LivePrice]:
        """Return what endpoints cost now, by endpoint; one that fal does not know is absent.

        Raises
        ------
        ProviderUnreachable
            When fal could not be asked, or its answer could not be read.
        """
        if not endpoints:
            return {}
        try:
            price_list = self._get("/v1/models/pricing", {"endpoint_id": list(endpoints)}, _PriceList)
        except _NotFound:
            if len(endpoints) == 1:
                return {}
            # fal refuses the whole question for one endpoint that it does not know.
            alone = [self.prices([endpoint]) for endpoint in endpoints]
            return {endpoint: price for prices in alone for endpoint, price in prices.items()}
        return {
            price.endpoint_id: LivePrice(price.unit_price, price.unit)
            for price in price_list.prices
            if price.currency == "USD"
        }

    def _get(self, path: str, query: Mapping[str, str | Sequence[str]], kind: type[_SomeAnswer]) -> _SomeAnswer:
        try:
            response = self._client.get(path, params=query)
            if response.status_code == HTTPStatus.NOT_FOUND:
                raise _NotFound(f"{path}: status 404")
            response.raise_for_status()
            return kind.model_validate_json(response.content)
        except httpx.HTTPStatusError as error:
            raise ProviderUnreachable(f"{path}: status {error.response.status_code}") from error
        except (httpx.HTTPError, ValidationError) as error:
            raise ProviderUnreachable(f"{path}: {type(error).__name__}") from error


def _time_text(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
