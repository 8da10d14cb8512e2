"""From a link to what a person looks at: shares, passages, the text as written.

- ``describe``  an entry as a ``Pair``
"""

from collections.abc import Mapping, Sequence

from xailab_autograder.exercises import Choice, Exercise, Lab
from xailab_autograder.similarity.contents import ELSEWHERE, Expected, Overlap, Pair, Passage, Piece
from xailab_autograder.similarity.features import CODE_RUN, PROSE_RUN, Document, covered
from xailab_autograder.similarity.grouping import Group, Link
from xailab_autograder.similarity.passages import Run, common

MOST_OF_GROUP = 12
"""Pairs of one group that are laid side by side."""


_CLOSING = frozenset(")]}")


def describe(
    entry: Group, documents: Sequence[Document], known: Sequence[Document], lab: Lab, expected: Mapping[str, Expected]
) -> Pair:
    """Return an entry as a pair, with the other pairs of its group."""
    pairs = [_pair(link, documents, known, lab, expected) for link in entry.links[:MOST_OF_GROUP]]
    if len(entry.members) < 3:
        return pairs[0]
    names = tuple(documents[member].name for member in entry.members)
    return Pair(**{**vars(pairs[0]), "group": names, "more": tuple(pairs[1:])})


def _pair(
    link: Link, documents: Sequence[Document], known: Sequence[Document], lab: Lab, expected: Mapping[str, Expected]
) -> Pair:
    """Return two hand-ins side by side."""
    left = documents[link.left]
    right = known[link.right] if link.reference else documents[link.right]
    runs = common(left, right)
    words = sum(run.words for run in runs if not left.units[run.left].prose)
    return Pair(
        left=left.name,
        right=right.name,
        unusual=link.unusual,
        likeness=link.likeness,
        shares=(1.0, 1.0) if link.same_form else (_part(words, _size(left, None)), _part(words, _size(right, None))),
        shared=link.shared,
        longest=max((run.words for run in runs), default=0),
        overlaps=_overlaps(left, right, runs, lab, expected),
        reference=link.reference,
        same_bytes=link.same_bytes,
        same_form=link.same_form,
    )


def _overlaps(
    left: Document, right: Document, runs: Sequence[Run], lab: Lab, expected: Mapping[str, Expected]
) -> tuple[Overlap, ...]:
    """Return what two share, by the left's task."""
    found = []
    for task, title in (*((task.id, _title(task)) for task in lab.tasks), (ELSEWHERE, "Other functions of their own")):
        some = [run for run in runs if left.units[run.left].task == task]
        if not some:
            continue
        prose = left.units[some[0].left].prose
        ours = [n for n, unit in enumerate(left.units) if unit.task == task]
        used = {run.right for run in some}
        theirs = [n for n in range(len(right.units)) if n in used]
        words = sum(run.words for run in some)
        found.append(
            Overlap(
                task=task,
                title=title,
                shares=(_part(words, _size(left, ours)), _part(words, _size(right, theirs))),
                left=tuple(left.units[n].piece for n in ours),
                right=tuple(_named(right, n) for n in theirs),
                passages=tuple(_passage(run, left, right, ours, theirs) for run in some),
                prose=prose,
                expected=expected.get(task),
            )
        )
    return tuple(found)


def _named(document: Document, number: int) -> Piece:
    return document.units[number].piece


def _passage(run: Run, left: Document, right: Document, ours: list[int], theirs: list[int]) -> Passage:
    """Return a run as characters of what was written."""
    return Passage(
        (ours.index(run.left), *_characters(left, run.left, run.at, run.words)),
        (theirs.index(run.right), *_characters(right, run.right, run.there, run.words)),
        run.words,
    )


def _characters(document: Document, unit: int, first: int, count: int) -> tuple[int, int]:
    words = document.units[unit].words[first : first + count]
    text = document.units[unit].piece.text
    end = max(word.end for word in words)
    while text[end : end + 1] in _CLOSING:  # brackets are no words: those at the end look better inside
        end += 1
    return min(word.start for word in words), end


def _size(document: Document, numbers: Sequence[int] | None) -> int:
    """Return how many words of some units (None: of all code) could be shared."""
    chosen = [n for n, unit in enumerate(document.units) if not unit.prose] if numbers is None else numbers
    return sum(covered([document.places[n]], PROSE_RUN if document.units[n].prose else CODE_RUN) for n in chosen)


def _part(words: int, size: int) -> float:
    return min(words / size, 1.0) if size else 0.0


def _title(task: object) -> str:
    """Return what people call a task."""
    if isinstance(task, Exercise):
        return task.title
    return "Prediction" if isinstance(task, Choice) else "In your own words"
