"""Of which kind so many students are.

- ``KINDS``   kind -> share of the class
- ``deal``    a kind for each of so many students
"""

import random

KINDS = {
    "mistaken": 0.40,  # one or two known mistakes, all of them dealt out in turn
    "right": 0.19,  # the reference, the notebook's own solution, mixtures of all right answers
    "odd": 0.09,  # right, in odd but correct places
    "late": 0.08,  # right or with a mistake; in the grace time, late, extended, excused
    "half-done": 0.07,  # the later holes are empty
    "hostile": 0.06,  # one exercise attacks the grader, the others are right
    "copied": 0.05,  # of a right or mistaken student: byte for byte, or in disguise
    "broken": 0.03,  # cannot be read
    "empty": 0.02,  # the notebook as it was given out
    "absent": 0.01,  # nothing handed in
}
"""Shares of a large class. A small one has one of each, in this order, as far as it goes."""


def deal(number: int, rng: random.Random) -> list[str]:
    """Return a kind for each student, in a random order.

    Parameters
    ----------
    number
        Of students.
    rng
        Where the order comes from.
    """
    counts = dict.fromkeys(list(KINDS)[:number], 1)
    while sum(counts.values()) < number:
        counts[max(counts, key=lambda kind: KINDS[kind] * number - counts[kind])] += 1
    kinds = [kind for kind, count in counts.items() for _ in range(count)]
    rng.shuffle(kinds)
    return kinds
