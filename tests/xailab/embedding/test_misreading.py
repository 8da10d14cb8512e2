"""The figures show what their captions say."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from scipy.spatial import ConvexHull, KDTree

from xailab.embedding.misreading import (
    DPI,
    LESSONS,
    cluster_distances,
    cluster_sizes,
    noise,
    perplexities,
    write_lessons,
)
from xailab.render import to_png_bytes


def groups(figure: Figure, panel: int) -> list[np.ndarray]:
    """The points of a panel, by class."""
    return [np.asarray(one.get_offsets()) for one in figure.axes[panel].collections if len(one.get_offsets())]


def radius(points: np.ndarray) -> float:
    return float(np.sqrt(((points - points.mean(0)) ** 2).sum(1).mean()))


def clumping(points: np.ndarray) -> float:
    """Clark and Evans 1954: distance to the nearest over that of points thrown at random; below 1 is clumped."""
    nearest = KDTree(points).query(points, k=2)[0][:, 1].mean()
    return float(nearest * 2 * np.sqrt(len(points) / ConvexHull(points).volume))


def test_groups_of_very_different_size_are_drawn_alike() -> None:
    figure = cluster_sizes().figure
    data, drawn = ([radius(one) for one in groups(figure, panel)] for panel in (0, 1))
    assert data[1] / data[0] > 8
    assert drawn[1] / drawn[0] < 1.6


def test_the_far_group_is_not_far_in_the_maps() -> None:
    figure = cluster_distances().figure
    ratios = []
    for panel in range(3):
        left, middle, far = (one.mean(0) for one in groups(figure, panel))
        ratios.append(np.linalg.norm(far - middle) / np.linalg.norm(middle - left))
    assert ratios[0] == pytest.approx(5, rel=0.1)
    assert max(ratios[1:]) < 2


def test_perplexity_decides_between_clumps_and_points() -> None:
    figure = perplexities().figure
    together = []  # how wide a group is, in parts of the map
    for panel in range(1, 5):
        parts = groups(figure, panel)
        together.append(np.mean([radius(one) for one in parts]) / radius(np.concatenate(parts)))
    assert together[0] > 0.4
    assert together[-1] < 0.15
    assert together == sorted(together, reverse=True)


def test_noise_is_clumped_at_a_low_perplexity_only() -> None:
    figure = noise().figure
    low, _, middle, high = (clumping(groups(figure, panel)[0]) for panel in range(1, 5))
    assert low < 0.6
    assert min(middle, high) > 0.9


def test_lessons_are_written_with_their_captions(tmp_path: Path) -> None:
    lines = write_lessons(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"misreading-{name}.png" for name in LESSONS)
    assert all(len(line.split(": ", 1)[1]) > 60 for line in lines)
    again = to_png_bytes(noise().figure, dpi=DPI)
    assert (tmp_path / "misreading-noise.png").read_bytes() == again


@pytest.mark.parametrize("draw", LESSONS.values())
def test_too_few_points_are_refused(draw) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=r"needs at least \d+ points, got 10"):
        draw(count=10)
