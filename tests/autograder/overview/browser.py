"""A real browser, driven over its own protocol: no more than opening a page, pressing keys and asking what is there.

- ``find``      the browser of this machine; None: there is none
- ``running``   a browser for several tests, with a profile of its own
- ``opened``    one page in it
- ``Page``      what can be done with it
"""

import asyncio
import json
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-port=0"),
)
KEYS = {"Tab": (9, ""), "Enter": (13, "\r"), " ": (32, " "), "Backspace": (8, "")}


def find() -> str | None:
    """Return a browser that is installed here."""
    return next((path for name in NAMES if (path := shutil.which(name))), None) if sys.platform == "linux" else None


@contextmanager
def running(profile: Path) -> Iterator[int]:
    """Start a browser and yield the port of its protocol."""
    command = [find() or "", *QUIET, f"--user-data-dir={profile}", "about:blank"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stderr is not None
            yield next(int(found[1]) for line in process.stderr if (found := re.search(r"ws://[^ /]+:(\d+)/", line)))
        finally:
            process.terminate()
            process.wait(20)


def in_own_loop(work: Coroutine[Any, Any, None]) -> None:
    """Run something to its end, in a thread: tornado sets the thread's loop, and the main one has another's."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


class Page:
    """A page in a browser, by a websocket of the protocol."""

    def __init__(self, socket: Any) -> None:
        self._socket, self._number = socket, 0
        self.logged: list[str] = []

    async def send(self, method: str, **parameters: object) -> dict[str, Any]:
        """Send a command and return its answer."""
        self._number += 1
        await self._socket.write_message(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            heard = json.loads(await self._socket.read_message())
            if heard.get("method") in ("Log.entryAdded", "Runtime.exceptionThrown"):
                self.logged.append(json.dumps(heard["params"]))
            if heard.get("id") == self._number:
                assert "error" not in heard, heard
                return dict(heard["result"])

    async def open(self, file: Path) -> None:
        """Open a file and wait until it is there."""
        await self.send("Page.navigate", url=file.as_uri())
        loaded = f"document.readyState === 'complete' && location.href === {json.dumps(file.as_uri())}"
        for _ in range(400):
            if await self.ask(loaded):
                return
            await asyncio.sleep(0.05)
        raise AssertionError("the page did not load")

    async def ask(self, expression: str) -> Any:
        """Return the value of an expression in the page."""
        answer = await self.send("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    async def press(self, *keys: str) -> None:
        """Press and release keys."""
        for key in keys:
            code, text = KEYS.get(key, (0, key))
            event = {"key": key, "windowsVirtualKeyCode": code, **({"text": text} if text else {})}
            await self.send("Input.dispatchKeyEvent", type="keyDown", **event)
            await self.send("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    async def resize(self, width: int, height: int) -> None:
        """Make the window another size."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        await self.send("Emulation.setDeviceMetricsOverride", **size)

    async def tab_to(self, wanted: str) -> None:
        """Press the tabulator until an element has the focus."""
        for _ in range(300):
            await self.press("Tab")
            if await self.ask(f"document.activeElement.matches({json.dumps(wanted)})"):
                return
        raise AssertionError(f"the keyboard never reached {wanted}")


@asynccontextmanager
async def opened(port: int, file: Path) -> AsyncIterator[Page]:
    """Open a file in a window of its own."""
    from tornado.websocket import websocket_connect

    request = urllib.request.Request(f"http://127.0.0.1:{port}/json/new?about:blank", method="PUT")
    with urllib.request.urlopen(request, timeout=20) as answer:
        address = json.load(answer)["webSocketDebuggerUrl"]
    socket = await websocket_connect(address, max_message_size=2**28)
    try:
        page = Page(socket)
        for room in ("Page", "Runtime", "Log"):
            await page.send(f"{room}.enable")
        await page.resize(1200, 900)
        await page.send("Page.bringToFront")
        await page.open(file)
        yield page
    finally:
        socket.close()
        while await socket.read_message() is not None:  # what was on its way, until the other side has closed too
            pass
