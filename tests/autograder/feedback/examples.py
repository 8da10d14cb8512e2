# ruff: noqa: E501 (sentences and one-line programs are read better in one piece)
"""Records as the judge writes them: a realistic submission of Lab 3, and text that wants to be more than text."""

import numpy as np
from xailab_autograder.judging.describing import call_text, value_text, values_text
from xailab_autograder.judging.records import CheckRecord, ExerciseRecord, SubmissionRecord, Tier

PASSED_FORM = (
    CheckRecord("defined", "is defined and can be called", "passed"),
    CheckRecord("runs", "runs without an error", "passed"),
    CheckRecord("type", "returns the right kind of value", "passed"),
    CheckRecord("shape", "returns the right shape", "passed"),
    CheckRecord("dtype", "returns the right kind of numbers", "passed"),
)


def comparison_message(call: str, got: np.ndarray, expected: np.ndarray) -> str:
    """Compose a message as the judge composes it."""
    wrong = ~np.isclose(got, expected)
    difference = values_text(got, expected, "", numbers=True, wrong=wrong)
    return f"{call}\nyours: {value_text(got, full=True)}\nexpected: {value_text(expected, full=True)}\n{difference}"


SMALL = np.array([[0.0, 1.0], [2.0, 3.0]])
EXPECTED = np.array([[0, 0.25, 0.75, 1], [0.5, 0.75, 1.25, 1.5], [1.5, 1.75, 2.25, 2.5], [2, 2.25, 2.75, 3]])
SHIFTED = np.array([[0, 0.5, 1, 1], [1, 1.5, 2, 2], [2, 2.5, 3, 3], [2, 2.5, 3, 3.0]])

THRESHOLDS = ExerciseRecord(
    "thresholds", "A threshold for each unit", "thresholds", "passed", 2.0, 2.0,
    (*PASSED_FORM, CheckRecord("worked", "2 units, 2 images", "passed"), CheckRecord("random", "3 units, 5 images", "passed"),
     CheckRecord("random", "7 units, 4 images", "passed"), CheckRecord("invariants", "renumbering the units renumbers the thresholds", "passed")),
    notes=("found in cell 7, line 1",), seconds=0.012, remaining=6,
)  # fmt: skip

UPSAMPLE = ExerciseRecord(
    "upsample", "From cells to pixels", "upsample", "failed", 0.0, 2.0,
    (*PASSED_FORM,
     CheckRecord("worked", "2 x 2 to 4 x 4", "failed", comparison_message(
         call_text("upsample", ["a", "height", "width"], (SMALL, 4, 4), full=True), SHIFTED, EXPECTED)),
     CheckRecord("random", "3 x 5 to 12 x 20", "failed", "upsample(a: 3 x 5 float64, height: 12, width: 20)\n131 of 240 numbers differ", hidden=True),
     CheckRecord("invariants", "a constant map stays constant", "passed"),
     CheckRecord("edges", "leaves its arguments as they were", "passed"),
     CheckRecord("edges", "1 x 1 to 3 x 3", "blocked", hidden=True)),
    mistake="half-pixel",
    likely="Pixel centres lie at half-integers: pixel 0 of the large map is at -0.25 of the small one, not at 0. Your map is shifted by half a pixel.",
    read="The notebook's section “From cells to pixels”; Bau et al. 2017, section 2.1",
    hint="Write down the coordinate of the centre of large pixel 0 in small pixels. Then that of pixel 1.",
    notes=("found in cell 11, line 1",), seconds=0.02, remaining=5,
)  # fmt: skip

IOU = ExerciseRecord(
    "iou-table", "Intersection over union", "iou_table", "failed", 0.0, 4.0,
    (*PASSED_FORM,
     CheckRecord("worked", "1 unit, 2 images, 1 concept", "failed",
                 "iou_table(A: 2 x 1 x 2 x 2 float32, T: (1,) float32, labels: 2 x 2 x 2 int64, n: 1)\n"
                 "labels =\n[[[1, 1],\n  [0, 1]],\n\n [[0, 1],\n  [0, 0]]]\nyours: 1 x 1 float64\n[[0.8333]]\nexpected: 1 x 1 float64\n[[0.75]]\n"
                 "one number of 1 differs; the first is [0, 0]: expected 0.75, got 0.833333; yours is 1.11 x the reference everywhere"),
     CheckRecord("random", "4 units, 6 images, 5 concepts", "failed", "12 of 20 numbers differ", hidden=True),
     CheckRecord("random", "2 units, 9 images, 3 concepts", "failed", "5 of 6 numbers differ", hidden=True),
     CheckRecord("invariants", "renumbering the units renumbers the rows", "passed"),
     CheckRecord("edges", "leaves its arguments as they were", "passed")),
    mistake="mean-over-images", likely="You average the IoU of each image. The IoU of a set is one fraction: all intersections added up, over all unions added up.",
    read="Bau et al. 2017, equation 1", hint="How many divisions are there in equation 1?", output="debug: (2, 1, 2, 2)\ndebug: (2, 2, 2)\n",
)  # fmt: skip

CRASH = ExerciseRecord(
    "label-units", "Name the units", "label_units", "failed", 0.0, 1.0,
    (PASSED_FORM[0],
     CheckRecord("runs", "runs without an error", "failed",
                 "label_units(iou: 2 x 3 float64, t: 0.04)\niou =\n[[0.1 , 0.5 , 0.03],\n [0.02, 0.01, 0.  ]]\n"
                 "it raised IndexError: index 3 is out of bounds for axis 1 with size 3\n    cell 17, line 4: best = iou[unit, concept + 1]"),
     *(CheckRecord(tier, says, "blocked") for tier, says in (("type", "returns the right kind of value"), ("shape", "returns the right shape"), ("worked", "2 units, 3 concepts")))),
    hint="Print the shape of iou in your loop.", read="The notebook's section “Name the units”",
)  # fmt: skip

LOOP = ExerciseRecord(
    "null-table", "Could it be chance?", "null_table", "failed", 0.0, 2.0,
    (PASSED_FORM[0], CheckRecord("runs", "runs without an error", "failed",
     "null_table(A: 4 x 2 x 3 x 3 float32, labels: 4 x 3 x 3 int64, rng: a random generator)\n"
     "it did not finish within the 20 seconds of this exercise: a loop that never ends, or Python loops over every pixel?"),
     CheckRecord("worked", "4 images", "blocked")),
    seconds=20.0,
)  # fmt: skip

MISSING = ExerciseRecord(
    "pca-basis", "Principal components", "pca_basis", "missing", 0.0, 1.0,
    (CheckRecord("defined", "is defined and can be called", "failed", "No definition of `pca_basis` was found; expected `def pca_basis(A)`."),
     CheckRecord("worked", "two correlated units", "blocked")),
    notes=("cell 23: line 4: invalid syntax: def pca_basis(A)", ),
)  # fmt: skip

EDGE = ExerciseRecord(
    "random-rotation", "A random rotation", "random_rotation", "partial", 0.75, 1.0,
    (*PASSED_FORM, CheckRecord("worked", "3 units", "passed"), CheckRecord("invariants", "Q Q^T = I", "passed"),
     CheckRecord("edges", "1 unit", "failed", "random_rotation(K: 1, rng: a random generator)\none number of 1 differs", hidden=True)),
)  # fmt: skip

PREDICTION = ExerciseRecord(
    "predict-rotation", "What happens to the number of detectors under a random rotation?", "prediction_rotation",
    "failed", 0.0, 1.0,
    (CheckRecord("answer", "holds one of the options", "passed"),
     CheckRecord("answer", "is what happens", "failed", "A rotation keeps all the information, but a unit is one axis: the axes are what changes.")),
    mistake="chose-b", likely="A rotation keeps all the information, but a unit is one axis: the axes are what changes.",
    text="b: nothing, a rotation loses no information",
)  # fmt: skip

ANSWERED = ExerciseRecord(
    "predict-null", "How many detectors does chance give?", "prediction_null", "answered", 0.0, 1.0,
    (CheckRecord("answer", "holds one of the options", "passed"),), text="a: none", remaining=1,
)  # fmt: skip

REFLECTION = ExerciseRecord(
    "reflect", "Which experiment would show that a “lamp detector” is not one?", "", "manual", 0.0, 2.0,
    (CheckRecord("text", "has a text", "passed"),),
    text="Show it lamps that are switched off, and suns.\n\nIf it still fires at the suns, it detects bright round things.",
)  # fmt: skip

FAULT = ExerciseRecord(
    "fractional", "Half a rotation", "fractional", "error", 0.0, 1.0,
    (CheckRecord("runs", "could be graded", "blocked", "The grader failed at this exercise (ValueError: x). This is not your mistake; tell your instructor."),),
)  # fmt: skip

ALL = (THRESHOLDS, UPSAMPLE, IOU, CRASH, LOOP, MISSING, EDGE, FAULT, PREDICTION, ANSWERED, REFLECTION)


def submission(*exercises: ExerciseRecord, student: str = "ada", **changes: object) -> SubmissionRecord:
    """Return a submission of some exercises, by default of all the examples."""
    fields: dict[str, object] = {
        "lab": "03", "title": "Network Dissection", "student": student, "source": "lab03.ipynb", "sha256": "0f" * 32,
        "graded": "2025-11-20T12:00:00+00:00", "grader": "xailab 0.1.0", "level": "L3: namespaces, Landlock, seccomp and limits",
        "seconds": 1.2, "notes": ("cell 23: line 4: invalid syntax: def pca_basis(A)", "cell 5: magic left out: !pip install foo"),
    }  # fmt: skip
    return SubmissionRecord(**{**fields, **changes}, exercises=exercises or ALL)  # type: ignore[arg-type]


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title></style></pre></bdi><iframe src=javascript:alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;script&gt; &#60;b&#62;",
    "abc\u202edcba\u2066 \u200bzero\ufeff",
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b[2J\x1b[H",
    "null \x00 bell \x07 back \x08 del \x7f c1 \x9b31m",
    "=cmd|' /C calc'!A0",
    "[bold red]markup[/] [link=https://example.org]x[/link]",
    "lone \ud800 surrogate",
    "pile " + "a" + "\u0301" * 500,
    "tags \U000e0041\U000e0042",
    "a\u2028b\u2029c\x85d\re\x0bf",
    "x" * 1_000_000,
    "line\n" * 200_000,
)
"""What a student might write where a name, a message or a text is expected."""

TIERS_OF_HOSTILE: tuple[Tier, ...] = ("runs", "worked", "random")


def hostile(text: str) -> SubmissionRecord:
    """Put a text wherever a student's words can stand."""
    checks = tuple(
        CheckRecord(tier, text, "failed", f"{text}\nyours: {text}\nexpected: {text}\n    {text}")
        for tier in TIERS_OF_HOSTILE
    )
    exercise = ExerciseRecord(
        "x", text, text, "failed", 0.0, 1.0, checks, likely=text, read=text, hint=text, output=text, text=text, notes=(text,)
    )  # fmt: skip
    told = dict.fromkeys(("title", "source", "sha256", "graded", "grader", "level"), text)
    return submission(exercise, student=text, notes=(text,), **told)
