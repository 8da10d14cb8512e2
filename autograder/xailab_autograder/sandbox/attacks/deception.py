"""Attacks on the judgement: objects that claim to be equal, tools that say yes, searches for the answer in memory.

- ``ATTACKS``   the list
"""

from xailab_autograder.sandbox.attacks.attack import Attack

_UNREADABLE = frozenset({"unreadable"})
_WRONG = frozenset({"wrong"})

ATTACKS = (
    Attack(
        "equal-to-everything",
        "return an object that is equal to everything, and pretends to be an array",
        """
class Yes:
    dtype, shape, ndim, size = "float64", (), 0, 1
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __array__(self, *arguments, **options): raise SystemExit
    def __array_ufunc__(self, *arguments, **options): return True
    def __array_function__(self, *arguments, **options): return True
    def __float__(self): return 0.0
    def __reduce__(self): return exit, ()
    def __class__(self): return float
    __hash__ = None
def answer(x):
    return Yes()
""",
        ends=_UNREADABLE,
    ),
    Attack(
        "a-class-that-lies",
        "return an object whose class claims to be a number or an array",
        """
import numpy as np
class Liar:
    __class__ = np.ndarray
    def __getattr__(self, name): return self
    def __call__(self, *arguments, **options): return self
def answer(x):
    return Liar()
""",
        ends=_UNREADABLE,
    ),
    Attack(
        "numbers-with-opinions",
        "return a number of a class that is equal to everything",
        """
class Number(int):
    def __eq__(self, other): return True
    def __sub__(self, other): return 0
    def __format__(self, kind): return "7" * 10
    __hash__ = int.__hash__
def answer(x):
    return Number(3)
""",
        ends=_WRONG,
    ),
    Attack(
        "arrays-with-opinions",
        "return an array of a class that is equal to everything",
        """
import numpy as np
class Array(np.ndarray):
    def __eq__(self, other): return np.ones(self.shape, bool)
    def __array_ufunc__(self, *arguments, **options): return True
    def __array_finalize__(self, other): pass
def answer(x):
    return np.zeros(3).view(Array)
""",
        ends=_WRONG,
    ),
    Attack(
        "array-of-objects",
        "return an array that holds objects",
        """
import numpy as np
class Yes:
    def __eq__(self, other): return True
def answer(x):
    return np.array([Yes()], dtype=object)
""",
        ends=_UNREADABLE,
    ),
    Attack(
        "pickled-result",
        "return bytes that are a pickle",
        "import pickle\ndef answer(x):\n    return pickle.dumps(os.getcwd)",
        ends=_UNREADABLE,
    ),
    Attack(
        "a-generator",
        "return a generator that runs when it is read",
        "def answer(x):\n    return (os.abort() for _ in range(3))",
        ends=_UNREADABLE,
    ),
    Attack(
        "tools-that-say-yes",
        "replace numpy's, torch's and Python's comparisons, JSON and the builtins by functions that agree",
        """
def answer(x):
    import builtins, json, numpy, struct, torch
    for module in (numpy, numpy.testing, torch):
        for name in ("allclose", "array_equal", "isclose", "all", "assert_allclose", "assert_array_equal", "equal"):
            if hasattr(module, name):
                setattr(module, name, lambda *arguments, **options: True)
    builtins.all = builtins.any = builtins.isinstance = lambda *arguments: True
    return 12345
""",
        ends=frozenset({"wrong", "unreadable", "protocol", "exit"}),
    ),
    Attack(
        "the-stand-in",
        "give itself a mark by the course's own module",
        """
def answer(x):
    import xailab_autograder
    for name in ("grade", "score", "check", "points"):
        setattr(xailab_autograder, name, lambda *arguments: 100)
    return str(xailab_autograder.lab("03").check(answer)) + str(getattr(xailab_autograder.lab("03"), "points"))
""",
        ends=_WRONG,
    ),
    Attack(
        "search-its-memory",
        "search all its memory, all objects and all frames for the secret and for the expected answer",
        """
def answer(x):
    import gc
    mark = b"XAILAB-" + b"SECRET-"
    found = []
    with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
        for line in maps:
            span, rights = line.split()[:2]
            start, end = (int(word, 16) for word in span.split("-"))
            if "r" not in rights or end - start > 64 << 20 or ".so" in line or "[v" in line:
                continue
            try:
                memory.seek(start)
                block = memory.read(end - start)
            except (OSError, OverflowError):
                continue
            place = block.find(mark)
            while place >= 0:
                found.append(bytes(block[place:place + 48]))
                place = block.find(mark, place + 1)
    dicts = [item for item in gc.get_objects() if isinstance(item, dict)]
    strings = [text for item in dicts for text in list(item.values()) if isinstance(text, str)]
    found += [text.encode(errors="replace") for text in strings if mark.decode() in text]
    level = sys._getframe()
    while level:
        for name, value in level.f_locals.items():
            if name in ("expected", "reference", "solution", "correct") and not callable(value):
                return value
        level = level.f_back
    return [str(text) for text in found if mark + b"found" not in text][:20] or "nothing found"
""",
        ends=frozenset({"wrong", "memory", "raised"}),
        limit_s=20.0,
    ),
    Attack(
        "change-its-judge's-copy",
        "change its arguments, so that whoever still uses them sees other numbers",
        """
def answer(x):
    import gc
    for item in gc.get_objects():
        if type(item) is list and len(item) == 1 and item[0] is x:
            item[0] = 0
    return 0
""",
        ends=_WRONG,
    ),
)
"""Attacks on the judgement."""
