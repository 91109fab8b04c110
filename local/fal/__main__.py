"""Run the simulated fal.ai: ``python -m local.fal --state-dir DIR --port 0``."""

import argparse
import asyncio
import logging
import signal
import socket
import sys
from pathlib import Path

# Worker processes import this module too, and need nothing of what is imported below.


def main() -> None:
    """Serve until SIGTERM, SIGINT or, if asked for, the end of the input; the first line of the output says where."""
    arguments = _parse_arguments()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    # A cut connection is what a fault asks for, not news.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    arguments.state_dir.mkdir(parents=True, exist_ok=True)
    asyncio.run(_serve(arguments))


async def _serve(arguments: argparse.Namespace) -> None:
    from local.fal.account import load_account
    from local.fal.certificates import prepare_certificates, server_context
    from local.fal.control_api import PREFIX
    from local.fal.media import DEFAULT_STUDIO
    from local.fal.process import Facts
    from local.fal.server import serve
    from local.fal.settings import Settings
    from local.fal.simulator import Simulator

    state_dir: Path = arguments.state_dir
    ca_file = prepare_certificates(state_dir)
    account = load_account(state_dir / "account.json", arguments.key)
    settings = Settings(webhook_routes=dict(arguments.webhook_route), input_origins=tuple(arguments.input_origin))
    with _bind(arguments.port, state_dir / "port") as sock:
        host = f"127.0.0.1:{sock.getsockname()[1]}"
        simulator = Simulator(state_dir, f"https://{host}", account, settings, arguments.studio or DEFAULT_STUDIO)
        stop = asyncio.Event()
        for signal_number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(signal_number, stop.set)
        if arguments.until_input_ends:
            _set_at_end_of_input(stop)
        serving = asyncio.create_task(serve(simulator.app, sock, server_context(state_dir), stop))
        simulator.start()
        facts = Facts(
            host=host,
            ca_file=str(ca_file.resolve()),
            control_url=f"https://{host}{PREFIX}",
            user_id=account.user_id,
            key=account.key,
        )
        print(facts.model_dump_json(), flush=True)
        await serving
        await simulator.stop()


def _set_at_end_of_input(stop: asyncio.Event) -> None:
    """Set an event when nobody holds the other end of standard input, into which nobody writes, any more."""
    loop = asyncio.get_running_loop()

    def end() -> None:
        loop.remove_reader(sys.stdin)
        stop.set()

    loop.add_reader(sys.stdin, end)


def _bind(port: int, remembered: Path) -> socket.socket:
    """Return a bound socket; for port 0 that of the last time, if it is free, so that old addresses stay good."""
    last = int(remembered.read_text()) if remembered.exists() else 0
    # Named as TCP, or asyncio leaves Nagle's algorithm on, and every answer takes 40 ms more.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    for candidate in [port] if port else [last, 0]:
        try:
            sock.bind(("127.0.0.1", candidate))
        except OSError:
            if candidate in {0, port}:
                raise
        else:
            break
    remembered.write_text(str(sock.getsockname()[1]))
    return sock


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.fal", description="A simulated fal.ai on this machine.")
    parser.add_argument("--state-dir", type=Path, required=True, help="where everything is kept")
    parser.add_argument("--port", type=int, default=0, help="0: the one of the last time, or a free one")
    parser.add_argument("--key", help="the account's key, as id:secret; default: the last one, or a new one")
    parser.add_argument(
        "--webhook-route",
        action="append",
        default=[],
        type=_route,
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


def _route(text: str) -> tuple[str, str]:
    suffix, equals, base = text.partition("=")
    if not (suffix and equals and base.startswith(("http://", "https://"))):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form SUFFIX=http://host:port")
    return suffix, base


if __name__ == "__main__":
    main()
