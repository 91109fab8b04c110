"""A typed client of a simulator's own API, for tests and for the launcher."""

import ssl
import time
from collections.abc import Callable
from decimal import Decimal
from types import TracebackType
from typing import Self

import httpx
from pydantic import TypeAdapter

from local.simulator.faults import ActiveFault, Fault
from local.simulator.records import Invoice, RequestRecord, WebhookAttempt
from local.simulator.settings import Latency, Outage, Settings


class ListedRequest(RequestRecord):
    """A request and what it cost."""

    usd: float


_REQUESTS = TypeAdapter(list[ListedRequest])
_FAULTS = TypeAdapter(list[ActiveFault])
_ATTEMPTS = TypeAdapter(list[WebhookAttempt])


class SimulatorControl:
    """Sets and reads what no provider has an interface for.

    Parameters
    ----------
    control_url
        As the simulator's facts give it.
    ca_file
        The authority that its certificate is checked with.
    """

    def __init__(self, control_url: str, ca_file: str) -> None:
        self._client = httpx.Client(
            base_url=control_url, verify=ssl.create_default_context(cafile=ca_file), timeout=30, trust_env=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def settings(self) -> Settings:
        """Return the settings in force."""
        return Settings.model_validate_json(self._call("GET", "/settings").content)

    def change_settings(self, **changes: object) -> Settings:
        """Change some settings, named as in `Settings`, and return them all."""
        checked = Settings.model_validate({**self.settings().model_dump(), **changes})
        content = checked.model_dump_json(include=set(changes))
        return Settings.model_validate_json(self._call("PATCH", "/settings", content=content).content)

    def pause(self) -> None:
        """Let no request leave the queue."""
        self.change_settings(paused=True)

    def resume(self) -> None:
        """Let requests leave the queue again."""
        self.change_settings(paused=False)

    def go_down(self, outage: Outage = "refuses_connections") -> None:
        """Let nobody be served any more; only this client still is."""
        self.change_settings(down=outage)

    def come_up(self) -> None:
        """Serve again."""
        self.change_settings(down=None)

    def set_latency(self, latency: Latency, endpoint_id: str | None = None) -> None:
        """Set how long requests take: those of one endpoint, or of all that have no latency of their own."""
        if endpoint_id is None:
            self.change_settings(latency=latency)
        else:
            self.change_settings(latencies={**self.settings().latencies, endpoint_id: latency})

    def set_balance(self, usd: Decimal | None) -> None:
        """Set what is left on the account; None for more than can be spent."""
        self.change_settings(balance_usd=usd)

    def set_concurrency(self, requests: int) -> None:
        """Set how many requests may run at once."""
        self.change_settings(concurrency=requests)

    def set_webhook_routes(self, routes: dict[str, str]) -> None:
        """Set where webhooks go, by the end of their host."""
        self.change_settings(webhook_routes=routes)

    def add_fault(self, fault: Fault) -> str:
        """Order a fault and return its id."""
        response = self._call("POST", "/faults", content=fault.model_dump_json())
        return ActiveFault.model_validate_json(response.content).fault_id

    def faults(self) -> list[ActiveFault]:
        """Return the faults that were ordered, with their hits."""
        return _FAULTS.validate_json(self._call("GET", "/faults").content)

    def hits(self, fault_id: str) -> int:
        """Return how often a fault struck."""
        return next(active.hits for active in self.faults() if active.fault_id == fault_id)

    def remove_fault(self, fault_id: str) -> None:
        """Cancel a fault."""
        self._call("DELETE", f"/faults/{fault_id}")

    def clear_faults(self) -> None:
        """Cancel all faults."""
        self._call("DELETE", "/faults")

    def requests(self, endpoint_id: str | None = None) -> list[ListedRequest]:
        """Return every request that was accepted, or those of one endpoint, in order."""
        parameters = {} if endpoint_id is None else {"endpoint_id": endpoint_id}
        return _REQUESTS.validate_json(self._call("GET", "/requests", params=parameters).content)

    def webhook_attempts(self, request_id: str | None = None) -> list[WebhookAttempt]:
        """Return every attempt at a webhook, or those of one request, in order."""
        parameters = {} if request_id is None else {"request_id": request_id}
        return _ATTEMPTS.validate_json(self._call("GET", "/webhooks", params=parameters).content)

    def redeliver_webhook(self, request_id: str) -> None:
        """Deliver the webhook of a request that has ended once more."""
        self._call("POST", f"/requests/{request_id}/webhook")

    def invoice(self) -> Invoice:
        """Return everything that was billed."""
        return Invoice.model_validate_json(self._call("GET", "/invoice").content)

    def wait_until_idle(self, seconds: float = 30) -> None:
        """Wait until no request and no webhook is under way.

        Raises
        ------
        TimeoutError
            If some still are after ``seconds``.
        """
        timeout = httpx.Timeout(30, read=seconds + 30)
        response = self._client.get("/idle", params={"seconds": seconds}, timeout=timeout)
        if response.status_code == httpx.codes.REQUEST_TIMEOUT:
            raise TimeoutError(f"requests or webhooks are still under way after {seconds} s")
        response.raise_for_status()

    def wait_for_requests(self, condition: Callable[[list[ListedRequest]], bool], seconds: float = 30) -> None:
        """Wait until the requests fulfil a condition.

        Raises
        ------
        TimeoutError
            If they do not within ``seconds``.
        """
        give_up = time.monotonic() + seconds
        while not condition(self.requests()):
            if time.monotonic() > give_up:
                raise TimeoutError(f"the requests did not come to what was waited for in {seconds} s")
            time.sleep(0.02)

    def rotate_signing_keys(self) -> None:
        """Sign webhooks with a new key from now on."""
        self._call("POST", "/signing-keys")

    def reset(self) -> None:
        """Forget all requests, files, faults and the invoice, and go back to the first settings."""
        self._call("POST", "/reset")

    def _call(
        self, method: str, path: str, *, content: str | None = None, params: dict[str, str] | None = None
    ) -> httpx.Response:
        response = self._client.request(method, path, content=content, params=params)
        if response.is_error:
            raise ValueError(f"the simulator refused {method} {path}: {response.text}")
        return response
