"""A provider that is down: nobody is served, though what it has accepted goes on."""

from collections.abc import Callable

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from local.simulator.answers import nginx_error
from local.simulator.settings import LiveSettings


def closed_while_down(app: ASGIApp, settings: LiveSettings, unavailable: Callable[[], Response]) -> ASGIApp:
    """Answer every request with 503 while the settings say that the provider is down.

    Parameters
    ----------
    app
        The provider.
    settings
        Whose ``down`` says how; a provider that refuses connections is the server's business.
    unavailable
        Makes the provider's own answer that it is not available.
    """

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if settings.now.down == "unavailable_html":
            await nginx_error(503, "Service Temporarily Unavailable")(scope, receive, send)
        elif settings.now.down == "unavailable_json":
            await unavailable()(scope, receive, send)
        else:
            await app(scope, receive, send)

    return answer
