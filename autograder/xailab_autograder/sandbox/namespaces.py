"""A small world for workers: their own root folder, network without wires, process numbers, users.

The zygote moves into a world of its own once (``enter``): a user namespace, so that no privilege outside is left; a
root folder that holds only what workers may read, read-only; no network. Each worker then gets its own process
numbers, shared memory and scratch disk (``separate`` in its keeper, ``furnish`` in itself), and gives up even the
privileges of this world (``drop``).

- ``enter``     the zygote: user, mount, network and host name namespaces, new root
- ``separate``  the keeper: the next child is process 1 of its own numbering
- ``furnish``   the worker: its own ``/proc`` and scratch disk
- ``drop``      the worker: no capability, for good
"""

import ctypes
import os
import struct
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from xailab_autograder.sandbox import syscalls

_NEW_NS, _NEW_CGROUP, _NEW_UTS, _NEW_IPC = 0x00020000, 0x02000000, 0x04000000, 0x08000000
_NEW_USER, _NEW_PID, _NEW_NET = 0x10000000, 0x20000000, 0x40000000
_NOSUID, _NODEV, _BIND, _RECURSIVE, _PRIVATE, _DETACH = 2, 4, 0x1000, 0x4000, 1 << 18, 2
_ATTRIBUTES_READ_ONLY_NOSUID = 1 | 2
_AT_RECURSIVE, _AT_FDCWD = 0x8000, -100
_INSIDE_ID = 1000
_DEVICES = ("null", "zero", "random", "urandom")
_LAST_CAPABILITY = 63

SCRATCH = Path("/scratch")
"""Where a worker's scratch disk is mounted."""


def enter(visible: Iterable[Path]) -> None:
    """Move this process, for good, to a world in which only these paths exist. Needs a single thread."""
    uid, gid = os.getuid(), os.getgid()
    syscalls.call("unshare", _NEW_USER | _NEW_NS | _NEW_NET | _NEW_UTS | _NEW_IPC)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{_INSIDE_ID} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{_INSIDE_ID} {gid} 1")
    _mount("none", "/", flags=_RECURSIVE | _PRIVATE)
    root = Path(tempfile.mkdtemp(prefix="xailab-root-")).resolve()  # an empty folder to mount on, gone below
    try:
        _mount("tmpfs", root, "tmpfs", _NOSUID, "mode=755")
        _fill(root, visible)
        old = root / ".old"
        old.mkdir()
        syscalls.call("pivot_root", os.fsencode(root), os.fsencode(old))
    except BaseException:
        with suppress(OSError):
            syscalls.call("umount2", os.fsencode(root), _DETACH)
        root.rmdir()
        raise
    os.chdir("/")
    Path("/.old" + str(root)).rmdir()
    syscalls.call("umount2", b"/.old", _DETACH)
    Path("/.old").rmdir()
    attributes = struct.pack("=QQQQ", _ATTRIBUTES_READ_ONLY_NOSUID, 0, 0, 0)
    syscalls.call("mount_setattr", _AT_FDCWD, b"/", _AT_RECURSIVE, ctypes.create_string_buffer(attributes, 32), 32)


def _fill(root: Path, visible: Iterable[Path]) -> None:
    reals: set[Path] = {Path("/proc"), *(Path("/dev") / device for device in _DEVICES)}
    links: dict[Path, Path] = {}
    for path in visible:
        reals.add(_walk(path, links))
    shown: list[Path] = []
    for path in sorted(reals):
        if path.exists() and not any(path.is_relative_to(done) for done in shown):
            _show(root, path)
            shown.append(path)
    for link, target in links.items():
        if not any(link.is_relative_to(done) for done in shown):
            _place(root, link).parent.mkdir(parents=True, exist_ok=True)
            _place(root, link).symlink_to(target)
    _place(root, SCRATCH).mkdir()
    for folder in (Path("/tmp"), Path("/dev/shm")):
        if not _place(root, folder).exists():
            _place(root, folder).symlink_to(SCRATCH)


def _walk(path: Path, links: dict[Path, Path]) -> Path:
    """Return where a path really is, and note the links on the way."""
    real = Path("/")
    for part in path.parts[1:]:
        step = real / part
        if step.is_symlink():
            links[step] = step.resolve()
        real = step.resolve()
    return real


def _place(root: Path, path: Path) -> Path:
    return root / path.relative_to("/")


def _show(root: Path, path: Path) -> None:
    """Make a file or folder of the old world exist in the new one."""
    place = _place(root, path)
    place.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        place.mkdir(exist_ok=True)
    else:
        place.touch()
    _mount(path, place, flags=_BIND | _RECURSIVE)


def separate() -> None:
    """Let the next child of this process be process 1 of its own numbering, with shared memory of its own."""
    syscalls.call("unshare", _NEW_PID | _NEW_IPC)


def furnish(scratch_bytes: int, scratch_files: int) -> None:
    """Give this process a scratch disk of limited size, and a ``/proc`` that shows only itself where that is
    allowed.
    """
    syscalls.call("unshare", _NEW_NS)
    _mount("tmpfs", SCRATCH, "tmpfs", _NOSUID | _NODEV, f"size={scratch_bytes},nr_inodes={scratch_files},mode=700")
    with suppress(PermissionError):  # refused where a container hides parts of /proc; Landlock then does what it does
        _mount("proc", "/proc", "proc", _NOSUID | _NODEV)


def drop() -> None:
    """Give up every capability of this process, for good."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in range(_LAST_CAPABILITY + 1):
        libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP; an ordinary process may not, and has none
    libc.prctl(47, 4, 0, 0, 0)  # PR_CAP_AMBIENT, clear all
    header = ctypes.create_string_buffer(struct.pack("=Ii", 0x20080522, 0), 8)
    syscalls.call("capset", header, ctypes.create_string_buffer(24))


def _mount(source: Path | str, target: Path | str, kind: str = "none", flags: int = 0, options: str = "") -> None:
    syscalls.call(
        "mount", os.fsencode(source), os.fsencode(target), kind.encode(), flags, options.encode() if options else None
    )
