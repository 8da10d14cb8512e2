"""The walls one by one: tables of system calls, the filter, the list of readable files, scratch folders, limits."""

import os
import struct
import sys
from pathlib import Path

import pytest
from xailab_autograder.sandbox import scratch, seccomp, syscalls, visible
from xailab_autograder.sandbox.landlock import LIST, Access, handled
from xailab_autograder.sandbox.probing import in_child
from xailab_autograder.sandbox.seccomp import Machine

X32 = 0x40000000
AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
ALLOW, EPERM, ENOSYS, KILL = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000


def verdict(machine: Machine, number: int, *arguments: int, audit: int | None = None) -> int:
    """Run the filter as the kernel would, instruction by instruction."""
    code = seccomp.program(machine)
    words = [*arguments, *[0] * (6 - len(arguments))]
    audit = AUDIT[machine.architecture] if audit is None else audit
    data = struct.pack("<IIQ6Q", number, audit, 0, *(word % 2**64 for word in words))
    place, accumulator = 0, 0
    while True:
        operation, if_true, if_false, value = struct.unpack_from("<HBBI", code, 8 * place)
        place += 1
        if operation == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, value)
        elif operation == 0x06:
            return int(value)
        else:
            holds = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}[operation]
            place += if_true if holds else if_false


@pytest.mark.parametrize("architecture", ["x86_64", "aarch64"])
def test_the_filter_lets_through_the_lists_and_nothing_else(architecture: str) -> None:
    machine = Machine(architecture, 1)
    allowed, refused = set(syscalls.allowed(architecture).values()), set(syscalls.refused(architecture).values())
    filtered = set(syscalls.filtered(architecture).values())
    for number in [*range(600), 2**31, 2**32 - 1]:
        if number in filtered:
            continue
        expected = ALLOW if number in allowed else EPERM if number in refused else ENOSYS
        assert verdict(machine, number) == expected, number


def test_other_architectures_are_killed_and_x32_does_not_exist() -> None:
    machine = Machine("x86_64", 1)
    assert verdict(machine, 20, audit=0x40000003) == KILL
    assert verdict(machine, X32 | 39) == ENOSYS


@pytest.mark.parametrize("architecture", ["x86_64", "aarch64"])
def test_calls_are_allowed_by_their_arguments(architecture: str) -> None:
    machine, some = Machine(architecture, 77), syscalls.filtered(architecture)
    thread = 0x3D0F00
    for name, arguments, expected in [
        ("clone", (thread,), ALLOW),
        ("clone", (17,), EPERM),
        ("clone", (17 | 0x10000000,), EPERM),
        ("clone", (thread | 0x10000000,), EPERM),
        ("clone", (thread | 0x80,), EPERM),
        ("clone", (17 | 1 << 40,), EPERM),
        ("clone3", (), ENOSYS),
        ("prctl", (15,), ALLOW),
        ("prctl", (1,), EPERM),
        ("prctl", (4, 1), EPERM),
        ("prctl", (22, 1), EPERM),
        ("kill", (77, 9), ALLOW),
        ("kill", (78, 9), EPERM),
        ("kill", (0, 9), EPERM),
        ("kill", (-1, 9), EPERM),
        ("tgkill", (77, 5, 6), ALLOW),
        ("tgkill", (5, 5, 6), EPERM),
        ("ioctl", (0, 0x5401), ALLOW),
        ("ioctl", (0, 0x5412), EPERM),
        ("ioctl", (0, 0x541C), EPERM),
        ("fcntl", (0, 4), ALLOW),
        ("fcntl", (0, 8), EPERM),
        ("fcntl", (0, 1026), EPERM),
        ("socketpair", (1,), ALLOW),
        ("socketpair", (16,), EPERM),
        ("prlimit64", (0, 3), ALLOW),
        ("prlimit64", (1, 3), EPERM),
        ("sched_setaffinity", (0,), ALLOW),
        ("sched_setaffinity", (5,), EPERM),
    ]:
        if name == "clone3":
            assert verdict(machine, some[name]) == expected
        else:
            assert verdict(machine, some[name], *arguments) == expected, (name, arguments)


@pytest.mark.parametrize("architecture", ["x86_64", "aarch64"])
def test_no_call_stands_in_two_lists(architecture: str) -> None:
    tables = [syscalls.allowed(architecture), syscalls.refused(architecture), syscalls.filtered(architecture)]
    names = [name for table in tables for name in table]
    numbers = [number for table in tables for number in table.values()]
    assert len(set(names)) == len(names)
    assert len(set(numbers)) == len(numbers)


@pytest.mark.skipif(not Path("/usr/include/asm-generic/unistd.h").exists(), reason="needs the kernel's headers")
def test_the_numbers_are_those_of_the_kernel_s_headers() -> None:
    import re

    generic = Path("/usr/include/asm-generic/unistd.h").read_text()
    ours = {**syscalls.allowed("aarch64"), **syscalls.refused("aarch64"), **syscalls.filtered("aarch64")}
    theirs = {name: int(number) for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", generic)}
    theirs["newfstatat"] = theirs.pop("fstatat", theirs.get("newfstatat", 79))
    known = [name for name in ours if name in theirs]
    assert len(known) > 200
    assert {name: ours[name] for name in known} == {name: theirs[name] for name in known}


def test_what_is_readable_contains_nothing_that_is_withheld() -> None:
    package = Path(visible.__file__).parents[2]
    rules = [rule for rule in visible.rules() if rule.access & Access.READ_FILE]
    assert rules
    for folder in (*visible.hidden(), package):
        for rule in rules:
            assert not folder.is_relative_to(rule.path.resolve()), (rule.path, folder)
    import xailab

    room = Path(str(xailab.__file__)).parent
    readable = {rule.path for rule in rules}
    for path in room.iterdir():
        stands_free = path in readable or any(path.is_relative_to(other) for other in readable)
        bench = path.stem in visible.BENCH or path.name == "py.typed"
        assert stands_free == bench, path


def test_packages_that_are_installed_beside_others_are_left_out_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "lib" / "python3.11" / "site-packages"
    for name in ("numpy", "xailab", "xailab_kernels", "xailab_autograder", "xailab_labs"):
        (site / name).mkdir(parents=True)
    (site / "six.py").touch()
    (site / "sneaky").symlink_to(site / "xailab_kernels")
    monkeypatch.setattr(visible, "_roots", lambda: iter([tmp_path / "lib", site]))
    monkeypatch.setattr(visible, "_SYSTEM", ())
    hidden = visible.hidden()
    assert {site / name for name in ("xailab", "xailab_kernels", "xailab_autograder", "xailab_labs")} <= set(hidden)
    granted = {rule.path for rule in visible._grant(tmp_path / "lib", hidden) if rule.access & Access.READ_FILE}
    assert granted == {site / "numpy", site / "six.py"}
    listed = {rule.path for rule in visible._grant(tmp_path / "lib", hidden) if rule.access == LIST}
    assert listed == {tmp_path / "lib", tmp_path / "lib" / "python3.11", site}


def test_landlock_s_rights_grow_with_its_version() -> None:
    assert [handled(version).bit_count() for version in (1, 2, 3, 4, 5, 7)] == [13, 14, 15, 15, 16, 16]


def test_scratch_folders_are_watched_by_size_and_by_number(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "file").write_bytes(b"x" * 100_000)
    (tmp_path / "link").symlink_to("/usr")
    assert scratch.fits(tmp_path, 1 << 20, 10)
    assert not scratch.fits(tmp_path, 50_000, 10)
    assert not scratch.fits(tmp_path, 1 << 20, 3)


def test_scratch_folders_are_removed_however_deep_closed_or_linked(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("kept")
    folder = scratch.make("test")
    here = os.open(folder, os.O_RDONLY)
    for _ in range(300):
        os.mkdir("deep" * 10, dir_fd=here)
        there = os.open("deep" * 10, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = there
    os.close(here)
    (folder / "closed").mkdir(0o000)
    (folder / "link").symlink_to(outside)
    (folder / "other" / "more").mkdir(parents=True)
    (folder / "other" / "file").touch()
    scratch.remove(folder)
    assert not folder.exists()
    assert (outside / "kept").read_text() == "kept"


@pytest.mark.skipif(sys.platform != "linux", reason="Linux's walls")
def test_what_goes_wrong_in_a_probing_child_is_told() -> None:
    def fail() -> None:
        raise OSError(1, "Operation not permitted")

    assert in_child(fail) == "PermissionError: [Errno 1] Operation not permitted"
    assert in_child(lambda: None) == ""
    assert in_child(lambda: os.kill(os.getpid(), 9)) == "the process that tried it ended"
