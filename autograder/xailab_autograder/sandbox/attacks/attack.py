"""What an attack is: a submission that tries something it must not, and what counts as being stopped.

- ``Attack``   one of them
- ``PRELUDE``  what every attack may use
- ``ENDINGS``  how a call may end
"""

from dataclasses import dataclass

from xailab_autograder.sandbox.levels import Layer

ENDINGS = frozenset(
    {"stopped", "wrong", "right", "raised", "unreadable", "time", "memory", "crash", "exit", "protocol", "scratch"}
)
"""``stopped``: each attempt reports the error that it ran into. ``right`` and ``wrong``: it answered, twice the
argument or something else. The others are the outcomes of a call."""

FILE_WALLS = frozenset({Layer.LANDLOCK, Layer.NAMESPACES})
NETWORK_WALLS = frozenset({Layer.SECCOMP, Layer.NAMESPACES})
SECCOMP = frozenset({Layer.SECCOMP})
ALWAYS = frozenset({Layer.PROCESS})
LIMITS = frozenset({Layer.LIMITS})


@dataclass(frozen=True)
class Attack:
    """A submission that tries something it must not. It defines ``answer(x)``; the right answer would be ``x * 2``.

    Parameters
    ----------
    name
        Stable, for reports and tests.
    tries
        What, in a few words.
    source
        Python, after ``PRELUDE`` and the constants of a ``Range``. A breach shows as a text with BREACH in what came
        back, as a planted secret in it, as an answer that was not computed, or as damage that the range sees from
        outside.
    walls
        Any one of them stops it. Where none stands, it is not run, and reported as open.
    ends
        The ways in which its call may end. Another way is no proof that it was stopped.
    limit_s
        Deadline of its call.
    needs
        The architecture that it is written for; empty for any.
    """

    name: str
    tries: str
    source: str
    walls: frozenset[Layer] = ALWAYS
    ends: frozenset[str] = frozenset({"stopped"})
    limit_s: float = 20.0
    needs: str = ""


PRELUDE = '''
import ctypes, errno, os, platform, socket, sys, time
libc = ctypes.CDLL(None, use_errno=True)
ARM = platform.machine() == "aarch64"

def attempt(what, act):
    """Say which error stopped it, or that nothing did."""
    try:
        got = act()
    except OSError as error:
        return "stopped: " + errno.errorcode.get(error.errno or 0, type(error).__name__)
    except (ImportError, ValueError, MemoryError, RuntimeError) as error:
        return f"stopped: {type(error).__name__} {error}"
    return f"BREACH {what}: {str(got)[:4000]}"

def system(x86, arm, *arguments):
    """Make a system call by number."""
    number = arm if ARM else x86
    if number is None:
        raise OSError(errno.ENOSYS, "not on this machine")
    words = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    result = libc.syscall(ctypes.c_long(number), *words)
    if result < 0:
        raise OSError(ctypes.get_errno(), "system call")
    return result

def the_socket():
    """Return the descriptor of the connection to the grader."""
    import stat
    for descriptor in range(3, 256):
        try:
            if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                return descriptor
        except OSError:
            continue
    raise RuntimeError("there is no socket")

def honest(x):
    return x * 2
'''
