"""Attacks on other processes, and attempts to become several or somebody else.

- ``ATTACKS``   the list
"""

from xailab_autograder.sandbox.attacks.attack import ALWAYS, LIMITS, SECCOMP, Attack
from xailab_autograder.sandbox.levels import Layer

_SIGNAL_WALLS = frozenset({Layer.SECCOMP, Layer.NAMESPACES})

ATTACKS = (
    Attack(
        "signal-others",
        "end a process of the same user, and reach the grader and the zygote",
        """
def answer(x):
    import signal
    reach = [attempt(f"reach {pid}", lambda: os.kill(pid, 0)) for pid in (GRADER, ZYGOTE)]
    return [attempt("kill", lambda: os.kill(VICTIM, signal.SIGTERM)), *reach]
""",
        _SIGNAL_WALLS,
    ),
    Attack(
        "signal-groups",
        "reach every process, and the whole process group",
        'def answer(x):\n    return [attempt("all", lambda: os.kill(-1, 0)), attempt("group", lambda: os.kill(0, 0))]',
        SECCOMP,
    ),
    Attack(
        "trace-another",
        "attach to a process as a debugger, read its memory, take its open files",
        """
def answer(x):
    def read():
        class Part(ctypes.Structure):
            _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
        target = ctypes.create_string_buffer(64)
        here, there = Part(ctypes.addressof(target), 64), Part(ctypes.addressof(target), 64)
        return system(310, 270, VICTIM, ctypes.byref(here), 1, ctypes.byref(there), 1, 0)
    return [attempt("attach", lambda: system(101, 117, 16, VICTIM, 0, 0)), attempt("read", read),
            attempt("handle", lambda: system(434, 434, VICTIM, 0)),
            attempt("open file", lambda: system(438, 438, 3, 0, 0))]
""",
        SECCOMP,
    ),
    Attack(
        "inherited-files",
        "use open files that the grader or the zygote left open",
        """
def answer(x):
    import stat
    found = []
    for descriptor in range(256):
        try:
            mode = os.fstat(descriptor).st_mode
        except OSError:
            continue
        if descriptor > 2 and not (stat.S_ISSOCK(mode) and descriptor == the_socket()):
            found.append(attempt(f"open file {descriptor}", lambda: oct(mode)))
        if descriptor <= 2 and (os.fstat(descriptor).st_rdev != os.stat("/dev/null").st_rdev):
            found.append(attempt(f"stream {descriptor}", lambda: oct(mode)))
    return found or "stopped: nothing there"
""",
    ),
    Attack(
        "leave-a-daemon",
        "leave a process behind that outlives the grading",
        """
def answer(x):
    def daemon():
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                time.sleep(6)
            os._exit(0)
        return "left"
    return attempt("fork", daemon)
""",
        SECCOMP,
    ),
    Attack(
        "leave-a-thread",
        "answer, and leave threads running that catch everything",
        """
def answer(x):
    import threading
    def stay():
        while True:
            try:
                time.sleep(0.01)
            except BaseException:
                pass
    for _ in range(3):
        threading.Thread(target=stay).start()
    return x * 2
""",
        ALWAYS,
        frozenset({"right"}),
    ),
    Attack(
        "fork-bomb",
        "become many processes",
        """
def answer(x):
    def multiply():
        children = 0
        for _ in range(30):
            if os.fork() == 0:
                time.sleep(2)
                os._exit(0)
            children += 1
        return children
    return attempt("fork", multiply)
""",
        SECCOMP,
    ),
    Attack(
        "fork-by-number",
        "fork past the C library: fork, vfork, clone without threads, clone3",
        """
def answer(x):
    def end(result):
        if result == 0:
            os._exit(0)
        return result
    return [attempt("fork", lambda: end(system(57, None))),
            attempt("clone", lambda: end(system(56, 220, 17, 0, 0, 0, 0))),
            attempt("clone with 64-bit flags", lambda: end(system(56, 220, 17 | 1 << 40, 0, 0, 0, 0))),
            attempt("clone3", lambda: end(system(435, 435, (ctypes.c_uint64 * 11)(), 88)))]
""",
        SECCOMP,
    ),
    Attack(
        "thread-bomb",
        "start ten thousand threads",
        """
def answer(x):
    import threading
    threading.stack_size(65536)
    stop = threading.Event()
    started = 0
    try:
        for _ in range(10_000):
            threading.Thread(target=stop.wait, args=(4,), daemon=True).start()
            started += 1
    except RuntimeError:
        return "stopped: no more threads"
    time.sleep(0.3)
    return f"BREACH {started} threads"
""",
        LIMITS,
        frozenset({"stopped", "memory"}),
    ),
    Attack(
        "run-a-program",
        "run a shell",
        """
def answer(x):
    import subprocess
    def shell():
        if os.system("true"):
            raise PermissionError(errno.EPERM, "no shell")
    return [attempt("run", lambda: subprocess.run(["/bin/sh", "-c", "echo out"], capture_output=True)),
            attempt("system", shell),
            attempt("exec", lambda: os.execv(sys.executable, [sys.executable, "-c", ""]))]
""",
        SECCOMP,
    ),
    Attack(
        "new-namespaces",
        "become the superuser of a world of its own",
        """
def answer(x):
    return [attempt("unshare", lambda: system(272, 97, flag)) for flag in (0x10000000, 0x20000, 0x40000000, 0)] + [
        attempt("thread in a new namespace", lambda: system(56, 220, 0x10000 | 0x10000000 | 0x900, 0, 0, 0, 0)),
        attempt("enter another", lambda: system(308, 268, 0, 0))]
""",
        SECCOMP,
    ),
    Attack(
        "change-the-root",
        "mount, unmount, and change the root folder",
        """
def answer(x):
    return [attempt("chroot", lambda: os.chroot(".")),
            attempt("mount", lambda: system(165, 40, b"none", os.getcwd().encode(), b"tmpfs", 0, 0)),
            attempt("unmount", lambda: system(166, 39, b"/proc", 2)),
            attempt("pivot", lambda: system(155, 41, b".", b".")),
            attempt("new mount interface", lambda: system(430, 430, b"tmpfs", 0)),
            attempt("open tree", lambda: system(428, 428, -100, b"/", 1))]
""",
        SECCOMP,
    ),
    Attack(
        "undo-the-walls",
        "switch off what ends it with its parent, and what refuses new privileges and system calls",
        """
def answer(x):
    def process(option, value):
        if libc.prctl(option, value, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "prctl")
    options = {"death signal": (1, 0), "dumpable": (4, 1), "keep capabilities": (8, 1), "seccomp": (22, 0),
               "subreaper": (36, 1), "no new privileges": (38, 0), "tracer": (0x59616D61, -1)}
    return [attempt(name, lambda: process(*pair)) for name, pair in options.items()]
""",
        SECCOMP,
    ),
    Attack(
        "raise-the-limits",
        "raise its own limits of memory, files and time",
        """
def answer(x):
    import resource
    kinds = (resource.RLIMIT_AS, resource.RLIMIT_FSIZE, resource.RLIMIT_CPU)
    most = resource.RLIM_INFINITY
    return [attempt("raise", lambda: resource.setrlimit(kind, (most, most))) for kind in kinds]
""",
        LIMITS,
    ),
    Attack(
        "limit-others",
        "change limits and processors of another process (to what they are)",
        """
def answer(x):
    import resource
    def change():
        return resource.prlimit(VICTIM, resource.RLIMIT_CORE, resource.prlimit(VICTIM, resource.RLIMIT_CORE))
    def pin():
        return os.sched_setaffinity(VICTIM, os.sched_getaffinity(0))
    return [attempt("limits", change), attempt("processors", pin)]
""",
        _SIGNAL_WALLS,
    ),
    Attack(
        "become-somebody",
        "become another user, or take capabilities back",
        """
import struct
def answer(x):
    header = ctypes.create_string_buffer(struct.pack("=Ii", 0x20080522, 0), 8)
    every = ctypes.create_string_buffer(b"\\xff" * 24, 24)
    return [attempt("user", lambda: os.setuid(0 if os.getuid() else 1)), attempt("group", lambda: os.setgroups([0])),
            attempt("capabilities", lambda: system(126, 91, header, every))]
""",
        SECCOMP,
    ),
)
"""Attacks on other processes."""
