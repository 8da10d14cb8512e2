"""Showing a verdict where the student is: HTML in notebooks, text elsewhere, an error under nbgrader.

- ``show``         a verdict or a message
- ``grading``      whether nbgrader executes the notebook, and how
"""

import os
import sys
from typing import Literal

from rich.console import Console
from rich.text import Text

from xailab_autograder.selfcheck.sources import shell


def grading() -> Literal["", "autograde", "validate"]:
    """Return what nbgrader is doing with this notebook; empty: a person works in it."""
    mode = os.environ.get("NBGRADER_EXECUTION", "")
    if mode in ("autograde", "validate"):
        return mode  # type: ignore[return-value]  # one of the two
    return ""


def show(html: str, text: Text) -> None:
    """Show a view in both forms: the notebook picks the one that it can display."""
    ipython = shell()
    if ipython is not None and hasattr(ipython, "kernel"):
        from IPython.display import display

        display({"text/html": html, "text/plain": text.plain}, raw=True)  # type: ignore[no-untyped-call]
        return
    Console(file=sys.stdout, highlight=False).print(text)
