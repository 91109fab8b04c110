"""What alarms, dashboard and mail must keep to.

Each rule returns what is wrong, one sentence for each fault.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from local.aws.template import Template
from shared.aws.event_bus import SOURCE
from shared.metrics import DIMENSION, METRICS, NAMESPACE
from shared.workflow.events import EVENTS
from tests.unit.template.source import ROOT, functions, of_type

RUNBOOK = ROOT / "docs" / "operations.md"

_STACK = {"Ref": "AWS::StackName"}
_OF_FUNCTIONS = {"Invocations", "Errors", "Throttles", "Duration"}
_OF_URLS = {"UrlRequestCount", "Url4xxCount", "Url5xxCount", "UrlRequestLatency"}
AWS_METRICS = {
    # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html and .../urls-monitoring.html
    "AWS/Lambda": ("FunctionName", _OF_FUNCTIONS | _OF_URLS),
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    "AWS/SQS": ("QueueName", {"ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"}),
    # https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
    "AWS/States": (
        "StateMachineArn",
        {
            "ExecutionsStarted",
            "ExecutionsSucceeded",
            "ExecutionsFailed",
            "ExecutionsTimedOut",
            "ExecutionsAborted",
            "ExecutionThrottled",
        },
    ),
}


def alarms_of(template: Template) -> dict[str, dict[str, Any]]:
    return of_type(template, "AWS::CloudWatch::Alarm")


def metrics_of_alarms(template: Template) -> list[str]:
    """Return alarms on metrics that nobody reports, or under a name that is not theirs."""
    problems = []
    for name, alarm in alarms_of(template).items():
        dimensions = {entry["Name"]: entry["Value"] for entry in alarm["Dimensions"]}
        if not _exists(alarm["Namespace"], alarm["MetricName"], set(dimensions)):
            problems.append(f"{name} watches {alarm['Namespace']} {alarm['MetricName']}, which nobody reports")
        if alarm["Namespace"] == NAMESPACE and dimensions != {DIMENSION: _STACK}:
            problems.append(f"{name} watches another stack's metric")
    return problems


def _exists(namespace: str, metric: str, dimensions: set[str]) -> bool:
    if namespace == NAMESPACE:
        return metric in {entry.name for entry in METRICS} and dimensions == {DIMENSION}
    dimension, names = AWS_METRICS[namespace]
    return metric in names and dimensions == {dimension}


def missing_data(template: Template) -> list[str]:
    """Return alarms that silence sets off, or keeps undecided, though only one thing must never be silent."""
    return [
        f"{name} takes silence for {alarm.get('TreatMissingData', 'missing')}"
        for name, alarm in alarms_of(template).items()
        if alarm.get("TreatMissingData") != ("breaching" if name == "ReconcileSilentAlarm" else "notBreaching")
    ]


def mail(template: Template) -> list[str]:
    """Return what is not mailed, and what is made though nobody has given an address."""
    to_topic = {"Fn::If": ["Notify", [{"Ref": "NotifyTopic"}], {"Ref": "AWS::NoValue"}]}
    problems = [
        f"{name} is not mailed ({actions})"
        for name, alarm in alarms_of(template).items()
        for actions in ("AlarmActions", "OKActions")
        if alarm.get(actions) != to_topic
    ]
    return problems + [
        f"{name} is made without an address"
        for name, resource in template["Resources"].items()
        if name.startswith("Notify") and resource.get("Condition") != "Notify"
    ]


def mail_policies(template: Template) -> list[str]:
    """Return who cannot use the encrypted topic though they publish to it, or may though they do not."""
    key = template["Resources"]["NotifyKey"]["Properties"]["KeyPolicy"]["Statement"]
    topic = template["Resources"]["NotifyTopicPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    publishers = {"cloudwatch.amazonaws.com", "events.amazonaws.com"}
    problems = []
    for what, statements, action in (("key", key, "kms:GenerateDataKey*"), ("topic", topic, "sns:Publish")):
        allowed = {
            entry["Principal"]["Service"]
            for entry in statements
            if entry["Effect"] == "Allow" and "Service" in entry["Principal"] and action in _listed(entry["Action"])
        }
        problems += [f"{service} may not use the {what}" for service in sorted(publishers - allowed)]
        problems += [f"{service} may use the {what}" for service in sorted(allowed - publishers)]
    return problems


def mail_text(template: Template) -> list[str]:
    """Return what the mail about an event would show that no event has, and what it has and does not show."""
    rule = template["Resources"]["NotifyRule"]["Properties"]
    transformer = rule["Targets"][0]["InputTransformer"]
    told = {f"$.detail.{name}" for event in EVENTS for name in event.model_fields} | {"$.detail-type"}
    paths: dict[str, str] = transformer["InputPathsMap"]
    shown = set(re.findall(r"<(\w+)>", transformer["InputTemplate"]))
    problems = [f"no event has {path}" for path in paths.values() if path not in told]
    problems += [f"the mail does not show {name}" for name in sorted(paths.keys() - shown)]
    problems += [f"the mail shows {name}, which is no path" for name in sorted(shown - paths.keys())]
    if rule["EventPattern"] != {"source": [SOURCE], "detail": {"bucket": [{"Ref": "Bucket"}]}}:
        problems.append("the mail is not about this stack's events, or not about all of them")
    return problems


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def runbook(template: Template) -> list[str]:
    """Return alarms that do not say where to read on, and sections about alarms that there are not."""
    sections = set(re.findall(r"^### (\w+Alarm)$", RUNBOOK.read_text(), re.MULTILINE))
    alarms = alarms_of(template)
    problems = [f"{name} has no section in the runbook" for name in sorted(alarms.keys() - sections)]
    problems += [f"the runbook tells of {name}, which does not exist" for name in sorted(sections - alarms.keys())]
    return problems + [
        f"{name} does not name its section"
        for name, alarm in alarms.items()
        if not alarm["AlarmDescription"].endswith(f"See {name} in docs/operations.md.")
    ]


def dashboard(template: Template) -> list[str]:
    """Return what the dashboard shows that does not exist, and what it does not show."""
    (board,) = of_type(template, "AWS::CloudWatch::Dashboard").values()
    text = board["DashboardBody"]["Fn::Sub"]
    try:
        widgets = json.loads(_with_numbers(text))["widgets"]
    except json.JSONDecodeError as error:
        return [f"the dashboard is no JSON: {error.msg}"]
    shown = list(_metrics_shown(widgets))
    named = set(re.findall(r"\$\{(\w+)[.}]", text))
    listed = {alarm for widget in widgets for alarm in widget["properties"].get("alarms", ())}
    problems = [
        f"the dashboard shows {namespace} {metric}, which nobody reports"
        for namespace, metric, dimension, _ in shown
        if not _exists(namespace, metric, {dimension})
    ]
    known = template["Resources"].keys() | template["Parameters"].keys()
    problems += [f"the dashboard names {name}, which does not exist" for name in sorted(named - known)]
    problems += [
        f"the dashboard leaves {entry.name} out"
        for entry in METRICS
        if (NAMESPACE, entry.name, DIMENSION, "${AWS::StackName}") not in shown
    ]
    problems += [
        f"the dashboard leaves the errors of {name} out"
        for name in functions(template)
        if ("AWS/Lambda", "Errors", "FunctionName", f"${{{name}}}") not in shown
    ]
    problems += [
        f"the dashboard leaves {name} out"
        for name in of_type(template, "AWS::SQS::Queue")
        if ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", f"${{{name}.QueueName}}") not in shown
    ]
    return problems + [
        f"the dashboard leaves {name} out" for name in alarms_of(template) if f"${{{name}.Arn}}" not in listed
    ]


def _with_numbers(text: str) -> str:
    """Return the body with a number where a parameter stands without quotation marks."""
    return re.sub(r": \$\{\w+\}", ": 1", text)


def _metrics_shown(widgets: list[dict[str, Any]]) -> Iterator[tuple[str, str, str, str]]:
    for widget in widgets:
        for namespace, metric, dimension, value, *_ in widget["properties"].get("metrics", ()):
            yield namespace, metric, dimension, value


RULES: tuple[Callable[[Template], list[str]], ...] = (
    metrics_of_alarms,
    missing_data,
    mail,
    mail_policies,
    mail_text,
    runbook,
    dashboard,
)
