"""What every resource of the template must keep to.

Each rule returns what is wrong, one sentence for each fault.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from pydantic_core import PydanticUndefined

from local.aws.template import Template
from shared.runtime import settings
from shared.webhooks.settings import WebhookSettings
from tests.unit.template.source import ROOT, functions, of_type
from tests.unit.template.translation import translate

_VISIBILITY = 6  # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
_DEFAULT_VISIBILITY = 30
_SECRET = re.compile(r"KEY|SECRET|TOKEN|PASSWORD|CREDENTIAL")
_PRUNED = {"derived/", "callbacks/"}
"""All that may be made or asked for again; see `shared.keys`. What was bought, and people's own files, stay."""


def functions_and_folders(template: Template) -> list[str]:
    declared = sorted(properties["CodeUri"].removesuffix("/") for properties in functions(template).values())
    there = sorted(f"functions/{path.parent.name}" for path in ROOT.glob("functions/*/app.py"))
    return [f"{folder} is on one side only" for folder in sorted(set(declared) ^ set(there))] + [
        f"{folder} is used by several functions" for folder in sorted(set(declared)) if declared.count(folder) > 1
    ]


def logs(template: Template) -> list[str]:
    """Return what writes a log that is not the template's own: Lambda would make one that is kept for ever."""
    kept = {name for name, group in of_type(template, "AWS::Logs::LogGroup").items() if group.get("RetentionInDays")}
    problems = [
        f"{name} has no log group with a retention"
        for name, properties in functions(template).items()
        if properties.get("LoggingConfig", {}).get("LogGroup", {}).get("Ref") not in kept
    ]
    for name, plot in of_type(template, "AWS::Serverless::StateMachine").items():
        written = [
            entry["CloudWatchLogsLogGroup"]["LogGroupArn"]["Fn::GetAtt"][0] for entry in plot["Logging"]["Destinations"]
        ]
        if not written or not kept.issuperset(written):
            problems.append(f"{name} has no log group with a retention")
        if plot["Logging"].get("IncludeExecutionData"):
            problems.append(f"{name} logs its data, task tokens among them")
    return problems


def queues(template: Template) -> list[str]:
    found = of_type(template, "AWS::SQS::Queue")
    dead_letters = {
        properties["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        for properties in found.values()
        if "RedrivePolicy" in properties
    }
    watched = {
        alarm["Dimensions"][0]["Value"]["Fn::GetAtt"][0]
        for alarm in of_type(template, "AWS::CloudWatch::Alarm").values()
        if alarm["MetricName"] == "ApproximateNumberOfMessagesVisible"
    }
    problems = [f"{name} does not exist" for name in dead_letters - found.keys()]
    problems += [f"nobody is told of what lies in {name}" for name in dead_letters - watched]
    for name, properties in found.items():
        if not properties.get("SqsManagedSseEnabled"):
            problems.append(f"{name} is not encrypted")
        if name not in dead_letters and "RedrivePolicy" not in properties:
            problems.append(f"{name} has no dead-letter queue")
    return problems


def queue_policies(template: Template) -> list[str]:
    """Return queues without a policy that asks for TLS, and policies that SQS would not take.

    A queue has one policy, and its statements are about that queue:
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-creating-custom-policies.html
    """
    policies = [
        (queue["Ref"], properties["PolicyDocument"]["Statement"])
        for properties in of_type(template, "AWS::SQS::QueuePolicy").values()
        for queue in properties["Queues"]
    ]
    problems = [
        f"{statement['Sid']} is not about {queue}"
        for queue, statements in policies
        for statement in statements
        if statement["Resource"] not in ("*", {"Fn::GetAtt": [queue, "Arn"]})
    ]
    for name in of_type(template, "AWS::SQS::Queue"):
        own = [statements for queue, statements in policies if queue == name]
        if len(own) > 1:
            problems.append(f"{name} has several policies, of which the last wins")
        if not any(_is_tls_only(statement, "sqs:*") for statements in own for statement in statements):
            problems.append(f"{name} may be used without TLS")
    return problems


def _is_tls_only(statement: Mapping[str, Any], action: str) -> bool:
    asked = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Condition": {"Bool": {"aws:SecureTransport": False}},
    }
    return {name: statement.get(name) for name in asked} == asked


def visibility(template: Template) -> list[str]:
    standard = template["Globals"]["Function"]["Timeout"]
    problems = []
    for name, properties in functions(template).items():
        timeout = properties.get("Timeout", standard)
        for event in properties.get("Events", {}).values():
            if event["Type"] != "SQS":
                continue
            queue = event["Properties"]["Queue"]["Fn::GetAtt"][0]
            hidden = of_type(template, "AWS::SQS::Queue")[queue].get("VisibilityTimeout", _DEFAULT_VISIBILITY)
            if hidden < _VISIBILITY * timeout:
                problems.append(f"{queue} hides messages for {hidden} s, while {name} may take {timeout} s")
            if event["Properties"].get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
                problems.append(f"{name} brings back a whole batch when one message fails")
            if "MaximumConcurrency" not in event["Properties"].get("ScalingConfig", {}):
                problems.append(f"{name} reads {queue} with no bound on its concurrency")
    return problems


def storage(template: Template) -> list[str]:
    problems = [
        f"{name} goes away with the stack"
        for name, resource in template["Resources"].items()
        if resource["Type"] in {"AWS::S3::Bucket", "AWS::DynamoDB::Table"}
        and {resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy")} != {"Retain"}
    ]
    for name, bucket in of_type(template, "AWS::S3::Bucket").items():
        blocked = bucket.get("PublicAccessBlockConfiguration", {})
        policies = [
            policy["PolicyDocument"]["Statement"]
            for policy in of_type(template, "AWS::S3::BucketPolicy").values()
            if policy["Bucket"] == {"Ref": name}
        ]
        if [*blocked.values()] != [True] * 4:
            problems.append(f"{name} may be made public")
        if "BucketEncryption" not in bucket:
            problems.append(f"{name} is not encrypted")
        if not any(_is_tls_only(statement, "s3:*") for statements in policies for statement in statements):
            problems.append(f"{name} may be used without TLS")
    for name, table in of_type(template, "AWS::DynamoDB::Table").items():
        if not table.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled"):
            problems.append(f"{name} cannot be brought back to an earlier state")
        if not table.get("SSESpecification", {}).get("SSEEnabled"):
            problems.append(f"{name} is not encrypted")
    return problems


def environments(template: Template) -> list[str]:
    """Compare each function's environment with the settings that it reads."""
    shared = template["Globals"]["Function"]["Environment"]["Variables"]
    problems = []
    for name, properties in functions(template).items():
        given = {**shared, **properties.get("Environment", {}).get("Variables", {})}
        wanted, needed = _settings_of(properties["CodeUri"])
        problems += [f"{name} lacks {variable}" for variable in sorted(needed - given.keys())]
        extra = given.keys() - shared.keys() - wanted
        problems += [f"{name} has {variable}, which it does not read" for variable in sorted(extra)]
    return problems


def _settings_of(code_uri: str) -> tuple[set[str], set[str]]:
    """Return the variables that a function reads, and those that it cannot do without."""
    code = (ROOT / code_uri / "app.py").read_text()
    if "buying_handler" in code:
        code = (ROOT / "shared/runtime/buying.py").read_text()
    model_name = re.search(r"(\w+Settings)\.from_environment", code)
    if model_name is None or model_name[1] == WebhookSettings.__name__:
        needed = set(re.findall(r'os\.environ\["(\w+)"\]', code))
        wanted = {field.name.upper() for field in fields(WebhookSettings)} if model_name else set()
        return needed | wanted | set(re.findall(r'os\.environ\.get\("(\w+)"', code)), needed
    model = getattr(settings, model_name[1])
    wanted = {name.upper() for name in model.model_fields}
    needed = {name.upper() for name, entry in model.model_fields.items() if entry.default is PydanticUndefined}
    # What is open to laptops is not open on AWS: there, the key lies in a secret, and endpoints are parameters.
    if issubclass(model, settings.FalSettings):
        needed.add("FAL_KEY_SECRET")
    if issubclass(model, settings.EndpointSettings):
        needed |= {name.upper() for name in settings.EndpointSettings.model_fields}
    return wanted, needed


def secrets_in_environments(template: Template) -> list[str]:
    names = {
        f"{function}.{variable}": value
        for function, properties in functions(template).items()
        for variable, value in properties.get("Environment", {}).get("Variables", {}).items()
        if _SECRET.search(variable) or "resolve:" in str(value)
    }
    return [
        f"{name} puts a secret into the environment"
        for name, value in names.items()
        if not str(value.get("Ref", "") if isinstance(value, dict) else "").endswith("SecretName")
    ]


def public_function_urls(template: Template) -> list[str]:
    """Return function URLs without the two permissions that the public needs since October 2025.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
    """
    translated = translate(template)
    permissions = [
        (entry["FunctionName"]["Ref"], entry["Action"], bool(entry.get("InvokedViaFunctionUrl")))
        for entry in of_type(translated, "AWS::Lambda::Permission").values()
        if entry["Principal"] == "*"
    ]
    needed = (("lambda:InvokeFunctionUrl", False), ("lambda:InvokeFunction", True))
    problems = [
        f"the URL of {name} lacks {action}"
        for name, properties in functions(template).items()
        if properties.get("FunctionUrlConfig", {}).get("AuthType") == "NONE"
        for action, by_url in needed
        if (name, action, by_url) not in permissions
    ]
    # Whoever may call the function past its URL makes up the headers that the URL would have set.
    return problems + [
        f"{name} may be called by anybody, and not only by its URL"
        for name, action, by_url in permissions
        if action == "lambda:InvokeFunction" and not by_url
    ]


def expiry(template: Template) -> list[str]:
    """Return what would be deleted though it is paid for or somebody's own, and what would be kept for ever."""
    problems = []
    for name, bucket in of_type(template, "AWS::S3::Bucket").items():
        rules = bucket.get("LifecycleConfiguration", {}).get("Rules", [])
        expiring = {rule.get("Prefix", "") for rule in rules if "ExpirationInDays" in rule}
        problems += [f"{name} deletes {prefix or 'everything'}" for prefix in sorted(expiring - _PRUNED)]
        problems += [f"{name} keeps {prefix} for ever" for prefix in sorted(_PRUNED - expiring)]
        if not any("AbortIncompleteMultipartUpload" in rule for rule in rules):
            problems.append(f"{name} keeps unfinished uploads for ever")
        if not any("NoncurrentVersionExpiration" in rule and "Prefix" not in rule for rule in rules):
            problems.append(f"{name} keeps old versions for ever")
    return problems


def webhook_concurrency(template: Template) -> list[str]:
    """Return public functions whose concurrency cannot be bounded, or is bounded where an account cannot afford it."""
    reserved = {"Fn::If": ["ReserveWebhookConcurrency", {"Ref": "WebhookConcurrency"}, {"Ref": "AWS::NoValue"}]}
    unset = {"Fn::Not": [{"Fn::Equals": [{"Ref": "WebhookConcurrency"}, 0]}]}
    bounded = template["Conditions"].get("ReserveWebhookConcurrency") == unset
    return [
        f"the concurrency of {name} is no parameter with 0 for none"
        for name, properties in functions(template).items()
        if "FunctionUrlConfig" in properties
        and not (bounded and properties.get("ReservedConcurrentExecutions") == reserved)
    ]


RULES: tuple[Callable[[Template], list[str]], ...] = (
    functions_and_folders,
    logs,
    queues,
    queue_policies,
    visibility,
    storage,
    expiry,
    environments,
    secrets_in_environments,
    webhook_concurrency,
    public_function_urls,
)
