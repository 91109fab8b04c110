"""Deploying a packaged template by CloudFormation, and what came of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from local.aws.keep import ARTEFACTS
from local.aws.package import package

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from local.aws.clients import Clients

_TEMPLATE_KEY = "template.json"
_DEPLOYMENT_LIMIT = 60.0  # seconds


class DeploymentError(RuntimeError):
    """The template was refused, or one of its resources could not be made; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Stack:
    """A deployed template.

    Attributes
    ----------
    name
        Its name.
    outputs
        Output key to value.
    resources
        Logical id to physical id, such as a queue's URL or a function's name.
    tables
        Logical id to name, of the DynamoDB tables.
    """

    name: str
    outputs: Mapping[str, str]
    resources: Mapping[str, str]
    tables: Mapping[str, str]


def deploy(clients: Clients, template: Path, parameters: Mapping[str, str], name: str) -> Stack:
    """Package a SAM template, upload the artefacts and create the stack.

    Raises
    ------
    DeploymentError
        CloudFormation refused the template or could not make a resource.
    """
    packaged = package(template, ARTEFACTS, name, parameters)
    clients.s3.create_bucket(Bucket=ARTEFACTS)
    # The template, too, by its address: in the call itself it may have no more than 51,200 bytes.
    for key, content in {**packaged.artefacts, _TEMPLATE_KEY: packaged.body.encode()}.items():
        clients.s3.put_object(Bucket=ARTEFACTS, Key=key, Body=content)
    try:
        clients.cloudformation.create_stack(
            StackName=name,
            TemplateURL=f"{clients.endpoint}/{ARTEFACTS}/{_TEMPLATE_KEY}",
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        )
    except ClientError as error:
        raise DeploymentError(f"{template} was refused: {error.response['Error'].get('Message')}") from error
    return _finished(clients, template, name)


def _finished(clients: Clients, template: Path, name: str) -> Stack:
    """Wait for the stack and describe it."""
    deadline = time.monotonic() + _DEPLOYMENT_LIMIT
    while (stack := clients.cloudformation.describe_stacks(StackName=name)["Stacks"][0])["StackStatus"].endswith(
        "IN_PROGRESS"
    ):
        if time.monotonic() > deadline:
            raise DeploymentError(f"{template}: still {stack['StackStatus']} after {_DEPLOYMENT_LIMIT:.0f} s.")
        time.sleep(0.05)
    if stack["StackStatus"] != "CREATE_COMPLETE":
        raise DeploymentError(f"{template} was not deployed ({stack['StackStatus']}).\n{_failures(clients, name)}")
    pages = clients.cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
    summaries = [summary for page in pages for summary in page["StackResourceSummaries"]]
    return Stack(
        name=name,
        outputs={output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])},
        resources={each["LogicalResourceId"]: each["PhysicalResourceId"] for each in summaries},
        tables={
            each["LogicalResourceId"]: each["PhysicalResourceId"]
            for each in summaries
            if each["ResourceType"] == "AWS::DynamoDB::Table"
        },
    )


def _failures(clients: Clients, name: str) -> str:
    """Say which resources failed, and why, in the order of their failing."""
    events = clients.cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    return "\n".join(
        f"{event['LogicalResourceId']} ({event['ResourceType']}): {event.get('ResourceStatusReason', 'no reason')}"
        for event in reversed(events)
        if event["ResourceStatus"] == "CREATE_FAILED"
    )
