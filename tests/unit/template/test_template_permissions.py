"""The roles, compared with the code: neither the local engine nor moto knows IAM, so that only this tells."""

from collections.abc import Callable
from typing import Any

import pytest

from local.aws.template import Template
from tests.unit.template import permission_rules as rules
from tests.unit.template import source
from tests.unit.template.call_graph import operations


@pytest.mark.parametrize("rule", rules.RULES)
def test_the_roles_keep_to_the_rule(rule: Callable[[Template], list[str]]) -> None:
    assert rule(source.template()) == []


def test_what_a_function_does_is_read_from_its_code() -> None:
    # given functions whose doings are known
    webhook, batch = operations("functions/hedra_webhook/"), operations("functions/start_batch/")
    # then
    assert webhook == {"sqs:SendMessage", "s3:GetObject", "s3:PutObject", "secretsmanager:GetSecretValue"}
    assert {"s3:ListBucket", "dynamodb:PutItem", "states:StartExecution"} <= batch
    assert not any(action.startswith(("sqs:", "secretsmanager:")) for action in batch)


def statements_of(template: Template, function: str) -> list[dict[str, Any]]:
    policies = template["Resources"][f"{function}Role"]["Properties"]["Policies"]
    statements: list[dict[str, Any]] = policies[0]["PolicyDocument"]["Statement"]
    return statements


def statement_on(template: Template, function: str, action: str) -> dict[str, Any]:
    return next(entry for entry in statements_of(template, function) if action in entry["Action"])


def take_a_permission_away(template: Template) -> None:
    statements_of(template, "RecordOutcome").remove(statement_on(template, "RecordOutcome", "events:PutEvents"))


def give_one_too_many(template: Template) -> None:
    statements_of(template, "HedraWebhook").append(
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:any"}
    )


def take_the_right_to_log_away(template: Template) -> None:
    statements_of(template, "Assemble").remove(statement_on(template, "Assemble", "logs:PutLogEvents"))


def allow_all_of_a_service(template: Template) -> None:
    statements_of(template, "Assemble").append({"Effect": "Allow", "Action": "s3:*", "Resource": "arn:any"})


def allow_it_on_everything(template: Template) -> None:
    statement_on(template, "StartBatch", "s3:ListBucket")["Resource"] = "*"


def allow_it_on_all_queues(template: Template) -> None:
    statement_on(template, "CollectAsset", "sqs:SendMessage")["Resource"] = {"Fn::Sub": "arn:aws:sqs:*:*:*"}


def allow_it_on_the_whole_bucket(template: Template) -> None:
    statement_on(template, "HouseClip", "s3:PutObject")["Resource"] = {"Fn::Sub": "${Bucket.Arn}/*"}


def allow_all_but_one_action(template: Template) -> None:
    statement = statement_on(template, "Reconcile", "sqs:SendMessage")
    statement["NotAction"] = statement.pop("Action")


def let_sam_make_the_role(template: Template) -> None:
    composite = template["Resources"]["Composite"]["Properties"]
    del composite["Role"]
    del template["Resources"]["CompositeRole"]


def trust_everybody(template: Template) -> None:
    role = template["Resources"]["HedraWebhookRole"]["Properties"]
    role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] = "*"


def read_the_queue_of_another(template: Template) -> None:
    statement_on(template, "HedraSubmit", "sqs:ReceiveMessage")["Resource"] = {"Fn::GetAtt": ["ReviewQueue", "Arn"]}


def write_the_log_of_another(template: Template) -> None:
    statement_on(template, "HedraSubmit", "logs:PutLogEvents")["Resource"] = {"Fn::GetAtt": ["CompositeLogs", "Arn"]}


def let_house_clip_write_jobs(template: Template) -> None:
    del statement_on(template, "HouseClip", "dynamodb:PutItem")["Condition"]


def let_the_plan_write_budgets(template: Template) -> None:
    condition = statement_on(template, "PlanEpisode", "dynamodb:PutItem")["Condition"]
    condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"].append("BUDGET#*")


def let_events_be_forged(template: Template) -> None:
    del statement_on(template, "RequestReview", "events:PutEvents")["Condition"]


def forget_a_queue_of_the_plot(template: Template) -> None:
    policies = template["Resources"]["Plot"]["Properties"]["Policies"]
    policies[0]["Statement"][1]["Resource"].pop()


PLANTED: list[tuple[Callable[[Template], list[str]], Callable[[Template], None], str]] = [
    (rules.permissions, take_a_permission_away, "RecordOutcome may not events:PutEvents"),
    (rules.permissions, give_one_too_many, "HedraWebhook may s3:ListBucket, and never does"),
    (rules.permissions, take_the_right_to_log_away, "Assemble may not logs:PutLogEvents"),
    (rules.wildcards, allow_all_of_a_service, "Assemble may do s3:*"),
    (rules.wildcards, allow_it_on_everything, "StartBatch may s3:ListBucket on everything"),
    (
        rules.wildcards,
        allow_it_on_all_queues,
        "CollectAsset may sqs:SendMessage on whatever is like arn:aws:sqs:*:*:*",
    ),
    (
        rules.wildcards,
        allow_it_on_the_whole_bucket,
        "HouseClip may s3:PutObject on whatever is like ${Bucket.Arn}/*",
    ),
    (rules.wildcards, allow_all_but_one_action, "Reconcile may do all but something"),
    (
        rules.wildcards,
        let_sam_make_the_role,
        "Composite has the managed policy arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole",
    ),
    (rules.trust, trust_everybody, "HedraWebhook may be taken on by *"),
    (
        rules.own_log_and_queue,
        read_the_queue_of_another,
        "HedraSubmit may sqs:ReceiveMessage on another's ['ReviewQueue', 'Arn']",
    ),
    (
        rules.own_log_and_queue,
        write_the_log_of_another,
        "HedraSubmit may logs:PutLogEvents on another's ['CompositeLogs', 'Arn']",
    ),
    (rules.money, let_house_clip_write_jobs, "HouseClip may write jobs and budgets"),
    (rules.money, let_the_plan_write_budgets, "PlanEpisode may write jobs and budgets"),
    (rules.events, let_events_be_forged, "RequestReview may put anybody's events on the bus"),
    (rules.permissions_of_the_plot, forget_a_queue_of_the_plot, "Plot may not sqs:SendMessage on ReviewQueue"),
]


@pytest.mark.parametrize(("rule", "spoil", "found"), PLANTED)
def test_the_rules_find_a_planted_defect(
    rule: Callable[[Template], list[str]], spoil: Callable[[Template], None], found: str
) -> None:
    # given
    template = source.template()
    # when
    spoil(template)
    # then
    assert found in rule(template)


def test_every_rule_has_a_planted_defect() -> None:
    assert {rule for rule, _, _ in PLANTED} == set(rules.RULES)
