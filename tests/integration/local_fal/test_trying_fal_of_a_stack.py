"""`episode test-api --stack`: the key, the models and the prices are those of the stack."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner, Result

import cli.target
from cli.exit_codes import CREDENTIALS, DONE, FAILED
from cli.main import app
from tests.integration.local_fal.harness import Fal
from tests.unit.cli.test_cli_review import target_of
from tests.world import World

REGION = "eu-central-1"
SECRET = "studio/fal"

Deploy = Callable[..., None]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "made-up")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made-up")
    with mock_aws():
        yield


@pytest.fixture(autouse=True)
def environment(fal: Fal, aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point to the simulated fal, with a key in the environment that it does not know."""
    for name, value in fal.simulator.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("FAL_KEY", "somebody:else")


def keep_key(key: str) -> None:
    boto3.client("secretsmanager", region_name=REGION).create_secret(Name=SECRET, SecretString=key)


@pytest.fixture
def deploy(monkeypatch: pytest.MonkeyPatch) -> Deploy:
    """Give what deploys a stack, as far as the command asks about it."""

    def deployed(**parameters: str) -> None:
        target = replace(target_of(World()), parameters={"FalKeySecretName": SECRET, **parameters})
        monkeypatch.setattr(cli.target, "deployed_target", lambda *_: target)

    return deployed


def try_fal(model: str) -> Result:
    options = ["--test", model, "--stack", "a-stack", "--region", REGION, "--yes", "--json"]
    return CliRunner().invoke(app, ["test-api", *options])


def test_key_model_and_price_are_those_of_the_stack(fal: Fal, deploy: Deploy) -> None:
    # given a stack with its own key, and a model of which its operator knows the price
    keep_key(f"{fal.simulator.facts.key}\n")
    deploy(PriceOverrides='{"fal-ai/hedra-character-2": 0.02}')
    # then that key is used, and that price
    result = try_fal("hedra")
    assert result.exit_code == DONE
    [tried] = json.loads(result.stdout)["tried"]
    assert (tried["good"], tried["price_usd"], tried["price_source"]) == (True, 0.04, "set by the operator")
    assert len(fal.control.requests()) == 1


def test_a_stack_whose_model_is_not_in_the_catalogue(fal: Fal, deploy: Deploy) -> None:
    keep_key(fal.simulator.facts.key)
    deploy(HedraEndpoint="fal-ai/no-such-model")
    result = try_fal("hedra")
    assert result.exit_code == FAILED
    [tried] = json.loads(result.stdout)["tried"]
    assert (tried["endpoint"], tried["fault"]) == ("fal-ai/no-such-model", "model_unknown")
    assert not fal.control.requests()


def test_a_stack_without_a_secret(fal: Fal, deploy: Deploy) -> None:
    deploy()
    result = try_fal("ideogram")
    assert result.exit_code == CREDENTIALS
    error = json.loads(result.stderr)["error"]
    assert error["code"] == "key_missing"
    assert SECRET in error["message"]
    assert "a-stack" in error["message"]
    assert not fal.control.requests()
