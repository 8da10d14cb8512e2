"""The ``xailab`` command."""

from xailab.cli import main

__all__ = ["main"]
