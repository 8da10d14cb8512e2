"""A real browser, driven by its own protocol: opens pages, presses keys, reads what is there.

- ``Chromium``   started headless with a profile of its own
- ``available``  where it is installed, or None
"""

import asyncio
import base64
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

START_S, ANSWER_S = 30, 20
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    "--remote-debugging-port=0",
)  # fmt: skip
CODES = {"Enter": 13, "Escape": 27, "Tab": 9, "Backspace": 8, "ArrowLeft": 37, "ArrowRight": 39, " ": 32}


def available() -> str | None:
    """The program, by whatever name; None: there is none here."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next(filter(None, map(shutil.which, names)), None) if sys.platform == "linux" else None


class Chromium:
    """A page of a headless browser."""

    def __init__(self, width: int = 1280, height: int = 900) -> None:
        program = available()
        assert program is not None
        self._folder = tempfile.mkdtemp(prefix="xailab-chromium-")
        home = {**os.environ, "HOME": self._folder}
        self._process = subprocess.Popen(
            [program, *FLAGS, f"--window-size={width},{height}", f"--user-data-dir={self._folder}", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=home, start_new_session=True,
        )  # fmt: skip
        # A thread of its own: tornado sets the thread's loop, and the main one's is another library's.
        self._thread = ThreadPoolExecutor(1)
        self._loop = asyncio.new_event_loop()
        self._number = 0
        self.events: list[dict[str, Any]] = []
        self._socket: Any = None
        try:
            self._socket = self._run(self._connect())
            for domain in ("Page", "Runtime", "Log", "Network"):
                self.call(f"{domain}.enable")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End it and take its profile away."""
        try:
            if self._socket is not None:
                with contextlib.suppress(Exception):  # it may have ended already, in any words
                    self.call("Browser.close")
                self._run(self._hang_up())
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self._process.kill()
            self._process.wait()
        self._run(asyncio.sleep(0.05))
        self._loop.close()
        self._thread.shutdown()
        shutil.rmtree(self._folder, ignore_errors=True)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask the browser, wait for its answer; what it tells meanwhile goes to ``events``."""
        return self._run(self._call(method, parameters))

    def open(self, address: str) -> None:
        """Go to an address and wait until it has loaded."""
        self.value("window.leaving = true")
        self.call("Page.navigate", url=address)
        self.until("document.readyState === 'complete' && !window.leaving")

    def value(self, expression: str) -> Any:
        """Evaluate JavaScript in the page."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def until(self, expression: str) -> Any:
        """Wait until an expression is true."""
        deadline = time.monotonic() + ANSWER_S
        while True:
            try:
                value = self.value(expression)
            except AssertionError:  # between two pages
                value = None
            if value:
                return value
            assert time.monotonic() < deadline, f"never came true: {expression}; page: {self.text()[:1500]}"
            self._run(asyncio.sleep(0.03))

    def text(self) -> str:
        """What is visible."""
        return str(self.value("document.body.innerText"))

    def press(self, *keys: str, ctrl: bool = False) -> None:
        """Press one key after another, as on a keyboard."""
        for key in keys:
            self._press(key, ctrl=ctrl)

    def _press(self, key: str, *, ctrl: bool) -> None:
        printable = len(key) == 1 and not ctrl
        code = CODES.get(key, ord(key.upper()) if key.isalnum() and len(key) == 1 else 0)
        event = {"key": key, "windowsVirtualKeyCode": code, "modifiers": 2 if ctrl else 0}
        written = {"text": key} if printable else {"text": "\r"} if key == "Enter" and not ctrl else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", **event, **written)
        self.call("Input.dispatchKeyEvent", type="keyUp", **event)

    def type(self, text: str) -> None:
        """Press the key of each letter."""
        self.press(*text)

    def tab_to(self, wanted: str) -> None:
        """Press the tabulator until an element has the focus."""
        for _ in range(300):
            self.press("Tab")
            if self.value(f"document.activeElement.matches({json.dumps(wanted)})"):
                return
        raise AssertionError(f"the keyboard never reached {wanted}")

    def resize(self, width: int, height: int) -> None:
        """Give the page another size."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **size)

    def screenshot(self, path: Path, *, whole: bool = False) -> None:
        """Save what is visible, or the whole page."""
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(shot["data"]))

    def complaints(self) -> list[str]:
        """Errors of scripts, refused styles and the like."""
        self.value("1")
        found = [e["params"]["entry"] for e in self.events if e["method"] == "Log.entryAdded"]
        thrown = [str(e["params"]) for e in self.events if e["method"] == "Runtime.exceptionThrown"]
        return [f"{entry['text']} {entry.get('url', '')}" for entry in found if entry["level"] == "error"] + thrown

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self._thread.submit(self._loop.run_until_complete, work).result()

    async def _hang_up(self) -> None:
        self._socket.close()

    async def _connect(self) -> Any:
        from tornado.websocket import websocket_connect

        told = Path(self._folder) / "DevToolsActivePort"
        deadline = time.monotonic() + START_S
        while not told.exists() or not told.read_text().strip():
            assert time.monotonic() < deadline, "the browser did not start"
            assert self._process.poll() is None, "the browser ended"
            await asyncio.sleep(0.05)
        port = told.read_text().split()[0]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=10) as answer:
            pages = json.load(answer)
        target = next(page for page in pages if page["type"] == "page")
        return await websocket_connect(target["webSocketDebuggerUrl"], max_message_size=100 * 2**20)

    async def _call(self, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        self._number += 1
        number = self._number
        await self._socket.write_message(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            raw = await asyncio.wait_for(self._socket.read_message(), ANSWER_S)
            assert raw is not None, "the browser hung up"
            message: dict[str, Any] = json.loads(raw)
            if message.get("id") == number:
                assert "error" not in message, f"{method}: {message['error']}"
                return dict(message.get("result", {}))
            if "method" in message:
                self.events.append(message)
