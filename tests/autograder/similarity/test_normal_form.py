"""The normal form does not change with names, layout and style, and points to where its words stand."""

import ast

import pytest
from xailab_autograder.similarity.loose_words import of_prose, of_tokens
from xailab_autograder.similarity.normal_form import aliases, of_tree


def words(source: str) -> list[str]:
    tree = ast.parse(source)
    known = aliases(tree.body)
    return [word.text for statement in tree.body for word in of_tree(statement, source, 1, (), known)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("def f(a, b):\n    return a + b", "def f(first, second):  # adds\n\n    return (first +\n        second)"),
        ("def f(a):\n    return a", 'def f(a: int) -> int:\n    """Says."""\n    pass\n    return a'),
        ("x = 0\nx += 1", "y = 0.0\ny = y + 1"),
        ("def f(a, b):\n    return a > b", "def f(a, b):\n    return b < a"),
        ("import numpy as np\nx = np.sort(3)", "import numpy as N\nfrom os import path\ny = N.sort(3)"),
        ("import numpy as np\nx = np.sort(3)", "from numpy import sort\nx = sort(3)"),
        ("import numpy as np\nx = np.linalg.qr(3)", "from numpy import linalg as la\nx = la.qr(3)"),
        ("def f(a):\n    return sum([b for b in a])", "def f(q):\n    print(q)\n    return sum(c for c in q)"),
        ("f(1, a=2, b='x')", 'f(1.0, b="y", a=2)'),
        ("x = -1\ny = [x, 0.5]", "x = -1.0\ny = (x, .5)"),
        ("x: int = 3", "x = 3"),
        ("from xailab import images\ndef f(images):\n    return images.mean()", "def f(a):\n    return a.mean()"),
    ],
)  # fmt: skip
def test_style_does_not_change_the_words(one: str, other: str) -> None:
    assert words(one) == words(other) != []


@pytest.mark.parametrize(
    ("one", "other"),
    [("x = y.sort()", "x = y.max()"), ("x = a[1:]", "x = a[:1]"), ("x = a < b", "x = a > b"), ("x = 1", "x = 2"),
     ("import numpy as np\nnp.sort(3)", "import torch as np\nnp.sort(3)")],
)  # fmt: skip
def test_other_code_has_other_words(one: str, other: str) -> None:
    assert words(one) != words(other)


def test_words_know_where_they_stand_also_after_letters_of_several_bytes() -> None:
    source = 'def f(größe):\n    return ["ä", größe.sort_it, 12]'
    [statement] = ast.parse(source).body
    found = {word.text: source[word.start : word.end] for word in of_tree(statement, source, 1, (), {})}
    assert found[".sort_it"] == "sort_it"
    assert found["12"] == "12"
    assert found["S"] == '"ä"'


def test_source_that_is_no_python_has_words() -> None:
    one = [word.text for word in of_tokens("for each pixel:\n  total = total +* np.sum(x ")]
    assert "V" in one
    assert "np" in one
    other = of_tokens("for each cell: # yes\n  every = every +* np.sum(q ")
    assert one == [word.text for word in other]


def test_prose_is_words_in_small_letters() -> None:
    assert [word.text for word in of_prose("Units, DETECT boats.")] == ["w units", "w detect", "w boats"]
