"""Of the files of one student, the one that counts.

- ``choose``  bundles of one student -> ``HandedIn``

The newest hand-in counts. In it, the file in which most of the lab was worked on; of equals a notebook before a Python
file, then the one that is called like the hand-out. What still cannot be decided is a problem that lists the files:
a person decides, not a rule that nobody knows.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from xailab.errors import XailabError
from xailab_autograder.course.names import visible
from xailab_autograder.exercises import Lab
from xailab_autograder.gradebook.contents import HandedIn
from xailab_autograder.handins.entries import Entry, Source, Unreadable
from xailab_autograder.handins.extract import Archive
from xailab_autograder.handins.fitting import Fit, fit
from xailab_autograder.handins.layouts.layout import Bundle
from xailab_autograder.handins.limits import MOST_FILE, MOST_LOOKED_AT, MOST_ZIP
from xailab_autograder.notebooks import submission
from xailab_autograder.notebooks.submission import Submission

_MOST_LISTED = 6
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class _Looked:
    """A file that was opened: what is in it, or why it cannot be used."""

    entry: Entry
    origin: str
    sha256: str
    submission: Submission | None
    problem: str
    fit: Fit

    def rank(self, lab: Lab) -> tuple[Fit, bool, bool]:
        """Return what decides between files."""
        return self.fit, self.entry.suffix == ".ipynb", self.entry.stem == f"{lab.number}-{lab.name}"


@dataclass(frozen=True)
class _Pick:
    """What came of one bundle."""

    file: _Looked | None
    problem: str
    notes: tuple[str, ...] = ()


def choose(student: str, bundles: Sequence[Bundle], source: Source, lab: Lab, scratch: Path) -> HandedIn:
    """Return the hand-in of a student that counts, or the reason why none can be graded.

    Parameters
    ----------
    student
        The id.
    bundles
        Everything that he or she handed in; at least one.
    source
        Where it lies.
    lab
        What was asked.
    scratch
        A folder for what is unpacked; it is left as it was found.

    Raises
    ------
    XailabError
        The scratch folder cannot be written to.
    """
    bundle, doubts, notes = _newest(bundles)
    if doubts:
        picks = [_pick(one, source, lab, scratch) for one in doubts]
        found = {pick.file.sha256 for pick in picks if pick.file is not None}
        same = len(found) == 1 and all(pick.file is not None for pick in picks)
        pick = picks[0] if same else _Pick(None, _undecided(doubts))
        notes += (f"handed in {len(picks)} times, the same bytes each time",) if same else ()
    else:
        pick = _pick(bundle, source, lab, scratch)
    file = pick.file
    return HandedIn(
        lab=lab.number,
        student=student,
        sha256=file.sha256 if file else "",
        source=file.entry.shown if file else "",
        origin=file.origin if file else bundle.label,
        submitted=bundle.submitted,
        submission=file.submission if file and not pick.problem else None,
        problem=pick.problem,
        notes=(*bundle.notes, *notes, *pick.notes),
    )


def _newest(bundles: Sequence[Bundle]) -> tuple[Bundle, tuple[Bundle, ...], tuple[str, ...]]:
    """Return the newest bundle, those between which nobody can decide, and notes on the others."""
    ordered = sorted(bundles, key=lambda bundle: (bundle.submitted or _NEVER, bundle.label), reverse=True)
    first = ordered[0]
    if len(ordered) == 1:
        return first, (), ()
    unknown = any(bundle.submitted is None for bundle in ordered)
    doubts = ordered if unknown else [bundle for bundle in ordered if bundle.submitted == first.submitted]
    earlier = [bundle for bundle in ordered if bundle not in doubts]
    notes = tuple(f"an earlier hand-in does not count: {one.label} ({one.submitted:%Y-%m-%d %H:%M})" for one in earlier)
    return first, tuple(doubts) if len(doubts) > 1 else (), notes


def _undecided(bundles: Sequence[Bundle]) -> str:
    """Say between which hand-ins nobody can decide."""
    labels = _listed([bundle.label for bundle in bundles])
    return f"{len(bundles)} hand-ins, and nobody knows which is newer: {labels}; keep one"


def _pick(bundle: Bundle, source: Source, lab: Lab, scratch: Path) -> _Pick:
    """Look at the files of one bundle and choose."""
    if not bundle.entries:
        return _Pick(None, "nothing that could be graded: no file was handed in")
    with _folder(scratch) as folder:
        desk = _Desk(lab, folder, [])
        looked = list(desk.look(bundle.entries, source, ""))
    notes = tuple(desk.notes)
    if not looked:
        names = _listed([entry.shown for entry in bundle.entries])
        return _Pick(None, f"no notebook (.ipynb) was handed in, but: {names}", notes)
    usable = [file for file in looked if file.submission is not None]
    best = max(usable, key=lambda file: file.rank(lab), default=None)
    broken = [file for file in looked if file.problem]
    if best is None or (best.fit.present == 0 and any(file.entry.suffix != ".py" for file in broken)):
        first = next((file for file in broken if file.entry.suffix != ".py"), broken[0])
        return _Pick(first, first.problem, (*notes, *_passed_over(broken, first)))
    equals = [file for file in usable if file.rank(lab) == best.rank(lab)]
    if len({file.sha256 for file in equals}) > 1:
        names = _listed([file.origin for file in equals])
        return _Pick(None, f"{len(equals)} files could be meant: {names}; keep one", notes)
    return _Pick(best, "", (*notes, *_reasons(best, usable, lab), *_passed_over(broken, best)))


@dataclass
class _Desk:
    """Where files are opened: at most so many, each in a place of its own."""

    lab: Lab
    folder: Path
    notes: list[str]
    opened: int = 0

    def look(self, entries: Sequence[Entry], source: Source, around: str) -> Iterator[_Looked]:
        """Open every file that can be a hand-in; notebooks first, then what lies nearest to the top."""
        order = {".ipynb": 0, ".zip": 1, ".py": 2}
        files = [entry for entry in entries if entry.suffix in order and not (around and entry.suffix == ".zip")]
        files.sort(key=lambda entry: (order[entry.suffix], len(entry.parts), entry.parts))
        if around and len(files) < len(entries) and any(entry.suffix == ".zip" for entry in entries):
            self.notes.append(f"{around}: archives in an archive are not opened")
        for number, entry in enumerate(files):
            if self.opened >= MOST_LOOKED_AT:
                self.notes.append(f"{len(files) - number} more files were not looked at")
                return
            self.opened += 1
            origin = f"{around}: {entry.path}" if around else entry.path
            if entry.suffix == ".zip":
                yield from self._unpack(entry, source, origin)
            else:
                yield self._read(entry, source, origin)

    def _read(self, entry: Entry, source: Source, origin: str) -> _Looked:
        """Read one file; the disk knows it by a number."""
        target = self.folder / f"{self.opened}{entry.suffix}"
        try:
            path = source.bring(entry, target, MOST_FILE)
        except Unreadable as error:
            return _Looked(entry, origin, "", None, f"{entry.shown}: {error}", Fit(0, 0))
        digest = _sha256(path)
        try:
            read = submission.read(path, self.lab, name=entry.shown)
        except XailabError as error:
            return _Looked(entry, origin, digest, None, str(error), Fit(0, 0))
        finally:
            target.unlink(missing_ok=True)
        return _Looked(entry, origin, digest, read, "", fit(read, self.lab))

    def _unpack(self, entry: Entry, source: Source, origin: str) -> Iterator[_Looked]:
        """Look into a student's archive."""
        target = self.folder / f"{self.opened}.zip"
        try:
            archive = Archive(source.bring(entry, target, MOST_ZIP))
        except Unreadable as error:
            yield _Looked(entry, origin, "", None, f"{entry.shown}: {error}", Fit(0, 0))
            return
        with closing(archive):
            self.notes += [f"{entry.shown}: {note}" for note in archive.notes]
            looked = list(self.look(archive.entries, archive, origin))
        target.unlink(missing_ok=True)
        if not looked:
            names = _listed([member.path for member in archive.entries]) or next(iter(archive.notes), "nothing")
            problem = f"{entry.shown}: no notebook (.ipynb) in this archive, but: {names}"
            yield _Looked(entry, origin, "", None, problem, Fit(0, 0))
        yield from looked


def _reasons(best: _Looked, usable: Sequence[_Looked], lab: Lab) -> Iterator[str]:
    """Say why this file and not another."""
    tasks = len(lab.tasks)
    others = [f"{file.origin!r} ({file.fit.worked})" for file in usable if file is not best]
    if others:
        said = f"{best.origin!r} counts, with {best.fit.worked} of {tasks} tasks worked on"
        yield f"{len(usable)} files were handed in; {said}; not {_listed(others)}"
    if best.fit.present == 0:
        yield f"nothing in it looks like lab {lab.number}"


def _passed_over(broken: Sequence[_Looked], chosen: _Looked) -> Iterator[str]:
    """Say what could not be used besides; helper modules are nobody's concern."""
    others = [file for file in broken if file is not chosen and file.entry.suffix != ".py"]
    yield from (f"not used: {file.problem}" for file in others[:_MOST_LISTED])


def _listed(names: Sequence[str]) -> str:
    """Write down names, not too many."""
    more = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
    return ", ".join(visible(name, 80) for name in names[:_MOST_LISTED]) + more


def _sha256(path: Path) -> str:
    """Return the hash of a plain file that is not too large; empty: it is none, and its reader will say so."""
    try:
        if path.is_symlink() or not path.is_file():
            return ""
        with path.open("rb") as file:
            return hashlib.sha256(file.read(MOST_FILE + 1)).hexdigest()
    except OSError:
        return ""


@contextmanager
def _folder(scratch: Path) -> Iterator[Path]:
    """Yield an empty folder, and remove it."""
    try:
        folder = Path(tempfile.mkdtemp(prefix="handin-", dir=scratch))
    except OSError as error:
        raise XailabError(f"cannot write to the scratch folder {scratch}: {error.strerror}") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
