"""Copies are found, whatever their dress, and independent work does not stand above them."""

import itertools
import random
from dataclasses import replace

import pytest
from xailab_autograder import labs
from xailab_autograder.gradebook.contents import HandedIn
from xailab_autograder.notebooks import generate
from xailab_autograder.notebooks.submission import Submission
from xailab_autograder.sandbox.outcomes import Cell
from xailab_autograder.similarity.contents import Pair
from xailab_autograder.similarity.finding import find, survey
from xailab_autograder.similarity.references import NOTEBOOK, of_lab

from tests.autograder.similarity.classes import a_class, disguised, functions_of, hand_in, lab3, prose, some_right


def names(pairs: tuple[Pair, ...]) -> list[frozenset[str]]:
    return [frozenset((pair.left, pair.right)) for pair in pairs]


@pytest.mark.parametrize("seed", [1, 2])
def test_disguised_copies_stand_above_all_independent_work(seed: int) -> None:
    hand_ins, known = a_class(40, seed)
    pairs = find(lab3(), hand_ins, references={})
    assert set(names(pairs)[: len(known)]) == known
    assert min(pair.shares[0] for pair in pairs[:3]) > 0.9
    assert len(pairs) <= 5  # and hardly anybody else is listed


def test_a_copy_with_every_third_statement_changed_is_found() -> None:
    hand_ins, known = a_class(40, 3, changed=0.3)
    assert set(names(find(lab3(), hand_ins, references={}))[:3]) == known


def test_renamed_copies_are_found_where_all_use_the_same_few_solutions() -> None:
    hand_ins, known = a_class(40, 4, share=0, changed=0)
    pairs = find(lab3(), hand_ins, references={})
    assert set(names(pairs)[:3]) == known
    assert all(pair.same_form and pair.shares == (1, 1) for pair in pairs[:3])


def test_nothing_alike_is_an_empty_list() -> None:
    hand_ins, _ = a_class(12, 5, copies=0)
    found = survey(lab3(), hand_ins)
    assert found.pairs == ()
    assert found.hand_ins == 12
    assert found.compared == 66 + 12 * 3


def test_the_result_does_not_depend_on_names_and_order() -> None:
    hand_ins, _ = a_class(16, 6)
    rng = random.Random(0)
    pairs = find(lab3(), hand_ins, references={})
    assert find(lab3(), hand_ins[::-1], references={}) == pairs != ()
    dressed = [hand_in(one.student, disguised(functions_of(one), rng, 0), text_of(one)) for one in hand_ins]
    again = find(lab3(), dressed, references={})
    seen, seen_again = ([(p.left, p.right, p.unusual, p.likeness, p.shared) for p in some] for some in (pairs, again))
    assert seen == seen_again


def test_a_likeness_is_the_same_from_both_sides() -> None:
    hand_ins, known = a_class(16, 7, copies=1)
    [names_of] = known
    exchanged = dict((sorted(names_of), sorted(names_of)[::-1]))
    swapped = [replace(one, student=exchanged.get(one.student, one.student)) for one in hand_ins]
    one, other = find(lab3(), hand_ins, references={})[0], find(lab3(), swapped, references={})[0]
    assert (one.left, one.right) == (other.left, other.right)
    assert one.likeness == pytest.approx(other.likeness)
    assert one.unusual == pytest.approx(other.unusual)
    assert one.shares == pytest.approx(other.shares[::-1], abs=0.02)  # which of two equal passages is laid first


def test_five_of_one_origin_are_one_entry() -> None:
    hand_ins, _ = a_class(30, 8, copies=0)
    rng = random.Random(8)
    origin = functions_of(hand_ins[0])
    hand_ins += [hand_in(f"friend{n}", disguised(origin, rng), prose(rng)) for n in range(4)]
    [entry] = find(lab3(), hand_ins, references={})
    assert entry.group == (*(f"friend{n}" for n in range(4)), hand_ins[0].student)
    beside = [entry, *entry.more]
    assert {pair.left for pair in beside} | {pair.right for pair in beside} == set(entry.group)


def test_the_instructors_notebook_is_recognized() -> None:
    hand_ins, _ = a_class(20, 9, copies=0)
    leaked = next(one for one in of_lab(labs.find("03")) if one.name == NOTEBOOK)
    functions = {"all": leaked.source.replace("activations", "acts").replace("masks", "on")}
    pairs = find(lab3(), [*hand_ins, hand_in("leaker", functions, leaked.texts["reflect"])])
    assert pairs[0].reference
    assert (pairs[0].left, pairs[0].right) == ("leaker", NOTEBOOK)
    assert {pair.left for pair in pairs} == {"leaker"}
    assert pairs[0].overlaps[-1].prose


def test_references_of_ones_own_are_compared_with() -> None:
    hand_ins, _ = a_class(12, 10, copies=0)
    rng = random.Random(110)
    model = some_right(rng)
    pairs = find(
        lab3(),
        [*hand_ins, hand_in("reader", disguised(model, rng))],
        references={"last year's best": "\n\n".join(model.values())},
    )
    assert [pair.left for pair in pairs if pair.reference] == ["reader"]
    assert (pairs[0].left, pairs[0].right, pairs[0].shares[0] > 0.9) == ("reader", "last year's best", True)


def test_the_same_prose_is_found_by_itself() -> None:
    hand_ins, _ = a_class(20, 11, copies=0)
    text = prose(random.Random(1))
    for n in (2, 7):
        hand_ins[n] = hand_in(hand_ins[n].student, functions_of(hand_ins[n]), f"{text.upper()} It is {n}!")
    [pair] = find(lab3(), hand_ins, references={})
    assert names((pair,)) == [frozenset((hand_ins[2].student, hand_ins[7].student))]
    assert [overlap.task for overlap in pair.overlaps if overlap.prose] == ["reflect"]
    assert pair.longest >= 90


def test_the_same_file_is_listed_unless_nothing_was_written() -> None:
    rng = random.Random(12)
    one = hand_in("a", some_right(rng))
    cells = [c for c in generate.student(labs.find("03")).cells if c.cell_type == "code"]
    untouched = Submission("x.ipynb", tuple(Cell("cell", c.source) for c in cells), {}, "0")
    empty = [HandedIn("03", name, "0", "x.ipynb", submission=untouched) for name in ("c", "d")]
    [pair] = find(lab3(), [one, replace(one, student="b"), *empty], references={})
    assert (pair.left, pair.right, pair.same_bytes, pair.shares) == ("a", "b", True, (1, 1))


def test_two_independent_students_are_not_listed() -> None:
    rng = random.Random(13)
    assert find(lab3(), [hand_in(name, some_right(rng), prose(rng)) for name in "ab"], references={}) == ()


def test_two_students_of_whom_one_copied_are_listed() -> None:
    rng = random.Random(14)
    work = some_right(rng)
    [pair] = find(lab3(), [hand_in("a", work), hand_in("b", disguised(work, rng))], references={})
    assert pair.likeness > 0.7


@pytest.mark.parametrize("count", [0, 1])
def test_no_class_is_an_empty_list(count: int) -> None:
    assert find(lab3(), a_class(3, 15, copies=0)[0][:count], references={}) == ()


def test_passages_point_at_the_same_code_on_both_sides() -> None:
    hand_ins, _ = a_class(16, 16, copies=1)
    pair = find(lab3(), hand_ins, references={})[0]
    for overlap in pair.overlaps:
        for passage in overlap.passages:
            for side, (number, start, end) in ((overlap.left, passage.left), (overlap.right, passage.right)):
                assert 0 <= start < end <= len(side[number].text)
        taken = sorted(passage.left for passage in overlap.passages)
        assert all(a[0] < b[0] or a[1] < b[1] for a, b in itertools.pairwise(taken))


def test_independent_solutions_of_the_lab_are_a_yardstick() -> None:
    found = survey(lab3(), [])
    assert set(found.expected) >= {"thresholds", "upsample", "iou-table", "pca-basis"}
    assert all(0 <= one.mean <= one.most < 0.6 for one in found.expected.values())
    assert found.expected["upsample"].solutions >= 5


def test_repetitive_code_takes_no_time_and_breaks_nothing() -> None:
    hand_ins, _ = a_class(6, 17, copies=0)
    junk = {"thresholds": "def thresholds(a, q):\n" + "    a = a + 1; b = a * 2\n" * 1500 + "    return b"}
    hand_ins += [hand_in(f"junk{n}", junk | {"extra": f"# {n}"}) for n in range(3)]
    [entry] = find(lab3(), hand_ins, references={})
    assert entry.group == ("junk0", "junk1", "junk2")


def text_of(one: HandedIn) -> str:
    assert one.submission is not None
    return one.submission.texts.get("reflect", "")
