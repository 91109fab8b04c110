"""Which operations of AWS a function may come to call, read from the code without running it.

From a function's ``app.py`` on, every name that is mentioned is followed through `shared.workflow`,
`shared.runtime` and `shared.webhooks`; a call on something that is named like a port is one on its adapter. More may
be followed than ever runs, never less: names decide, not types.
"""

import ast
import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

from tests.unit.template.source import ROOT

_PACKAGES = ("workflow", "runtime", "webhooks")

_PORTS = {
    "bucket": "S3Bucket",
    "store": "S3WebhookStore",
    "ledger": "DynamoLedger",
    "tokens": "SfnTaskTokens",
    "executions": "SfnExecutions",
    "queue": "SqsQueue",
    "inbox": "SqsQueue",
    "requests": "SqsQueue",
    "events": "EventBridgeEvents",
    "dead_letters": "SqsDeadLetters",
}
"""Adapters by the names under which the code holds them, with or without an underscore before it."""

_ADAPTERS = {
    "S3Bucket": ("shared/aws/bucket.py", "s3"),
    "S3WebhookStore": ("shared/aws/webhook_store.py", "s3 unlisted"),
    "DynamoLedger": ("shared/ledger/dynamodb.py", "dynamodb"),
    "SfnTaskTokens": ("shared/aws/step_functions.py", "states"),
    "SfnExecutions": ("shared/aws/step_functions.py", "states"),
    "SqsQueue": ("shared/aws/queue.py", "sqs"),
    "SqsDeadLetters": ("shared/aws/dead_letters.py", "sqs"),
    "EventBridgeEvents": ("shared/aws/event_bus.py", "events"),
}
"""Where each adapter is written, and the prefix of its service's actions; unlisted: missing is as good as forbidden."""

_S3_ACTIONS = {
    # Without s3:ListBucket, S3 says of a missing object that it is forbidden.
    "get_object": {"s3:GetObject", "s3:ListBucket"},
    "head_object": {"s3:GetObject", "s3:ListBucket"},
    "put_object": {"s3:PutObject"},
    "upload_file": {"s3:PutObject", "s3:AbortMultipartUpload"},
    "copy_object": {"s3:GetObject", "s3:ListBucket", "s3:PutObject"},
    "copy": {"s3:GetObject", "s3:ListBucket", "s3:PutObject", "s3:AbortMultipartUpload"},  # in parts
    "list_objects_v2": {"s3:ListBucket"},
}
_TRANSACTED = {"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}

_OTHERWISE = {
    # Powertools' parameters, which get the key of fal.
    "get_secret": {"secretsmanager:GetSecretValue"},
    # By it failed messages come back after a growing delay; its client comes as an argument.
    "handle_messages": {"sqs:ChangeMessageVisibility"},
}


@dataclass(frozen=True)
class _Module:
    """A module's code, its functions by name, the names that it imports of other modules, and its classes' methods."""

    tree: ast.Module
    functions: dict[str, ast.FunctionDef]
    imports: dict[str, str]
    methods: dict[str, list[ast.FunctionDef]]
    private_methods: dict[str, list[ast.FunctionDef]]


def operations(code_uri: str) -> set[str]:
    """Return the IAM actions that a function needs for all that it may call."""
    app = _read(ROOT / code_uri / "app.py")
    needed: set[str] = set()
    seen: set[int] = set()
    waiting: list[tuple[_Module, ast.AST]] = [(app, app.tree)]
    while waiting:
        module, body = waiting.pop()
        if id(body) in seen:
            continue
        seen.add(id(body))
        for node in ast.walk(body):
            name = _name_of(node)
            adapter = _adapter_called(node)
            if adapter:
                needed |= adapter_actions(adapter, name)
            elif isinstance(node, ast.Name):
                needed |= _OTHERWISE.get(name, set()) | _actions_of_function(name, module)
                waiting += _functions_named(name, module)
            elif name:
                needed |= _OTHERWISE.get(name, set())
                waiting += _methods_named(name, module)
    return needed


def _name_of(node: ast.AST) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _adapter_called(node: ast.AST) -> str | None:
    if not isinstance(node, ast.Attribute):
        return None
    adapter = _PORTS.get(_name_of(node.value).removeprefix("_"))
    return adapter if adapter and node.attr in _methods(adapter) else None


def _functions_named(name: str, module: _Module) -> list[tuple[_Module, ast.AST]]:
    """Return the function that a module means by a name: its own, or one that it imports."""
    if name in module.functions:
        return [(module, module.functions[name])]
    source = _modules().get(module.imports.get(name, ""))
    return _functions_named(name, source) if source else []


def _actions_of_function(name: str, module: _Module) -> frozenset[str]:
    """Return what a function needs that a module imports from among the adapters."""
    source = module.imports.get(name, "")
    service = {path.removesuffix(".py").replace("/", "."): service for path, service in _ADAPTERS.values()}.get(source)
    adapters = _read(ROOT / f"{source.replace('.', '/')}.py") if service else None
    if service is None or adapters is None or name not in adapters.functions:
        return frozenset()
    return _client_actions(adapters.functions[name], service, adapters)


def _methods_named(name: str, module: _Module) -> list[tuple[_Module, ast.AST]]:
    """Return all methods of a name; those of a private class are called in their own module only."""
    found: list[tuple[_Module, ast.AST]] = [(module, method) for method in module.private_methods.get(name, [])]
    return found + [(other, method) for other in _modules().values() for method in other.methods.get(name, [])]


@functools.cache
def _modules() -> dict[str, _Module]:
    paths = (path for package in _PACKAGES for path in sorted((ROOT / "shared" / package).glob("*.py")))
    return {f"shared.{path.parent.name}.{path.stem}": _read(path) for path in paths}


@functools.cache
def _read(path: Path) -> _Module:
    tree = ast.parse(path.read_text())
    methods: dict[str, list[ast.FunctionDef]] = {}
    private_methods: dict[str, list[ast.FunctionDef]] = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            for method in _functions_in(node.body):
                (private_methods if node.name.startswith("_") else methods).setdefault(method.name, []).append(method)
    imports = {
        alias.asname or alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    functions = {function.name: function for function in _functions_in(tree.body)}
    return _Module(tree, functions, imports, methods, private_methods)


def _functions_in(body: list[ast.stmt]) -> list[ast.FunctionDef]:
    return [node for node in body if isinstance(node, ast.FunctionDef)]


@functools.cache
def adapter_actions(adapter: str, method: str) -> frozenset[str]:
    """Return the actions that a method of an adapter needs, with those of what it calls in its own module."""
    _, service = _ADAPTERS[adapter]
    module, body = _methods(adapter)[method]
    called = [node.attr for node in ast.walk(body) if _is_on(node, "self")]
    actions = [adapter_actions(adapter, name) for name in called if name != method and name in _methods(adapter)]
    return _client_actions(body, service, module).union(*actions)


def _client_actions(body: ast.AST, service: str, module: _Module) -> frozenset[str]:
    """Return the actions behind the calls of a client, here and in the module's own functions."""
    actions: set[str] = set()
    for node in ast.walk(body):
        match node:
            case ast.Attribute(value=ast.Attribute(attr="_client") | ast.Name(id="client"), attr=operation):
                actions |= _actions_of(service, operation)
            case ast.Call(func=ast.Attribute(attr="get_paginator"), args=[ast.Constant(value=str(operation))]):
                actions |= _actions_of(service, operation)
            case ast.Constant(value=str(text)) if service == "dynamodb" and text in _TRANSACTED:
                actions.add(f"dynamodb:{_TRANSACTED[text]}")
            case ast.Name(id=name) if name in module.functions and module.functions[name] is not body:
                actions |= _client_actions(module.functions[name], service, module)
    return frozenset(actions)


def _is_on(node: ast.AST, holder: str) -> TypeGuard[ast.Attribute]:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == holder


def _actions_of(service: str, operation: str) -> set[str]:
    if operation in {"exceptions", "get_paginator", "transact_write_items"}:
        return set()
    if service == "s3":
        return _S3_ACTIONS[operation]
    if service == "s3 unlisted":
        return _S3_ACTIONS[operation] - {"s3:ListBucket"}
    return {f"{service}:{''.join(word.capitalize() for word in operation.split('_'))}"}


@functools.cache
def _methods(adapter: str) -> dict[str, tuple[_Module, ast.FunctionDef]]:
    """Return an adapter's methods, its own and inherited ones, each with the module that it is written in."""
    return _methods_of_class(adapter, _read(ROOT / _ADAPTERS[adapter][0]))


def _methods_of_class(name: str, module: _Module) -> dict[str, tuple[_Module, ast.FunctionDef]]:
    (written,) = (node for node in module.tree.body if isinstance(node, ast.ClassDef) and node.name == name)
    methods: dict[str, tuple[_Module, ast.FunctionDef]] = {}
    for base in written.bases:
        source = module.imports.get(_name_of(base), "")
        if source.startswith("shared."):
            methods |= _methods_of_class(_name_of(base), _read(ROOT / f"{source.replace('.', '/')}.py"))
    return methods | {method.name: (module, method) for method in _functions_in(written.body)}
