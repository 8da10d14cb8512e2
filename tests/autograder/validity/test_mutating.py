"""Mutants of a reference: small, runnable, different, and only of what it uses."""

import ast

import numpy as np
from xailab_autograder.validity.mutating import mutants

FACTOR = 2.0


def _helper(values, limit):
    return np.where(values > limit, values * FACTOR, 0.0)


def _unused(values):
    return values + 1


def reference(values, limit=1):
    """Double what is above the limit, and add it up."""
    if limit < 0:
        raise ValueError(f"expected a limit of 0 or more, got {limit + 0}")
    total = np.sum(_helper(values, limit), axis=0)
    total += 0.5
    return np.abs(total)


def changes():
    return {mutant.change.split("  =>  ")[1] for mutant in mutants(reference)}


def test_operators_constants_keywords_calls_and_statements_are_changed():
    assert {
        "values >= limit",
        "values < limit",
        "values / FACTOR",
        "limit <= 0",
        "1 becomes 2",
        "np.mean(_helper(values, limit), axis=0)",
        "without axis=0",
        "np.abs(total) becomes total",
        "(left out)",
        "total -= 0.5",
    } <= changes()


def test_functions_that_the_reference_does_not_use_are_left_alone_and_out():
    for mutant in mutants(reference):
        assert "_unused" not in mutant.source
        assert "xailab" not in mutant.source
        assert "def reference" in mutant.source


def test_docstrings_and_error_messages_are_no_behaviour():
    assert not any("limit + 0" in change.split("=>")[0] for change in changes())
    assert all("Double what is above" in mutant.source for mutant in mutants(reference))


def test_each_mutant_is_valid_python_with_one_change():
    made = mutants(reference)
    assert len({mutant.source for mutant in made}) == len(made) > 15
    for mutant in made:
        namespace = {}
        exec(compile(ast.parse(mutant.source), "mutant", "exec"), namespace)
        assert callable(namespace["reference"])
        assert namespace["FACTOR"] == FACTOR


def test_most_mutants_behave_differently():
    values = np.array([[0.0, 1.0, 3.0], [2.0, 1.0, 5.0]])
    right = reference(values)
    different = 0
    for mutant in mutants(reference):
        namespace = {}
        exec(compile(ast.parse(mutant.source), "mutant", "exec"), namespace)
        try:
            different += not np.array_equal(namespace["reference"](values), right)
        except Exception:
            different += 1
    assert different > 0.6 * len(mutants(reference))
