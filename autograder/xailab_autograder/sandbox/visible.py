"""What a worker may read: Python, its libraries, and the bench of xailab. Everything else is withheld.

An allow-list: a room of xailab that is not named in ``BENCH`` is withheld, those to come included, wherever xailab is
installed.

- ``BENCH``     the parts of xailab that every lab may use
- ``WITHHELD``  packages that student code must not read
- ``rules``     the list, for this interpreter
- ``late_rules``  what importing brought in from other places
- ``hidden``    folders that the list never contains
"""

import importlib.machinery
import importlib.util
import site
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

from xailab_autograder.sandbox.landlock import LIST, READ, Access, Rule

BENCH = ("__init__", "hooks", "images", "errors", "files", "interrupts", "data", "graph", "models", "render")
WITHHELD = ("xailab", "xailab_kernels", "xailab_autograder", "xailab_labs", "labs")

_LIBRARIES = ("/lib", "/lib64", "/lib32", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64")
_SYSTEM = (
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/fonts",
    "/etc/mime.types",
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/usr/share/zoneinfo",
    "/usr/share/locale",
    "/usr/share/mime",
    "/sys/devices/system/cpu",
)
_PROC = ("cpuinfo", "meminfo", "stat", "filesystems", "sys/vm/overcommit_memory", "sys/kernel/osrelease")


def rules() -> tuple[Rule, ...]:
    """Return what a worker of this interpreter may read. ``/proc`` and the scratch folder come on top."""
    withheld = hidden()
    found: list[Rule] = []
    for root in _roots():
        found += _grant(root, withheld)
    found += [Rule(Path(path), READ) for path in _SYSTEM]
    found += _bench()
    return tuple(dict.fromkeys(rule for rule in found if rule.path.exists()))


def late_rules(earlier: Iterable[Rule]) -> tuple[Rule, ...]:
    """Return rules for shared libraries that are loaded by now from places that no earlier rule names."""
    folders = [rule.path.resolve() for rule in earlier if rule.access & Access.READ_FILE]
    return tuple(
        Rule(Path(file), READ)
        for file in _mapped(hidden())
        if not any(Path(file).is_relative_to(folder) for folder in folders)
    )


def proc_rules() -> tuple[Rule, ...]:
    """Return what a worker may read of ``/proc``: itself, and what every program may know of the machine."""
    own = Path("/proc/self").resolve()
    return (Rule(own, READ), *(Rule(Path("/proc") / name, READ) for name in _PROC))


def hidden() -> tuple[Path, ...]:
    """Return the folders of packages that are withheld, as they are on this machine."""
    folders = []
    for name in WITHHELD:
        spec = importlib.util.find_spec(name)
        for place in spec.submodule_search_locations or () if spec else ():
            folders.append(Path(place).resolve())
    for root in _roots():  # the same packages, installed for another interpreter
        if root.is_dir():
            folders += [path.resolve() for name in WITHHELD for path in root.glob(f"python3*/*-packages/{name}")]
            folders += [path.resolve() for name in WITHHELD for path in root.glob(f"*-packages/{name}")]
    return tuple(dict.fromkeys([*folders, _folder("xailab").parent / "labs"]))


def _folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ImportError(f"{package} is not installed as a folder")
    return Path(spec.origin).resolve().parent


def _roots() -> Iterator[Path]:
    paths = sysconfig.get_paths()
    yield from (Path(paths[key]) for key in ("stdlib", "platstdlib", "purelib", "platlib"))
    yield from (Path(folder) for folder in site.getsitepackages())
    yield from (Path(sys.base_prefix) / folder for folder in ("lib", "lib64", "share/fonts", "etc/fonts"))
    yield from (Path(folder) for folder in _LIBRARIES)
    yield Path(sys.prefix) / "pyvenv.cfg"


def _grant(path: Path, withheld: Iterable[Path]) -> Iterator[Rule]:
    """Yield rules for a folder: itself, or its entries one by one where something beneath it is withheld."""
    real = path.resolve()
    if any(real == folder or real.is_relative_to(folder) for folder in withheld):
        return
    if not any(folder.is_relative_to(real) for folder in withheld):
        yield Rule(path, READ)
        return
    yield Rule(path, LIST)
    for entry in sorted(real.iterdir()):
        if not entry.is_symlink():
            yield from _grant(entry, withheld)


def _bench() -> Iterator[Rule]:
    """Yield rules for the bench: files of the package one by one, with their compiled twins, and folders whole."""
    package = _folder("xailab")
    yield Rule(package, LIST)
    for name in BENCH:
        source = package / f"{name}.py"
        yield Rule(package / name, READ)
        yield Rule(source, READ)
        yield Rule(Path(importlib.util.cache_from_source(str(source))), READ)
    yield Rule(package / "py.typed", READ)


def _mapped(withheld: Iterable[Path]) -> Iterator[str]:
    """Yield the shared libraries that are loaded now, wherever they are."""
    maps = Path("/proc/self/maps")
    lines = maps.read_text().splitlines() if maps.exists() else []
    files = {line.split(maxsplit=5)[5] for line in lines if "/" in line and ".so" in line}
    for file in sorted(files):
        if not any(Path(file).is_relative_to(folder) for folder in withheld):
            yield file
