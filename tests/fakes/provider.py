"""fal in memory: it accepts or refuses as it is told, and keeps an invoice of every job that it has."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from shared.fal.callbacks import CallbackName
from shared.fal.outcomes import Accepted, Gone, JobOutcome, Queued, SubmitOutcome


@dataclass(frozen=True)
class Invoiced:
    """One job that the provider has."""

    request_id: str
    endpoint: str
    arguments: Mapping[str, object]
    callback_url: str

    @property
    def name(self) -> CallbackName:
        return CallbackName.from_query(urlsplit(self.callback_url).query)


@dataclass
class MemoryProvider:
    """`shared.ports.Provider`.

    Parameters
    ----------
    answers
        What the next submits answer; when there are none left, they are accepted. An exception is raised.
    outcomes
        How jobs stand, by request id; a job without one is queued, and one that is unknown is gone.
    """

    answers: list[SubmitOutcome | Exception] = field(default_factory=list)
    outcomes: dict[str, JobOutcome | Exception] = field(default_factory=dict)
    invoice: list[Invoiced] = field(default_factory=list)
    uploads: list[tuple[str, str, int]] = field(default_factory=list)
    posts: int = 0
    on_submit: Callable[[], None] = lambda: None

    def submit(self, endpoint: str, arguments: Mapping[str, object], callback_url: str) -> SubmitOutcome:
        self.posts += 1
        self.on_submit()
        answer = self.answers.pop(0) if self.answers else Accepted(f"request-{len(self.invoice) + 1}")
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, Accepted):
            self.invoice.append(Invoiced(answer.request_id, endpoint, dict(arguments), callback_url))
        return answer

    def look_up(self, endpoint: str, request_id: str) -> JobOutcome:  # noqa: ARG002 - the port's signature
        known = any(job.request_id == request_id for job in self.invoice)
        outcome = self.outcomes.get(request_id, Queued() if known else Gone())
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def upload(self, data: bytes, content_type: str, file_name: str, lifetime: int) -> str:  # noqa: ARG002 - the port's
        self.uploads.append((file_name, content_type, lifetime))
        return f"https://v3.fal.media/files/{len(self.uploads)}-{file_name}"

    @property
    def jobs_per_address(self) -> Counter[str]:
        return Counter(job.name.address for job in self.invoice)
