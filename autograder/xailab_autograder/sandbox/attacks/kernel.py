"""Attacks by rare system calls: most holes of the Linux kernel were reached through these.

- ``ATTACKS``   the list

None of them does harm where it is let through: settings are set to what they are.
"""

from xailab_autograder.sandbox.attacks.attack import SECCOMP, Attack

ATTACKS = (
    Attack(
        "rare-calls",
        "use io_uring, userfaultfd, BPF, performance counters, keys, secret memory",
        """
def answer(x):
    page = ctypes.create_string_buffer(256)
    return [attempt("io_uring", lambda: system(425, 425, 2, page)), attempt("userfaultfd", lambda: system(323, 282, 1)),
            attempt("bpf", lambda: system(321, 280, 0, page, 72)),
            attempt("perf", lambda: system(298, 241, page, 0, -1, -1, 0)),
            attempt("key", lambda: system(248, 217, b"user", b"xailab", b"1", 1, -3)),
            attempt("keys", lambda: system(250, 219, 0, -3, 1)), attempt("memfd", lambda: system(319, 279, b"x", 0)),
            attempt("secret memory", lambda: system(447, 447, 0))]
""",
        SECCOMP,
    ),
    Attack(
        "calls-of-the-future",
        "use system calls that no list of today names",
        """
def answer(x):
    return [attempt(f"call {number}", lambda: system(number, number, -1, -1, -1, -1)) for number in range(463, 520)]
""",
        SECCOMP,
    ),
    Attack(
        "x32-calls",
        "make system calls by the numbers of the x32 interface",
        """
def answer(x):
    bit = 0x40000000
    return [attempt("getpid", lambda: system(bit | 39, None)),
            attempt("execve", lambda: system(bit | 520, None, 0, 0, 0))]
""",
        SECCOMP,
        needs="x86_64",
    ),
    Attack(
        "calls-of-32-bit",
        "make a system call the way 32-bit programs do, which have other numbers",
        """
import mmap
def answer(x):
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(bytes([0xB8, 20, 0, 0, 0, 0xCD, 0x80, 0xC3]))
    code = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))
    return f"BREACH process {code()}"
""",
        SECCOMP,
        frozenset({"crash"}),
        needs="x86_64",
    ),
    Attack(
        "change-the-machine",
        "set the clock and the host's name (to what they are), load a module, use swap",
        """
def answer(x):
    name = os.uname().nodename.encode()
    return [attempt("clock", lambda: time.clock_settime(time.CLOCK_REALTIME, time.time())),
            attempt("name", lambda: system(170, 161, name, len(name))),
            attempt("module", lambda: system(175, 105, 0, 0, b"")),
            attempt("swap", lambda: system(167, 224, b"/nonexistent", 0)),
            attempt("adjust the clock", lambda: system(159, 171, ctypes.create_string_buffer(256)))]
""",
        SECCOMP,
    ),
    Attack(
        "shared-memory",
        "make System V shared memory, semaphores and queues, which outlive a process",
        """
def answer(x):
    return [attempt("memory", lambda: system(29, 194, 0, 4096, 0o1600)),
            attempt("semaphore", lambda: system(64, 190, 0, 1, 0o1600)),
            attempt("queue", lambda: system(68, 186, 0, 0o1600)),
            attempt("named queue", lambda: system(240, 180, b"xailab", os.O_CREAT | os.O_RDWR, 0o600, 0))]
""",
        SECCOMP,
    ),
    Attack(
        "watch-files",
        "be told of changes to files that it may not open",
        """
def answer(x):
    return [attempt("inotify", lambda: system(294, 26, 0)), attempt("fanotify", lambda: system(300, 262, 0, 0)),
            attempt("notify", lambda: __import__("fcntl").fcntl(os.open(".", os.O_RDONLY), 1026, 1)),
            attempt("owner of signals", lambda: __import__("fcntl").fcntl(0, 8, 1))]
""",
        SECCOMP,
    ),
    Attack(
        "type-into-the-terminal",
        "put a command into the terminal of whoever grades",
        """
import fcntl
def answer(x):
    return [attempt(f"stream {stream}", lambda: fcntl.ioctl(stream, 0x5412, b"x")) for stream in (0, 1, 2)] + [
        attempt("paste", lambda: fcntl.ioctl(0, 0x541C, b"\\x03")), attempt("session", os.setsid),
        attempt("priority", lambda: os.setpriority(os.PRIO_PROCESS, 0, 5))]
""",
        SECCOMP,
    ),
    Attack(
        "change-the-personality",
        "switch off randomised addresses, change local descriptor tables, lock memory",
        """
def answer(x):
    return [attempt("personality", lambda: system(135, 92, 0x40000)),
            attempt("descriptor table", lambda: system(154, None, 0, 0, 0)),
            attempt("lock memory", lambda: system(151, 230, 1))]
""",
        SECCOMP,
    ),
)
"""Attacks by rare system calls."""
