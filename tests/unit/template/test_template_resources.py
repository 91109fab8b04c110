"""The template, read and not deployed: what AWS would take without a word, and would be wrong all the same."""

from collections.abc import Callable
from typing import Any

import pytest

from local.aws.template import Template
from tests.unit.template import resource_rules as rules
from tests.unit.template import source
from tests.unit.template.translation import translate


@pytest.mark.parametrize("rule", rules.RULES)
def test_the_template_keeps_to_the_rule(rule: Callable[[Template], list[str]]) -> None:
    assert rule(source.template()) == []


def forget_a_log_group(template: Template) -> None:
    del template["Resources"]["CompositeLogs"]


def log_where_lambda_likes(template: Template) -> None:
    del template["Resources"]["Composite"]["Properties"]["LoggingConfig"]


def keep_a_log_for_ever(template: Template) -> None:
    del template["Resources"]["PlotLogs"]["Properties"]["RetentionInDays"]


def log_the_data_of_runs(template: Template) -> None:
    template["Resources"]["Plot"]["Properties"]["Logging"]["IncludeExecutionData"] = True


def forget_a_dead_letter_queue(template: Template) -> None:
    del template["Resources"]["ClipQueue"]["Properties"]["RedrivePolicy"]


def forget_to_encrypt_a_queue(template: Template) -> None:
    template["Resources"]["InboxQueue"]["Properties"]["SqsManagedSseEnabled"] = False


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


def read_a_queue_without_bound(template: Template) -> None:
    del template["Resources"]["HedraSubmit"]["Properties"]["Events"]["Requests"]["Properties"]["ScalingConfig"]


def bring_back_whole_batches(template: Template) -> None:
    del template["Resources"]["StartEpisode"]["Properties"]["Events"]["Uploads"]["Properties"]["FunctionResponseTypes"]


def allow_the_bucket_without_tls(template: Template) -> None:
    template["Resources"]["BucketPolicy"]["Properties"]["PolicyDocument"]["Statement"][0]["Effect"] = "Allow"


def forget_to_encrypt_the_bucket(template: Template) -> None:
    del template["Resources"]["Bucket"]["Properties"]["BucketEncryption"]


def forget_to_encrypt_the_ledger(template: Template) -> None:
    del template["Resources"]["Ledger"]["Properties"]["SSESpecification"]


def forget_to_keep_earlier_states(template: Template) -> None:
    del template["Resources"]["Ledger"]["Properties"]["PointInTimeRecoverySpecification"]


def lifecycle(template: Template) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = template["Resources"]["Bucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    return rules


def let_bought_files_expire(template: Template) -> None:
    lifecycle(template).append({"Id": "assets", "Status": "Enabled", "Prefix": "assets/", "ExpirationInDays": 90})


def keep_derived_files(template: Template) -> None:
    lifecycle(template)[:] = [rule for rule in lifecycle(template) if rule["Id"] != "derived"]


def keep_unfinished_uploads(template: Template) -> None:
    lifecycle(template)[:] = [rule for rule in lifecycle(template) if rule["Id"] != "unfinished-uploads"]


def keep_old_versions(template: Template) -> None:
    lifecycle(template)[:] = [rule for rule in lifecycle(template) if rule["Id"] != "old-versions"]


def reserve_concurrency_always(template: Template) -> None:
    template["Resources"]["HedraWebhook"]["Properties"]["ReservedConcurrentExecutions"] = 10


def let_the_public_past_the_url(template: Template) -> None:
    template["Resources"]["AnybodyCalls"] = {
        "Type": "AWS::Lambda::Permission",
        "Properties": {"FunctionName": {"Ref": "CollectAsset"}, "Action": "lambda:InvokeFunction", "Principal": "*"},
    }


PLANTED: list[tuple[Callable[[Template], list[str]], Callable[[Template], None], str]] = [
    (rules.functions_and_folders, drop_a_function, "functions/start_batch is on one side only"),
    (rules.logs, forget_a_log_group, "Composite has no log group with a retention"),
    (rules.logs, log_where_lambda_likes, "Composite has no log group with a retention"),
    (rules.logs, keep_a_log_for_ever, "Plot has no log group with a retention"),
    (rules.logs, log_the_data_of_runs, "Plot logs its data, task tokens among them"),
    (rules.queues, forget_a_dead_letter_queue, "ClipQueue has no dead-letter queue"),
    (rules.queues, forget_an_alarm, "nobody is told of what lies in ClipDeadLetters"),
    (rules.queues, forget_to_encrypt_a_queue, "InboxQueue is not encrypted"),
    (rules.queue_policies, leave_a_queue_without_policy, "InboxDeadLetters may be used without TLS"),
    (rules.queue_policies, put_one_policy_on_two_queues, "UploadsMayStart is not about StartDeadLetters"),
    (
        rules.visibility,
        let_messages_come_back_too_early,
        "InboxQueue hides messages for 720 s, while CollectAsset may take 300 s",
    ),
    (rules.visibility, read_a_queue_without_bound, "HedraSubmit reads ClipQueue with no bound on its concurrency"),
    (rules.visibility, bring_back_whole_batches, "StartEpisode brings back a whole batch when one message fails"),
    (rules.storage, let_the_ledger_go, "Ledger goes away with the stack"),
    (rules.storage, open_the_bucket, "Bucket may be made public"),
    (rules.storage, allow_the_bucket_without_tls, "Bucket may be used without TLS"),
    (rules.storage, forget_to_encrypt_the_bucket, "Bucket is not encrypted"),
    (rules.storage, forget_to_encrypt_the_ledger, "Ledger is not encrypted"),
    (rules.storage, forget_to_keep_earlier_states, "Ledger cannot be brought back to an earlier state"),
    (rules.expiry, let_bought_files_expire, "Bucket deletes assets/"),
    (rules.expiry, keep_derived_files, "Bucket keeps derived/ for ever"),
    (rules.expiry, keep_unfinished_uploads, "Bucket keeps unfinished uploads for ever"),
    (rules.expiry, keep_old_versions, "Bucket keeps old versions for ever"),
    (rules.environments, forget_a_variable, "HedraSubmit lacks WEBHOOK_URL"),
    (
        rules.secrets_in_environments,
        put_the_key_into_the_environment,
        "CollectAsset.FAL_KEY puts a secret into the environment",
    ),
    (
        rules.webhook_concurrency,
        reserve_concurrency_always,
        "the concurrency of HedraWebhook is no parameter with 0 for none",
    ),
    (
        rules.public_function_urls,
        let_the_public_past_the_url,
        "CollectAsset may be called by anybody, and not only by its URL",
    ),
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


def test_a_public_url_without_both_permissions_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    # given a transform as it was before October 2025, which allowed only the call of the URL
    def older(template: Template) -> Template:
        translated = translate(template)
        resources = translated["Resources"].items()
        kept = {name: entry for name, entry in resources if "InvokedViaFunctionUrl" not in entry.get("Properties", {})}
        return {**translated, "Resources": kept}

    monkeypatch.setattr(rules, "translate", older)
    # then
    assert rules.public_function_urls(source.template()) == ["the URL of HedraWebhook lacks lambda:InvokeFunction"]
