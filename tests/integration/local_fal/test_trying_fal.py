"""`episode test-api` against the simulated fal: one request a model, and every fault said precisely."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import fal_client.client
import pytest
from typer.testing import CliRunner, Result

import shared.fal.client
from cli.exit_codes import CREDENTIALS, DONE, FAILED
from cli.main import app
from local.simulator.faults import Fault, JobFault, SubmitFault, UploadFault
from tests.integration.local_fal.harness import Fal

IDEOGRAM = "fal-ai/ideogram/v3"
ENDPOINTS = [IDEOGRAM, "fal-ai/flux-pro/kontext/multi", "fal-ai/hedra-character-2"]


@pytest.fixture(autouse=True)
def environment(fal: Fal, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in fal.simulator.environment().items():
        monkeypatch.setenv(name, value)


def try_fal(*options: str) -> Result:
    return CliRunner().invoke(app, ["test-api", *options])


def told(result: Result) -> list[dict[str, Any]]:
    """Return what the command tells machines of each request."""
    tried = json.loads(result.stdout)["tried"]
    assert isinstance(tried, list)
    return tried


def test_all_models_are_tried_with_one_request_each(fal: Fal) -> None:
    result = try_fal("--yes", "--json")
    assert result.exit_code == DONE
    # then each has made something, by one request, and it is said what that took and costs
    tried = told(result)
    requests = {request.request_id: request for request in fal.control.requests()}
    assert [request.endpoint_id for request in requests.values()] == ENDPOINTS
    assert [(each["model"], each["endpoint"], each["good"]) for each in tried] == [
        (model, endpoint, True) for model, endpoint in zip(("ideogram", "kontext", "hedra"), ENDPOINTS, strict=True)
    ]
    assert [each["request_id"] for each in tried] == list(requests)
    assert all(each["run_seconds"] is not None and each["queued_seconds"] >= 0 for each in tried)
    assert [each["price_usd"] for each in tried] == [0.03, 0.04, 0.1]
    # and no more than fal billed
    assert sum(each["price_usd"] for each in tried) >= float(fal.control.invoice().total_usd)
    # and the picture is the smallest, at the cheapest speed, and nobody is to be called back
    portrait, composite, clip = (request.input for request in requests.values())
    assert (portrait["image_size"], portrait["rendering_speed"]) == ("square", "TURBO")
    urls = composite["image_urls"]
    assert isinstance(urls, list)
    assert urls[0] == tried[0]["url"]
    assert tried[0]["url"] == clip["image_url"]
    assert not any(line.webhook_url for line in fal.control.invoice().lines)


@pytest.mark.parametrize("model", ["kontext", "hedra"])
def test_a_model_is_tried_alone_with_drawn_pictures(fal: Fal, model: str) -> None:
    result = try_fal("--test", model)
    assert result.exit_code == DONE
    assert len(fal.control.requests()) == 1
    # and in a pipe it says in plain lines what it will cost, and what came
    first, second, last = result.stdout.splitlines()
    assert first.startswith(f"{model}: fal-ai/")
    assert "at most $0." in second
    assert last.startswith(f"{model}: good (request ")
    assert "s in the queue" in last


def set_key(key: str | None) -> Callable[[pytest.MonkeyPatch], None]:
    def change(monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("FAL_KEY", "FAL_API_KEY"):
            monkeypatch.delenv(name, raising=False)
        if key is not None:
            monkeypatch.setenv("FAL_API_KEY", key)

    return change


@pytest.mark.parametrize(
    ("key", "fault", "advice"),
    [
        (None, "key_missing", "https://fal.ai/dashboard/keys"),
        ("", "key_missing", "https://fal.ai/dashboard/keys"),
        ("0a1b2c", "key_malformed", "<id>:<secret>"),
        ("id:sec ret", "key_malformed", "<id>:<secret>"),
        ('"id:secret"', "key_malformed", "without quotes"),
    ],
)
def test_what_is_wrong_with_a_key_is_seen_before_fal_is_asked(
    fal: Fal, monkeypatch: pytest.MonkeyPatch, key: str | None, fault: str, advice: str
) -> None:
    set_key(key)(monkeypatch)
    result = try_fal("--json", "--yes")
    assert result.exit_code == CREDENTIALS
    error = json.loads(result.stderr)["error"]
    assert (error["code"], error["exit_code"]) == (fault, CREDENTIALS)
    assert advice in error["next"]
    assert not fal.control.requests()


@pytest.mark.parametrize("model", ["ideogram", "kontext"])
def test_a_key_that_fal_refuses_is_tried_once(fal: Fal, monkeypatch: pytest.MonkeyPatch, model: str) -> None:
    set_key("0a1b:2c3d")(monkeypatch)
    chosen = [] if model == "ideogram" else ["--test", model]
    result = try_fal("--yes", "--json", *chosen)
    assert result.exit_code == CREDENTIALS
    # then the other models are not asked, since the same would happen
    [tried] = told(result)
    assert (tried["model"], tried["fault"], tried["price_usd"]) == (model, "key_refused", None)
    assert not fal.control.requests()


REFUSALS: list[tuple[Fault, str, str, bool]] = [
    (SubmitFault(kind="exhausted_balance"), "balance_exhausted", "https://fal.ai/dashboard/billing", False),
    (SubmitFault(kind="application_not_found"), "model_unknown", "IdeogramEndpoint", False),
    (SubmitFault(kind="too_many_requests"), "rate_limit", "wait", False),
    (SubmitFault(kind="unavailable_json"), "provider_down", "https://status.fal.ai", False),
    (SubmitFault(kind="internal_error"), "provider_down", "https://status.fal.ai", False),
    (SubmitFault(kind="bad_gateway_html"), "provider_down", "https://fal.ai/dashboard/requests", True),
    (SubmitFault(kind="unavailable_html"), "provider_down", "https://fal.ai/dashboard/requests", True),
    (SubmitFault(kind="gateway_timeout_html", accepts_job=True), "provider_down", "dashboard/requests", True),
    (SubmitFault(kind="garbage_json", accepts_job=True), "provider_down", "https://fal.ai/dashboard/requests", True),
    (SubmitFault(kind="drop_connection", accepts_job=True), "network_cut", "dashboard/requests", True),
]


@pytest.mark.parametrize(
    ("fault", "name", "advice", "may_be_paid"), REFUSALS, ids=lambda value: getattr(value, "kind", None)
)
def test_a_request_that_fal_does_not_take(fal: Fal, fault: Fault, name: str, advice: str, may_be_paid: bool) -> None:
    number = fal.control.add_fault(fault)
    result = try_fal("--test", "ideogram", "--yes", "--json")
    # then it is said what is wrong, what to do, and whether it may cost something
    assert result.exit_code == FAILED
    [tried] = told(result)
    assert (tried["fault"], tried["good"]) == (name, False)
    assert advice in tried["next_step"]
    assert (tried["price_usd"] is not None) == may_be_paid
    # and it is not sent again
    assert fal.control.hits(number) == 1


def test_no_other_model_is_tried_once_the_balance_is_exhausted(fal: Fal) -> None:
    fal.control.add_fault(SubmitFault(kind="exhausted_balance"))
    result = try_fal("--yes")
    assert result.exit_code == FAILED
    assert [line for line in result.stdout.splitlines() if "not tried" in line] == [
        "kontext: not tried, since the same would happen",
        "hedra: not tried, since the same would happen",
    ]


def test_a_model_that_is_not_in_the_catalogue_keeps_no_other_from_being_tried(
    fal: Fal, monkeypatch: pytest.MonkeyPatch
) -> None:
    # given a catalogue without Hedra
    monkeypatch.setenv("HEDRA_ENDPOINT", "fal-ai/no-such-model")
    result = try_fal("--yes", "--json")
    assert result.exit_code == FAILED
    *others, tried = told(result)
    assert [each["good"] for each in others] == [True, True]
    assert tried["fault"] == "model_unknown"
    assert "HedraEndpoint" in tried["next_step"]
    assert "engines: [fabric, still]" in tried["next_step"]
    assert len(fal.control.requests()) == 2


ENDS: list[tuple[JobFault, str]] = [
    (JobFault(kind="error", error_type="content_policy_violation"), "inputs_refused"),
    (JobFault(kind="error", error_type="image_too_small"), "inputs_refused"),
    (JobFault(kind="error", error_type="file_download_error"), "inputs_refused"),
    (JobFault(kind="error", error_type="runner_disconnected"), "provider_down"),
    (JobFault(kind="error", error_type="client_cancelled"), "job_ended"),
    (JobFault(kind="nsfw"), "inputs_refused"),
    (JobFault(kind="no_images"), "no_result"),
    (JobFault(kind="null_payload"), "job_ended"),
]


@pytest.mark.parametrize(
    ("fault", "name"), ENDS, ids=lambda value: f"{value.kind} {value.error_type}" if isinstance(value, JobFault) else ""
)
def test_a_request_that_comes_to_nothing(fal: Fal, fault: JobFault, name: str) -> None:
    fal.control.add_fault(fault)
    result = try_fal("--test", "ideogram", "--yes", "--json")
    assert result.exit_code == FAILED
    [tried] = told(result)
    assert (tried["fault"], tried["good"]) == (name, False)
    assert tried["message"]
    [request] = fal.control.requests()
    assert tried["request_id"] == request.request_id


def test_a_request_that_takes_too_long_is_cancelled(fal: Fal) -> None:
    fal.control.add_fault(JobFault(kind="never_finish"))
    result = try_fal("--test", "ideogram", "--yes", "--timeout", "1", "--json")
    assert result.exit_code == FAILED
    [tried] = told(result)
    assert tried["fault"] == "too_slow"
    assert "asked to cancel" in tried["message"]
    fal.control.wait_until_idle()
    [request] = fal.control.requests()
    assert request.error_type == "client_cancelled"


@pytest.mark.parametrize(("kind", "name"), [("token_unavailable", "provider_down"), ("drop_connection", "network_cut")])
def test_a_file_that_cannot_be_handed_over(fal: Fal, kind: Any, name: str) -> None:
    fal.control.add_fault(UploadFault(kind=kind))
    result = try_fal("--test", "kontext", "--yes", "--json")
    assert result.exit_code == FAILED
    [tried] = told(result)
    assert (tried["fault"], tried["price_usd"]) == (name, None)
    assert not fal.control.requests()


@pytest.mark.parametrize(
    ("url", "name", "advice"),
    [
        ("https://nowhere.invalid/", "network_dns", "FAL_QUEUE_RUN_HOST"),
        ("https://127.0.0.1:1/", "network_refused", "firewall"),
    ],
)
def test_a_host_that_is_not_there(fal: Fal, monkeypatch: pytest.MonkeyPatch, url: str, name: str, advice: str) -> None:
    monkeypatch.setattr(fal_client.client, "QUEUE_URL_FORMAT", url)
    result = try_fal("--test", "ideogram", "--yes", "--json")
    assert result.exit_code == FAILED
    [tried] = told(result)
    assert (tried["fault"], tried["price_usd"]) == (name, None)
    assert advice in tried["next_step"]
    assert not fal.control.requests()


def test_a_host_whose_certificate_nobody_trusts(fal: Fal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    result = try_fal("--test", "ideogram", "--yes", "--json")
    [tried] = told(result)
    assert (result.exit_code, tried["fault"]) == (FAILED, "network_tls")
    assert "SSL_CERT_FILE" in tried["next_step"]
    assert not fal.control.requests()


def test_an_answer_that_does_not_come_in_time(fal: Fal, monkeypatch: pytest.MonkeyPatch) -> None:
    # given that fal answers a request later than anybody waits
    monkeypatch.setattr(shared.fal.client, "FalQueue", partial(shared.fal.client.FalQueue, timeout=0.5))
    fal.control.add_fault(SubmitFault(kind="slow_first_byte", seconds=2.0))
    result = try_fal("--test", "ideogram", "--yes", "--json")
    # then nobody can tell whether fal has it, and it is not sent again
    [tried] = told(result)
    assert (result.exit_code, tried["fault"], tried["price_usd"]) == (FAILED, "network_timeout", 0.03)
    assert "dashboard/requests" in tried["next_step"]
    assert len(fal.control.requests()) == 1
