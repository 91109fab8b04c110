"""What can be set from outside while the simulator runs."""

from collections.abc import Callable
from decimal import Decimal
from typing import Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from shared.frozen import Frozen


class Latency(Frozen):
    """How long a request takes, beside the time that drawing its media takes."""

    queue_seconds: NonNegativeFloat = 0
    """The least time in the queue before it may start."""
    run_seconds: NonNegativeFloat = 0
    """The least time in progress."""


Outage = Literal["refuses_connections", "unavailable_html", "unavailable_json"]
"""How a provider is down: nothing listens, or every request is answered with 503, as the proxy in front of it does or
in its own words."""


class Settings(Frozen):
    """A simulator's behaviour. Defaults are fal's, except that time passes faster."""

    down: Outage | None = None
    """Nobody is served while this is set. What was accepted goes on, and callbacks are sent."""
    requests_per_minute: PositiveInt | None = None
    """How many requests a key may make in a minute. None: any number. fal limits other things."""
    paused: bool = False
    """No request leaves the queue."""
    concurrency: PositiveInt = 40
    """How many requests may be in progress: fal gives new accounts 2, and up to 40 with paid invoices."""
    balance_usd: Decimal | None = None
    """What is left on the account; every billed request lowers it. None: never exhausted."""
    latency: Latency = Latency()
    latencies: dict[str, Latency] = Field(default_factory=dict)
    """By endpoint, instead of ``latency``."""
    content_policy_triggers: tuple[str, ...] = ()
    """A prompt that contains one of these, in upper or lower case, is refused as a content violation."""
    cancel_stops_running: bool = True
    """Whether cancelling stops a request that is in progress; fal says that it may complete all the same."""

    stored_result_seconds: PositiveFloat = 3600
    stored_large_result_seconds: PositiveFloat = 360
    large_result_bytes: PositiveInt = 10 * 1024
    upload_token_seconds: PositiveFloat = 3600
    """How long a token for uploads holds; fal_client keeps it for that long."""
    upload_url_seconds: PositiveFloat = 3600
    """How long the address of an upload is accepted where it ends before the file does; at fal it does not."""
    file_seconds: PositiveFloat | None = None
    """How long files are kept that bring no lifetime of their own. None: for ever."""

    webhook_routes: dict[str, str] = Field(default_factory=dict)
    """Base addresses by the end of a webhook URL's host. A URL that no route takes is never sent anything."""
    webhook_backoff_seconds: tuple[PositiveFloat, ...] = Field(default=(1, 2, 4, 8, 16, 32, 60), min_length=1)
    """The waits between attempts, the last repeated. fal's schedule is unpublished."""
    webhook_first_timeout_seconds: PositiveFloat = 15
    webhook_retry_timeout_seconds: PositiveFloat = 120
    webhook_max_retries: NonNegativeInt = 31
    webhook_give_up_seconds: PositiveFloat | None = None
    """How long after a request's end the last attempt may begin. None: while its result is stored."""

    input_origins: tuple[str, ...] = ()
    """Origins such as ``http://127.0.0.1`` that inputs may be fetched from, beside the simulator's own files. Without
    a port, every port of the host."""
    request_list_delay_seconds: NonNegativeFloat = 0
    """How long a request takes to appear in the account's list of requests; fal's delay is unverified."""
    request_list_output_bytes: PositiveInt = 1_000_000
    """Outputs that are larger are not kept for the list: fal says so of results of more than 1 MB."""
    request_list_shows_unfinished: bool = True
    """Whether requests are listed before they end; unverified for fal."""
    request_list_page: PositiveInt = 100
    """How many requests are listed at once where the caller cannot choose; at fal it can."""

    def latency_of(self, endpoint_id: str) -> Latency:
        """Return how long a request to the endpoint takes."""
        return self.latencies.get(endpoint_id, self.latency)


class LiveSettings:
    """Holds the settings that are in force now."""

    def __init__(self, initial: Settings) -> None:
        self._initial = initial
        self._watchers: list[Callable[[Settings], None]] = []
        self.now = initial

    def watch(self, watcher: Callable[[Settings], None]) -> None:
        """Call somebody with the settings after every change."""
        self._watchers.append(watcher)

    def change(self, changes: dict[str, object]) -> Settings:
        """Put changes into force.

        Raises
        ------
        pydantic.ValidationError
            If a setting is unknown or its value wrong; nothing is changed then.
        """
        self._put_into_force(Settings.model_validate({**self.now.model_dump(), **changes}))
        return self.now

    def reset(self) -> None:
        """Go back to the settings that the simulator was started with."""
        self._put_into_force(self._initial)

    def _put_into_force(self, settings: Settings) -> None:
        self.now = settings
        for watcher in self._watchers:
            watcher(settings)
