"""The autograder of xailab: judges what students wrote, in a separate process.

- ``lab``  for notebooks: ``lab("03").check(iou_table)``

The rooms: ``exercises`` what is asked; ``labs`` where labs are; ``notebooks`` what is handed out and handed in;
``sandbox`` where student code runs; ``judging`` verdicts; ``feedback`` views of them; ``selfcheck`` the check in the
notebook; ``command`` grading from the command line.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xailab_autograder.selfcheck.session import lab

__all__ = ["lab"]


def __getattr__(name: str) -> Any:
    """Import on use: the command line and the sandbox need nothing of the notebook's check."""
    if name == "lab":
        from xailab_autograder.selfcheck.shadowing import refuse_shadows

        refuse_shadows()  # before anything imports what a student's random.py hides
        from xailab_autograder.selfcheck.session import lab

        return lab
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
