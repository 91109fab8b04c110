"""The stack's own way to each stand-in, against its simulator: what each sends, the other understands."""

from typing import Any

import pytest

from local.simulator.faults import JobFault, SubmitFault
from local.simulator.settings import Outage
from shared.keys import AssetKind
from shared.providers.callbacks import Delivered, JobFailed
from shared.providers.errors import Scope
from shared.providers.http.provider import HttpProvider
from shared.providers.outcomes import Accepted, Failed, Finished, Gone, Refused, SubmitOutcome, Unconfirmed
from tests.integration.local_simulator.stand_in import StandIn


@pytest.fixture(params=["hedra", "replicate"])
def stand_in(request: pytest.FixtureRequest) -> StandIn[Any]:
    simulated: StandIn[Any] = request.getfixturevalue(request.param)
    return simulated


@pytest.fixture
def provider(stand_in: StandIn[Any]) -> HttpProvider:
    return stand_in.our_provider()


def submit_picture(provider: HttpProvider, stand_in: StandIn[Any]) -> SubmitOutcome:
    return provider.submit(stand_in.model, stand_in.picture, stand_in.hook, key="k")


def id_of(outcome: SubmitOutcome) -> str:
    assert isinstance(outcome, Accepted), outcome
    return outcome.request_id


def test_clip_is_bought_of_uploads_and_called_back(provider: HttpProvider, stand_in: StandIn[Any]) -> None:
    clip = stand_in.clip_of_uploads(provider)
    request_id = id_of(provider.submit(stand_in.clip_model, clip, stand_in.hook, key="k"))
    stand_in.control.wait_until_idle()
    found = provider.look_up(stand_in.clip_model, request_id)
    (delivery,) = stand_in.receiver.deliveries
    told = provider.read_callback(delivery.body)
    assert isinstance(found, Finished)
    assert isinstance(told, Delivered)
    assert told.request_id == request_id
    # Both lead to the clip; the addresses may differ, for some are signed anew every time.
    for payload in (found.payload, told.payload):
        url = provider.media_in(AssetKind.CLIP, payload, stand_in.clip_model).url
        assert stand_in.http.get(url).content.startswith(b"film 1280x720")


@pytest.mark.parametrize(
    ("kind", "scope"),
    [
        ("too_many_requests", Scope.RATE),
        ("internal_error", Scope.ENDPOINT),
        ("unavailable_json", Scope.ENDPOINT),
        ("exhausted_balance", Scope.ACCOUNT),
        ("application_not_found", Scope.ENDPOINT),
        ("bad_gateway_html", None),
        ("unavailable_html", None),
        ("gateway_timeout_html", None),
        ("garbage_json", None),
        ("drop_connection", None),
    ],
)
def test_submit_is_refused_only_where_the_provider_itself_says_so(
    provider: HttpProvider, stand_in: StandIn[Any], kind: str, scope: Scope | None
) -> None:
    stand_in.control.add_fault(SubmitFault.model_validate({"kind": kind}))
    outcome = submit_picture(provider, stand_in)
    if scope is None:
        assert isinstance(outcome, Unconfirmed)
    else:
        assert isinstance(outcome, Refused)
        assert outcome.error.scope is scope


@pytest.mark.parametrize(
    ("outage", "kind"),
    [("refuses_connections", Refused), ("unavailable_json", Refused), ("unavailable_html", Unconfirmed)],
)
def test_outage_is_what_it_looks_like(
    provider: HttpProvider, stand_in: StandIn[Any], outage: Outage, kind: type[Refused | Unconfirmed]
) -> None:
    stand_in.control.go_down(outage)
    assert isinstance(submit_picture(provider, stand_in), kind)
    stand_in.control.come_up()
    assert isinstance(submit_picture(provider, stand_in), Accepted)


def test_forbidden_picture_is_the_assets_own_fault(provider: HttpProvider, stand_in: StandIn[Any]) -> None:
    stand_in.control.add_fault(JobFault(kind="error", error_type="content_policy_violation", count=1))
    request_id = id_of(submit_picture(provider, stand_in))
    stand_in.control.wait_until_idle()
    failed = provider.look_up(stand_in.model, request_id)
    assert isinstance(failed, Failed)
    assert failed.error.scope is Scope.ASSET
    (delivery,) = stand_in.receiver.deliveries
    assert provider.read_callback(delivery.body) == JobFailed(request_id, failed.error)


def test_results_go(provider: HttpProvider, stand_in: StandIn[Any]) -> None:
    made = id_of(submit_picture(provider, stand_in))
    stand_in.control.wait_until_idle()
    assert isinstance(provider.look_up(stand_in.model, made), Finished)
    stand_in.control.change_settings(stored_result_seconds=0.001)
    assert provider.look_up(stand_in.model, made) == Gone(is_deleted=True)
    assert provider.look_up(stand_in.model, "unknown") == Gone()
