"""Chromium without a window, driven by the DevTools protocol over a pipe.

Source: https://chromedevtools.github.io/devtools-protocol/. A message is JSON, ended by a zero byte; Chromium reads
from file descriptor 3 and writes to 4.
"""

import base64
import json
import os
import queue
import shutil
import subprocess
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_PATIENCE_SECONDS = 60
_OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
    "--mute-audio",
    "--autoplay-policy=no-user-gesture-required",
    "--remote-debugging-pipe",
)


class Chromium:
    """A browser with one page; what the page says, asks for and complains of is kept."""

    def __init__(self, profile: Path) -> None:
        assert CHROMIUM
        read_by_browser, self._to_browser = os.pipe()
        from_browser, written_by_browser = os.pipe()

        def take_places() -> None:
            # First out of the way: either may have the number that the other is to get.
            reading, writing = os.dup(read_by_browser), os.dup(written_by_browser)
            os.dup2(reading, 3)
            os.dup2(writing, 4)

        self._process = subprocess.Popen(
            [CHROMIUM, *_OPTIONS, f"--user-data-dir={profile}", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            close_fds=False,
            preexec_fn=take_places,  # noqa: PLW1509 -- only descriptors are moved, between fork and exec
        )
        os.close(read_by_browser)
        os.close(written_by_browser)
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self._last = 0
        self._session: str | None = None
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self._reader = threading.Thread(target=self._read, args=(from_browser,), daemon=True)
        self._reader.start()
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(10)
        self._reader.join(10)
        os.close(self._to_browser)

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """Call a method of the protocol; raises `RuntimeError` where it says that it failed."""
        self._last += 1
        message: dict[str, object] = {"id": self._last, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to_browser, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._answers.get(timeout=_PATIENCE_SECONDS)
            if answer["id"] == self._last:
                break
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        result: dict[str, Any] = answer["result"]
        return result

    def show(self, page: Path, *, width: int = 1440, height: int = 900, media: Mapping[str, str] | None = None) -> None:
        """Open a file, and wait until it is there with all that it embeds.

        Parameters
        ----------
        media
            Media features, for example ``{"prefers-color-scheme": "dark"}``.
        """
        features = [{"name": name, "value": value} for name, value in (media or {}).items()]
        self.call("Emulation.setEmulatedMedia", features=features)
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Page.navigate", url=page.as_uri())
        self.run("new Promise((done) => document.readyState === 'complete' ? done() : addEventListener('load', done))")

    def run(self, script: str) -> Any:
        """Evaluate an expression in the page, wait for its promise, and return its value."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(str(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def until(self, condition: str) -> None:
        """Wait until an expression is true in the page."""
        self.run(
            f"new Promise((done) => {{const look = () => ({condition}) ? done() : setTimeout(look, 20); look();}})"
        )

    def press(self, key: str, code: int, text: str = "") -> None:
        """Press a key and let it go."""
        described = {"key": key, "code": key, "windowsVirtualKeyCode": code, "text": text}
        self.call("Input.dispatchKeyEvent", type="keyDown", **described)
        self.call("Input.dispatchKeyEvent", type="keyUp", **described)

    def screenshot(self, *, whole: bool = True) -> bytes:
        """Return what the page looks like, as a PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot", captureBeyondViewport=whole)["data"])

    def _read(self, descriptor: int) -> None:
        with os.fdopen(descriptor, "rb") as pipe:
            rest = b""
            while chunk := os.read(pipe.fileno(), 65536):
                *messages, rest = (rest + chunk).split(b"\0")
                for message in messages:
                    self._note(json.loads(message))

    def _note(self, message: dict[str, Any]) -> None:
        if "id" in message:
            self._answers.put(message)
            return
        take: dict[str, Callable[[dict[str, Any]], None]] = {
            "Network.requestWillBeSent": lambda told: self.requests.append(told["request"]["url"]),
            "Runtime.exceptionThrown": lambda told: self.complaints.append(str(told["exceptionDetails"])),
            "Runtime.consoleAPICalled": lambda told: self.complaints.append(str(told["args"])),
            "Log.entryAdded": lambda told: self.complaints.append(str(told["entry"])),
        }
        if note := take.get(message["method"]):
            note(message["params"])
