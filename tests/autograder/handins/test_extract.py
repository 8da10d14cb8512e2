"""An archive writes nothing but what it may, where it may: bombs, liars, links, names, any bytes at all."""

import io
import os
import stat
import struct
import zipfile
import zlib
from contextlib import ExitStack, closing, suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xailab_autograder.handins.collect import collect
from xailab_autograder.handins.entries import Unreadable
from xailab_autograder.handins.extract import Archive

from xailab.errors import XailabError

MIB = 2**20


@pytest.fixture
def archive(tmp_path):
    """Return a function that opens bytes, or named contents, as an archive."""
    with ExitStack() as stack:

        def opened(files, **options):
            path = tmp_path / "a.zip"
            path.write_bytes(files if isinstance(files, bytes) else packed(files))
            return stack.enter_context(closing(Archive(path, **options)))

        yield opened


def packed(files, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for name, content in files:
            made.writestr(name, content)
    return out.getvalue()


def info(name, mode=stat.S_IFREG | 0o644):
    made = zipfile.ZipInfo(name)
    made.external_attr = mode << 16
    made.create_system = 3
    return made


def directory_entries(raw):
    """Yield where the records of the table of contents begin."""
    at = raw.find(b"PK\x01\x02")
    while at >= 0:
        yield at
        at = raw.find(b"PK\x01\x02", at + 4)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("/etc/passwd.ipynb", "an absolute name"),
        ("C:/x.ipynb", "an absolute name"),
        ("../x.ipynb", "leads out"),
        ("a/../../x.ipynb", "leads out"),
        ("a\\b.ipynb", "a backslash"),
        ("a\nb.ipynb", "control characters"),
        ("a\x7fb.ipynb", "control characters"),
        ("x/" * 40 + "a.ipynb", "without end"),
        ("y" * 5000 + ".ipynb", "without end"),
    ],
)
def test_names_that_lead_elsewhere_are_left_out_with_a_note(archive, name, says):
    opened = archive([(name, b"{}"), ("ok.ipynb", b"{}")])
    assert [entry.path for entry in opened.entries] == ["ok.ipynb"]
    (note,) = opened.notes
    assert says in note
    assert "\n" not in note


def test_a_name_that_hides_its_end_behind_a_nul_is_left_out(archive):
    raw = packed([("lab.ipynb!.exe", b"{}")]).replace(b"lab.ipynb!.exe", b"lab.ipynb\x00.exe")
    opened = archive(raw)
    assert opened.entries == ()
    assert "lab.ipynb<U+0000>.exe" in opened.notes[0]


@pytest.mark.parametrize(
    ("mode", "says"),
    [(stat.S_IFLNK, "a link"), (stat.S_IFIFO, "a pipe"), (stat.S_IFCHR, "a device"), (stat.S_IFSOCK, "a device")],
)
def test_links_and_devices_are_named_but_never_unpacked(archive, tmp_path, mode, says):
    opened = archive([(info("lab.ipynb", mode | 0o777), b"/etc/passwd")])
    (entry,) = opened.entries
    assert says in entry.refused
    with pytest.raises(Unreadable, match=says):
        opened.bring(entry, tmp_path / "out", MIB)
    assert not (tmp_path / "out").exists()


def test_encrypted_members_and_rare_methods_are_not_unpacked(archive):
    raw = bytearray(packed([("lab.ipynb", b"{}")]))
    (at,) = directory_entries(raw)
    raw[at + 8] |= 1
    raw[6] |= 1
    assert "encrypted" in archive(bytes(raw)).entries[0].refused
    assert "rare method" in archive(packed([("lab.ipynb", b"{}")], zipfile.ZIP_LZMA)).entries[0].refused


def test_a_bomb_is_stopped_by_its_ratio_before_it_is_large(archive, tmp_path):
    opened = archive([("lab.ipynb", b"0" * (20 * MIB))])
    with pytest.raises(Unreadable, match="more than 400 times its size"):
        opened.bring(opened.entries[0], tmp_path / "out", 32 * MIB)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip"]


def test_a_member_that_says_it_is_huge_is_refused_unread(archive, tmp_path):
    raw = bytearray(packed([("lab.ipynb", b"{}")]))
    (at,) = directory_entries(raw)
    raw[at + 24 : at + 28] = struct.pack("<I", 2**32 - 2)
    opened = archive(bytes(raw))
    with pytest.raises(Unreadable, match="4,096 MiB; at most 32 MiB are read"):
        opened.bring(opened.entries[0], tmp_path / "out", 32 * MIB)


def test_a_member_that_says_it_is_small_gives_no_more_than_it_says(archive, tmp_path):
    content = os.urandom(2 * MIB)
    raw = bytearray(packed([("lab.ipynb", content)]))
    (at,) = directory_entries(raw)
    raw[at + 24 : at + 28] = struct.pack("<I", 10)
    opened = archive(bytes(raw))
    with pytest.raises(Unreadable, match="damaged"):
        opened.bring(opened.entries[0], tmp_path / "out", 32 * MIB)
    raw[at + 16 : at + 20] = struct.pack("<I", zlib.crc32(content[:10]))  # a liar who lies throughout
    opened = archive(bytes(raw))
    assert opened.bring(opened.entries[0], tmp_path / "out", 32 * MIB).read_bytes() == content[:10]


def test_limits_hold_while_unpacking_whatever_was_announced(archive, tmp_path):
    content = os.urandom(3 * MIB)
    opened = archive([("a.ipynb", content), ("b.ipynb", content)], most_total=4 * MIB)
    opened.bring(opened.entries[0], tmp_path / "out", 4 * MIB)
    with pytest.raises(Unreadable, match="more than is read of one student"):
        opened.bring(opened.entries[1], tmp_path / "out2", 4 * MIB)
    assert not (tmp_path / "out2").exists()
    opened = archive([("a.ipynb", content)])
    with pytest.raises(Unreadable, match="unpacks to more than the 1 MiB"):
        list(opened._unpacked(opened._members[0], io.BytesIO(content), MIB))  # if zipfile were to believe a header


def test_members_that_lie_over_each_other_are_refused(archive):
    raw = bytearray(packed([("a.ipynb", b"a" * 100), ("b.ipynb", b"b" * 100)], zipfile.ZIP_STORED))
    first, second = directory_entries(raw)
    raw[second + 42 : second + 46] = raw[first + 42 : first + 46]
    with pytest.raises(Unreadable, match="lie over each other"):
        archive(bytes(raw))


def test_a_quoting_bomb_in_the_manner_of_fifield_is_refused(archive):
    kernel = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = kernel.compress(b"0" * MIB) + kernel.flush()
    crc, names = zlib.crc32(b"0" * MIB), [b"a.ipynb", b"b.ipynb", b"c.ipynb"]
    local = [struct.pack("<IHHHHHIIIHH", 0x04034B50, 20, 0, 8, 0, 33, crc, 0, 0, len(n), 0) + n for n in names]
    raw, offsets = b"", []
    for number, head in enumerate(local):
        offsets.append(len(raw))
        raw += head
        if number + 1 < len(local):  # a stored block that quotes the next header
            size = len(local[number + 1])
            raw += struct.pack("<BHH", 0, size, size ^ 0xFFFF)
    raw += body
    directory = b"".join(
        struct.pack(
            "<IHHHHHHIIIHHHHHII", 0x02014B50, 20, 20, 0, 8, 0, 33, crc, len(raw) - at, MIB, len(n), *[0] * 5, at
        )
        + n
        for at, n in zip(offsets, names, strict=True)
    )
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 3, 3, len(directory), len(raw), 0)
    with pytest.raises(Unreadable, match="lie over each other"):
        archive(raw + directory + end)


def test_one_name_twice_is_refused_and_capital_letters_are_noted(archive):
    with pytest.warns(UserWarning, match="Duplicate name"):
        raw = packed([("lab.ipynb", b"1"), ("lab.ipynb", b"2")])
    with pytest.raises(Unreadable, match=r"two files called 'lab\.ipynb'"):
        archive(raw)
    opened = archive([("Lab.ipynb", b"1"), ("lab.ipynb", b"2")])
    assert len(opened.entries) == 2
    assert opened.notes == ("'lab.ipynb' is there 2 times, but for capital letters",)


def test_too_many_members_and_endless_tables_of_contents_are_refused(archive):
    raw = packed([(f"{number}.txt", b"") for number in range(200)])
    with pytest.raises(Unreadable, match="200 files; at most 100 are read"):
        archive(raw, most_entries=100)
    raw = packed([(f"{number}" + "x" * 2000, b"") for number in range(200)])
    with pytest.raises(Unreadable, match="table of contents is longer"):
        archive(raw, most_entries=100)


def test_what_systems_leave_behind_is_no_file(archive):
    names = ["__MACOSX/._lab.ipynb", "._x.ipynb", ".ipynb_checkpoints/lab-checkpoint.ipynb", "a/.DS_Store", "a/"]
    opened = archive([(name, b"") for name in names])
    assert (opened.entries, opened.notes) == ((), ())


def test_names_that_are_not_utf8_and_names_that_are_without_saying_so_are_read(archive):
    raw = packed([("abcd.ipynb", b"{}")])
    assert archive(raw.replace(b"abcd.", b"ren\x82.")).entries[0].path == "rené.ipynb"
    assert archive(raw.replace(b"abcd.", "öö.".encode())).entries[0].path == "öö.ipynb"
    assert archive([("عمر🦊.ipynb", b"{}")]).entries[0].path == "عمر🦊.ipynb"


def test_large_archives_with_64_bit_headers_are_read(archive, tmp_path):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made, made.open("lab.ipynb", "w", force_zip64=True) as member:
        member.write(b"{}")
    opened = archive(out.getvalue())
    assert opened.bring(opened.entries[0], tmp_path / "out", MIB).read_bytes() == b"{}"


def test_a_full_disk_is_not_the_students_fault(archive, tmp_path, monkeypatch):
    from xailab_autograder.handins import extract

    class Full(io.RawIOBase):
        def write(self, chunk):
            raise OSError(28, "No space left on device")

    opened = archive([("lab.ipynb", b"{}")])
    real = extract._write
    monkeypatch.setattr(extract, "_write", lambda out, chunk: real(Full(), chunk))
    with pytest.raises(XailabError, match="No space left") as caught:
        opened.bring(opened.entries[0], tmp_path / "out", MIB)
    assert not isinstance(caught.value, Unreadable)
    assert not (tmp_path / "out").exists()


def test_a_file_of_4_gib_is_never_read(tmp_path, lab, scratch, notebook):
    folder = tmp_path / "class"
    folder.mkdir()
    (folder / "bob.ipynb").write_bytes(notebook())
    for name in ("ada.ipynb", "cy.zip"):
        with (folder / name).open("wb") as sparse:
            sparse.truncate(4 * 2**30)
    found = {hand_in.student: hand_in for hand_in in collect(folder, lab, scratch).hand_ins}
    assert found["ada"].problem == "ada.ipynb: 4,096 MiB; at most 32 MiB are read"
    assert found["cy"].problem == "cy.zip: 4,096 MiB; at most 256 MiB are read"
    assert found["bob"].submission is not None


VALID = packed([("ada.ipynb", b'{"cells": []}'), ("bob/lab.py", b"x = 1"), ("../c.ipynb", b"{}")])


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    raw=st.one_of(
        st.binary(max_size=400),
        st.lists(st.tuples(st.integers(0, len(VALID) - 1), st.binary(min_size=1, max_size=8)), max_size=6).map(
            lambda edits: damaged(VALID, edits)
        ),
    )
)
def test_any_bytes_give_hand_ins_or_one_error_and_nothing_is_written_elsewhere(raw, tmp_path, lab):
    room = tmp_path / "room"
    room.mkdir(exist_ok=True)
    scratch = room / "scratch"
    scratch.mkdir(exist_ok=True)
    path = room / "download.zip"
    path.write_bytes(raw)
    with suppress(XailabError):  # nothing else is ever raised
        assert collect(path, lab, scratch).hand_ins
    assert sorted(item.name for item in room.iterdir()) == ["download.zip", "scratch"]
    assert list(scratch.iterdir()) == []
    assert [item.name for item in tmp_path.iterdir() if not item.name.startswith("room")] == []


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    edits=st.lists(st.tuples(st.integers(0, len(VALID) - 1), st.binary(min_size=1, max_size=8)), max_size=6),
    names=st.lists(st.text(max_size=30), max_size=4),
)
def test_any_archive_of_one_student_is_his_problem_alone(edits, names, tmp_path, lab, scratch, notebook, zipped):
    files = {f"{number}{name}": b"{}" for number, name in enumerate(names) if encodable(name)}
    path = tmp_path / "download.zip"
    path.write_bytes(zipped({"ada.zip": damaged(VALID, edits), "bob.ipynb": notebook(), "cy.zip": zipped(files)}))
    found = {hand_in.student: hand_in for hand_in in collect(path, lab, scratch).hand_ins}
    assert found["bob"].problem == ""
    assert set(found) == {"ada", "bob", "cy"}
    assert list(scratch.iterdir()) == []


def damaged(raw, edits):
    changed = bytearray(raw)
    for at, new in edits:
        changed[at : at + len(new)] = new
    return bytes(changed)


def encodable(text):
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
