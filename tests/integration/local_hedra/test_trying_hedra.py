"""`episode test-api --provider hedra` against the simulated Hedra."""

import json
from functools import partial

import pytest

from cli.exit_codes import CREDENTIALS, DONE, FAILED, USAGE
from local.simulator.faults import Fault, JobFault, SubmitFault, UploadFault
from tests.integration.local_hedra.harness import AVATAR, KLING, NANO_BANANA, Hedra
from tests.integration.trying import told, try_provider

try_hedra = partial(try_provider, "hedra")


@pytest.fixture(autouse=True)
def environment(hedra: Hedra, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in hedra.simulator.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("FAL_DOWNLOAD_FROM_LOOPBACK", "true")


def test_one_of_each_kind_is_made_by_one_request(hedra: Hedra) -> None:
    result = try_hedra("--yes", "--json")
    assert result.exit_code == DONE
    document = json.loads(result.stdout)
    assert (document["provider"], document["good"]) == ("hedra", True)
    tried = document["tried"]
    assert [(each["model"], each["endpoint"], each["good"]) for each in tried] == [
        ("portrait", NANO_BANANA, True),
        ("composite", NANO_BANANA, True),
        ("hedra", AVATAR, True),
    ]
    requests = hedra.control.requests()
    assert [each["request_id"] for each in tried] == [request.request_id for request in requests]
    assert document["price_usd"] >= float(hedra.control.invoice().total_usd)
    # and they were asked for as an episode asks for them, and nobody is to be called back
    portrait, composite, clip = (request.input for request in requests)
    assert portrait["resolution"] == "1K"
    images = composite["images"]
    assert isinstance(images, list)
    assert [isinstance(image, dict) and image["source"] for image in images] == ["url", "url"]
    assert (clip["resolution"], clip["aspect_ratio"]) == ("540p", "16:9")
    assert not any(line.webhook_url for line in hedra.control.invoice().lines)


def test_an_engine_that_wants_two_seconds_gets_them(hedra: Hedra) -> None:
    result = try_hedra("--test", "kling", "--yes")
    assert result.exit_code == DONE
    assert [line.endpoint for line in hedra.control.invoice().lines] == [KLING]


def test_what_hedra_does_not_have_is_refused_with_what_it_has(hedra: Hedra) -> None:
    result = try_hedra("--test", "kontext", "--yes")
    assert result.exit_code == USAGE
    assert "all, portrait, composite, hedra, kling, fabric" in result.stderr
    assert not hedra.control.requests()


def test_without_a_key_it_is_said_where_there_is_one(hedra: Hedra, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEDRA_API_KEY")
    result = try_hedra("--yes", "--json")
    assert result.exit_code == CREDENTIALS
    error = json.loads(result.stderr)["error"]
    assert error["code"] == "key_missing"
    assert "HEDRA_API_KEY" in error["message"]
    assert "hedra.com" in error["next"]
    assert not hedra.control.requests()


@pytest.mark.parametrize("test", ["all", "hedra"])
def test_a_key_that_hedra_refuses(hedra: Hedra, monkeypatch: pytest.MonkeyPatch, test: str) -> None:
    monkeypatch.setenv("HEDRA_API_KEY", "somebody:else")
    result = try_hedra("--test", test, "--yes", "--json")
    assert result.exit_code == CREDENTIALS
    [tried] = told(result)
    assert (tried["fault"], tried["price_usd"]) == ("key_refused", None)


REFUSALS: list[tuple[Fault, str, str]] = [
    (SubmitFault(kind="exhausted_balance"), "balance_exhausted", "the API's own balance"),
    (SubmitFault(kind="application_not_found"), "model_unknown", "https://www.hedra.com/develop/models"),
    (SubmitFault(kind="too_many_requests"), "rate_limit", "have Hedra raise its limit"),
]


@pytest.mark.parametrize(("fault", "name", "advice"), REFUSALS, ids=lambda value: getattr(value, "kind", None))
def test_a_request_that_hedra_does_not_take(hedra: Hedra, fault: Fault, name: str, advice: str) -> None:
    hedra.control.add_fault(fault)
    result = try_hedra("--test", "portrait", "--yes", "--json")
    assert result.exit_code == FAILED
    [tried] = told(result)
    assert (tried["fault"], tried["price_usd"]) == (name, None)
    assert advice in tried["next_step"]


def test_a_request_whose_answer_was_lost_is_found_under_its_key(hedra: Hedra) -> None:
    # given that the answer to one submit is lost
    hedra.control.add_fault(SubmitFault(kind="drop_connection", accepts_job=True, count=1))
    result = try_hedra("--test", "portrait", "--yes", "--json")
    # then it is sent again under the same key, which is one job
    assert result.exit_code == DONE
    assert len(hedra.control.invoice().lines) == 1


def test_each_trial_is_a_job_of_its_own(hedra: Hedra) -> None:
    for _ in range(2):
        assert try_hedra("--test", "portrait", "--yes").exit_code == DONE
    assert len(hedra.control.invoice().lines) == 2


def test_a_request_of_which_nobody_knows_may_cost_something(hedra: Hedra) -> None:
    hedra.control.add_fault(SubmitFault(kind="bad_gateway_html"))
    result = try_hedra("--test", "portrait", "--yes", "--json")
    [tried] = told(result)
    assert (result.exit_code, tried["fault"], tried["price_usd"]) == (FAILED, "provider_down", 0.08)
    assert "may have taken the request all the same" in tried["next_step"]


def test_a_prompt_that_is_refused(hedra: Hedra) -> None:
    hedra.control.add_fault(JobFault(kind="error", error_type="content_policy_violation"))
    result = try_hedra("--test", "portrait", "--yes", "--json")
    [tried] = told(result)
    assert (result.exit_code, tried["fault"]) == (FAILED, "inputs_refused")


def test_a_result_that_lies_where_none_is_fetched_from_names_its_host(
    hedra: Hedra, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEDRA_DOWNLOAD_HOSTS", ".hedra.com")
    result = try_hedra("--test", "portrait", "--yes", "--json")
    [tried] = told(result)
    assert (result.exit_code, tried["fault"], tried["price_usd"]) == (FAILED, "result_elsewhere", 0.08)
    # then what the stack has to be set to is there to be copied
    assert f"HedraDownloadHosts=.hedra.com,{hedra.simulator.facts.host};" in tried["next_step"]


def test_a_request_that_takes_too_long_cannot_be_cancelled(hedra: Hedra) -> None:
    hedra.control.add_fault(JobFault(kind="never_finish"))
    result = try_hedra("--test", "portrait", "--yes", "--timeout", "1", "--json")
    [tried] = told(result)
    assert (result.exit_code, tried["fault"], tried["price_usd"]) == (FAILED, "too_slow", 0.08)
    assert "cannot be cancelled" in tried["message"]


def test_a_file_that_cannot_be_handed_over(hedra: Hedra) -> None:
    hedra.control.add_fault(UploadFault(kind="drop_connection"))
    result = try_hedra("--test", "hedra", "--yes", "--json")
    [tried] = told(result)
    assert (result.exit_code, tried["fault"], tried["price_usd"]) == (FAILED, "network_cut", None)
    assert not hedra.control.requests()
