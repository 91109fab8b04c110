"""Who calls what of AWS: every call of a function is noted, wherever its work is done, its own threads among them."""

import contextvars
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from botocore.client import BaseClient

from tests.integration.plot.functions import Functions, Handler
from tests.integration.plot.iam import Need, allows, needs_of, role_of
from tests.integration.plot.template_values import TemplateValues

_caller: contextvars.ContextVar[str | None] = contextvars.ContextVar("caller", default=None)


class WatchedCalls:
    """The calls that functions made, each with what it needs of the caller's role."""

    def __init__(self) -> None:
        self.made: set[tuple[str, Need]] = set()

    def watch(self, patch: pytest.MonkeyPatch) -> None:
        """Note the calls of all functions that are put on a stage from now on."""
        call, put, submit = getattr(BaseClient, "_make_api_call"), Functions.put, ThreadPoolExecutor.submit  # noqa: B009 - its stubs do not know it

        def note(client: BaseClient, operation: str, parameters: dict[str, Any]) -> object:
            caller = _caller.get()
            if caller:
                service = client.meta.service_model.service_name
                self.made |= {(caller, need) for need in needs_of(service, operation, parameters)}
            return call(client, operation, parameters)

        def put_watched(functions: Functions, name: str, handler: Handler) -> None:
            def watched(event: dict[str, Any], context: object) -> object:
                token = _caller.set(name)
                try:
                    return handler(event, context)
                finally:
                    _caller.reset(token)

            put(functions, name, watched)

        def submit_in_context(
            pool: ThreadPoolExecutor, work: Callable[..., Any], *given: Any, **named: Any
        ) -> Future[Any]:
            return submit(pool, contextvars.copy_context().run, work, *given, **named)

        patch.setattr(BaseClient, "_make_api_call", note)
        patch.setattr(Functions, "put", put_watched)
        patch.setattr(ThreadPoolExecutor, "submit", submit_in_context)

    def forbidden(self, values: TemplateValues) -> list[str]:
        """Return the calls that their callers' roles do not allow."""
        made = frozenset(self.made)  # a function may still be at work
        roles = {caller: role_of(values, caller) for caller, _ in made}
        return sorted(
            f"{caller} may not {need.action} on {need.resource} {dict(need.context)}"
            for caller, need in made
            if not allows(roles[caller], need)
        )
