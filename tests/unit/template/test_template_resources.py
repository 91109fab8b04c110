"""The template, read and not deployed: what AWS would take without a word, and would be wrong all the same."""

from collections.abc import Callable

import pytest

from local.aws.template import Template
from tests.unit.template import source
from tests.unit.template.resource_rules import RULES


@pytest.mark.parametrize("rule", RULES)
def test_the_template_keeps_to_the_rule(rule: Callable[[Template], list[str]]) -> None:
    assert rule(source.template()) == []


def forget_a_log_group(template: Template) -> None:
    del template["Resources"]["CompositeLogs"]


def forget_an_alarm(template: Template) -> None:
    del template["Resources"]["ClipDeadLettersAlarm"]


def let_messages_come_back_too_early(template: Template) -> None:
    template["Resources"]["CollectAsset"]["Properties"]["Timeout"] = 300


def forget_a_variable(template: Template) -> None:
    del template["Resources"]["HedraSubmit"]["Properties"]["Environment"]["Variables"]["WEBHOOK_URL"]


def put_the_key_into_the_environment(template: Template) -> None:
    secret = "{{resolve:secretsmanager:showrunner/fal-key}}"
    template["Resources"]["CollectAsset"]["Properties"]["Environment"]["Variables"]["FAL_KEY"] = secret


def let_the_ledger_go(template: Template) -> None:
    del template["Resources"]["Ledger"]["DeletionPolicy"]


def open_the_bucket(template: Template) -> None:
    template["Resources"]["Bucket"]["Properties"]["PublicAccessBlockConfiguration"]["BlockPublicPolicy"] = False


def leave_a_queue_without_policy(template: Template) -> None:
    template["Resources"]["QueuePolicy"]["Properties"]["Queues"].remove({"Ref": "InboxDeadLetters"})


def put_one_policy_on_two_queues(template: Template) -> None:
    template["Resources"]["StartQueuePolicy"]["Properties"]["Queues"].append({"Ref": "StartDeadLetters"})


def drop_a_function(template: Template) -> None:
    del template["Resources"]["StartBatch"]


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (forget_a_log_group, "Composite has no log group with a retention"),
        (forget_an_alarm, "nobody is told of what lies in ClipDeadLetters"),
        (let_messages_come_back_too_early, "InboxQueue hides messages for 720 s, while CollectAsset may take 300 s"),
        (forget_a_variable, "HedraSubmit lacks WEBHOOK_URL"),
        (put_the_key_into_the_environment, "CollectAsset.FAL_KEY puts a secret into the environment"),
        (let_the_ledger_go, "Ledger goes away with the stack"),
        (open_the_bucket, "Bucket may be made public"),
        (leave_a_queue_without_policy, "InboxDeadLetters may be used without TLS"),
        (put_one_policy_on_two_queues, "UploadsMayStart is not about StartDeadLetters"),
        (drop_a_function, "functions/start_batch is on one side only"),
    ],
)
def test_the_rules_find_a_planted_defect(spoil: Callable[[Template], None], found: str) -> None:
    # given
    template = source.template()
    # when
    spoil(template)
    # then
    assert found in [problem for rule in RULES[:-1] for problem in rule(template)]
