"""The roles, compared with the code: neither the local engine nor moto knows IAM, so that only this tells."""

from collections.abc import Callable
from typing import Any

import pytest

from local.aws.template import Template
from tests.unit.template import source
from tests.unit.template.call_graph import operations
from tests.unit.template.permission_rules import RULES


@pytest.mark.parametrize("rule", RULES)
def test_the_roles_keep_to_the_rule(rule: Callable[[Template], list[str]]) -> None:
    assert rule(source.template()) == []


def test_what_a_function_does_is_read_from_its_code() -> None:
    # given functions whose doings are known
    webhook, batch = operations("functions/hedra_webhook/"), operations("functions/start_batch/")
    # then
    assert webhook == {"sqs:SendMessage"}
    assert {"s3:ListBucket", "dynamodb:PutItem", "states:StartExecution"} <= batch
    assert not any(action.startswith(("sqs:", "secretsmanager:")) for action in batch)


def statements_of(template: Template, function: str) -> list[dict[str, Any]]:
    statements: list[dict[str, Any]] = template["Resources"][function]["Properties"]["Policies"][0]["Statement"]
    return statements


def take_a_permission_away(template: Template) -> None:
    statements = statements_of(template, "RecordOutcome")
    statements[:] = [entry for entry in statements if entry["Action"] != "events:PutEvents"]


def give_one_too_many(template: Template) -> None:
    statements_of(template, "HedraWebhook").append({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:any"})


def allow_all_of_a_service(template: Template) -> None:
    statements_of(template, "Assemble").append({"Effect": "Allow", "Action": "s3:*", "Resource": "arn:any"})


def allow_it_on_everything(template: Template) -> None:
    statements_of(template, "StartBatch")[0]["Resource"] = "*"


def forget_a_queue_of_the_plot(template: Template) -> None:
    statements_of(template, "Plot")[1]["Resource"].pop()


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (take_a_permission_away, "RecordOutcome may not events:PutEvents"),
        (give_one_too_many, "HedraWebhook may s3:GetObject, and never does"),
        (allow_all_of_a_service, "Assemble may do s3:*"),
        (allow_it_on_everything, "StartBatch may s3:ListBucket on everything"),
        (forget_a_queue_of_the_plot, "Plot may not sqs:SendMessage on ReviewQueue"),
    ],
)
def test_the_rules_find_a_planted_defect(spoil: Callable[[Template], None], found: str) -> None:
    # given
    template = source.template()
    # when
    spoil(template)
    # then
    assert found in [problem for rule in RULES for problem in rule(template)]
