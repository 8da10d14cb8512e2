"""The random cases of a student."""

import pytest
from xailab_autograder.judging.seeds import for_student, public

from xailab.errors import XailabError

KEY = b"a secret of sixteen bytes or more"


def first(draw, stream="random"):
    return draw.stream(stream).integers(2**60)


def test_the_same_student_gets_the_same_cases_again():
    assert first(for_student(KEY, "03", "iou", "ada")) == first(for_student(KEY, "03", "iou", "ada"))


def test_everything_that_can_differ_changes_the_cases():
    draws = [
        for_student(KEY, "03", "iou", "ada"),
        for_student(KEY, "03", "iou", "bob"),
        for_student(KEY, "03", "pca", "ada"),
        for_student(KEY, "04", "iou", "ada"),
        for_student(KEY + b"!", "03", "iou", "ada"),
        for_student(KEY, "03i", "ou", "ada"),
        public("03", "iou"),
    ]
    streams = [first(draw, stream) for draw in draws for stream in ("random", "edges", "invariants")]
    assert len(set(streams)) == len(streams)


def test_a_short_key_is_refused():
    with pytest.raises(XailabError, match="could be guessed; expected at least 16"):
        for_student(b"secret", "03", "iou", "ada")


@pytest.mark.parametrize("student", ["", "O'Brien, Ann", "../../etc", "=cmd()", "שלום", "👩‍🔬", "a|b"])
def test_any_name_is_only_data(student):
    assert first(for_student(KEY, "03", "iou", student)) != first(for_student(KEY, "03", "iou", student + " "))
