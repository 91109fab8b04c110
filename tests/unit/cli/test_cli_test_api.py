"""What `episode test-api` makes of keys, errors and addresses, without asking anybody."""

import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

import cli.api_access
import cli.target
from cli.api_access import access_to
from cli.api_faults import (
    Fault,
    fault_of_error,
    fault_of_exception,
    fault_of_key,
    fault_of_refusal,
    is_of_the_key,
    strikes_all,
)
from cli.api_help import HELP, FaultKind, next_step
from cli.api_results import Results
from cli.api_trial import MODELS, TRIED_BY_DEFAULT, Model, trials_of
from cli.test_api import Choice
from shared.downloads import Downloaded, Downloader, DownloadFailed
from shared.fal.endpoints import Endpoints
from shared.keys import AssetKind
from shared.plan.catalogue import Catalogue
from shared.providers.capabilities import capability_of
from shared.providers.engines import Engine
from shared.providers.errors import Scope, SortedError
from shared.providers.http.errors import sort_failure, sort_refusal
from shared.providers.http.hedra import HEDRA
from shared.providers.http.replicate import REPLICATE
from shared.providers.names import ProviderName
from shared.providers.outcomes import ProviderUnreachable, Refused, Unconfirmed
from shared.runtime.settings import ProviderSettings
from tests.unit.cli.test_cli_review import target_of
from tests.world import World

EVERY_TRIAL = [(provider, model) for provider in ProviderName for model in MODELS[provider]]


@pytest.mark.parametrize(("provider", "model"), EVERY_TRIAL)
def test_every_model_is_asked_for_within_its_limits_and_at_its_price(provider: ProviderName, model: str) -> None:
    # when one model of a provider is to be tried
    [trial] = trials_of(provider, [each for each in MODELS[provider] if each == model], Catalogue(Endpoints()))
    # then it is that provider who is asked, for money that is known
    assert trial.offer.provider is provider
    assert 0 < trial.offer.price_usd < 0.5
    assert "cautious guess" not in trial.offer.price_source
    # and its voice is neither too short for the model nor longer than what is paid for
    if trial.kind is AssetKind.CLIP:
        capability = capability_of(provider, trial.kind, Engine(model))
        assert capability is not None
        assert (capability.min_seconds or 0) < trial.voice_seconds < (capability.max_seconds or 30)


def test_what_is_tried_if_nobody_says_is_one_of_each_kind() -> None:
    for provider in ProviderName:
        chosen = MODELS[provider][:TRIED_BY_DEFAULT]
        trials = trials_of(provider, chosen, Catalogue(Endpoints()))
        assert [trial.kind for trial in trials] == [AssetKind.PORTRAIT, AssetKind.COMPOSITE, AssetKind.CLIP]


def test_every_model_can_be_chosen() -> None:
    assert {choice.value for choice in Choice} == {"all", *(model.value for _, model in EVERY_TRIAL)}


@pytest.mark.parametrize(
    ("provider", "key", "kind"),
    [
        (ProviderName.FAL, "id:secret", None),
        (ProviderName.FAL, "r8_abc", FaultKind.KEY_MALFORMED),
        (ProviderName.REPLICATE, "r8_abc", None),
        (ProviderName.REPLICATE, "id:secret", FaultKind.KEY_MALFORMED),
        (ProviderName.REPLICATE, "r9_abc", FaultKind.KEY_MALFORMED),
        (ProviderName.REPLICATE, "'r8_abc'", FaultKind.KEY_MALFORMED),
        (ProviderName.HEDRA, "id:secret", None),
        (ProviderName.HEDRA, "sk-of-one-part", None),
        (ProviderName.HEDRA, "two words", FaultKind.KEY_MALFORMED),
        (ProviderName.HEDRA, "", FaultKind.KEY_MISSING),
    ],
)
def test_a_key_is_looked_at_before_it_is_sent(provider: ProviderName, key: str, kind: FaultKind | None) -> None:
    fault = fault_of_key(provider, key, "its place")
    assert (fault.kind if fault else None) == kind
    # and no message shows it
    assert fault is None or not key or key not in fault.message


HEDRAS = {"error": {"message": "words"}}


def hedras(code: str) -> dict[str, object]:
    return {"error": {"code": code, "message": "words", "retryable": False}}


@pytest.mark.parametrize(
    ("error", "provider", "kind"),
    [
        (sort_refusal(401, {"detail": "no"}, REPLICATE), ProviderName.REPLICATE, FaultKind.KEY_REFUSED),
        (sort_refusal(402, {"detail": "pay"}, REPLICATE), ProviderName.REPLICATE, FaultKind.BALANCE),
        (sort_refusal(403, {"detail": "no"}, REPLICATE), ProviderName.REPLICATE, FaultKind.MODEL_UNKNOWN),
        (sort_refusal(404, {"detail": "no"}, REPLICATE), ProviderName.REPLICATE, FaultKind.MODEL_UNKNOWN),
        (sort_refusal(422, {"detail": "no"}, REPLICATE), ProviderName.REPLICATE, FaultKind.INPUTS_REFUSED),
        (sort_refusal(429, {"detail": "slow"}, REPLICATE), ProviderName.REPLICATE, FaultKind.RATE_LIMIT),
        (sort_refusal(500, {"detail": "oh"}, REPLICATE), ProviderName.REPLICATE, FaultKind.PROVIDER_DOWN),
        (sort_refusal(401, hedras("UNAUTHORIZED"), HEDRA), ProviderName.HEDRA, FaultKind.KEY_REFUSED),
        (sort_refusal(402, hedras("INSUFFICIENT_BALANCE"), HEDRA), ProviderName.HEDRA, FaultKind.BALANCE),
        (sort_refusal(402, HEDRAS, HEDRA), ProviderName.HEDRA, FaultKind.BALANCE),
        (sort_refusal(403, hedras("PERMISSION_DENIED"), HEDRA), ProviderName.HEDRA, FaultKind.KEY_REFUSED),
        (sort_refusal(404, hedras("NOT_FOUND"), HEDRA), ProviderName.HEDRA, FaultKind.MODEL_UNKNOWN),
        (sort_refusal(400, hedras("FAILED_PRECONDITION"), HEDRA), ProviderName.HEDRA, FaultKind.MODEL_UNKNOWN),
        (sort_refusal(422, hedras("MODERATION_FAILED"), HEDRA), ProviderName.HEDRA, FaultKind.INPUTS_REFUSED),
        (sort_refusal(429, hedras("RESOURCE_EXHAUSTED"), HEDRA), ProviderName.HEDRA, FaultKind.RATE_LIMIT),
        # A job that failed inside Hedra says of itself that trying again is pointless: the model is there all the same.
        (
            sort_failure(hedras("INTERNAL"), HEDRA.job.error, HEDRA, "FAILED"),
            ProviderName.HEDRA,
            FaultKind.PROVIDER_DOWN,
        ),
        (
            sort_failure({"error": "flagged (E005)"}, REPLICATE.job.error, REPLICATE, "failed"),
            ProviderName.REPLICATE,
            FaultKind.INPUTS_REFUSED,
        ),
        (
            sort_failure({}, REPLICATE.job.error, REPLICATE, "canceled"),
            ProviderName.REPLICATE,
            FaultKind.JOB_ENDED,
        ),
    ],
)
def test_an_error_of_a_stand_in_is_said_precisely(error: SortedError, provider: ProviderName, kind: FaultKind) -> None:
    fault = fault_of_error(error, provider)
    assert fault.kind is kind
    assert error.message in fault.message


def test_fals_names_are_not_those_of_others() -> None:
    error = SortedError("http_404", "words", Scope.ENDPOINT, retry=False)
    assert fault_of_error(error, ProviderName.FAL).kind is FaultKind.PROVIDER_DOWN


def unreachable(cause: Exception | None) -> ProviderUnreachable:
    error = ProviderUnreachable("Replicate did not take a file (status 503)")
    error.__cause__ = cause
    return error


def connecting(cause: Exception) -> httpx.ConnectError:
    error = httpx.ConnectError("no connection")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (unreachable(None), FaultKind.PROVIDER_DOWN),
        (unreachable(connecting(socket.gaierror(-2, "unknown"))), FaultKind.NO_ADDRESS),
        (unreachable(connecting(ConnectionRefusedError(111, "refused"))), FaultKind.NOBODY_THERE),
        (unreachable(httpx.ReadTimeout("slow")), FaultKind.TIMEOUT),
        (unreachable(httpx.RemoteProtocolError("gone")), FaultKind.CUT_OFF),
        (httpx.ReadError("gone"), FaultKind.CUT_OFF),
        (ValueError("no JSON"), FaultKind.PROVIDER_DOWN),
    ],
)
@pytest.mark.parametrize("provider", ProviderName)
def test_what_is_wrong_with_the_network(provider: ProviderName, error: Exception, kind: FaultKind) -> None:
    fault = fault_of_exception(error, provider)
    assert fault.kind is kind
    # and where nothing was raised below, the provider's adapter has said what there is to say
    assert (str(error) == fault.message) == (isinstance(error, ProviderUnreachable) and error.__cause__ is None)


def test_only_a_request_of_which_nobody_knows_is_unsure() -> None:
    lost = Unconfirmed("ReadTimeout", httpx.ReadTimeout("slow"))
    never_sent = Refused(SortedError("connection_failed", "", Scope.ENDPOINT, retry=True), httpx.ConnectTimeout("slow"))
    for provider in ProviderName:
        assert fault_of_refusal(lost, provider) == replace(fault_of_exception(lost.cause, provider), is_unsure=True)
        refused = fault_of_refusal(never_sent, provider)
        assert (refused.kind, refused.is_unsure) == (FaultKind.TIMEOUT, False)
        # and who is told of it is told to look before it is bought again
        assert HELP[provider].requests in fault_of_refusal(lost, provider).next_step(provider)
        assert HELP[provider].requests not in refused.next_step(provider)


@pytest.mark.parametrize("kind", FaultKind)
@pytest.mark.parametrize("provider", ProviderName)
def test_every_fault_has_a_next_step_in_words_of_its_provider(provider: ProviderName, kind: FaultKind) -> None:
    step = next_step(kind, provider, MODELS[provider][0])
    assert step
    assert "{" not in step
    # and it sends nobody to another one
    others = {"fal.ai", "replicate", "hedra.com"} - {{"fal": "fal.ai", "hedra": "hedra.com"}.get(provider, provider)}
    assert not any(other in step for other in others)


def test_a_model_of_fals_is_named_by_a_parameter_and_others_by_nothing() -> None:
    steps = {model: next_step(FaultKind.MODEL_UNKNOWN, provider, model) for provider, model in EVERY_TRIAL[:5]}
    assert "IdeogramEndpoint" in steps[Model.IDEOGRAM]
    assert "engines: [fabric, still]" in steps[Model.HEDRA]
    assert "Endpoint" not in steps[Model.KLING]
    assert "Endpoint" not in next_step(FaultKind.MODEL_UNKNOWN, ProviderName.HEDRA, "hedra")


def test_which_faults_end_a_trial() -> None:
    assert {kind for kind in FaultKind if strikes_all(kind)} == {
        FaultKind.BALANCE,
        *(kind for kind in FaultKind if is_of_the_key(kind)),
    }
    assert not is_of_the_key(FaultKind.BALANCE)


@pytest.mark.parametrize(
    ("provider", "hosts", "url", "advice"),
    [
        (
            ProviderName.HEDRA,
            (".hedra.com",),
            "https://d1.cloudfront.example/a.mp4?Signature=s3cret",
            "HedraDownloadHosts=.hedra.com,d1.cloudfront.example;",
        ),
        (ProviderName.HEDRA, (".hedra.com",), "https://hedra.com/a", "HedraDownloadHosts=.hedra.com,hedra.com;"),
        (
            ProviderName.HEDRA,
            (".hedra.com",),
            "https://a.hedra.com:81/a",
            "HedraDownloadHosts=.hedra.com,a.hedra.com:81;",
        ),
        (ProviderName.REPLICATE, ("replicate.delivery",), "https://other.example/a.png", "REPLICATE_DOWNLOAD_HOSTS"),
        (ProviderName.FAL, ("fal.media",), "https://other.example/a.png", "FAL_DOWNLOAD_HOSTS"),
    ],
)
def test_a_result_that_lies_elsewhere_is_not_fetched(
    provider: ProviderName, hosts: tuple[str, ...], url: str, advice: str
) -> None:
    fault = Results(provider, hosts).fetch(url)
    assert isinstance(fault, Fault)
    assert fault.kind is FaultKind.RESULT_ELSEWHERE
    assert advice in fault.next_step(provider)
    # and of its address only the host is shown
    assert "s3cret" not in fault.message + fault.next_step(provider)


@pytest.mark.parametrize(
    "url",
    [
        "http://a.hedra.com/a",
        "no address",
        "https://[",
        "https://user@a.hedra.com/a",
        "https://a b/x",
        "https://a,b.c/x",
    ],
)
def test_an_address_that_nothing_is_fetched_from(url: str) -> None:
    fault = Results(ProviderName.HEDRA, (".hedra.com",)).fetch(url)
    assert isinstance(fault, Fault)
    assert fault.kind is FaultKind.RESULT_NOT_FETCHED
    # and nothing of it is offered as an entry of the list
    assert "HedraDownloadHosts" not in fault.next_step(ProviderName.HEDRA)


def test_a_result_is_fetched_from_its_host(monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(_: Downloader, url: str, target: Path) -> Downloaded:
        target.write_bytes(url.encode())
        return Downloaded(len(url), "")

    monkeypatch.setattr(Downloader, "fetch", fetch)
    assert Results(ProviderName.HEDRA, (".hedra.com",)).fetch("https://a.hedra.com/a") == b"https://a.hedra.com/a"

    def fail(*_: object) -> Downloaded:
        raise DownloadFailed("a.hedra.com answered with status 403")

    monkeypatch.setattr(Downloader, "fetch", fail)
    fault = Results(ProviderName.HEDRA, (".hedra.com",)).fetch("https://a.hedra.com/a")
    assert isinstance(fault, Fault)
    assert (fault.kind, "status 403" in fault.message) == (FaultKind.RESULT_NOT_FETCHED, True)


Deploy = Callable[..., None]


@pytest.fixture
def deploy(monkeypatch: pytest.MonkeyPatch) -> Deploy:
    """Give what deploys a stack whose secrets hold their own names."""

    def deployed(**parameters: str) -> None:
        target = replace(target_of(World()), parameters=parameters)
        monkeypatch.setattr(cli.target, "deployed_target", lambda *_: target)
        monkeypatch.setattr(cli.api_access, "_secret", lambda name, *_: name)

    return deployed


def test_a_stack_says_how_its_stand_ins_are_asked(deploy: Deploy) -> None:
    deploy(
        ReplicateTokenSecretName="studio/replicate",
        HedraKeySecretName="studio/hedra",
        HedraDownloadHosts=".hedra.com,results.example",
        PriceOverrides='{"hedra:hedra-avatar": 0.02}',
    )
    settings = ProviderSettings(replicate_api_token="r8_of-this-machine", hedra_api_key="of:this-machine")
    replicate = access_to(ProviderName.REPLICATE, settings, "a-stack", None, None)
    hedra = access_to(ProviderName.HEDRA, settings, "a-stack", None, None)
    assert (replicate.key, hedra.key) == ("studio/replicate", "studio/hedra")
    assert replicate.kept_in == "the secret studio/replicate of the stack a-stack"
    assert hedra.hosts == (".hedra.com", "results.example")
    assert replicate.hosts == ("replicate.delivery", ".replicate.delivery")
    # and its operator's prices hold
    catalogue = Catalogue(hedra.endpoints, overrides=hedra.overrides)
    [trial] = [
        each for each in trials_of(ProviderName.HEDRA, MODELS[ProviderName.HEDRA], catalogue) if each.model == "hedra"
    ]
    assert (trial.offer.price_usd, trial.offer.price_source) == (0.04, "set by the operator")


def test_this_machine_says_it_by_its_environment() -> None:
    settings = ProviderSettings(replicate_api_token=" r8_of-this-machine\n", hedra_download_hosts=("here",))
    access = access_to(ProviderName.REPLICATE, settings, None, None, None)
    assert (access.key, access.kept_in) == ("r8_of-this-machine", "REPLICATE_API_TOKEN")
    assert access_to(ProviderName.HEDRA, settings, None, None, None).hosts == ("here",)
