"""The marking pages on this machine, until Ctrl-C.

- ``serve``  opens the gradebook, prints the address, answers one browser or several
"""

import secrets
import sys
import tempfile
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xailab.errors import XailabError
from xailab.interrupts import interrupts_deferred
from xailab_autograder.exercises import Lab
from xailab_autograder.marking.app import MOST_BYTES, create_app

if TYPE_CHECKING:
    from flask import Flask

LOOK_S, END_S = 0.3, 3.0
"""So often Ctrl-C is looked for, and so long a page that is being answered may take then."""

ADDRESS = "127.0.0.1"
"""This machine and no other: there is no option for it."""


def serve(
    url: str | Path, lab: Lab, *, marker: str, port: int = 0, open_browser: bool = True, names: bool = False
) -> None:
    """Serve the pages until Ctrl-C. Every mark is in the gradebook as soon as the page says so.

    Parameters
    ----------
    url
        Of the gradebook; see ``open_gradebook``.
    lab
        What is marked.
    marker
        Who marks.
    port
        0: a free one.
    open_browser
        Show the page in the browser of this machine.
    names
        Begin with names, not with codes.

    Raises
    ------
    XailabError
        The gradebook cannot be opened, or the port is taken.
    """
    from waitress import wasyncore

    from xailab_autograder.gradebook.opening import open_gradebook

    connections: dict[int, Any] = {}
    with open_gradebook(url) as book, tempfile.TemporaryDirectory(prefix="xailab-marking-") as folder:
        token = secrets.token_urlsafe(24)
        app = create_app(book, lab, marker=marker, token=token, anonymous=not names)
        try:
            server = _listening(app, connections, port)
            address = f"http://{ADDRESS}:{server.effective_port}/?token={token}"
            _say(f"Marking lab {lab.number} in {book.url}. Open this address on this machine:\n\n    {address}\n")
            _say("Ctrl-C ends; every saved mark is in the gradebook.")
            if open_browser:
                _open(address, Path(folder) / "open.html")
            _until_interrupted(server, connections)
        finally:
            wasyncore.close_all(connections)
    _say("\nStopped.")


def _until_interrupted(server: Any, connections: dict[int, Any]) -> None:
    """Answer until Ctrl-C. It is noted, not raised: somewhere among the handlers it could be swallowed."""
    from waitress import wasyncore

    with interrupts_deferred() as pressed:
        while not pressed():
            wasyncore.loop(timeout=LOOK_S, map=connections, count=1)
    server.task_dispatcher.shutdown(timeout=END_S)


def _listening(app: "Flask", connections: dict[int, Any], port: int) -> Any:
    """Return a server that listens on this machine."""
    from waitress.server import create_server

    try:
        return create_server(
            app, connections, host=ADDRESS, port=port, threads=4, ident="", max_request_body_size=2 * MOST_BYTES
        )
    except OSError as error:
        raise XailabError(
            f"port {port} cannot be used ({error.strerror}); choose another, or 0 for a free one"
        ) from error


def _open(address: str, file: Path) -> None:
    """Open the browser by a file that only this user can read: command lines are seen by everybody on a machine."""
    file.touch(0o600)
    file.write_text(
        '<!doctype html><meta charset="utf-8"><title>xailab</title>'
        f'<meta http-equiv="refresh" content="0;url={address}">'
        f'<a href="{address}">To the marking pages</a>\n',
        encoding="utf-8",
    )
    webbrowser.open(file.as_uri())


def _say(text: str) -> None:
    """Tell the person at the terminal."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
