"""A strict checker of Gradescope's results.json, and what its documentation says beyond the types."""

import json
import math

import jsonschema

_FORMAT = {"enum": ["text", "html", "simple_format", "md", "ansi"]}
_VISIBILITY = {"enum": ["visible", "hidden", "after_due_date", "after_published"]}

_TEST = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "score": {"type": "number", "minimum": 0},
        "max_score": {"type": "number", "minimum": 0},
        "status": {"enum": ["passed", "failed"]},
        "name": {"type": "string", "minLength": 1},
        "name_format": _FORMAT,
        "number": {"type": "string"},
        "output": {"type": "string"},
        "output_format": _FORMAT,
        "tags": {"type": "array", "items": {"type": "string"}},
        "visibility": _VISIBILITY,
        "extra_data": {"type": "object"},
    },
    "dependentRequired": {"score": ["max_score"], "max_score": ["score"]},
}

RESULTS = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "score": {"type": "number", "minimum": 0},
        "execution_time": {"type": "number", "minimum": 0},
        "output": {"type": "string"},
        "output_format": _FORMAT,
        "test_output_format": _FORMAT,
        "test_name_format": _FORMAT,
        "visibility": _VISIBILITY,
        "stdout_visibility": _VISIBILITY,
        "extra_data": {"type": "object"},
        "tests": {"type": "array", "items": _TEST},
        "leaderboard": {"type": "array"},
    },
    "required": ["tests"],
}


def check(made, *, graded: bool) -> None:
    """Fail unless this is a results.json that Gradescope takes; ``graded``: with a score, else without any."""
    text = json.dumps(made, allow_nan=False)
    assert made == json.loads(text)
    assert len(text) < 1_000_000
    jsonschema.validate(made, RESULTS, cls=jsonschema.Draft202012Validator)
    assert ("score" in made) == graded
    assert graded or not any("score" in test for test in made["tests"])
    assert math.isfinite(made.get("score", 0))
    assert all(test.get("score", 0) <= test.get("max_score", 0) for test in made["tests"])
