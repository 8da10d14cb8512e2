"""The picture of a class's scores, in the units of the drawing, and the numbers beside it.

- ``chart``  scores -> bars, edges, quartiles and a sentence that says the same
- ``facts``  scores -> what stands beside the picture
"""

from typing import Any

from xailab_autograder.feedback.wording import number
from xailab_autograder.overview.statistics import Scores

WIDE, HIGH = 520, 190
SIDE, BELOW, ABOVE = 4, 34, 20
"""Room around the bars."""


def chart(marks: Scores) -> dict[str, Any]:
    """Return the histogram of the scores for the template."""
    most, floor = max(marks.bins), HIGH - BELOW
    step = (WIDE - 2 * SIDE) / len(marks.bins)
    scale = step / marks.width
    bars = []
    for place, count in enumerate(marks.bins):
        height = (floor - ABOVE) * count / most
        low, high = place * marks.width, min((place + 1) * marks.width, marks.points)
        below = "" if place == len(marks.bins) - 1 else "below "
        bars.append(
            {
                "x": f"{SIDE + place * step + 1:.1f}",
                "y": f"{floor - height:.1f}",
                "width": f"{step - 2:.1f}",
                "height": f"{height:.1f}",
                "middle": f"{SIDE + (place + 0.5) * step:.1f}",
                "count": count,
                "says": f"{number(low)} to {below}{number(high)} points",
            }
        )
    edges = [(place * step, place * marks.width) for place in range(len(marks.bins) + 1)]
    return {
        "wide": WIDE,
        "high": HIGH,
        "floor": floor,
        "bars": bars,
        "edges": [{"x": f"{SIDE + x:.1f}", "says": number(points)} for x, points in edges],
        "lower": f"{SIDE + marks.lower * scale:.1f}",
        "middle": f"{(marks.upper - marks.lower) * scale:.1f}",
        "median": f"{SIDE + marks.median * scale:.1f}",
        "says": "; ".join(f"{bar['says']}: {bar['count']}" for bar in bars),
    }


def facts(marks: Scores) -> list[tuple[str, str]]:
    """Return the numbers beside the picture."""
    deviation = "–" if marks.deviation is None else number(marks.deviation)
    return [
        ("median", number(marks.median)),
        ("middle half", f"{number(marks.lower)} to {number(marks.upper)}"),
        ("mean", number(marks.mean)),
        ("standard deviation", deviation),
        ("lowest, highest", f"{number(marks.lowest)}, {number(marks.highest)}"),
    ]
