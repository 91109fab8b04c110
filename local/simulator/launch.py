"""Running a simulated provider as a process: its command line, its two ports, and its end."""

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import ssl

    from starlette.responses import Response
    from starlette.types import ASGIApp

    from local.simulator.account import Account
    from local.simulator.server import Server
    from local.simulator.settings import LiveSettings, Settings

# Worker processes import this module too, and need nothing of what is imported below.


@dataclass(frozen=True, slots=True)
class Launch:
    """What the command line says to the simulator.

    Attributes
    ----------
    state_dir
        Where everything is kept.
    base_url
        The address that it is reached at.
    key
        The account's key; None for the last one, or a new one.
    webhook_routes
        Base addresses by the end of a webhook URL's host.
    input_origins
        Where inputs may be fetched from beside the simulator itself.
    studio
        The module that draws and films; None for the usual one.
    """

    state_dir: Path
    base_url: str
    key: str | None
    webhook_routes: dict[str, str]
    input_origins: tuple[str, ...]
    studio: str | None

    def settings(self, usual: "Settings") -> "Settings":
        """Return the provider's usual settings with what the command line says."""
        return usual.model_copy(update={"webhook_routes": self.webhook_routes, "input_origins": self.input_origins})


class Servable(Protocol):
    """A simulated provider."""

    @property
    def app(self) -> "ASGIApp":
        """The provider and the simulator's own API."""
        ...

    @property
    def settings(self) -> "LiveSettings":
        """How it behaves."""
        ...

    @property
    def account(self) -> "Account":
        """The account that calls it."""
        ...

    def unavailable(self) -> "Response":
        """Answer that the provider is not available, in its own words."""
        ...

    def start(self) -> None:
        """Take up what was under way when it last stopped."""
        ...

    async def stop(self) -> None:
        """Stop everything; what is under way is kept."""
        ...


def run(package: str, name: str, open_simulator: Callable[[Launch], Servable]) -> None:
    """Serve until SIGTERM, SIGINT or, if asked for, the end of the input; the first line of the output says where.

    Parameters
    ----------
    package
        What was run, as ``python -m`` names it.
    name
        The provider's name.
    open_simulator
        Makes the simulator once its address is known.
    """
    arguments = _parse_arguments(package, name)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    # A cut connection is what a fault asks for, not news.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    arguments.state_dir.mkdir(parents=True, exist_ok=True)
    asyncio.run(_serve(arguments, open_simulator))


async def _serve(arguments: argparse.Namespace, open_simulator: Callable[[Launch], Servable]) -> None:
    from local.simulator.certificates import prepare_certificates, server_context
    from local.simulator.control_api import PREFIX
    from local.simulator.outages import closed_while_down
    from local.simulator.process import Facts

    state_dir: Path = arguments.state_dir
    certificates: Path = arguments.certificates or state_dir
    ca_file = prepare_certificates(certificates)
    tls = server_context(certificates)
    public_server = _open_server(arguments.port, state_dir / "port", tls)
    # The simulator's own API stays within reach while the provider is down.
    own_server = _open_server(0, state_dir / "control-port", tls)
    host = f"127.0.0.1:{public_server.port}"
    simulator = open_simulator(
        Launch(
            state_dir=state_dir,
            base_url=f"https://{host}",
            key=arguments.key,
            webhook_routes=dict(arguments.webhook_route),
            input_origins=tuple(arguments.input_origin),
            studio=arguments.studio,
        )
    )
    stop = asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_number, stop.set)
    if arguments.until_input_ends:
        _set_at_end_of_input(stop)

    def open_or_refuse(settings: "Settings") -> None:
        if settings.down == "refuses_connections":
            public_server.refuse()
        else:
            public_server.listen()

    simulator.settings.watch(open_or_refuse)
    public_server.serve(closed_while_down(simulator.app, simulator.settings, simulator.unavailable))
    own_server.serve(simulator.app)
    simulator.start()
    facts = Facts(
        host=host,
        ca_file=str(ca_file.resolve()),
        control_url=f"https://127.0.0.1:{own_server.port}{PREFIX}",
        user_id=simulator.account.user_id,
        key=simulator.account.key,
    )
    print(facts.model_dump_json(), flush=True)
    await stop.wait()
    await public_server.close()
    await own_server.close()
    await simulator.stop()


def _open_server(port: int, remembered: Path, tls: "ssl.SSLContext") -> "Server":
    """Take a port; for port 0 that of the last time, if it is free, so that old addresses stay good."""
    from local.simulator.server import Server

    last = int(remembered.read_text()) if remembered.exists() else 0
    try:
        server = Server(port or last, tls)
    except OSError:
        if port or not last:
            raise
        server = Server(0, tls)
    remembered.write_text(str(server.port))
    return server


def _set_at_end_of_input(stop: asyncio.Event) -> None:
    """Set an event when nobody holds the other end of standard input, into which nobody writes, any more."""
    loop = asyncio.get_running_loop()

    def end() -> None:
        loop.remove_reader(sys.stdin)
        stop.set()

    loop.add_reader(sys.stdin, end)


def _parse_arguments(package: str, name: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog=f"python -m {package}", description=f"A simulated {name} on this machine.")
    parser.add_argument("--state-dir", type=Path, required=True, help="where everything is kept")
    parser.add_argument("--port", type=int, default=0, help="0: the one of the last time, or a free one")
    parser.add_argument(
        "--certificates",
        type=Path,
        metavar="DIR",
        help="where the certificates are kept, for several simulators to share one authority; default: the state-dir",
    )
    parser.add_argument("--key", help="the account's key; default: the last one, or a new one")
    parser.add_argument(
        "--webhook-route",
        action="append",
        default=[],
        type=webhook_route,
        metavar="SUFFIX=URL",
        help="webhooks to hosts that end with SUFFIX are posted to URL; all others are dropped",
    )
    parser.add_argument(
        "--input-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="fetch inputs from here too, for example http://127.0.0.1",
    )
    parser.add_argument("--until-input-ends", action="store_true", help="end with whoever holds standard input open")
    parser.add_argument("--studio", metavar="MODULE", help="the module that draws and films")
    return parser.parse_args()


def webhook_route(text: str) -> tuple[str, str]:
    """Read ``SUFFIX=URL``; raises `argparse.ArgumentTypeError`."""
    suffix, equals, base = text.partition("=")
    if not (suffix and equals and base.startswith(("http://", "https://"))):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form SUFFIX=http://host:port")
    return suffix, base
