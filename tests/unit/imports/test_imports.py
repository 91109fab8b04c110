"""What functions import, and which clients they make, in a cold start: each in a fresh interpreter."""

import sys
from functools import cache

import pytest

from tests.handlers import FUNCTIONS, ROOT, TEMPLATE, code_folder, environment_of, run_fresh

HEAVY = {"PIL", "av", "cryptography", "fal_client", "httpx", "loguru", "numpy", "pydantic", "requests", "yaml"}
"""What takes long to import; boto3 and Powertools every function needs."""

BUYS = {"pydantic", "fal_client", "httpx"}
MAY_IMPORT: dict[str, set[str]] = {
    "StartEpisode": {"pydantic", "yaml"},
    "StartBatch": {"pydantic", "yaml"},
    "PlanEpisode": {"pydantic", "yaml", "httpx", "PIL", "av", "numpy"},  # httpx: fal's prices of today
    "GeneratePortrait": BUYS,
    "GenerateBackground": BUYS,
    "Composite": BUYS,
    "HedraSubmit": BUYS,
    "RequestReview": {"pydantic"},
    "HedraWebhook": {"cryptography"},
    "CollectAsset": BUYS | {"PIL", "av", "numpy"},
    "HouseClip": {"pydantic", "PIL", "av", "numpy"},
    "Assemble": {"pydantic", "PIL", "av", "numpy"},
    "RecordOutcome": {"pydantic"},
    "Reconcile": BUYS,
}

LAMBDAS_OWN = {"logs", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
"""What a role allows for Lambda itself: writing logs, reading queues."""

ACTION_PREFIXES = {"stepfunctions": "states"}
"""Where IAM calls a service otherwise than boto3 does."""

WEBHOOK_BUDGET, WEBHOOK_SHARE = 0.060, 0.35
"""Seconds of processor time; on a slower machine, a share of what the client takes, which took 0.17 s in measuring."""

ROUNDS = 9
TIMED_START = """
import json, time

begin = time.process_time()
import boto3
boto3.client("sqs")
client = time.process_time()
import app
end = time.process_time()

print(json.dumps([client - begin, end - client]))
"""

COLD_START = """
import json, sys
import boto3

made = []
make = boto3.client

def note(service, **options):
    made.append(service)
    return make(service, **options)

boto3.client = note
import app

print(json.dumps([sorted(name for name in sys.modules if "." not in name), made]))
"""


@cache
def cold_start(function: str) -> tuple[set[str], list[str]]:
    """Import a handler; return the packages that this loaded, and the services for which clients were made."""
    modules, clients = run_fresh([sys.executable, "-c", COLD_START], importing(function))
    return set(modules), clients


def called_services(function: str) -> set[str]:
    """Return the prefixes of the actions that a function's role allows to its code."""
    role = FUNCTIONS[function]["Properties"]["Role"]["Fn::GetAtt"][0]
    policies = TEMPLATE["Resources"][role]["Properties"]["Policies"]
    statements = [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]
    actions = {
        action
        for statement in statements
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    return {service for action in actions - LAMBDAS_OWN if (service := action.partition(":")[0]) not in LAMBDAS_OWN}


def importing(function: str) -> dict[str, str]:
    return {**environment_of(function), "PYTHONPATH": f"{code_folder(function)}:{ROOT}"}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_imports_what_it_uses_and_nothing_else_that_is_heavy(function: str) -> None:
    modules, _ = cold_start(function)
    assert modules & HEAVY == MAY_IMPORT[function]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_cold_start_makes_each_client_once_and_only_those_whose_service_the_role_may_call(function: str) -> None:
    _, clients = cold_start(function)
    assert clients
    assert len(clients) == len(set(clients))
    assert {ACTION_PREFIXES.get(service, service) for service in clients} <= called_services(function)


def test_the_webhook_makes_one_client() -> None:
    _, clients = cold_start("HedraWebhook")
    assert clients == ["sqs"]


def test_importing_the_webhook_takes_little_longer_than_making_its_client() -> None:
    # given the least that anything takes that sends a message, and what the webhook takes on top of it
    runs = [run_fresh([sys.executable, "-c", TIMED_START], importing("HedraWebhook")) for _ in range(ROUNDS)]
    # when the least of several runs is taken, since machines are noisy, and noise only ever adds
    client, besides = (min(seconds) for seconds in zip(*runs, strict=True))
    # then the webhook is within its budget
    assert besides <= max(WEBHOOK_BUDGET, WEBHOOK_SHARE * client)
