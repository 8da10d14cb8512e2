"""The random cases of a student: drawn from a secret key, different for everybody, the same at every regrading.

- ``Draw``        where the random numbers of one exercise come from
- ``for_student``  a student's draw: HMAC-SHA256 of the course key over lab, exercise and student
- ``public``      the draw of the self-check: the same for all

Knowing another student's cases, or one's own of an earlier lab, is worth nothing: the cases say nothing about the
answers, and the next ones differ. Only somebody who has the key can compute them.
"""

import hashlib
import hmac
from dataclasses import dataclass

import numpy as np

from xailab.errors import XailabError

PUBLIC_KEY = b"xailab: the cases of the self-check, known to everybody"
SHORTEST_KEY = 16
"""Bytes. A shorter key could be guessed by trying."""


@dataclass(frozen=True)
class Draw:
    """Where the random numbers of one exercise come from.

    Parameters
    ----------
    digest
        32 bytes; what a stream is drawn from.
    """

    digest: bytes

    def stream(self, name: str) -> np.random.Generator:
        """Return the generator of one kind of case: always in its first state, independent of the other kinds."""
        entropy = hashlib.sha256(self.digest + b"|" + name.encode()).digest()
        return np.random.default_rng(int.from_bytes(entropy, "big"))


def for_student(key: bytes, lab: str, exercise: str, student: str) -> Draw:
    """Return a student's draw for an exercise.

    Parameters
    ----------
    key
        The course's secret, at least 16 bytes.
    lab, exercise, student
        Which; the student's id exactly as the instructor writes it.

    Raises
    ------
    XailabError
        A key that could be guessed.
    """
    if len(key) < SHORTEST_KEY:
        raise XailabError(
            f"the course key has {len(key)} bytes and could be guessed; expected at least {SHORTEST_KEY}: "
            "python -c 'import secrets; print(secrets.token_hex(32))' makes one"
        )
    # Lengths first: no other triple gives the same bytes.
    parts = [part.encode() for part in (lab, exercise, student)]
    message = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return Draw(hmac.new(key, message, hashlib.sha256).digest())


def public(lab: str, exercise: str) -> Draw:
    """Return the draw of the self-check, the same for everybody."""
    return for_student(PUBLIC_KEY, lab, exercise, "")
