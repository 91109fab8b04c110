"""What roles may do: all that their functions need, nothing that they never do, and nothing of everything.

Each rule returns what is wrong, one sentence for each fault.
"""

from collections.abc import Iterator
from typing import Any

from local.aws.template import Template
from tests.unit.template.call_graph import operations
from tests.unit.template.source import functions, of_type

Statement = dict[str, Any]

_ON_EVERYTHING = {
    # A token is no resource; who has one may answer it.
    "states:SendTaskSuccess": "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html",
    "states:SendTaskFailure": "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html",
    # Step Functions sets up the delivery of its own logs, which cannot be narrowed to one log group.
    **dict.fromkeys(
        (
            "logs:CreateLogDelivery",
            "logs:GetLogDelivery",
            "logs:UpdateLogDelivery",
            "logs:DeleteLogDelivery",
            "logs:ListLogDeliveries",
            "logs:PutResourcePolicy",
            "logs:DescribeResourcePolicies",
            "logs:DescribeLogGroups",
        ),
        "https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html",
    ),
}
"""Actions that may be allowed on every resource, and where AWS says why."""


def permissions(template: Template) -> list[str]:
    problems = []
    for name, properties in functions(template).items():
        granted = {action for statement in _statements(properties) for action in _actions(statement)}
        needed = operations(properties["CodeUri"])
        problems += [f"{name} may not {action}" for action in sorted(needed - granted)]
        problems += [f"{name} may {action}, and never does" for action in sorted(granted - needed)]
    return problems


def wildcards(template: Template) -> list[str]:
    problems = []
    for name, properties in _with_roles(template):
        problems += [f"{name} has a managed policy" for policy in properties["Policies"] if isinstance(policy, str)]
        for statement in _statements(properties):
            actions = _actions(statement)
            problems += [f"{name} may do {action}" for action in actions if "*" in action]
            if "*" in _resources(statement):
                problems += [f"{name} may {action} on everything" for action in actions if action not in _ON_EVERYTHING]
    return problems


def permissions_of_the_plot(template: Template) -> list[str]:
    """Compare what the plot calls with what it may call."""
    problems = []
    for name, plot in of_type(template, "AWS::Serverless::StateMachine").items():
        for reference in plot["DefinitionSubstitutions"].values():
            resource = reference["Ref"] if "Ref" in reference else reference["Fn::GetAtt"][0]
            kind = template["Resources"][resource]["Type"]
            action = "lambda:InvokeFunction" if kind == "AWS::Serverless::Function" else "sqs:SendMessage"
            arn = {"Fn::GetAtt": [resource, "Arn"]}
            if not any(action in _actions(entry) and arn in _resources(entry) for entry in _statements(plot)):
                problems.append(f"{name} may not {action} on {resource}")
    return problems


def _with_roles(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from functions(template).items()
    yield from of_type(template, "AWS::Serverless::StateMachine").items()


def _statements(properties: dict[str, Any]) -> list[Statement]:
    return [
        statement for policy in properties["Policies"] if isinstance(policy, dict) for statement in policy["Statement"]
    ]


def _actions(statement: Statement) -> list[str]:
    action = statement["Action"]
    return [action] if isinstance(action, str) else list(action)


def _resources(statement: Statement) -> list[Any]:
    resource = statement["Resource"]
    return resource if isinstance(resource, list) else [resource]


RULES = (permissions, wildcards, permissions_of_the_plot)
