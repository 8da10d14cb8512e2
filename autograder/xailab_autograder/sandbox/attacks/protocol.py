"""Attacks on the conversation with the grader: frames that are none, and answers to other questions.

- ``ATTACKS``   the list
"""

from xailab_autograder.sandbox.attacks.attack import Attack

_FRAME = """
import json, struct
def frame(header, *sizes):
    return struct.pack("<4sII", b"XLB1", len(header), len(sizes)) + struct.pack(f"<{len(sizes)}Q", *sizes) + header
def say(data):
    descriptor = the_socket()
    os.set_blocking(descriptor, True)
    while data:
        data = data[os.write(descriptor, data):]
def ticket():
    level = sys._getframe()
    while level:
        for value in list(level.f_locals.values()):
            if isinstance(value, dict) and "ticket" in value:
                return value["ticket"]
        level = level.f_back
    return "none"
def lie(tree, data):
    header = {"kind": "returned", "value": tree, "ticket": ticket(), "output": ""}
    say(frame(json.dumps(header).encode(), len(data)) + data)
def forged(value, ticket):
    tree = ["t", [["i", format(value, "x")], ["n"]]]
    return frame(json.dumps({"kind": "returned", "value": tree, "ticket": ticket, "output": ""}).encode())
"""

_PROTOCOL = frozenset({"protocol"})

ATTACKS = (
    Attack(
        "huge-frame",
        "announce four gigabytes",
        _FRAME + 'def answer(x):\n    say(frame(b"{}", 4 << 30))\n    return x * 2',
        ends=_PROTOCOL,
    ),
    Attack(
        "endless-sum-of-sizes",
        "announce sizes whose sum overflows",
        _FRAME + 'def answer(x):\n    say(frame(b"{}", *([2**63] * 4)))\n    return x * 2',
        ends=_PROTOCOL,
    ),
    Attack(
        "broken-json",
        "send a header that is no JSON",
        _FRAME + 'def answer(x):\n    say(frame(b\'{"kind": "returned", \'))\n    return x * 2',
        ends=_PROTOCOL,
    ),
    Attack(
        "deep-json",
        "send a header nested half a million deep",
        _FRAME + 'def answer(x):\n    say(frame(b"[" * 500_000))\n    return x * 2',
        ends=_PROTOCOL,
    ),
    Attack(
        "odd-json",
        "send a header with a number of a million digits",
        _FRAME + "def answer(x):\n    say(frame(b'{\"ticket\": ' + b'9' * 1_000_000 + b'}'))\n    return x * 2",
        ends=_PROTOCOL,
    ),
    Attack(
        "noise",
        "send a megabyte of noise",
        _FRAME + "def answer(x):\n    say(os.urandom(1 << 20))\n    return x * 2",
        ends=_PROTOCOL,
    ),
    Attack(
        "pickle-in-a-frame",
        "send a pickle that would run a command where it is read",
        _FRAME
        + """
import pickle
class Command:
    def __reduce__(self):
        return os.mkdir, (os.path.join(OUTSIDE, "pickled"),)
def answer(x):
    say(pickle.dumps(Command()))
    say(frame(pickle.dumps(Command())))
    return x * 2
""",
        ends=_PROTOCOL,
    ),
    Attack(
        "forged-ticket",
        "answer with a ticket of its own making",
        _FRAME + 'def answer(x):\n    say(forged(12345, "0" * 32))\n    return x * 2',
        ends=_PROTOCOL,
    ),
    Attack(
        "answer-twice",
        "forge an answer with the right ticket, so that its second answer meets the next question",
        _FRAME + "def answer(x):\n    say(forged(12345, ticket()))\n    return x * 2",
        ends=frozenset({"wrong"}),
    ),
    Attack(
        "answer-in-advance",
        "prepare answers to all questions to come, by a thread that keeps writing",
        _FRAME
        + """
import threading
def answer(x):
    known = ticket()
    def talk():
        while True:
            say(forged(12345, known))
            time.sleep(0.001)
    threading.Thread(target=talk, daemon=True).start()
    time.sleep(0.05)
    return x * 2
""",
        ends=frozenset({"wrong", "protocol"}),
    ),
    Attack(
        "close-the-connection",
        "close the connection and stay alive",
        _FRAME + "def answer(x):\n    os.close(the_socket())\n    time.sleep(60)",
        ends=_PROTOCOL,
        limit_s=3.0,
    ),
    Attack(
        "drip",
        "send an answer a byte at a time, for ever",
        _FRAME
        + """
def answer(x):
    say(frame(b"{}" + b" " * 100_000)[:14])
    while True:
        say(b" ")
        time.sleep(0.05)
""",
        ends=frozenset({"time"}),
        limit_s=1.0,
    ),
    Attack(
        "lie-about-arrays",
        "send dtypes, shapes and buffers that do not fit together",
        _FRAME
        + """
def answer(x):
    tree = ["t", [["a", "f8", [1 << 39, 1 << 39], 0], ["n"]]]
    lie(tree, b"\\0" * 8)
    return x * 2
""",
        ends=_PROTOCOL,
    ),
    Attack(
        "array-of-objects-by-hand",
        "send an array of pointers",
        _FRAME
        + """
def answer(x):
    tree = ["t", [["a", "O8", [1], 0], ["n"]]]
    lie(tree, b"\\x41" * 8)
    return x * 2
""",
        ends=_PROTOCOL,
    ),
)
"""Attacks on the conversation."""
