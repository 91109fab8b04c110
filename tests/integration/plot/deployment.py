"""The template's resources in moto: what the plot touches, made with plain calls, since moto knows no SAM."""

import functools
import io
import json
import zipfile
from typing import Any

import boto3

from tests.integration.plot.template_values import ACCOUNT, REGION, TemplateValues

TOLD_QUEUE = "told"
"""A queue of the tests' own, which gets every event that Showrunner puts on the bus."""


@functools.cache
def client(service: str) -> Any:
    """Return a client; it is made within moto, which gives it credentials that are none."""
    return boto3.client(service, region_name=REGION)  # type: ignore[call-overload]  # the name is a variable


def deploy(values: TemplateValues, definition: dict[str, Any], fal_key: str) -> None:
    """Make the bucket, the ledger, the queues, the functions, the state machine, the rule and the secret."""
    _make_queues(values)
    _make_bucket_and_rule(values)
    for name, properties in values.of_type("AWS::DynamoDB::Table").items():
        client("dynamodb").create_table(
            TableName=name, **{key: properties[key] for key in ("BillingMode", "AttributeDefinitions", "KeySchema")}
        )
    client("secretsmanager").create_secret(Name=values.ref("FalKeySecretName"), SecretString=fal_key)
    role = _make_role()
    for name in values.of_type("AWS::Serverless::Function"):
        client("lambda").create_function(
            FunctionName=name, Runtime="python3.13", Handler="app.handler", Role=role, Code={"ZipFile": _empty_zip()}
        )
    name = values.name("Plot")
    client("stepfunctions").create_state_machine(name=name, definition=json.dumps(definition), roleArn=role)


def _make_queues(values: TemplateValues) -> None:
    sqs = client("sqs")
    attributes = ("VisibilityTimeout", "DelaySeconds", "RedrivePolicy")
    queues = values.of_type("AWS::SQS::Queue")
    for name, properties in sorted(queues.items(), key=lambda entry: "RedrivePolicy" in entry[1]):
        given = {key: values.resolve(properties[key]) for key in attributes if key in properties}
        sqs.create_queue(
            QueueName=name,
            Attributes={
                key: json.dumps(value) if isinstance(value, dict) else str(value) for key, value in given.items()
            },
        )
    sqs.create_queue(QueueName=TOLD_QUEUE)


def _make_bucket_and_rule(values: TemplateValues) -> None:
    s3, events = client("s3"), client("events")
    for name in values.of_type("AWS::S3::Bucket"):
        s3.create_bucket(Bucket=values.name(name))
        s3.put_bucket_notification_configuration(
            Bucket=values.name(name), NotificationConfiguration={"EventBridgeConfiguration": {}}
        )
    for name, properties in values.of_type("AWS::Events::Rule").items():
        events.put_rule(Name=name, EventPattern=json.dumps(values.resolve(properties["EventPattern"])))
        events.put_targets(Rule=name, Targets=values.resolve(properties["Targets"]))
    events.put_rule(Name="told", EventPattern=json.dumps({"source": ["showrunner"]}))
    events.put_targets(Rule="told", Targets=[{"Id": "1", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{TOLD_QUEUE}"}])


def _make_role() -> str:
    trust = {"Version": "2012-10-17", "Statement": []}
    role = client("iam").create_role(RoleName="any", AssumeRolePolicyDocument=json.dumps(trust))
    return str(role["Role"]["Arn"])


def _empty_zip() -> bytes:
    buffer = io.BytesIO()
    zipfile.ZipFile(buffer, "w").close()
    return buffer.getvalue()
