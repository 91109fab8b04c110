"""Alarms, dashboard and mail, read and not deployed; that each alarm goes off is shown in tests/integration/plot."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.aws.template import Template
from shared import metrics
from tests.unit.template import alarm_rules as rules
from tests.unit.template import source


@pytest.mark.parametrize("rule", rules.RULES)
def test_the_template_keeps_to_the_rule(rule: Callable[[Template], list[str]]) -> None:
    assert rule(source.template()) == []


def watch_a_metric_that_nobody_reports(template: Template) -> None:
    template["Resources"]["HeldJobsAlarm"]["Properties"]["MetricName"] = "JobsHeld"


def watch_any_stack(template: Template) -> None:
    template["Resources"]["HeldJobsAlarm"]["Properties"]["Dimensions"][0]["Value"] = "showrunner"


def take_silence_for_good(template: Template) -> None:
    template["Resources"]["ReconcileSilentAlarm"]["Properties"]["TreatMissingData"] = "notBreaching"


def tell_nobody(template: Template) -> None:
    del template["Resources"]["HeldJobsAlarm"]["Properties"]["AlarmActions"]


def pay_for_a_key_that_nobody_needs(template: Template) -> None:
    del template["Resources"]["NotifyKey"]["Condition"]


def keep_alarms_from_the_key(template: Template) -> None:
    statements = template["Resources"]["NotifyKey"]["Properties"]["KeyPolicy"]["Statement"]
    statements[:] = [entry for entry in statements if entry["Sid"] != "AlarmsMayPublish"]


def let_another_service_publish(template: Template) -> None:
    statements = template["Resources"]["NotifyTopicPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    statements.append(
        {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sns:Publish", "Resource": "*"}
    )


def mail_of(template: Template) -> dict[str, Any]:
    rule = template["Resources"]["NotifyRule"]["Properties"]
    transformer: dict[str, Any] = rule["Targets"][0]["InputTransformer"]
    return transformer


def mail_what_no_event_has(template: Template) -> None:
    mail_of(template)["InputPathsMap"]["message"] = "$.detail.text"


def mail_nothing_of_the_status(template: Template) -> None:
    mail_of(template)["InputTemplate"] = '"<type>: <episode><batch>" "<message>" "<console>"'


def mail_other_stacks_events(template: Template) -> None:
    del template["Resources"]["NotifyRule"]["Properties"]["EventPattern"]["detail"]


def add_an_alarm_without_a_word(template: Template) -> None:
    template["Resources"]["NewAlarm"] = template["Resources"]["HeldJobsAlarm"]


def forget_an_alarm(template: Template) -> None:
    del template["Resources"]["RunsTimedOutAlarm"]


def body(template: Template) -> dict[str, str]:
    found: dict[str, str] = template["Resources"]["Dashboard"]["Properties"]["DashboardBody"]
    return found


def forget_a_comma(template: Template) -> None:
    body(template)["Fn::Sub"] = body(template)["Fn::Sub"].replace("},", "}", 1)


def show_what_nobody_reports(template: Template) -> None:
    body(template)["Fn::Sub"] = body(template)["Fn::Sub"].replace("HeldJobs", "JobsHeld")


def show_a_function_that_is_gone(template: Template) -> None:
    del template["Resources"]["HouseClip"]


def add_a_queue(template: Template) -> None:
    template["Resources"]["NewQueue"] = {"Type": "AWS::SQS::Queue", "Properties": {}}


PLANTED: list[tuple[Callable[[Template], list[str]], Callable[[Template], None], str]] = [
    (
        rules.metrics_of_alarms,
        watch_a_metric_that_nobody_reports,
        "HeldJobsAlarm watches Showrunner JobsHeld, which nobody reports",
    ),
    (rules.metrics_of_alarms, watch_any_stack, "HeldJobsAlarm watches another stack's metric"),
    (rules.missing_data, take_silence_for_good, "ReconcileSilentAlarm takes silence for notBreaching"),
    (rules.mail, tell_nobody, "HeldJobsAlarm is not mailed (AlarmActions)"),
    (rules.mail, pay_for_a_key_that_nobody_needs, "NotifyKey is made without an address"),
    (rules.mail_policies, keep_alarms_from_the_key, "cloudwatch.amazonaws.com may not use the key"),
    (rules.mail_policies, let_another_service_publish, "s3.amazonaws.com may use the topic"),
    (rules.mail_text, mail_what_no_event_has, "no event has $.detail.text"),
    (rules.mail_text, mail_nothing_of_the_status, "the mail does not show status"),
    (
        rules.mail_text,
        mail_other_stacks_events,
        "the mail is not about this stack's events, or not about all of them",
    ),
    (rules.runbook, add_an_alarm_without_a_word, "NewAlarm has no section in the runbook"),
    (rules.runbook, add_an_alarm_without_a_word, "NewAlarm does not name its section"),
    (rules.runbook, forget_an_alarm, "the runbook tells of RunsTimedOutAlarm, which does not exist"),
    (rules.dashboard, forget_a_comma, "the dashboard is no JSON: Expecting ',' delimiter"),
    (rules.dashboard, show_what_nobody_reports, "the dashboard shows Showrunner JobsHeld, which nobody reports"),
    (rules.dashboard, show_what_nobody_reports, "the dashboard leaves HeldJobs out"),
    (rules.dashboard, show_a_function_that_is_gone, "the dashboard names HouseClip, which does not exist"),
    (rules.dashboard, add_a_queue, "the dashboard leaves NewQueue out"),
    (rules.dashboard, add_an_alarm_without_a_word, "the dashboard leaves NewAlarm out"),
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


def code_of(function: str) -> str:
    """Return the code of a function that reports: its handler, and what closes runs where it does so."""
    handler = source.ROOT / str(source.functions(source.template())[function]["CodeUri"]) / "app.py"
    text = handler.read_text()
    closing = (Path("shared/runtime/reconciling.py"), Path("shared/runtime/reporting.py"))
    if "closing_desk" in text or "reconcile_desk" in text:
        text += "".join((source.ROOT / path).read_text() for path in closing)
    return text


def test_every_metric_is_reported_by_those_who_are_said_to() -> None:
    named = {name: value for name, value in vars(metrics).items() if isinstance(value, metrics.Metric)}
    assert set(named.values()) == set(metrics.METRICS)
    assert len({metric.name for metric in metrics.METRICS}) == len(metrics.METRICS)
    for constant, metric in named.items():
        for function in source.functions(source.template()):
            assert (constant in code_of(function)) == (function in metric.reported_by), (constant, function)


def test_a_stack_reports_under_its_own_name() -> None:
    variables = source.template()["Globals"]["Function"]["Environment"]["Variables"]
    assert variables["POWERTOOLS_SERVICE_NAME"] == {"Ref": "AWS::StackName"}
