"""A submission answers calls from behind the walls; whatever it does costs that call and no other."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from xailab_autograder.sandbox.answers import read_definitions, read_outcome
from xailab_autograder.sandbox.capture import CAP
from xailab_autograder.sandbox.limits import Limits
from xailab_autograder.sandbox.outcomes import (
    MAX_MESSAGE,
    Cell,
    Definitions,
    Died,
    Raised,
    Returned,
    Unreadable,
    Wanted,
)
from xailab_autograder.sandbox.student import SandboxedStudent
from xailab_autograder.sandbox.values import GeneratorHandle, Malformed, NetworkHandle, TorchTensor
from xailab_autograder.sandbox.zygote import Zygote

SOURCE = """
import os, random, time
import numpy as np
import torch
from xailab_autograder import lab

scale = 3.0

def double(x):
    print("doubling")
    return x * 2

def second(values):
    total = 0
    return values[5]

def change(array):
    array += 1
    return None

def layout(array):
    return array.flags.c_contiguous, array.flags.f_contiguous, array.flags.writeable, list(array.strides)

def kinds(*things):
    return [type(thing).__name__ for thing in things]

def network(net):
    with torch.no_grad():
        next(net.module.parameters()).zero_()
    return net.name, float(next(net.module.parameters()).abs().sum())

def draw(generator):
    return generator.random(3)

def lucky():
    return [random.random(), float(np.random.rand()), float(torch.rand(1))]

def tensors(x):
    return {"grad": x.clone().requires_grad_(), "half": x.to(torch.bfloat16), "moved": x.reshape(2, 3).T}

def surroundings():
    import sys
    return dict(os.environ), sys.argv, os.listdir("."), os.getcwd()

def remember(x):
    global scale
    scale = x
    return scale

def leave():
    os._exit(7)

def forever():
    while True:
        time.sleep(1)

def chatter():
    for _ in range(1000):
        print("x" * 1000)
    return 1

def complain(n):
    raise ValueError("y" * n)

def withheld():
    from xailab import dissection
    return dissection

def kernels():
    import xailab_kernels
"""
NAMES = [
    "double",
    "second",
    "change",
    "layout",
    "kinds",
    "network",
    "draw",
    "lucky",
    "tensors",
    "surroundings",
    "remember",
    "leave",
    "forever",
    "chatter",
    "complain",
    "withheld",
    "kernels",
    "scale",
]


def open_student(zygote: Zygote, source: str = SOURCE, names: list[str] = NAMES, **options: Any) -> SandboxedStudent:
    return SandboxedStudent(zygote, [Cell("cell 1", source)], [Wanted(name, name) for name in names], **options)


@pytest.fixture(scope="module")
def student(zygote: Zygote) -> Iterator[SandboxedStudent]:
    with open_student(zygote) as opened:
        yield opened


def value(outcome: object) -> Any:
    assert isinstance(outcome, Returned), outcome
    return outcome.value


def test_definitions_are_found_with_their_place_and_parameters(student: SandboxedStudent) -> None:
    known = student.definitions()
    assert isinstance(known, Definitions)
    assert (known.found["double"].cell, known.found["double"].line) == ("cell 1", 9)
    assert known.found["second"].parameters == ("values",)
    assert set(NAMES) == set(known.found)


def test_a_call_returns_value_output_and_time(student: SandboxedStudent) -> None:
    outcome = student.call("double", [np.arange(3.0)], limit_s=5)
    assert isinstance(outcome, Returned)
    assert (outcome.value.tolist(), outcome.output, outcome.arguments) == ([0, 2, 4], "doubling\n", None)
    assert 0 < outcome.seconds < 5


def test_what_a_call_raises_names_the_student_s_own_line(student: SandboxedStudent) -> None:
    outcome = student.call("second", [[1]], limit_s=5)
    assert isinstance(outcome, Raised)
    assert (outcome.kind, outcome.message) == ("IndexError", "list index out of range")
    assert outcome.lines == ("cell 1, line 15: return values[5]",)


def test_a_name_that_is_not_there_is_a_name_error(student: SandboxedStudent) -> None:
    outcome = student.call("nobody", [], limit_s=5)
    assert isinstance(outcome, Raised)
    assert outcome.kind == "NameError"


def test_changed_arguments_come_back_only_on_request(student: SandboxedStudent) -> None:
    array = np.zeros(2)
    outcome = student.call("change", [array], limit_s=5, return_arguments=True)
    assert isinstance(outcome, Returned)
    assert outcome.arguments is not None
    assert (outcome.value, outcome.arguments[0].tolist(), array.tolist()) == (None, [1, 1], [0, 0])


def test_arguments_arrive_in_their_layout_and_writable(student: SandboxedStudent) -> None:
    base = np.arange(24.0).reshape(4, 6)
    assert value(student.call("layout", [base], limit_s=5)) == (True, False, True, [48, 8])
    assert value(student.call("layout", [base.T], limit_s=5)) == (False, True, True, [8, 48])
    assert value(student.call("layout", [base[:, ::2]], limit_s=5)) == (False, False, True, [48, 16])
    assert value(student.call("layout", [base[::-1]], limit_s=5)) == (False, False, True, [-48, 8])


def test_every_kind_of_value_arrives_as_itself(student: SandboxedStudent) -> None:
    things = [None, True, 1, 1.5, 1j, "a", np.float32(1), np.zeros(1), TorchTensor(np.zeros(1)), (1,), [1], {"a": 1}]
    expected = [
        "NoneType",
        "bool",
        "int",
        "float",
        "complex",
        "str",
        "float32",
        "ndarray",
        "Tensor",
        "tuple",
        "list",
        "dict",
        "Network",
        "Generator",
    ]
    handles = [NetworkHandle("tags"), GeneratorHandle(1)]
    assert value(student.call("kinds", [*things, *handles], limit_s=20)) == expected


def test_a_network_is_fresh_in_every_call_and_never_crosses(student: SandboxedStudent) -> None:
    first = student.call("network", [NetworkHandle("tags")], limit_s=20, return_arguments=True)
    assert isinstance(first, Returned)
    assert (first.value, first.arguments) == (("tags", 0.0), (NetworkHandle("tags"),))
    outcome = student.call("double", [NetworkHandle("tags")], limit_s=20)
    assert isinstance(outcome, Raised)
    source = "def norm(net):\n    return float(next(net.module.parameters()).abs().sum())\ndef same(net): return net"
    with open_student(student._zygote, SOURCE + source, ["network", "norm", "same"]) as other:
        other.call("network", [NetworkHandle("tags")], limit_s=20)
        assert value(other.call("norm", [NetworkHandle("tags")], limit_s=20)) > 0
        assert value(other.call("same", [NetworkHandle("tags")], limit_s=20)) == NetworkHandle("tags")


def test_generators_are_made_from_their_seed(student: SandboxedStudent) -> None:
    drawn = value(student.call("draw", [GeneratorHandle(5)], limit_s=5))
    np.testing.assert_array_equal(drawn, np.random.default_rng(5).random(3))


def test_global_randomness_is_the_same_in_every_run_and_differs_between_calls(zygote: Zygote) -> None:
    runs = []
    for _ in range(2):
        with open_student(zygote) as student:
            runs.append([value(student.call("lucky", [], limit_s=5)) for _ in range(2)])
    assert runs[0] == runs[1]
    assert runs[0][0] != runs[0][1]


def test_tensors_come_back_as_arrays_with_their_dtype(student: SandboxedStudent) -> None:
    found = value(student.call("tensors", [TorchTensor(np.arange(6, dtype="f4"))], limit_s=5))
    assert [(name, t.dtype, t.array.dtype.name) for name, t in found.items()] == [
        ("grad", "float32", "float32"),
        ("half", "bfloat16", "float32"),
        ("moved", "float32", "float32"),
    ]
    assert found["moved"].array.tolist() == [[0, 3], [1, 4], [2, 5]]


def test_nothing_of_the_grader_s_surroundings_is_there(
    zygote: Zygote, student: SandboxedStudent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XAILAB_COURSE_KEY", "secret-of-the-course")
    environment, arguments, files, folder = value(student.call("surroundings", [], limit_s=5))
    assert "XAILAB_COURSE_KEY" not in environment
    assert set(environment) >= {"HOME", "TMPDIR", "MPLBACKEND"}
    assert environment["HOME"] == folder
    assert (arguments, files) == (["notebook"], [])


def test_a_worker_that_ends_costs_one_call_and_nothing_is_remembered(zygote: Zygote) -> None:
    with open_student(zygote) as student:
        assert value(student.call("remember", [9.0], limit_s=5)) == 9.0
        assert value(student.value("scale")) == 9.0
        assert student.call("leave", [], limit_s=5) == Died("exit", "exit status 7", pytest.approx(0, abs=3))
        assert value(student.value("scale")) == 3.0
        assert value(student.call("double", [4], limit_s=5)) == 8


def test_a_call_without_end_is_killed_at_its_deadline(zygote: Zygote) -> None:
    with open_student(zygote) as student:
        student.definitions()
        start = time.monotonic()
        outcome = student.call("forever", [], limit_s=0.5)
        assert time.monotonic() - start < 3
        assert isinstance(outcome, Died)
        assert (outcome.reason, outcome.detail) == ("time", "it took longer than 0.5 s")
        assert value(student.call("double", [4], limit_s=5)) == 8


def test_output_and_messages_are_cut(student: SandboxedStudent) -> None:
    outcome = student.call("chatter", [], limit_s=5)
    assert isinstance(outcome, Returned)
    assert CAP <= len(outcome.output) <= CAP + 100
    assert outcome.output.endswith("[more was printed than is kept]")
    raised = student.call("complain", [10**7], limit_s=5)
    assert isinstance(raised, Raised)
    assert raised.message == "y" * MAX_MESSAGE
    assert value(student.call("double", [1], limit_s=5)) == 2


def test_what_is_withheld_says_so(student: SandboxedStudent) -> None:
    outcome = student.call("withheld", [], limit_s=5)
    assert isinstance(outcome, Raised)
    assert outcome.message == "xailab.dissection is what you build here; it is withheld while your code is graded"
    kernels = student.call("kernels", [], limit_s=5)
    assert isinstance(kernels, Raised)
    assert kernels.message == "xailab_kernels is withheld while your code is graded"


def test_memory_beyond_the_budget_is_refused(zygote: Zygote) -> None:
    source = "import numpy as np\ndef take(n):\n    return float(np.ones(n, np.uint8).sum())"
    with open_student(zygote, source, ["take"], limits=Limits(memory=256 << 20)) as student:
        assert value(student.call("take", [100 << 20], limit_s=10)) == 100 << 20
        outcome = student.call("take", [400 << 20], limit_s=10)
        assert isinstance(outcome, Raised)
        assert "MemoryError" in outcome.kind


KILLERS = """
def first(x):
    return x + 1

class Loud:
    import os
    if not hasattr(os, "survived"):
        os._exit(3)

def last(x):
    return x + 2
"""


def test_a_statement_that_kills_the_worker_is_left_out_and_the_rest_is_graded(zygote: Zygote) -> None:
    with open_student(zygote, KILLERS, ["first", "last"]) as student:
        known = student.definitions()
        assert isinstance(known, Definitions)
        assert [(note.kind, note.cell) for note in known.notes] == [("skipped", "cell 1")]
        assert "it ended the process (exit: exit status 3)" in known.notes[0].text
        assert value(student.call("first", [1], limit_s=5)) == 2
        assert value(student.call("last", [1], limit_s=5)) == 3


def test_a_submission_that_kills_every_worker_is_not_retried_for_ever(zygote: Zygote) -> None:
    killer = "class Loud{}:\n    import os\n    os._exit(3)\n"
    source = "".join(killer.format(number) for number in range(12)) + "def first(x):\n    return x"
    with open_student(zygote, source, ["first"]) as student:
        known = student.definitions()
        assert isinstance(known, Died)
        assert known.reason == "exit"
        start = time.monotonic()
        assert student.call("first", [1], limit_s=5) == Died("exit", "exit status 3", known.seconds)
        assert time.monotonic() - start < 0.02


def test_definitions_without_end_are_killed_at_their_deadline(zygote: Zygote) -> None:
    source = "class Slow:\n    while True:\n        pass\ndef first(x):\n    return x"
    with open_student(zygote, source, ["first"], definitions_s=0.5) as student:
        known = student.definitions()
        assert isinstance(known, Definitions)
        assert "time: it took longer than 0.5 s" in known.notes[-1].text
        assert value(student.call("first", [1], limit_s=5)) == 1


def test_a_definition_that_raises_is_noted_with_its_line(zygote: Zygote) -> None:
    source = "class Broken:\n    value = 1 / 0\ndef first(x):\n    return x"
    with open_student(zygote, source, ["first"]) as student:
        known = student.definitions()
        assert isinstance(known, Definitions)
        assert [note.text for note in known.notes] == [
            "ZeroDivisionError: division by zero (cell 1, line 2: value = 1 / 0)"
        ]
        assert value(student.call("first", [1], limit_s=5)) == 1


def test_sources_of_many_megabytes_are_run(zygote: Zygote) -> None:
    source = "text = '" + "x" * (4 << 20) + "'\ndef size(x):\n    return len(text)"
    with open_student(zygote, source, ["size"]) as student:
        assert value(student.call("size", [1], limit_s=5)) == 4 << 20


def test_several_students_at_once_do_not_meet(zygote: Zygote) -> None:
    found: dict[int, Any] = {}

    def work(number: int) -> None:
        with open_student(zygote) as student:
            found[number] = [value(student.call("remember", [float(number)], limit_s=10)) for _ in range(5)]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: [float(number)] * 5 for number in range(4)}


def test_an_interrupt_during_a_call_ends_the_worker_and_leaves_the_zygote(
    zygote: Zygote, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_student(zygote) as student:
        student.definitions()
        worker = student._worker
        assert worker is not None

        def interrupted(**options: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(worker.channel, "receive", interrupted)
        with pytest.raises(KeyboardInterrupt):
            student.call("double", [1], limit_s=5)
        assert student._worker is None
        assert value(student.call("double", [4], limit_s=5)) == 8


GOOD = ["t", [["n"], ["n"]]]


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"kind": "returned"},
        {"kind": "returned", "value": GOOD},
        {"kind": "returned", "value": GOOD, "output": 3},
        {"kind": "returned", "value": ["n"], "output": ""},
        {"kind": "returned", "value": ["t", [["n"], ["l", []]]], "output": ""},
        {"kind": "raised", "error": "E", "message": None, "lines": [], "output": ""},
        {"kind": "raised", "error": "E", "message": "", "lines": [3], "output": ""},
        {"kind": "unreadable", "what": [], "output": ""},
        {"kind": "passed", "output": ""},
    ],
)
def test_answers_of_a_wrong_form_are_malformed(header: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        read_outcome(header, [], 0.0)


@pytest.mark.parametrize(
    "header",
    [
        {"kind": "definitions", "found": [], "notes": []},
        {"kind": "definitions", "found": {"f": ["c", "1", None, False]}, "notes": []},
        {"kind": "definitions", "found": {"f": ["c", 1, [1], False]}, "notes": []},
        {"kind": "definitions", "found": {}, "notes": [["c", "applause", "text"]]},
        {"kind": "definitions", "found": {}, "notes": [["c", "error"]]},
        {"kind": "returned", "found": {}, "notes": []},
    ],
)
def test_reports_on_definitions_of_a_wrong_form_are_malformed(header: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        read_definitions(header, ())


def test_long_texts_and_lone_surrogates_are_made_harmless() -> None:
    header = {"kind": "unreadable", "what": "\ud800" + "z" * 1000, "output": "o" * 10**6}
    outcome = read_outcome(header, [], 0.0)
    assert isinstance(outcome, Unreadable)
    assert (outcome.what[:2], len(outcome.what), len(outcome.output)) == ("?z", 200, CAP + 100)
