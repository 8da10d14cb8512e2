"""A small exercise with everything that an exercise may have."""

import numpy as np
from xailab_autograder.exercises import Case, Exercise, Invariant, Misconception


def row_means(table):
    return np.asarray(table, dtype=np.float64).mean(axis=1)


def column_means(table):
    return np.resize(np.asarray(table, dtype=np.float64).mean(axis=0), len(table))


def row_sums(table):
    return np.asarray(table, dtype=np.float64).sum(axis=1)


def first_of_row(table):
    return np.asarray(table, dtype=np.float64)[:, 0]


def random_cases(rng):
    for rows, columns in ((3, 4), (5, 2)):
        yield Case(f"{rows} rows, {columns} columns", (rng.normal(size=(rows, columns)).astype(np.float32),))


def edge_cases(rng):
    yield Case("one row", (rng.normal(size=(1, 3)),))
    yield Case("every second column of a larger table", (rng.normal(size=(3, 8))[:, ::2],))


def shifting(call, rng):
    table = rng.normal(size=(3, 3))
    shifted = call(table + 1) - call(table)
    return None if np.allclose(shifted, 1) else f"adding 1 to every number adds {shifted[0]:.3g} to the first mean"


ROW_MEANS = Exercise(
    id="row-means",
    function="row_means",
    signature="row_means(table)",
    title="Means of rows",
    task="Return the mean of each row.",
    points=4,
    minutes=5,
    reference=row_means,
    worked=(Case("two rows", (np.array([[1.0, 2.0], [3.0, 5.0]]),), expected=np.array([1.5, 4.0])),),
    random=random_cases,
    edges=edge_cases,
    invariants=(Invariant("shift", "adding 1 to every number adds 1 to every mean", shifting, mistake="sum"),),
    misconceptions=(
        Misconception("columns", column_means, "You took the mean over axis 0: of columns.", "numpy: axis"),
        Misconception("sum", row_sums, "You summed, and did not divide by the number of columns."),
        Misconception("first", first_of_row, "You returned the first column."),
    ),
    hints=("What does axis mean?", "Axis 1 runs along a row.", "np.mean takes axis."),
    limit_s=5,
    read="section 1",
)
