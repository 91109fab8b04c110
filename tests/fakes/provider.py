"""A provider in memory that speaks as fal does: it does as it is told, and has every job on its invoice."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from shared.fal.callbacks import read_callback
from shared.fal.lifetimes import LIFETIMES
from shared.fal.models.media import first_image, only_video
from shared.keys import AssetKind
from shared.prices import LivePrice
from shared.providers.callbacks import CallbackBody, CallbackName
from shared.providers.media import FileLifetimes, MediaFile
from shared.providers.names import ProviderName
from shared.providers.outcomes import (
    Accepted,
    Failed,
    Finished,
    Gone,
    JobOutcome,
    ListedRequest,
    ProviderUnreachable,
    Queued,
    SubmitOutcome,
    Unconfirmed,
)


@dataclass(frozen=True)
class Invoiced:
    """One job that the provider has."""

    request_id: str
    endpoint: str
    arguments: Mapping[str, object]
    callback_url: str
    sent_at: float = 0.0

    @property
    def name(self) -> CallbackName:
        return CallbackName.from_query(urlsplit(self.callback_url).query)


@dataclass(frozen=True)
class Lost:
    """An answer that gets lost: the provider has the job, and the submitter is none the wiser."""

    reason: str = "ReadTimeout"


@dataclass
class MemoryProvider:
    """`shared.ports.Provider`.

    Parameters
    ----------
    answers
        What the next submits answer; when there are none left, they are accepted. An exception is raised.
    outcomes
        How jobs stand, by request id; a job without one is queued, and one that is unknown is gone.
    replays_safely, by_key
        Whether it has a request only once that is sent again under the same key; and the requests by their keys.
    listing
        The account's list of requests, if there is one.
    upload_fails
        Why no file can be handed over, if none can.
    cancelled
        The request ids that were asked to be cancelled, in order.
    on_cancel
        Called with each of them; what it raises is raised.
    clock
        When a job is sent, for the account's list of requests.
    """

    name: ProviderName = ProviderName.FAL
    lifetimes: FileLifetimes = LIFETIMES
    replays_safely: bool = False
    answers: list[SubmitOutcome | Lost | BaseException] = field(default_factory=list)
    outcomes: dict[str, JobOutcome | Exception] = field(default_factory=dict)
    invoice: list[Invoiced] = field(default_factory=list)
    uploads: list[tuple[str, str]] = field(default_factory=list)
    upload_fails: ProviderUnreachable | None = None
    by_key: dict[str, str] = field(default_factory=dict)
    listing: "MemoryPlatform | None" = None
    cancelled: list[str] = field(default_factory=list)
    posts: int = 0
    on_submit: Callable[[], None] = lambda: None
    on_cancel: Callable[[str], None] = lambda _: None
    clock: Callable[[], float] = lambda: 0.0

    def submit(
        self, endpoint: str, arguments: Mapping[str, object], callback_url: str | None, *, key: str
    ) -> SubmitOutcome:
        self.posts += 1
        self.on_submit()
        if self.replays_safely and key in self.by_key:
            return Accepted(self.by_key[key])
        who = "request" if self.name is ProviderName.FAL else self.name
        request_id = f"{who}-{len(self.invoice) + 1}"
        answer = self.answers.pop(0) if self.answers else Accepted(request_id)
        if isinstance(answer, BaseException):
            raise answer
        if isinstance(answer, Accepted):
            request_id = answer.request_id
        if isinstance(answer, Accepted | Lost):
            self.by_key[key] = request_id
            self.invoice.append(Invoiced(request_id, endpoint, dict(arguments), callback_url or "", self.clock()))
        return Unconfirmed(answer.reason) if isinstance(answer, Lost) else answer

    def look_up(self, endpoint: str, request_id: str) -> JobOutcome:  # noqa: ARG002 - the port's signature
        known = any(job.request_id == request_id for job in self.invoice)
        outcome = self.outcomes.get(request_id, Queued() if known else Gone())
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def cancel(self, endpoint: str, request_id: str) -> None:  # noqa: ARG002 - the port's signature
        self.cancelled.append(request_id)
        self.on_cancel(request_id)

    def requests_between(self, endpoint: str, since: float, until: float) -> list[ListedRequest]:
        return self.listing.requests_between(endpoint, since, until) if self.listing else []

    def upload(self, data: bytes, content_type: str, file_name: str) -> str:  # noqa: ARG002 - the port's signature
        if self.upload_fails:
            raise self.upload_fails
        self.uploads.append((file_name, content_type))
        return f"https://v3.fal.media/files/{len(self.uploads)}-{file_name}"

    def file_argument(self, url: str) -> str:
        return url

    def read_callback(self, body: bytes) -> CallbackBody:
        return read_callback(body)

    def media_in(self, kind: AssetKind, payload: object, endpoint: str) -> MediaFile:
        read = only_video if kind is AssetKind.CLIP else first_image
        return read(payload, model_name=endpoint)

    @property
    def jobs_per_address(self) -> Counter[str]:
        return Counter(job.name.address for job in self.invoice)


@dataclass
class MemoryPlatform:
    """fal's platform API, which lists the jobs that a provider has.

    Parameters
    ----------
    lists
        Whether requests are listed at all yet.
    lists_unfinished
        Whether those are listed that have not ended.
    keeps_inputs
        Whether the list shows what was sent.
    sent_at
        When fal says that a request was sent, by its id, where that is not when it was.
    live
        What fal asks just now, by endpoint.
    unreachable
        Whether fal cannot be asked.
    questions
        How often it was asked.
    """

    provider: MemoryProvider
    lists: bool = True
    lists_unfinished: bool = True
    keeps_inputs: bool = True
    sent_at: dict[str, float] = field(default_factory=dict)
    live: dict[str, LivePrice] = field(default_factory=dict)
    unreachable: bool = False
    questions: int = 0

    def __post_init__(self) -> None:
        self.provider.listing = self

    def requests_between(self, endpoint: str, since: float, until: float) -> list[ListedRequest]:
        self._ask()
        listed = [self._listed(job) for job in self.provider.invoice if job.endpoint == endpoint and self.lists]
        return [
            request
            for request in listed
            if since <= request.sent_at <= until and (self.lists_unfinished or request.outcome is not None)
        ]

    def prices(self, endpoints: Collection[str]) -> dict[str, LivePrice]:
        self._ask()
        return {endpoint: price for endpoint, price in self.live.items() if endpoint in endpoints}

    def _ask(self) -> None:
        self.questions += 1
        if self.unreachable:
            raise ProviderUnreachable("fal's platform API cannot be reached")

    def _listed(self, job: Invoiced) -> ListedRequest:
        outcome = self.provider.outcomes.get(job.request_id)
        return ListedRequest(
            request_id=job.request_id,
            sent_at=self.sent_at.get(job.request_id, job.sent_at),
            input=job.arguments if self.keeps_inputs else None,
            outcome=outcome if isinstance(outcome, Finished | Failed | Gone) else None,
        )
