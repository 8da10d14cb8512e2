"""What the check raises. IPython shows the sentence of these errors without a traceback: it says what to do.

- ``CannotCheck``  the check was used in a way that tells nothing about the exercise
- ``CheckFailed``  an exercise does not pass, while nbgrader, which counts errors, executes the notebook
"""

from xailab.errors import XailabError


class CannotCheck(XailabError):
    """The check was used in a way that tells nothing. IPython shows the sentence, not a traceback."""

    def _render_traceback_(self) -> list[str]:
        return str(self).splitlines()


class CheckFailed(CannotCheck):
    """An exercise does not pass, while nbgrader executes the notebook."""
