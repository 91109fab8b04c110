"""What the one function that anybody may call is allowed to do, and how long its objects are kept."""

import dataclasses
from typing import Any

import pytest

from shared.webhooks.settings import WebhookSettings
from shared.webhooks.store import CALLBACKS, FAL_KEYS, HEDRA_KEYS
from tests.unit.template import source

_DAY = 86_400


def properties_of(resource: str) -> dict[str, Any]:
    properties: dict[str, Any] = source.template()["Resources"][resource]["Properties"]
    return properties


def granted_on_objects(function: str) -> set[tuple[str, str]]:
    """Return the pairs of an S3 action and the keys on which a function's role allows it."""
    (policy,) = properties_of(f"{function}Role")["Policies"]
    return {
        (action, resource["Fn::Sub"].removeprefix("${Bucket.Arn}/"))
        for statement in policy["PolicyDocument"]["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
        for resource in (statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]])
        if action.startswith("s3:") and "Fn::Sub" in resource
    }


def test_the_webhook_may_touch_its_own_objects_only() -> None:
    assert granted_on_objects("HedraWebhook") == {
        ("s3:GetObject", FAL_KEYS),
        ("s3:PutObject", FAL_KEYS),
        ("s3:GetObject", HEDRA_KEYS),
        ("s3:PutObject", HEDRA_KEYS),
        ("s3:PutObject", f"{CALLBACKS}*"),
    }


@pytest.mark.parametrize("kept", [FAL_KEYS, HEDRA_KEYS])
def test_nobody_else_may_write_the_keys_that_a_provider_is_known_by(kept: str) -> None:
    functions = [name for name, entry in source.template()["Resources"].items() if "CodeUri" in entry["Properties"]]
    writers = {
        name
        for name in functions
        for action, keys in granted_on_objects(name)
        if action == "s3:PutObject" and kept.startswith(keys.partition("*")[0])
    }
    assert writers == {"HedraWebhook"}


def test_bodies_are_kept_for_as_long_as_their_messages() -> None:
    rules = properties_of("Bucket")["LifecycleConfiguration"]["Rules"]
    (rule,) = [rule for rule in rules if rule.get("Prefix") == CALLBACKS]
    waiting = properties_of("InboxQueue")["MessageRetentionPeriod"]
    dead = properties_of("InboxDeadLetters")["MessageRetentionPeriod"]
    assert rule["ExpirationInDays"] * _DAY >= waiting + dead


def test_the_webhook_is_told_of_each_provider_by_variables_that_it_reads() -> None:
    told = properties_of("HedraWebhook")["Environment"]["Variables"]
    assert told == {
        "INBOX_QUEUE_URL": {"Ref": "InboxQueue"},
        "FAL_USER_ID": {"Ref": "FalUserId"},
        "STAND_INS": {"Ref": "StandIns"},
        "REPLICATE_WEBHOOK_SECRET_NAME": {"Ref": "ReplicateWebhookSecretName"},
    }
    read = {field.name.upper() for field in dataclasses.fields(WebhookSettings)}
    assert told.keys() - {"INBOX_QUEUE_URL"} <= read
