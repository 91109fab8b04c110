"""`episode test-api --provider replicate` against the simulated Replicate."""

import hashlib
import json
from functools import partial

import pytest

import cli.api_access
from cli.exit_codes import CREDENTIALS, DONE, FAILED, USAGE
from local.simulator.faults import Fault, JobFault, ResultFileFault, SubmitFault, UploadFault
from tests.integration.local_replicate.harness import FABRIC, KLING, NANO_BANANA, Replicate
from tests.integration.trying import told, try_provider

try_replicate = partial(try_provider, "replicate")


@pytest.fixture(autouse=True)
def environment(replicate: Replicate, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in replicate.simulator.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("FAL_DOWNLOAD_FROM_LOOPBACK", "true")


def test_one_of_each_kind_is_made_by_one_request(replicate: Replicate) -> None:
    result = try_replicate("--yes", "--json")
    assert result.exit_code == DONE
    document = json.loads(result.stdout)
    assert (document["provider"], document["good"]) == ("replicate", True)
    # then there are three requests, and it is said of each what it took
    tried = document["tried"]
    assert [(each["model"], each["endpoint"], each["good"]) for each in tried] == [
        ("portrait", NANO_BANANA, True),
        ("composite", NANO_BANANA, True),
        ("kling", KLING, True),
    ]
    requests = replicate.control.requests()
    assert [each["request_id"] for each in tried] == [request.request_id for request in requests]
    # and it is no dearer than it was said to be
    assert [each["price_usd"] for each in tried] == [0.08, 0.08, 0.168]
    assert document["price_usd"] >= float(replicate.control.invoice().total_usd)
    # and they were asked for as an episode asks for them, and nobody is to be called back
    portrait, composite, clip = (request.input for request in requests)
    assert (portrait["resolution"], portrait["aspect_ratio"], portrait["output_format"]) == ("1K", "16:9", "png")
    images = composite["image_input"]
    assert isinstance(images, list)
    assert len(images) == 2
    assert clip["mode"] == "std"
    assert not any(line.webhook_url for line in replicate.control.invoice().lines)
    # and what was handed over is Replicate's own copy: what it made does not stay
    assert tried[0]["url"] not in {*images, clip["image"]}


def test_the_portrait_that_was_made_goes_into_the_composite(replicate: Replicate) -> None:
    result = try_replicate("--yes", "--json")
    portrait, composite, clip = told(result)
    made = hashlib.sha256(replicate.http.get(portrait["url"]).content).hexdigest()
    inputs = {request.request_id: request.input for request in replicate.control.requests()}
    images = inputs[composite["request_id"]]["image_input"]
    assert isinstance(images, list)
    for url in (images[0], inputs[clip["request_id"]]["image"]):
        assert replicate.http.get(str(url)).json()["checksums"]["sha256"] == made


def test_another_engine_is_tried_alone_in_plain_lines(replicate: Replicate) -> None:
    result = try_replicate("--test", "fabric")
    assert result.exit_code == DONE
    assert [line.endpoint for line in replicate.control.invoice().lines] == [FABRIC]
    first, second, last = result.stdout.splitlines()
    assert first.startswith(f"fabric: {FABRIC} at Replicate, about $0.16")
    assert second == "1 request, at most $0.16 together"
    assert last.startswith("fabric: good (request ")


@pytest.mark.parametrize("test", ["hedra", "ideogram", "kontext"])
def test_what_replicate_does_not_have_is_refused_with_what_it_has(replicate: Replicate, test: str) -> None:
    result = try_replicate("--test", test, "--yes")
    assert result.exit_code == USAGE
    assert "all, portrait, composite, kling, fabric" in result.stderr
    assert not replicate.control.requests()


@pytest.mark.parametrize(
    ("token", "fault"),
    [(None, "key_missing"), ("", "key_missing"), ("0a1b:2c3d", "key_malformed"), ("r8_a b", "key_malformed")],
)
def test_what_is_wrong_with_a_token_is_seen_before_anybody_is_asked(
    replicate: Replicate, monkeypatch: pytest.MonkeyPatch, token: str | None, fault: str
) -> None:
    # given no token, or none of Replicate's; and that fal has a key is no help
    monkeypatch.setenv("FAL_KEY", "id:secret")
    if token is None:
        monkeypatch.delenv("REPLICATE_API_TOKEN")
    else:
        monkeypatch.setenv("REPLICATE_API_TOKEN", token)
    result = try_replicate("--yes", "--json")
    assert result.exit_code == CREDENTIALS
    error = json.loads(result.stderr)["error"]
    assert error["code"] == fault
    assert "REPLICATE_API_TOKEN" in error["message"]
    assert "https://replicate.com/account/api-tokens" in error["next"]
    assert not replicate.control.requests()


@pytest.mark.parametrize("test", ["all", "composite", "kling"])
def test_a_token_that_replicate_refuses(replicate: Replicate, monkeypatch: pytest.MonkeyPatch, test: str) -> None:
    # given a token of somebody else: where files come first, these are what is refused
    monkeypatch.setenv("REPLICATE_API_TOKEN", "r8_somebody-else")
    result = try_replicate("--test", test, "--yes", "--json")
    assert result.exit_code == CREDENTIALS
    [tried] = told(result)
    assert (tried["fault"], tried["price_usd"]) == ("key_refused", None)
    assert "Replicate refuses the key" in tried["message"]


REFUSALS: list[tuple[Fault, str, str, bool]] = [
    (SubmitFault(kind="exhausted_balance"), "balance_exhausted", "https://replicate.com/account/billing", False),
    (SubmitFault(kind="application_not_found"), "model_unknown", "https://replicate.com/explore", False),
    (SubmitFault(kind="too_many_requests"), "rate_limit", "have Replicate raise its limit", False),
    (SubmitFault(kind="unavailable_json"), "provider_down", "https://www.replicatestatus.com", False),
    (SubmitFault(kind="internal_error"), "provider_down", "https://www.replicatestatus.com", False),
    (SubmitFault(kind="bad_gateway_html"), "provider_down", "https://replicate.com/predictions", True),
    (SubmitFault(kind="garbage_json", accepts_job=True), "provider_down", "https://replicate.com/predictions", True),
    (SubmitFault(kind="drop_connection", accepts_job=True), "network_cut", "https://replicate.com/predictions", True),
]


@pytest.mark.parametrize(
    ("fault", "name", "advice", "may_be_paid"), REFUSALS, ids=lambda value: getattr(value, "kind", None)
)
def test_a_request_that_replicate_does_not_take(
    replicate: Replicate, fault: Fault, name: str, advice: str, may_be_paid: bool
) -> None:
    number = replicate.control.add_fault(fault)
    result = try_replicate("--test", "portrait", "--yes", "--json")
    assert result.exit_code == FAILED
    [tried] = told(result)
    assert (tried["fault"], tried["good"]) == (name, False)
    assert advice in tried["next_step"]
    assert (tried["price_usd"] is not None) == may_be_paid
    # and it is not sent again
    assert replicate.control.hits(number) == 1


ENDS: list[tuple[Fault, str]] = [
    (JobFault(kind="error", error_type="content_policy_violation"), "inputs_refused"),
    (JobFault(kind="no_images"), "job_ended"),
    (ResultFileFault(kind="missing"), "result_not_fetched"),
    (ResultFileFault(kind="cut_off"), "result_not_fetched"),
]


@pytest.mark.parametrize(("fault", "name"), ENDS, ids=lambda value: getattr(value, "kind", None))
def test_a_request_that_comes_to_nothing(replicate: Replicate, fault: Fault, name: str) -> None:
    replicate.control.add_fault(fault)
    result = try_replicate("--test", "portrait", "--yes", "--json")
    assert result.exit_code == FAILED
    [tried] = told(result)
    assert (tried["fault"], tried["good"], tried["price_usd"]) == (name, False, 0.08)
    [request] = replicate.control.requests()
    assert tried["request_id"] == request.request_id


def test_a_result_that_lies_where_none_is_fetched_from(replicate: Replicate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPLICATE_DOWNLOAD_HOSTS", "replicate.delivery,.replicate.delivery")
    result = try_replicate("--test", "portrait", "--yes", "--json")
    assert result.exit_code == FAILED
    [tried] = told(result)
    # then the host is named, and that it was made is said
    assert (tried["fault"], tried["price_usd"]) == ("result_elsewhere", 0.08)
    host = replicate.simulator.url.removeprefix("https://")
    assert host in tried["message"]
    assert "REPLICATE_DOWNLOAD_HOSTS" in tried["next_step"]


def test_a_request_that_takes_too_long_is_cancelled(replicate: Replicate) -> None:
    replicate.control.add_fault(JobFault(kind="never_finish"))
    result = try_replicate("--test", "portrait", "--yes", "--timeout", "1", "--json")
    [tried] = told(result)
    assert (result.exit_code, tried["fault"]) == (FAILED, "too_slow")
    assert "Replicate was asked to cancel" in tried["message"]
    found = replicate.http.get(f"/v1/predictions/{tried['request_id']}").json()
    assert found["status"] == "canceled"


def test_a_file_that_cannot_be_handed_over(replicate: Replicate) -> None:
    replicate.control.add_fault(UploadFault(kind="upload_unavailable"))
    result = try_replicate("--test", "kling", "--yes", "--json")
    [tried] = told(result)
    assert (result.exit_code, tried["fault"], tried["price_usd"]) == (FAILED, "provider_down", None)
    assert "status 503" in tried["message"]
    assert not replicate.control.requests()


@pytest.mark.parametrize(
    ("url", "name"), [("https://nowhere.invalid", "network_dns"), ("https://127.0.0.1:1", "network_refused")]
)
def test_a_host_that_is_not_there(replicate: Replicate, monkeypatch: pytest.MonkeyPatch, url: str, name: str) -> None:
    monkeypatch.setenv("REPLICATE_API_URL", url)
    result = try_replicate("--test", "portrait", "--yes", "--json")
    [tried] = told(result)
    assert (result.exit_code, tried["fault"], tried["price_usd"]) == (FAILED, name, None)
    assert "REPLICATE_API_URL" in tried["next_step"]
    assert not replicate.control.requests()


def test_a_host_whose_certificate_nobody_trusts(replicate: Replicate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    result = try_replicate("--test", "portrait", "--yes", "--json")
    [tried] = told(result)
    assert (result.exit_code, tried["fault"]) == (FAILED, "network_tls")
    assert not replicate.control.requests()


def test_an_answer_that_does_not_come_in_time(replicate: Replicate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli.api_access, "ANSWER_WITHIN", 0.5)
    replicate.control.add_fault(SubmitFault(kind="slow_first_byte", seconds=2.0))
    result = try_replicate("--test", "portrait", "--yes", "--json")
    # then nobody can tell whether Replicate has it, and it is not sent again
    [tried] = told(result)
    assert (result.exit_code, tried["fault"], tried["price_usd"]) == (FAILED, "network_timeout", 0.08)
    assert len(replicate.control.requests()) == 1
