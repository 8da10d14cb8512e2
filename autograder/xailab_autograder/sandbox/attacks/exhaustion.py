"""Attacks by using too much: memory, disk, time, output.

- ``ATTACKS``   the list
"""

from xailab_autograder.sandbox.attacks.attack import LIMITS, SECCOMP, Attack

ATTACKS = (
    Attack(
        "memory-by-lists",
        "take all memory, piece by piece",
        """
def answer(x):
    kept = []
    while True:
        kept.append(bytearray(b"x" * (16 << 20)))
""",
        LIMITS,
        frozenset({"raised", "memory", "crash"}),
    ),
    Attack(
        "memory-by-maps",
        "take shared memory, which some limits do not count",
        """
import mmap
def answer(x):
    kept = []
    for _ in range(600):
        kept.append(mmap.mmap(-1, 16 << 20))
        kept[-1].write(b"x" * (16 << 20))
    return "BREACH 9.6 GB"
""",
        LIMITS,
        frozenset({"raised", "memory", "crash"}),
    ),
    Attack(
        "memory-by-files",
        "take memory by files that exist only in memory",
        """
def answer(x):
    def fill():
        for _ in range(40):
            os.write(os.memfd_create("x"), b"x" * (50 << 20))
    return attempt("fill", fill)
""",
        SECCOMP,
    ),
    Attack(
        "memory-by-pipes",
        "take kernel memory by pipes that nobody reads",
        """
import fcntl
def answer(x):
    total = 0
    try:
        for _ in range(2000):
            _, end = os.pipe()
            os.set_blocking(end, False)
            try:
                fcntl.fcntl(end, 1031, 1 << 20)
            except OSError:
                pass
            total += os.write(end, b"x" * (1 << 20))
    except OSError as error:
        limit = 64 << 20
        return f"BREACH {total} bytes" if total > limit else "stopped: " + errno.errorcode[error.errno]
    return f"BREACH {total} bytes"
""",
        LIMITS,
    ),
    Attack(
        "fill-the-disk",
        "write a gigabyte into the scratch folder",
        """
def answer(x):
    total = 0
    def fill():
        nonlocal total
        for number in range(100):
            with open(f"f{number}", "wb", buffering=0) as file:
                for _ in range(10):
                    total += file.write(b"x" * (1 << 20))
            time.sleep(0.02)
    result = attempt("fill", fill)
    return result if total < 200 << 20 else f"BREACH {total} bytes"
""",
        LIMITS,
        frozenset({"stopped", "scratch"}),
    ),
    Attack(
        "many-files",
        "make a hundred thousand files",
        """
def answer(x):
    def fill():
        for number in range(100_000):
            os.close(os.open(f"f{number}", os.O_CREAT | os.O_WRONLY))
    return attempt("make", fill)
""",
        LIMITS,
        frozenset({"stopped", "scratch"}),
    ),
    Attack(
        "deep-folders",
        "make folders so deep that they cannot be named, and one that cannot be entered",
        """
def answer(x):
    def dig():
        for _ in range(20_000):
            os.mkdir("d")
            os.chdir("d")
        os.mkdir("closed", 0)
    return attempt("dig", dig)
""",
        LIMITS,
        frozenset({"stopped", "scratch"}),
    ),
    Attack(
        "many-open-files",
        "use up the machine's open files",
        """
def answer(x):
    kept = []
    def use():
        while True:
            kept.append(os.open("/dev/null", os.O_RDONLY))
    return attempt("open", use) if len(kept) < 5000 else "BREACH"
""",
        LIMITS,
    ),
    Attack(
        "loop", "never answer", "def answer(x):\n    while True:\n        pass", ends=frozenset({"time"}), limit_s=1.0
    ),
    Attack(
        "loop-ignoring-signals",
        "never answer, and ignore every signal that can be ignored",
        """
import signal
def answer(x):
    for number in signal.valid_signals():
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    while True:
        pass
""",
        ends=frozenset({"time"}),
        limit_s=1.0,
    ),
    Attack(
        "loop-catching-everything",
        "never answer, and catch every exception",
        """
def answer(x):
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass
""",
        ends=frozenset({"time"}),
        limit_s=1.0,
    ),
    Attack(
        "loop-past-python",
        "never answer, inside compiled code that never looks at signals",
        """
import re
def answer(x):
    return re.match(r"(a+)+$", "a" * 40 + "b")
""",
        ends=frozenset({"time"}),
        limit_s=1.0,
    ),
    Attack(
        "deep-recursion",
        "overflow the stack",
        """
def answer(x):
    sys.setrecursionlimit(10**9)
    return answer(x)
""",
        ends=frozenset({"crash", "raised", "memory", "time"}),
        limit_s=2.0,
    ),
    Attack(
        "null-pointer",
        "crash the interpreter",
        "def answer(x):\n    return ctypes.string_at(0)",
        ends=frozenset({"crash"}),
    ),
    Attack("abort", "abort the process", "def answer(x):\n    os.abort()", ends=frozenset({"crash"})),
    Attack("exit", "leave with a friendly status", "def answer(x):\n    os._exit(0)", ends=frozenset({"exit"})),
    Attack("polite-exit", "raise SystemExit", "def answer(x):\n    sys.exit(0)", ends=frozenset({"raised"})),
    Attack(
        "kill-itself",
        "end itself by a signal that says nothing",
        "import signal\ndef answer(x):\n    os.kill(os.getpid(), signal.SIGKILL)\n    return 'stopped: still here'",
        ends=frozenset({"stopped", "memory"}),
    ),
    Attack(
        "print-without-end",
        "answer, and print a hundred megabytes",
        """
def answer(x):
    for _ in range(50):
        print("x" * (1 << 20))
        os.write(1, b"y" * (1 << 20))
        os.write(2, b"z" * (1 << 20))
    return x * 2
""",
        ends=frozenset({"right"}),
    ),
    Attack(
        "huge-message",
        "raise an exception with a message of 100 MB",
        "def answer(x):\n    raise ValueError('x' * 100_000_000)",
        ends=frozenset({"raised"}),
    ),
    Attack(
        "endless-message",
        "raise an exception whose message never ends",
        """
class Odd(Exception):
    def __str__(self):
        while True:
            pass
def answer(x):
    raise Odd
""",
        ends=frozenset({"time"}),
        limit_s=1.0,
    ),
    Attack(
        "huge-result",
        "return an array larger than anyone wants to receive",
        "import numpy as np\ndef answer(x):\n    return np.zeros(300 << 20, np.uint8)",
        ends=frozenset({"unreadable"}),
    ),
    Attack(
        "many-parts",
        "return a list of a million parts, and one nested a hundred thousand deep",
        """
def answer(x):
    deep = []
    for _ in range(100_000):
        deep = [deep]
    return [list(range(1_000_000)), deep]
""",
        ends=frozenset({"unreadable"}),
    ),
    Attack(
        "endless-result",
        "return a list that contains itself",
        "def answer(x):\n    endless = []\n    endless.append(endless)\n    return endless",
        ends=frozenset({"unreadable"}),
    ),
)
"""Attacks by using too much."""
