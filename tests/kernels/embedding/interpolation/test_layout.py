"""Grids that hold the points, whatever the box."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xailab_kernels.embedding.interpolation.layout import COARSEST, ONLY, lay_out
from xailab_kernels.embedding.interpolation.splines import BEFORE

CORNERS = st.floats(-1e6, 1e6)
SIDES = st.floats(0.001, 1e6)


@given(CORNERS, CORNERS, SIDES, SIDES, st.floats(0.01, 1), st.integers(4096, 2**24))
def test_points_are_inside_and_limits_are_kept(x, y, width, height, finest, most_nodes):
    layout = lay_out((x, y), (x + width, y + height), finest, most_nodes)
    rows, columns = layout.shapes[0]
    assert rows * columns <= most_nodes
    assert max(layout.shapes[-1]) <= (ONLY if layout.close else COARSEST)
    assert max(width, height) / layout.spacing <= max(rows, columns) - 4
    for low, high, corner, nodes in zip((x, y), (x + width, y + height), layout.corner, (rows, columns), strict=True):
        assert corner == low
        assert (high - corner) / layout.spacing + BEFORE <= nodes - 3  # a point's last node is two after it


def test_the_spacing_is_the_finest_where_nothing_speaks_against_it():
    assert lay_out((0, 0), (100, 50), 0.25, 2**24).spacing == 0.25
    assert not lay_out((0, 0), (100, 50), 0.25, 2**24).close


def test_close_points_get_at_least_twenty_cells_of_one_grid():
    for side in (0.001, 0.3, 4.9):
        layout = lay_out((0, 0), (side, side / 3), 0.25, 2**24)
        assert layout.close
        assert len(layout.shapes) == 1
        assert 20 <= side / layout.spacing <= 40


def test_a_span_of_a_thousand_keeps_its_spacing_and_more_widens_it():
    assert lay_out((0, 0), (1000, 1000), 0.25, 2**24).spacing == 0.25
    wide = lay_out((0, 0), (2000, 2000), 0.25, 2**24)
    assert 0.25 * 2 <= wide.spacing <= 0.25 * 2**1.5


@pytest.mark.parametrize("shift", [0, 5, 11])
def test_shapes_stay_while_a_map_grows_a_little(shift):
    shapes = {lay_out((0, 0), (100 + grown, 90), 0.25, 2**24).shapes for grown in (0, 0.5, 1, 1.5, 2)}
    assert len(shapes) <= 2
