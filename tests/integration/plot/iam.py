"""IAM, as far as the template's roles go: moto lets everybody do everything, so that calls are held against roles here.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html, and for what a call
needs https://docs.aws.amazon.com/service-authorization/latest/reference/.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.integration.plot.template_values import ACCOUNT, REGION, TemplateValues

_PUT = {"PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"}
_COPY = {"CopyObject", "UploadPartCopy"}
_MISSING_IS_FORBIDDEN = "webhooks/"
"""The webhook, which everybody may call, may not list what there is."""


@dataclass(frozen=True)
class Need:
    """An action on a resource, with the keys of which a condition may ask, and their values."""

    action: str
    resource: str
    context: tuple[tuple[str, tuple[str, ...]], ...] = ()


def needs_of(service: str, operation: str, parameters: Mapping[str, Any]) -> list[Need]:
    """Return what a call has to be allowed; raises `LookupError` for a service that no function calls."""
    match service:
        case "s3":
            return list(_needs_of_s3(operation, parameters))
        case "dynamodb":
            return [
                Need(f"dynamodb:{action}", _arn("dynamodb", f"table/{table}"), (("dynamodb:LeadingKeys", tuple(keys)),))
                for action, table, keys in _items(operation, parameters)
            ]
        case "sqs":
            return [Need(f"sqs:{operation}", _arn("sqs", parameters["QueueUrl"].rpartition("/")[2]))]
        case "stepfunctions":
            arn = parameters.get("stateMachineArn") or parameters.get("executionArn") or "*"
            return [Need(f"states:{operation}", arn)]
        case "events":
            bus = _arn("events", "event-bus/default")
            sources = tuple(entry["Source"] for entry in parameters["Entries"])
            return [Need("events:PutEvents", bus, (("events:source", sources),))]
        case "secretsmanager":
            arn = _arn("secretsmanager", f"secret:{parameters['SecretId']}-a1B2c3")
            return [Need(f"secretsmanager:{operation}", arn)]
    raise LookupError(f"no role says anything about {service}")


def allows(statements: Sequence[Mapping[str, Any]], need: Need) -> bool:
    """Tell whether any of a role's statements, none of which denies, allows what is needed."""
    return any(
        need.action in _listed(statement["Action"])
        and any(_is_like(need.resource, pattern) for pattern in _listed(statement["Resource"]))
        and all(_holds(name, wanted, dict(need.context)) for name, wanted in statement.get("Condition", {}).items())
        for statement in statements
    )


def role_of(values: TemplateValues, function: str) -> list[dict[str, Any]]:
    """Return the statements of a function's role, with everything resolved."""
    role = values.of_type("AWS::Serverless::Function")[function]["Role"]["Fn::GetAtt"][0]
    policies = values.of_type("AWS::IAM::Role")[role]["Policies"]
    return [values.resolve(statement) for policy in policies for statement in policy["PolicyDocument"]["Statement"]]


def _needs_of_s3(operation: str, parameters: Mapping[str, Any]) -> Iterator[Need]:
    bucket = f"arn:aws:s3:::{parameters['Bucket']}"
    target = f"{bucket}/{parameters.get('Key', '')}"
    if operation == "ListObjectsV2":
        yield Need("s3:ListBucket", bucket, (("s3:prefix", (parameters["Prefix"],)),))
    elif operation in {"GetObject", "HeadObject"}:
        yield Need("s3:GetObject", target)
        if not target.startswith(f"{bucket}/{_MISSING_IS_FORBIDDEN}"):
            # Without it S3 says of a missing object that it is forbidden, and no prefix is asked for then:
            # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
            yield Need("s3:ListBucket", bucket)
    elif operation in _PUT:
        yield Need("s3:PutObject", target)
    elif operation in _COPY:
        source = parameters["CopySource"]
        yield Need("s3:GetObject", f"arn:aws:s3:::{source['Bucket']}/{source['Key']}")
        yield Need("s3:PutObject", target)
    else:
        yield Need(f"s3:{operation}", target)


def _items(operation: str, parameters: Mapping[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    """Return each action that a call of DynamoDB consists of, with its table and partition keys."""
    match operation:
        case "TransactWriteItems":
            for entry in parameters["TransactItems"]:
                ((kind, action),) = entry.items()
                yield (kind if kind == "ConditionCheckItem" else f"{kind}Item"), action["TableName"], _keys(action)
        case "BatchGetItem":
            for table, wanted in parameters["RequestItems"].items():
                yield operation, table, [key["pk"]["S"] for key in wanted["Keys"]]
        case "Query":
            yield operation, parameters["TableName"], [parameters["ExpressionAttributeValues"][":pk"]["S"]]
        case _:
            yield operation, parameters["TableName"], _keys(parameters)


def _keys(action: Mapping[str, Any]) -> list[str]:
    return [(action.get("Key") or action["Item"])["pk"]["S"]]


def _holds(operator: str, wanted: Mapping[str, Any], context: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether a condition holds; one without ``ForAllValues`` or ``IfExists`` needs the key to be there."""
    every = operator.startswith("ForAllValues:") or operator.endswith("IfExists")
    comparison = operator.removesuffix("IfExists")
    exact = comparison.endswith("StringEquals")
    if not exact and not comparison.endswith("StringLike"):
        raise LookupError(f"no role has a condition {operator}")
    for key, allowed in wanted.items():
        values = context.get(key, ())
        if not values and not every:
            return False
        for value in values:
            if not any(value == pattern if exact else _is_like(value, pattern) for pattern in _listed(allowed)):
                return False
    return True


def _is_like(text: str, pattern: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), text) is not None


def _listed(value: str | Sequence[str]) -> Sequence[str]:
    return [value] if isinstance(value, str) else value


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"
