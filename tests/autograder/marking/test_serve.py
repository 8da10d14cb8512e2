"""The server answers on this machine only, and Ctrl-C ends it without losing a mark."""

import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from xailab_autograder.gradebook.opening import open_gradebook
from xailab_autograder.marking import serve as serving
from xailab_autograder.marking.serve import serve

from tests.autograder.marking.classroom import LAB
from xailab.errors import XailabError

PROGRAM = """
import sys
from pathlib import Path
from xailab_autograder.labs import load_from
from xailab_autograder.marking import serve as serving
from xailab_autograder.marking.serve import serve

serve(sys.argv[1], load_from(Path(sys.argv[2])), marker="Ada", open_browser=False)
"""
TOY = Path(__file__).parents[1] / "toylabs" / "90-toy"


@pytest.fixture
def server(path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", PROGRAM, str(path), str(TOY)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    address = ""
    for line in process.stdout:
        if found := re.search(r"http://127\.0\.0\.1:\d+/\?token=[\w-]{30,}", line):
            address = found[0]
        if "Ctrl-C" in line:
            break
    assert address, process.communicate(timeout=5)
    yield process, address
    process.kill()
    process.communicate()


def status(address: str) -> int:
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_the_printed_address_lets_in_and_ctrl_c_ends_cleanly(server: tuple[subprocess.Popen[str], str]) -> None:
    process, address = server
    assert status(address) == 200
    assert status(address.split("?")[0]) == 403
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)
    assert process.returncode == 0
    assert out.strip() == "Stopped."
    assert err == ""


def test_only_this_machine_is_answered(server: tuple[subprocess.Popen[str], str]) -> None:
    port = int(server[1].split(":")[2].split("/")[0])
    inode_lines = Path("/proc/net/tcp").read_text().splitlines() if Path("/proc/net/tcp").exists() else []
    listening = [line.split()[1] for line in inode_lines[1:] if line.split()[3] == "0A"]
    own = [where for where in listening if int(where.split(":")[1], 16) == port]
    assert own in ([f"0100007F:{port:04X}"], [])
    with pytest.raises(OSError), socket.create_connection(("127.0.0.2", port), timeout=2):
        pass


def test_a_taken_port_is_said(path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(XailabError, match=f"port {port} cannot be used .*choose another, or 0"):
            serve(path, LAB, marker="Ada", port=port, open_browser=False)


def test_a_gradebook_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no database " * 100)
    with pytest.raises(XailabError, match=r"notes\.txt"):
        serve(tmp_path / "notes.txt", LAB, marker="Ada", open_browser=False)


def test_the_browser_is_opened_without_the_token_on_a_command_line(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import webbrowser

    opened: list[tuple[str, str, int]] = []

    def look(address: str) -> bool:
        file = Path(address.removeprefix("file://"))
        opened.append((address, file.read_text(), file.stat().st_mode & 0o777))
        return True

    monkeypatch.setattr(webbrowser, "open", look)
    monkeypatch.setattr(serving, "_until_interrupted", lambda server, connections: None)
    serve(path, LAB, marker="Ada")
    (address, text, mode), said = opened[0], capsys.readouterr().out
    token = re.search(r"token=([\w-]+)", said)
    assert token
    assert token[1] in text
    assert token[1] not in address
    assert mode == 0o600
    assert not Path(address.removeprefix("file://")).exists()
    with open_gradebook(path):
        pass
