"""Trusted functions in place of a student: the grader's own tests judge references and misconceptions in this process.

- ``LocalStudent``   answers calls with given functions

Never given anything that somebody handed in.
"""

import inspect
import time
from collections.abc import Callable, Mapping, Sequence

from xailab_autograder.exercises import Value
from xailab_autograder.judging.materials import materialize
from xailab_autograder.sandbox.outcomes import Definitions, Found, Outcome, Raised, Returned


class LocalStudent:
    """Answers calls with functions of this process, on fresh copies of the arguments.

    Parameters
    ----------
    names
        Name -> function, or the value of a prediction's variable.
    """

    def __init__(self, names: Mapping[str, Callable[..., Value] | str]) -> None:
        self._names = dict(names)

    def definitions(self) -> Definitions:
        """Every name, as if each stood in a cell of its own."""
        found = {}
        for name, value in self._names.items():
            parameters = tuple(inspect.signature(value).parameters) if callable(value) else None
            found[name] = Found("trusted code", 1, parameters)
        return Definitions(found)

    def call(
        self,
        name: str,
        arguments: Sequence[Value],
        *,
        limit_s: float,
        return_arguments: bool = False,
        meanwhile: Callable[[], None] | None = None,
    ) -> Outcome:
        """Call one of the functions; there is no deadline, they are trusted."""
        if meanwhile is not None:
            meanwhile()
        fresh = materialize(arguments)
        function = self._names[name]
        began = time.monotonic()
        try:
            if not callable(function):
                raise TypeError(f"{name} is not a function")
            value = function(*fresh)
        except Exception as error:
            return Raised(type(error).__name__, str(error), seconds=time.monotonic() - began)
        return Returned(value, time.monotonic() - began, arguments=fresh if return_arguments else None)

    def value(self, name: str) -> Outcome:
        """Return what a variable holds."""
        return Returned(self._names[name], 0.0)
