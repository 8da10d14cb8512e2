"""Submissions that try something they must not, each against one exercise. Only those whose truth is sure.

- ``HOSTILE``  the list
- ``Hostile``  one of them
- ``attacked``  work in which one exercise is hostile

What is sure: the exercise that does it gets nothing (or, where it says so, everything, or all but the edge share),
and all others stay right. True on every level of the sandbox; nothing here harms a machine on which it is not stopped.
"""

import inspect
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from xailab_autograder.exercises import Exercise
from xailab_autograder.rehearsal.rewriting import renamed
from xailab_autograder.rehearsal.truth import TaskTruth
from xailab_autograder.rehearsal.works import Answer, Room, Work, with_answer


@dataclass(frozen=True)
class Hostile:
    """A hostile answer.

    Parameters
    ----------
    about
        What it does.
    body
        The function's body, a format string: ``{function}``, ``{parameters}``, ``{first}`` of them, ``{right}``: the
        name of the right function.
    top
        What stands above the function.
    earns
        What the exercise is worth nevertheless.
    costly
        It costs its whole time limit, or a lot of memory.
    suits
        Which exercises it can stand in.
    """

    about: str
    body: str
    top: str = ""
    earns: Literal["nothing", "everything", "all but edges"] = "nothing"
    costly: bool = False
    suits: Callable[[Exercise], bool] = lambda exercise: True


def _takes_an_array(exercise: Exercise) -> bool:
    first = exercise.worked[0].arguments[:1]
    return bool(first) and isinstance(first[0], np.ndarray) and first[0].size > 0


HOSTILE = (
    Hostile("leaves by sys.exit", "sys.exit(0)", "import sys"),
    Hostile("leaves by os._exit", "os._exit(0)", "import os"),
    Hostile("imports the reference", "from {package} import reference\nreturn reference.{function}({parameters})"),
    Hostile(
        "returns an object that equals everything",
        "return Yes()",
        """class Yes:
    def __eq__(self, other):
        return True

    def __array__(self, *options):
        raise SystemExit

    __hash__ = None""",
    ),
    Hostile("reads a file of the machine", "with open('/etc/passwd') as file:\n    return file.read()"),
    Hostile(
        "opens a socket",
        "with socket.create_connection(('127.0.0.1', 9), 2) as line:\n    line.send(bytes({first}))\nreturn {{}}",
        "import socket",
    ),
    Hostile(
        "forks",
        "for _ in range(20):\n    if os.fork() == 0:\n        time.sleep(0.2)\n        os._exit(0)\nreturn {{}}",
        "import os\nimport time",
    ),
    Hostile("asks for 140 terabytes", "return np.ones(1 << 44)", "import numpy as np"),
    Hostile("calls itself for ever", "return {function}({parameters})"),
    Hostile(
        "changes its arguments",
        "result = {right}({copies})\n{first}[...] = 0\nreturn result",
        earns="all but edges",
        suits=_takes_an_array,
    ),
    Hostile(
        "prints forty megabytes and is right",
        "for _ in range(40):\n    print('x' * (1 << 20))\nreturn {right}({parameters})",
        earns="everything",
    ),
    Hostile(
        "ends the process while its cell is run, and is right",
        "return {right}({parameters})",
        "class Trap:\n    import os\n    os._exit(0)",
        earns="everything",
    ),
    Hostile(
        "replaces numpy's comparisons",
        "np.testing.assert_allclose = np.array_equal = lambda *values, **options: True\nreturn np.zeros((2, 3, 4, 5))",
        "import numpy as np",
    ),
    Hostile("returns a pickle", "return pickle.dumps(print)", "import pickle"),
    Hostile("returns 300 MB", "return np.zeros(300 << 20, np.uint8)", "import numpy as np"),
    Hostile("crashes the interpreter", "return ctypes.string_at(0)", "import ctypes"),
    Hostile(
        "speaks to whoever listens",
        """for descriptor in range(3, 64):
    try:
        os.write(descriptor, b'{{"score": 100}}' * 99)
    except OSError:
        pass
return {{}}""",
        "import os",
    ),
    Hostile("raises an endless error", "raise ValueError('x' * 20_000_000)"),
    Hostile("loops for ever", "while True:\n    pass", costly=True),
    Hostile(
        "takes all memory, piece by piece",
        "kept = []\nwhile True:\n    kept.append(bytearray(b'x' * (16 << 20)))",
        costly=True,
    ),
    Hostile(
        "sleeps and catches everything",
        "while True:\n    try:\n        time.sleep(60)\n    except BaseException:\n        pass",
        "import time",
        costly=True,
    ),
)
"""Dealt in turn; the costly ones rarely."""


def attacked(room: Room, work: Work, hostile: Hostile, rng: random.Random) -> Work:
    """Return work in which one exercise is hostile.

    Parameters
    ----------
    room, work, rng
        What it is made from; right work; where the choice of the exercise comes from.
    hostile
        What it does.
    """
    task = rng.choice([task for task in room.exercises if hostile.suits(task)])
    right = next(answer for answer in work.answers if answer.task.id == task.id)
    earned = {"nothing": 0.0, "everything": task.points, "all but edges": task.points * (1 - task.edge_share)}
    answer = Answer(task, TaskTruth(task.id, earned[hostile.earns]), _source(room, task, right.source, hostile))
    return replace(with_answer(work, answer), about=f"{task.id}: {hostile.about}")


def _source(room: Room, task: Exercise, right: str, hostile: Hostile) -> str:
    """Return the exercise's cell."""
    names = list(inspect.signature(task.reference).parameters)
    kept = f"_{task.function}_right"
    body = hostile.body.format(
        package=f"xailab_lab_{room.lab.number}",
        function=task.function,
        parameters=", ".join(names),
        first=names[0],
        copies=", ".join([f"{names[0]}.copy()", *names[1:]]),
        right=kept,
    )
    function = f"def {task.function}{_parameters(task)}:\n" + "".join(f"    {line}\n" for line in body.split("\n"))
    parts = [renamed(right, {task.function: kept}).rstrip("\n")] if kept in body else []
    return "\n\n\n".join([*parts, *([hostile.top] if hostile.top else []), function])


def _parameters(task: Exercise) -> str:
    """Return the reference's parameters with their defaults, without annotations."""
    signature = inspect.signature(task.reference)
    bare = [parameter.replace(annotation=parameter.empty) for parameter in signature.parameters.values()]
    return str(signature.replace(parameters=bare, return_annotation=signature.empty))
