"""Attacks on files: reading what is secret, writing what is not theirs.

- ``ATTACKS``   the list
"""

from xailab_autograder.sandbox.attacks.attack import ALWAYS, FILE_WALLS, SECCOMP, Attack

ATTACKS = (
    Attack(
        "read-a-secret",
        "read a file that lies somewhere on this machine",
        'def answer(x):\n    return attempt("read", lambda: open(SECRET).read())',
        FILE_WALLS,
    ),
    Attack(
        "read-the-exercises",
        "read the references and cases of a lab",
        'def answer(x):\n    return attempt("read", lambda: open(EXERCISES).read())',
        FILE_WALLS,
    ),
    Attack(
        "read-the-autograder",
        "read the judge's source",
        'def answer(x):\n    return attempt("read", lambda: open(JUDGE).read())',
        FILE_WALLS,
    ),
    Attack(
        "read-the-methods",
        "read the course's own solutions",
        'def answer(x):\n    return attempt("read", lambda: open(METHOD).read())',
        FILE_WALLS,
    ),
    Attack(
        "read-the-kernels",
        "read the compiled library's source",
        'def answer(x):\n    return attempt("read", lambda: open(KERNEL).read())',
        FILE_WALLS,
    ),
    Attack(
        "load-withheld-modules",
        "import the solutions from their source and bytecode files, past the import system",
        """
import importlib.util
from importlib.machinery import SourceFileLoader, SourcelessFileLoader
def load(loader, path):
    module = loader("stolen", path)
    return module.get_code("stolen").co_names
def answer(x):
    compiled = importlib.util.cache_from_source(METHOD)
    return [attempt("import", lambda: load(SourceFileLoader, METHOD)),
            attempt("import", lambda: load(SourcelessFileLoader, compiled))]
""",
        FILE_WALLS,
    ),
    Attack(
        "open-the-password-file",
        "open /etc/shadow",
        'def answer(x):\n    return attempt("open", lambda: os.close(os.open("/etc/shadow", os.O_RDONLY)))',
        FILE_WALLS,
    ),
    Attack(
        "list-folders",
        "list the root, the home folder and the folder of secrets",
        """
def answer(x):
    def look(folder):
        if os.path.realpath(folder) == os.path.realpath("."):
            raise PermissionError("there it is its own scratch folder: a home in /tmp, say")
        return os.listdir(folder)
    return [attempt("list", lambda: look(folder)) for folder in ("/", HOME, SECRETS, GRADER_FOLDER)]
""",
        FILE_WALLS,
    ),
    Attack(
        "write-outside",
        "make files and folders outside the scratch folder, also in Python's own folders",
        """
def answer(x):
    import json, numpy
    def put(folder):
        with open(os.path.join(folder, "left.txt"), "w") as file:
            file.write("left behind")
    folders = (OUTSIDE, os.path.dirname(json.__file__), os.path.dirname(numpy.__file__), BENCH)
    return [attempt("write", lambda: put(folder)) for folder in folders] + [
        attempt("make a folder", lambda: os.mkdir(os.path.join(OUTSIDE, "left")))]
""",
        FILE_WALLS,
    ),
    Attack(
        "links",
        "reach a secret through symbolic and hard links, or move it into the scratch folder",
        """
def answer(x):
    def symbolic():
        os.symlink(SECRET, "soft")
        return open("soft").read()
    def hard():
        os.link(SECRET, "hard")
        return open("hard").read()
    def move():
        os.rename(SECRET, "moved")
        return open("moved").read()
    return [attempt("symbolic link", symbolic), attempt("hard link", hard), attempt("move", move)]
""",
        FILE_WALLS,
    ),
    Attack(
        "other-ways-to-the-root",
        "reach a secret through /proc/self/root, /proc/1/root, a parent folder, or an open folder",
        """
def answer(x):
    def relative():
        return open("../" * 20 + SECRET.lstrip("/")).read()
    def by_folder():
        folder = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
        return os.open(SECRET.lstrip("/"), os.O_RDONLY, dir_fd=folder)
    ways = [attempt(root, lambda: open(root + SECRET).read()) for root in ("/proc/self/root", "/proc/1/root", "/.old")]
    return [*ways, attempt("parents", relative), attempt("folder", by_folder)]
""",
        FILE_WALLS,
    ),
    Attack(
        "read-other-processes",
        "read environment, memory and files of the grader and the zygote",
        """
def answer(x):
    def environment(pid):
        return open(f"/proc/{pid}/environ", "rb").read()
    def memory(pid):
        return open(f"/proc/{pid}/mem", "rb")
    def files(pid):
        return os.listdir(f"/proc/{pid}/fd")
    pids = [pid for pid in (GRADER, ZYGOTE, VICTIM) if pid != os.getpid()]
    looks = (environment, memory, files)
    return [attempt(f"{look.__name__} of {pid}", lambda: look(pid)) for pid in pids for look in looks]
""",
        FILE_WALLS,
    ),
    Attack(
        "change-attributes",
        "change mode, times, owner and attributes of a file that it may not even open",
        """
def answer(x):
    return [attempt("mode", lambda: os.chmod(OUTSIDE_FILE, 0o777)),
            attempt("times", lambda: os.utime(OUTSIDE_FILE, (1, 1))),
            attempt("owner", lambda: os.chown(OUTSIDE_FILE, 12345, 12345)),
            attempt("attribute", lambda: os.setxattr(OUTSIDE_FILE, "user.left", b"behind"))]
""",
        SECCOMP,
    ),
    Attack(
        "empty-a-file",
        "truncate or remove a file outside",
        """
def answer(x):
    return [attempt("truncate", lambda: os.truncate(OUTSIDE_FILE, 0)),
            attempt("remove", lambda: os.remove(OUTSIDE_FILE))]
""",
        FILE_WALLS,
    ),
    Attack(
        "open-by-handle",
        "open a file by its kernel handle, past every path",
        """
def answer(x):
    def handle():
        buffer = ctypes.create_string_buffer(144)
        buffer[0:4] = (128).to_bytes(4, "little")
        mount = ctypes.c_int()
        system(303, 264, -100, SECRETS.encode(), buffer, ctypes.byref(mount), 0)
        return system(304, 265, -100, buffer, 0)
    return attempt("open", handle)
""",
        SECCOMP,
    ),
    Attack(
        "devices",
        "open memory, kernel log, disks and terminal",
        """
def answer(x):
    names = ("mem", "kmsg", "sda", "vda", "tty", "console", "ptmx", "fuse", "kvm", "net/tun", "nvidia0", "loop-control")
    return [attempt(name, lambda: os.close(os.open("/dev/" + name, os.O_RDWR))) for name in names]
""",
        FILE_WALLS,
    ),
    Attack(
        "a-neighbour's-scratch",
        "read and change the scratch folder of another submission that runs at the same time",
        """
def answer(x):
    def change():
        with open(NEIGHBOUR_FILE, "r+") as file:
            file.write("changed")
    return [attempt("read", lambda: open(NEIGHBOUR_FILE).read()), attempt("change", change)]
""",
        FILE_WALLS,
    ),
    Attack(
        "write-at-the-end",
        "leave code that writes outside when the process ends or is told to end",
        """
def answer(x):
    import atexit, signal
    def leave(*_):
        try:
            open(os.path.join(OUTSIDE, "left.txt"), "w").write("left behind")
        except OSError:
            pass
    atexit.register(leave)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGXCPU):
        signal.signal(number, leave)
    return "stopped: nothing yet"
""",
        ALWAYS,
    ),
)
"""Attacks on files."""
