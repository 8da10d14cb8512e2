"""Find hand-ins that are alike.

- ``find``    the pairs, the most unusual first
- ``survey``  the same with what they were compared with, for the page

Never a verdict: independent work can be alike, and a skilful copy is not found.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from xailab_autograder import labs
from xailab_autograder.exercises import Lab
from xailab_autograder.gradebook.contents import HandedIn
from xailab_autograder.sandbox.outcomes import Cell
from xailab_autograder.similarity import references as lab_references
from xailab_autograder.similarity.contents import Note, Pair, Survey
from xailab_autograder.similarity.describing import describe
from xailab_autograder.similarity.features import Document, Fingerprints
from xailab_autograder.similarity.grouping import Link, groups
from xailab_autograder.similarity.own_code import Handout, extract, handout
from xailab_autograder.similarity.references import Reference
from xailab_autograder.similarity.weighing import FEW, Spread, Weights, likeness, threshold

MOST = 200
"""Entries that are described."""

LEAST = 10
"""Weighing fingerprints that two must share to be listed: fewer are chance."""

SHARE = 0.08
"""Likeness from which a pair is listed."""

ENOUGH = 150
"""Words of the normal form: shorter code is the same by chance."""

WRITTEN = 60
"""Fingerprints of code: a hand-in with fewer does not tell how alike this class's code is."""

QUOTED = 0.12
"""Of likeness: how far texts of independent students are apart in what they quote."""

NO_MIDDLE = 0.25
"""In a class that is too small to have a middle: what independent hand-ins have in common, at most."""

FEW_STUDENTS = 8
"""A smaller class is too small for that."""

Progress = Callable[[int, int], None]


def find(
    lab: Lab,
    hand_ins: Sequence[HandedIn],
    *,
    references: Mapping[str, str] | None = None,
    progress: Progress = lambda done, total: None,
) -> tuple[Pair, ...]:
    """Return pairs of hand-ins that are unusually alike, the most unusual first.

    Parameters
    ----------
    lab
        Its declaration.
    hand_ins
        One for each student; those without a submission are left out.
    references
        Name -> Python source of solutions that students should not have; None: those in the lab's folder.
    progress
        Told how many hand-ins were read, of how many.
    """
    return survey(lab, hand_ins, references=references, progress=progress).pairs


def survey(
    lab: Lab,
    hand_ins: Sequence[HandedIn],
    *,
    references: Mapping[str, str] | None = None,
    progress: Progress = lambda done, total: None,
) -> Survey:
    """Return what ``find`` returns, with what it was compared with; see there."""
    folder = labs.find(lab.number)
    given = handout(folder)
    prints = Fingerprints(given.units)
    documents, notes = _read(lab, hand_ins, given, prints, progress)
    if references is None:
        solutions = lab_references.of_lab(folder)
    else:
        solutions = tuple(Reference(name, source) for name, source in references.items())
    known = [_reference(lab, one, given, prints) for one in solutions]
    links, typical, pairs, limit = _links(documents, known)
    expected = lab_references.expected(known)
    entries = groups(links)[:MOST]
    found = tuple(
        replace(describe(entry, documents, known, lab, expected), rank=rank) for rank, entry in enumerate(entries, 1)
    )
    names = tuple(one.name for one in known)
    return Survey(found, len(documents), pairs, limit, typical, expected, names, tuple(notes))


def _read(
    lab: Lab, hand_ins: Sequence[HandedIn], given: Handout, prints: Fingerprints, progress: Progress
) -> tuple[list[Document], list[Note]]:
    """Return the hand-ins as documents, in the order of the students' ids, and what was left out."""
    documents: list[Document] = []
    notes: list[Note] = []
    usable = sorted((one for one in hand_ins if one.submission is not None), key=lambda one: (one.student, one.sha256))
    for done, one in enumerate(usable, 1):
        if one.submission is not None:
            units, left_out = extract(lab, one.submission.cells, one.submission.texts, given)
            documents.append(prints.document(one.student, units, one.sha256))
            notes += [Note(one.student, says) for says in left_out]
        progress(done, len(usable))
    return documents, notes


def _reference(lab: Lab, reference: Reference, given: Handout, prints: Fingerprints) -> Document:
    """Return a reference as a document."""
    units, _ = extract(lab, [Cell(reference.name, reference.source)], reference.texts, given, styles=True)
    return prints.document(reference.name, units)


def _links(documents: list[Document], known: list[Document]) -> tuple[list[Link], float, int, float]:
    """Return the pairs to list, the class's middle, how many pairs there were, and from which z they are listed."""
    weights = Weights([one.code for one in documents]), Weights([one.prose for one in documents])
    code, prose = [one.code for one in documents], [one.prose for one in documents]
    alike, shared = likeness(code, code, weights[0])
    alike_text, shared_text = likeness(prose, prose, weights[1])
    upper = np.triu_indices(len(documents), 1)
    count = len(upper[0]) + len(documents) * len(known)
    limit = threshold(count)
    able = np.array([len(one) >= WRITTEN for one in code], bool)
    usual = alike[upper][able[upper[0]] & able[upper[1]]]
    spread = Spread.of(usual, otherwise=NO_MIDDLE, few=FEW)
    unusual = _both(spread(alike[upper]), _z_of_text(alike_text[upper]))
    likest = np.maximum(alike[upper], alike_text[upper])
    many = shared[upper] + shared_text[upper]
    links = {
        (int(i), int(j)): Link(int(i), int(j), float(z), float(c), float(alike[i, j]), int(n))
        for i, j, z, c, n in zip(*upper, unusual, likest, many, strict=True)
        if z >= limit and n >= LEAST and c >= SHARE
    }
    for (i, j), bytes_too in _the_same(documents).items():
        both = int(shared[i, j] + shared_text[i, j])
        listed = links.get((i, j), Link(i, j, float(spread(alike[i, j])), 1.0, float(alike[i, j]), both))
        same = replace(listed, likeness=1.0, same_bytes=bytes_too, same_form=True)
        links[i, j] = replace(same, unusual=max(listed.unusual, limit))
    links_known = _links_with(documents, known, weights, limit)
    middle = spread.middle if len(upper[0]) else 0.0
    return [*links.values(), *links_known], middle, count, limit


def _links_with(
    documents: list[Document], known: list[Document], weights: tuple[Weights, Weights], limit: float
) -> list[Link]:
    """Return the hand-ins that are unusually like a reference, measured against all hand-ins."""
    if not documents or not known:
        return []
    code, known_code = [one.code for one in documents], [one.code for one in known]
    alike, shared = likeness(code, known_code, weights[0], one_way=True)
    prose, known_prose = [one.prose for one in documents], [one.prose for one in known]
    text, shared_text = likeness(prose, known_prose, weights[1], one_way=True)
    links = []
    able = np.array([len(one) >= WRITTEN for one in code], bool)
    for number in range(len(known)):
        spread = Spread.of(alike[able, number], otherwise=NO_MIDDLE, few=FEW_STUDENTS)
        unusual = _both(spread(alike[:, number]), _z_of_text(text[:, number]))
        many = shared[:, number] + shared_text[:, number]
        likest = np.maximum(alike[:, number], text[:, number])
        for i in np.flatnonzero((unusual >= limit) & (many >= LEAST) & (likest >= SHARE)):
            own = float(alike[i, number])
            links.append(Link(int(i), number, float(unusual[i]), float(likest[i]), own, int(many[i]), reference=True))
    return links


def _z_of_text(values: np.ndarray) -> np.ndarray:
    """Return how unusual the likeness of texts is: independent prose shares next to nothing.

    Its spread is that of quoting: a sentence of the lecture in two texts must not count more than all of the code.
    """
    spread = Spread.of(values)
    return Spread(spread.middle, max(spread.width, QUOTED))(values)


def _both(code: np.ndarray, text: np.ndarray) -> np.ndarray:
    """Return one z for two kinds of evidence."""
    return np.asarray(np.hypot(np.maximum(code, 0), np.maximum(text, 0)))


def _the_same(documents: list[Document]) -> dict[tuple[int, int], bool]:
    """Return hand-ins that are the same after normalising, and whether their bytes are; never empty ones."""
    files: dict[object, list[int]] = {}
    forms: dict[object, list[int]] = {}
    for number, one in enumerate(documents):
        if one.sha256 and one.units:
            files.setdefault(one.sha256, []).append(number)
        if sum(len(form) for form in one.forms) >= ENOUGH:
            forms.setdefault(one.forms, []).append(number)
    found = {pair: False for some in forms.values() for pair in combinations(some, 2)}
    return found | {pair: True for some in files.values() for pair in combinations(some, 2)}
