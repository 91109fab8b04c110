"""What roles may do: all that their functions need, nothing that they never do, and nothing of everything.

Each rule returns what is wrong, one sentence for each fault. IAM itself is asked nowhere: what a run really calls is
held against the same roles in ``tests/integration/plot/test_plot_permissions.py``.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from local.aws.template import Template
from tests.unit.template.call_graph import operations
from tests.unit.template.source import functions, of_type
from tests.unit.template.translation import translate

Statement = dict[str, Any]

_REFERENCE = "https://docs.aws.amazon.com/service-authorization/latest/reference/"

_LOGGING = frozenset({"logs:CreateLogStream", "logs:PutLogEvents"})
"""What Lambda does in a function's name: https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html.

The log group itself is the template's."""
_POLLING = frozenset({"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"})
"""The same for a queue's reader: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html."""

_ON_EVERYTHING = {
    # A token is no resource, and the actions have no resource type; who has a token may answer it.
    "states:SendTaskSuccess": f"{_REFERENCE}list_awsstepfunctions.html",
    "states:SendTaskFailure": f"{_REFERENCE}list_awsstepfunctions.html",
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

_MANY_OF_A_KIND = {
    # Objects below a folder: their names are addresses, episodes and runs.
    r"\$\{Bucket\.Arn\}/[a-z]+/.+": f"{_REFERENCE}list_amazons3.html",
    # Executions of the one state machine: their names are runs.
    r"arn:[^*?]+:execution:[^*?]+:\*": f"{_REFERENCE}list_awsstepfunctions.html",
    # Secrets Manager ends every ARN with six characters of its own.
    r"arn:[^*?]+:secret:\$\{[A-Z][A-Za-z]+SecretName\}-\?{6}": f"{_REFERENCE}list_awssecretsmanager.html",
}
"""Patterns that may stand for several resources, and where AWS says of what they consist."""

_BUYING = {"GeneratePortrait", "GenerateBackground", "Composite", "HedraSubmit", "CollectAsset", "Reconcile"}
"""The only functions that may write jobs, waiters and budgets; none of the others comes near money."""
_WRITING = {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}
_RUNS = ("EPISODE#", "OPEN-RUNS", "RUN#")
"""What the partitions begin with that hold runs and parts; see `shared.ledger.dynamodb`."""


def permissions(template: Template) -> list[str]:
    """Compare what functions may do with what their code does."""
    problems = []
    for name, properties in functions(template).items():
        granted = {action for statement in _statements(template, properties) for action in _actions(statement)}
        needed = operations(properties["CodeUri"]) | _LOGGING | (_POLLING if _polled(properties) else set())
        problems += [f"{name} may not {action}" for action in sorted(needed - granted)]
        problems += [f"{name} may {action}, and never does" for action in sorted(granted - needed)]
    return problems


def wildcards(template: Template) -> list[str]:
    """Look through all roles that there will be, also those that SAM makes."""
    problems = []
    for role, properties in of_type(translate(template), "AWS::IAM::Role").items():
        name = role.removesuffix("Role")
        problems += [f"{name} has the managed policy {arn}" for arn in properties.get("ManagedPolicyArns", [])]
        for statement in _role_statements(properties):
            if statement.keys() & {"NotAction", "NotResource", "NotPrincipal"}:
                problems.append(f"{name} may do all but something")
                continue
            actions = _actions(statement)
            problems += [f"{name} may do {action}" for action in actions if "*" in action]
            for resource in map(_text_of, _resources(statement)):
                if resource == "*":
                    problems += [
                        f"{name} may {action} on everything" for action in set(actions) - _ON_EVERYTHING.keys()
                    ]
                elif re.search(r"[*?]", resource) and not _is_of_a_kind(resource):
                    problems.append(f"{name} may {actions[0]} on whatever is like {resource}")
    return problems


def trust(template: Template) -> list[str]:
    """Return roles that anybody may take on but the service that they are for."""
    return [
        f"{role.removesuffix('Role')} may be taken on by {statement['Principal']}"
        for role, properties in of_type(translate(template), "AWS::IAM::Role").items()
        for statement in properties["AssumeRolePolicyDocument"]["Statement"]
        if not isinstance(statement["Principal"], dict) or statement["Principal"].keys() != {"Service"}
    ]


def own_log_and_queue(template: Template) -> list[str]:
    problems = []
    for name, properties in functions(template).items():
        log = properties.get("LoggingConfig", {}).get("LogGroup", {}).get("Ref")
        own = {action: {"Fn::GetAtt": [log, "Arn"]} for action in _LOGGING}
        own |= {action: queue for queue in _polled(properties) for action in _POLLING}
        for statement in _statements(template, properties):
            problems += [
                f"{name} may {action} on another's {_text_of(resource)}"
                for action in _actions(statement)
                for resource in _resources(statement)
                if action in own and resource != own[action]
            ]
    return problems


def money(template: Template) -> list[str]:
    """Return functions that may write what money hangs on, and need not: jobs, waiters, budgets."""
    return [
        f"{name} may write jobs and budgets"
        for name, properties in functions(template).items()
        if name not in _BUYING
        for statement in _statements(template, properties)
        if _WRITING & set(_actions(statement))
        and not all(key.startswith(_RUNS) for key in _condition(statement, "dynamodb:LeadingKeys") or ("",))
    ]


def events(template: Template) -> list[str]:
    """Return functions that may speak in another's name on the account's event bus."""
    return [
        f"{name} may put anybody's events on the bus"
        for name, properties in functions(template).items()
        for statement in _statements(template, properties)
        if "events:PutEvents" in _actions(statement) and _condition(statement, "events:source") != ["showrunner"]
    ]


def permissions_of_the_plot(template: Template) -> list[str]:
    """Compare what the plot calls with what it may call."""
    problems = []
    for name, plot in of_type(template, "AWS::Serverless::StateMachine").items():
        statements = [statement for policy in plot["Policies"] for statement in policy["Statement"]]
        for reference in plot["DefinitionSubstitutions"].values():
            resource = reference["Ref"] if "Ref" in reference else reference["Fn::GetAtt"][0]
            kind = template["Resources"][resource]["Type"]
            action = "lambda:InvokeFunction" if kind == "AWS::Serverless::Function" else "sqs:SendMessage"
            arn = {"Fn::GetAtt": [resource, "Arn"]}
            if not any(action in _actions(entry) and arn in _resources(entry) for entry in statements):
                problems.append(f"{name} may not {action} on {resource}")
    return problems


def _statements(template: Template, function: dict[str, Any]) -> list[Statement]:
    """Return what a function's role allows; nothing where SAM is to make the role, which `wildcards` reports."""
    role = function.get("Role", {}).get("Fn::GetAtt", [None])[0]
    return list(_role_statements(template["Resources"][role]["Properties"])) if role else []


def _role_statements(role: dict[str, Any]) -> Iterator[Statement]:
    for policy in role.get("Policies", []):
        yield from policy["PolicyDocument"]["Statement"]


def _polled(function: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the ARNs of the queues that a function reads."""
    events = function.get("Events", {}).values()
    return [event["Properties"]["Queue"] for event in events if event["Type"] == "SQS"]


def _condition(statement: Statement, key: str) -> list[str] | None:
    """Return the values that a condition allows for a key; None where there is no such condition."""
    for wanted in statement.get("Condition", {}).values():
        if key in wanted:
            return [wanted[key]] if isinstance(wanted[key], str) else list(wanted[key])
    return None


def _actions(statement: Statement) -> list[str]:
    action = statement["Action"]
    return [action] if isinstance(action, str) else list(action)


def _resources(statement: Statement) -> list[Any]:
    resource = statement["Resource"]
    return resource if isinstance(resource, list) else [resource]


def _text_of(resource: Any) -> str:
    """Return a resource as it stands in the template; a reference to one has no wildcards."""
    return str(resource.get("Fn::Sub", next(iter(resource.values()))) if isinstance(resource, dict) else resource)


def _is_of_a_kind(resource: str) -> bool:
    return any(re.fullmatch(pattern, resource) for pattern in _MANY_OF_A_KIND)


RULES: tuple[Callable[[Template], list[str]], ...] = (
    permissions,
    wildcards,
    trust,
    own_log_and_queue,
    money,
    events,
    permissions_of_the_plot,
)
