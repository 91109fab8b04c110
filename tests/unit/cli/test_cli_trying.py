"""How one trial is followed to its end: with a provider, a clock and results that a test holds in its hands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from typing_extensions import override

from cli.api_faults import Fault
from cli.api_help import FaultKind
from cli.api_results import Results
from cli.api_trial import MODELS, Asking, Model, Tried, trials_of, try_models
from shared.fal.endpoints import Endpoints
from shared.plan.catalogue import Catalogue
from shared.providers.errors import Scope, SortedError
from shared.providers.http.hedra import HEDRA
from shared.providers.http.provider import HttpProvider
from shared.providers.names import ProviderName
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

URL = "https://results.hedra.com/made"
DONE = Finished({"output": [{"url": URL}]})
REFUSED_KEY = SortedError("UNAUTHORIZED", "no such key", Scope.ACCOUNT, retry=False)


class Answering(HttpProvider):
    """Hedra, as far as it is asked for jobs and after them: says what it was told to say, the last of it for ever."""

    def __init__(
        self, says: Sequence[JobOutcome | ProviderUnreachable], answers: Sequence[SubmitOutcome] = (Accepted("job-1"),)
    ) -> None:
        super().__init__(HEDRA, "https://nowhere.invalid", lambda: "key")
        self._says, self._answers = list(says), list(answers)
        self.sent: list[tuple[str, dict[str, Any], str]] = []
        self.takes_files = True
        self.uploads: list[bytes] = []

    @override
    def submit(
        self, endpoint: str, arguments: Mapping[str, object], callback_url: str | None, *, key: str
    ) -> SubmitOutcome:
        assert callback_url is None  # nobody listens for one
        self.sent.append((endpoint, dict(arguments), key))
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    @override
    def look_up(self, endpoint: str, request_id: str) -> JobOutcome:
        said = self._says.pop(0) if len(self._says) > 1 else self._says[0]
        if isinstance(said, ProviderUnreachable):
            raise said
        return said

    @override
    def upload(self, data: bytes, content_type: str, file_name: str) -> str:
        if not self.takes_files:
            raise ProviderUnreachable("it did not take a file (status 401)")
        self.uploads.append(data)
        return f"https://files.hedra.com/{len(self.uploads)}"


class MadeAs(Results):
    """Results whose bytes tell where they lay, or that cannot be had."""

    def __init__(self, fault: Fault | None = None) -> None:
        super().__init__(ProviderName.HEDRA, (".hedra.com",))
        self._fault = fault

    def fetch(self, url: str) -> bytes | Fault:
        return self._fault or b"\x89PNG\r\n\x1a\n" + url.encode()


@dataclass
class Stage:
    """Everything that a trial needs, and what it did with it."""

    provider: Answering
    results: MadeAs = field(default_factory=MadeAs)
    refused: SortedError | None = None
    patience: float = 600.0
    now: float = 1000.0

    def try_all(self, *models: Model) -> list[Tried]:
        chosen = models or (Model.PORTRAIT,)
        assert set(chosen) <= set(MODELS[ProviderName.HEDRA])
        trials = trials_of(ProviderName.HEDRA, chosen, Catalogue(Endpoints()))
        return list(try_models(trials, self._asking()))

    def _asking(self) -> Asking:
        def wait(seconds: float) -> None:
            self.now += seconds

        return Asking(
            provider=self.provider,
            results=self.results,
            new_key=lambda: f"key-{len(self.provider.sent)}",
            clock=lambda: self.now,
            wait=wait,
            patience=self.patience,
            why_refused=lambda: self.refused,
        )


def test_a_trial_is_timed_by_what_the_provider_says_of_it() -> None:
    # given a job that queues for two looks, and is worked on for three
    stage = Stage(Answering([Queued(), Queued(), InProgress(), InProgress(), InProgress(), DONE]))
    [tried] = stage.try_all()
    # then both are told, and make up all that passed
    assert tried.good
    assert tried.queued_seconds is not None
    assert tried.run_seconds is not None
    assert tried.queued_seconds > 0 < tried.run_seconds
    assert tried.queued_seconds + tried.run_seconds == pytest.approx(stage.now - 1000.0, abs=0.11)
    assert (tried.request_id, tried.url) == ("job-1", URL)


def test_what_the_provider_says_of_its_work_counts_before_what_was_seen() -> None:
    [tried] = Stage(Answering([Queued(), Finished(DONE.payload, run_seconds=0.15)])).try_all()
    assert (tried.run_seconds, tried.queued_seconds) == (0.1, 0.1)


def test_a_provider_that_cannot_be_asked_for_a_while_is_asked_again() -> None:
    gone = ProviderUnreachable("not just now")
    [tried] = Stage(Answering([gone, gone, InProgress(), gone, DONE])).try_all()
    assert tried.good


def test_a_provider_that_cannot_be_asked_any_more_is_given_up_and_may_charge() -> None:
    stage = Stage(Answering([ProviderUnreachable("Hedra answered with status 500")]), patience=30)
    [tried] = stage.try_all()
    assert (tried.good, tried.fault, tried.request_id) == (False, FaultKind.PROVIDER_DOWN, "job-1")
    assert tried.price_usd
    assert 1030.0 < stage.now < 1033.0


@pytest.mark.parametrize(
    ("outcome", "kind", "may_cost"),
    [
        (Gone(), FaultKind.NO_RESULT, True),
        (Finished({"output": []}), FaultKind.NO_RESULT, True),
        (Failed(SortedError("INTERNAL", "oh", Scope.ENDPOINT, retry=True)), FaultKind.PROVIDER_DOWN, True),
        (
            Failed(SortedError("MODERATION_FAILED", "no", Scope.ASSET, retry=False, may_be_charged=False)),
            FaultKind.INPUTS_REFUSED,
            False,
        ),
    ],
)
def test_an_end_without_a_result(outcome: JobOutcome, kind: FaultKind, may_cost: bool) -> None:
    [tried] = Stage(Answering([outcome])).try_all()
    assert (tried.good, tried.fault, tried.price_usd is not None) == (False, kind, may_cost)


def test_a_result_that_cannot_be_had_is_no_good_and_its_address_is_told() -> None:
    stage = Stage(Answering([DONE]), results=MadeAs(Fault(FaultKind.RESULT_ELSEWHERE, "it lies there", advice="do so")))
    [tried] = stage.try_all()
    assert (tried.good, tried.fault, tried.next_step, tried.url) == (False, "result_elsewhere", "do so", URL)
    assert tried.price_usd


def test_the_portrait_that_was_made_is_handed_over_and_each_request_has_a_key_of_its_own() -> None:
    stage = Stage(Answering([DONE]))
    tried = stage.try_all(Model.PORTRAIT, Model.COMPOSITE, Model.HEDRA)
    assert [each.good for each in tried] == [True, True, True]
    portrait, _room, again, _voice = stage.provider.uploads
    assert portrait == again == b"\x89PNG\r\n\x1a\n" + URL.encode()
    assert len({key for _, _, key in stage.provider.sent}) == 3
    # and files are named as Hedra wants them
    _, (_, composite, _), (_, clip, _) = stage.provider.sent
    assert [image["source"] for image in composite["images"]] == ["url", "url"]
    assert clip["audio"] == {"source": "url", "url": "https://files.hedra.com/4"}


def test_without_a_portrait_one_is_drawn() -> None:
    refused = Refused(SortedError("RESOURCE_EXHAUSTED", "slow down", Scope.RATE, retry=True))
    stage = Stage(Answering([DONE], [refused, Accepted("job-2")]))
    portrait, composite = stage.try_all(Model.PORTRAIT, Model.COMPOSITE)
    assert (portrait.fault, portrait.price_usd, composite.good) == (FaultKind.RATE_LIMIT, None, True)
    assert all(data.startswith(b"\x89PNG") for data in stage.provider.uploads)


def test_nothing_else_is_tried_where_the_same_would_happen() -> None:
    stage = Stage(Answering([DONE], [Refused(REFUSED_KEY)]))
    [tried] = stage.try_all(Model.PORTRAIT, Model.COMPOSITE, Model.HEDRA)
    assert tried.fault == FaultKind.KEY_REFUSED
    assert len(stage.provider.sent) == 1


@pytest.mark.parametrize(("refused", "kind"), [(REFUSED_KEY, FaultKind.KEY_REFUSED), (None, FaultKind.PROVIDER_DOWN)])
def test_where_a_file_is_not_taken_it_is_asked_whether_that_is_the_key(
    refused: SortedError | None, kind: FaultKind
) -> None:
    stage = Stage(Answering([DONE]), refused=refused)
    stage.provider.takes_files = False
    [tried] = stage.try_all(Model.HEDRA)
    # then nothing was sent, and nothing can cost
    assert (tried.fault, tried.price_usd, stage.provider.sent) == (kind, None, [])


def test_a_request_of_which_nobody_knows_may_cost_and_is_not_followed() -> None:
    [tried] = Stage(Answering([DONE], [Unconfirmed("status 502 that says nothing of the job")])).try_all()
    assert (tried.fault, tried.request_id) == (FaultKind.PROVIDER_DOWN, None)
    assert tried.price_usd
    assert "status 502" in tried.message
