"""Compiled drawing against slow, obvious twins."""

import math

import numpy as np
import pytest

from xailab.data.minibroden import columns as c
from xailab.data.minibroden.distances import distance
from xailab.data.minibroden.noise import SIDE, TILES
from xailab.data.minibroden.patterns import pattern
from xailab.data.minibroden.pen import Paint, Pen, Setting
from xailab.data.minibroden.raster import census, finish, name_colors
from xailab.data.minibroden.shapes import Shape, blobs, box, capsule, circle, crescent, ellipse, petals, polygon, ring
from xailab.data.minibroden.vocabulary import NUMBERS, TEXTURES

GRID = [(u, v) for u in np.linspace(-1.3, 1.3, 14) for v in np.linspace(-1.3, 1.3, 14)]
STAR = [
    (0.0, -1.0),
    (0.25, -0.25),
    (1.0, -0.2),
    (0.4, 0.2),
    (0.6, 1.0),
    (0.0, 0.5),
    (-0.6, 1.0),
    (-0.4, 0.2),
    (-1.0, -0.2),
]


def distances(shape: Shape) -> np.ndarray:
    row = np.zeros(c.WIDTH)
    row[c.SHAPE] = shape.code
    row[c.A0 : c.A7 + 1] = shape.numbers
    row[c.COUNT] = len(shape.points)
    points = np.array(shape.points or [(0.0, 0.0, 0.0)], float)
    return np.array([distance(u, v, row, points) for u, v in GRID])


def to_segment(p, a, b):
    ab, ap = np.subtract(b, a), np.subtract(p, a)
    t = np.clip(ap @ ab / (ab @ ab), 0, 1)
    return np.linalg.norm(ap - t * ab)


def winding(p, corners):
    """Sum the angles under which the corners are seen: 2 pi inside, 0 outside."""
    angles = [math.atan2(y - p[1], x - p[0]) for x, y in corners]
    turns = [(b - a + math.pi) % (2 * math.pi) - math.pi for a, b in zip(angles, angles[1:] + angles[:1], strict=True)]
    return abs(sum(turns)) > math.pi


def test_polygon_distance_is_that_to_the_nearest_edge_negative_inside():
    expected = []
    for p in GRID:
        nearest = min(to_segment(p, a, b) for a, b in zip(STAR, STAR[1:] + STAR[:1], strict=True))
        expected.append(-nearest if winding(p, STAR) else nearest)
    np.testing.assert_allclose(distances(polygon(STAR)), expected, atol=1e-9)


def test_round_shapes_have_their_exact_distances():
    p = np.array(GRID)
    np.testing.assert_allclose(
        distances(circle(0.2, -0.1, 0.5)), np.hypot(p[:, 0] - 0.2, p[:, 1] + 0.1) - 0.5, atol=1e-6
    )
    np.testing.assert_allclose(distances(ring(0, 0, 0.6, 0.1)), np.abs(np.hypot(*p.T) - 0.6) - 0.1, atol=1e-9)
    line = [to_segment(q, (-0.5, 0.1), (0.6, 0.4)) - 0.2 for q in GRID]
    np.testing.assert_allclose(distances(capsule((-0.5, 0.1), (0.6, 0.4), 0.2)), line, atol=1e-9)
    discs = [(0.3, 0.2, 0.4), (-0.5, 0.0, 0.2)]
    union = [min(math.hypot(u - x, v - y) - r for x, y, r in discs) for u, v in GRID]
    np.testing.assert_allclose(distances(blobs(discs)), union, atol=1e-9)
    moon = [max(math.hypot(u, v) - 0.8, 0.7 - math.hypot(u - 0.4, v)) for u, v in GRID]
    np.testing.assert_allclose(distances(crescent(0, 0, 0.8, (0.4, 0, 0.7))), moon, atol=1e-9)


@pytest.mark.parametrize("corner", [0.0, 0.15])
def test_box_distance_is_that_of_its_outline(corner):
    w, h = 0.7 - corner, 0.4 - corner
    expected = []
    for u, v in GRID:
        dx, dy = abs(u) - w, abs(v) - h
        expected.append(math.hypot(max(dx, 0), max(dy, 0)) + min(max(dx, dy), 0) - corner)
    np.testing.assert_allclose(distances(box(0, 0, 0.7, 0.4, corner)), expected, atol=1e-9)


def test_ellipse_and_petals_have_the_right_inside():
    angle = 0.4
    cos, sin = math.cos(angle), math.sin(angle)
    inside = [((cos * u + sin * v) / 0.9) ** 2 + ((cos * v - sin * u) / 0.3) ** 2 < 1 for u, v in GRID]
    assert np.array_equal(distances(ellipse(0, 0, 0.9, 0.3, angle)) < 0, inside)
    union = np.min(
        [distances(ellipse(0.5 * math.cos(a), 0.5 * math.sin(a), 0.4, 0.2, a)) for a in np.arange(6) * math.pi / 3], 0
    )
    assert np.array_equal(distances(petals(0, 0, 6, 0.5, (0.4, 0.2), 0.0)) < 0, union < 0)


def test_shapes_lie_within_their_bounds():
    shapes = [
        *(circle(0.1, 0.2, 0.5), ellipse(0, 0, 0.9, 0.3, 0.7), box(0.2, 0, 0.4, 0.6, 0.1), polygon(STAR, 0.1)),
        *(capsule((-0.4, 0), (0.5, 0.5), 0.1, 0.3), ring(0, 0, 0.5, 0.1), petals(0, 0, 5, 0.4, (0.3, 0.1), 0.3)),
    ]
    p = np.array(GRID)
    for shape in shapes:
        left, top, right, bottom = shape.bounds
        inside = p[distances(shape) < 0]
        assert (inside >= (left, top)).all()
        assert (inside <= (right, bottom)).all()


def canvas() -> Pen:
    pen = Pen(Setting(ambient=(1.0, 1.0, 1.0)))
    pen.whole()
    return pen


def test_labels_go_to_pixels_that_are_covered_by_more_than_half():
    pen = canvas()
    pen.own("rock", instance=3)
    pen.paint(box(0.5, 0.5, 0.2 + 0.4 / 10, 0.2), Paint((1.0, 0.0, 0.0), "stone", shade=0.0), "eye")
    image, flat, labels = pen.develop(10)
    expected = np.zeros((10, 10), bool)
    expected[3:7, 3:7] = True  # the columns 2 and 7 are covered by 0.4
    for plane, value in zip(
        labels, (NUMBERS["object"]["rock"], NUMBERS["part"]["eye"], NUMBERS["material"]["stone"], 0, 3), strict=True
    ):
        assert np.array_equal(plane, np.where(expected, value, 0))
    np.testing.assert_allclose(flat[..., 0], expected)
    np.testing.assert_allclose(image[3:7, 2, 1:], 0.0)
    assert np.allclose(image[4, 2, 0] / image[4, 3, 0], 0.4, atol=0.15)


def test_tints_shadows_and_glows_write_no_labels():
    pen = canvas()
    pen.own("sand")
    pen.paint(box(0.5, 0.5, 0.6, 0.6), Paint((0.8, 0.8, 0.8), shade=0.0))
    before = pen.develop(16)
    pen.tint(circle(0.5, 0.5, 0.3), (0.0, 0.0, 0.0), 0.5, soft=0.1)
    after = pen.develop(16)
    assert np.array_equal(before[2], after[2])
    assert np.array_equal(before[1], after[1])
    assert after[0][8, 8, 0] == pytest.approx(0.4, abs=0.01)


def test_strokes_outside_the_picture_are_harmless():
    pen = canvas()
    pen.frame((3.0, -2.0), 0.4, angle=1.0, flip=-1)
    pen.paint(circle(0, 0, 1.0), Paint((1.0, 1.0, 1.0)))
    image, _, labels = pen.develop(32)
    assert not image.any()
    assert not labels.any()


def test_a_mirrored_frame_mirrors_the_picture_but_not_the_light():
    images = []
    for flip in (1, -1):
        pen = Pen(Setting(light=(0.0, -1.0)))
        pen.frame((0.5, 0.5), 0.4, flip=flip)
        pen.paint(polygon(STAR[:4]), Paint((0.6, 0.5, 0.4)))
        images.append(pen.develop(20)[0])
    np.testing.assert_allclose(images[0], images[1][:, ::-1], atol=1e-9)
    pen = Pen(Setting(light=(-1.0, 0.0)))
    pen.frame((0.5, 0.5), 0.4, flip=-1)
    pen.paint(circle(0, 0, 1), Paint((0.5, 0.5, 0.5), shade=0.4))
    lit = pen.develop(20)[0][10, :, 0]
    assert lit[4] > lit[15]


@pytest.mark.parametrize("name", TEXTURES)
def test_patterns_show_both_colors_and_stay_between_them(name):
    kind = TEXTURES.index(name) + 1
    shares = np.array(
        [
            pattern(kind, 4 * x, 4 * y, 30.0, TILES, 3.0, 5.0)
            for x in np.linspace(0, 1, 40)
            for y in np.linspace(0, 1, 40)
        ]
    )
    assert shares.min() == 0
    assert shares.max() == 1
    assert 0.1 < shares.mean() < 0.9


def test_stripes_are_periodic_and_half_and_half():
    x = (np.arange(1000) + 0.5) / 1000
    shares = np.array([pattern(1, value, 0.3, 1000.0, TILES, 0.0, 0.0) for value in x])
    shifted = np.array([pattern(1, value + 5, 0.9, 1000.0, TILES, 0.0, 0.0) for value in x])
    np.testing.assert_allclose(shares, shifted, atol=1e-9)
    assert shares.mean() == pytest.approx(0.5, abs=0.002)


def test_noise_tiles_are_standardized_and_periodic():
    assert TILES.shape == (3, SIDE, SIDE)
    np.testing.assert_allclose(TILES.mean((1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(TILES.std((1, 2)), 1, atol=1e-5)
    coarse = TILES[2]
    seam, inner = np.abs(coarse[:, 0] - coarse[:, -1]).mean(), np.abs(np.diff(coarse, axis=1)).mean()
    assert seam < 1.5 * inner


def test_sensor_noise_has_the_stated_standard_deviation():
    gray = np.full((128, 128, 3), 0.5)
    noisy = finish(gray, 1.0, 0.02, np.uint64(9), TILES, 0.0, 0.0).astype(float)
    clean = finish(gray, 1.0, 0.0, np.uint64(9), TILES, 0.0, 0.0).astype(float)
    assert (noisy - clean).std() / 255 == pytest.approx(0.02, rel=0.03)
    assert abs((noisy - clean).mean()) < 0.1


def test_census_counts_what_a_loop_counts():
    rng = np.random.default_rng(0)
    instances = rng.integers(0, 4, (20, 30)).astype(np.uint8)
    instances[instances == 2] = 0
    parts = rng.integers(0, 5, (20, 30)).astype(np.uint8)
    boxes, pixels = census(instances, parts, 3)
    for k in range(4):
        for part in range(5):
            assert pixels[k, part] == ((instances == k) & (parts == part)).sum()
    ys, xs = np.nonzero(instances == 3)
    assert boxes[3].tolist() == [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]
    assert boxes[2, 0] >= boxes[2, 2]


def test_colors_are_looked_up_in_their_cell():
    table = np.arange(32**3, dtype=np.int64).reshape(32, 32, 32).astype(np.uint8)
    flat = np.array([[[0.0, 0.0, 0.5], [1.0, 1.2, -0.1]]])
    assert name_colors(flat, table).tolist() == [[table[0, 0, 16], table[31, 31, 0]]]
