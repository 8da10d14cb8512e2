"""Made-up students: ids as universities give them, and names that break careless programs.

- ``students``  so many of them, the same for the same seed

Nobody is meant: first and last names are drawn apart. One in five has a name with something in it: commas, quotes, a
formula, markup, emoji, writing from right to left, great length; two share one name.
"""

import itertools
import random

from xailab_autograder.course.students import Student

_FIRST = (
    "Ada", "Amal", "Anouk", "Bilal", "Bo", "Carla", "Chiara", "Dario", "Elif", "Emeka", "Enno", "Farida", "Fatou",
    "Gita", "Hana", "Henk", "Inga", "Ivo", "Jana", "Jens", "Kaan", "Kira", "Lale", "Leif", "Linh", "Maya", "Milo",
    "Nadja", "Noor", "Oleg", "Paula", "Priya", "Quentin", "Rosa", "Ruben", "Saba", "Tariq", "Tomke", "Uta", "Vera",
    "Wanja", "Xenia", "Yara", "Yusuf", "Zoe",
)  # fmt: skip
_LAST = (
    "Abel", "Acar", "Berg", "Bianchi", "Costa", "Demir", "Diallo", "Eriksen", "Fuchs", "Gupta", "Haas", "Ito", "Jansen",
    "Kaya", "Klein", "Kowalska", "Lang", "Lindgren", "Moreau", "Nguyen", "Novak", "Okafor", "Olsen", "Petrov", "Quast",
    "Rao", "Reyes", "Sato", "Schmitt", "Silva", "Tamm", "Urban", "Vogel", "Weiss", "Yilmaz", "Zeller",
)  # fmt: skip

UNUSUAL = (
    "García Márquez, Núria",
    'Anna "Nina" Weber',
    "Siobhán O’Brien-D'Arcy",
    '=HYPERLINK("http://example.com";"Klaus")',
    "+49 Peter",
    "-Minna-",
    "@thomas",
    "<script>alert('Eva')</script> Kurz",
    "Ümit Şahin ß",
    "محمد عبد الله",
    "שירה כהן",
    "山田 花子",
    "Zoë 🦊 Fuchs",
    "Tab\tBer & Söhne",
    "\u202ereversed\u202c Rita",
    "Ng_Lee_123_456",
    "Percy {{ 7 * 7 }} %s",
    "Maximiliane " + "von und zu " * 18 + "Hohenfels",
    "null",
    "Ina",
    "Ina",
)
"""Names with something in them; the last two are the same name of two people."""


def students(number: int, seed: int) -> tuple[Student, ...]:
    """Make students.

    Parameters
    ----------
    number
        How many.
    seed
        The same number and seed, the same students.
    """
    rng = random.Random(f"people {seed}")
    names = _names(number, rng)
    made = []
    for place, name in enumerate(names):
        own = _id(place, name, rng)
        platforms = {"canvas": str(41000 + 7 * place), "moodle": str(5000 + place), "gradescope": str(900000 + place)}
        made.append(Student(own, name, f"{own}@students.example.org", platforms))
    return tuple(made)


def _names(number: int, rng: random.Random) -> list[str]:
    unusual = list(UNUSUAL[: min(len(UNUSUAL), number // 5)])
    if len(unusual) >= 2:
        unusual[-2:] = UNUSUAL[-2:]
    usual = [f"{first} {last}" for first in _FIRST for last in _LAST]
    if number > len(usual):
        pairs = itertools.permutations(_LAST[::6], 2)
        usual += [f"{first} {last}-{other}" for last, other in pairs for first in _FIRST]
        usual += [
            f"{first}-{other} {last}" for first, other in itertools.permutations(_FIRST[::3], 2) for last in _LAST
        ]
    names = [*unusual, *rng.sample(usual, number - len(unusual))]
    rng.shuffle(names)
    return names


def _id(place: int, name: str, rng: random.Random) -> str:
    """Return an id: mostly letters and a number, some with leading zeros, dots and hyphens."""
    kind = rng.random()
    if kind < 0.06:
        return f"{place:07d}"
    letters = "".join(c for c in name.lower() if c.isascii() and c.isalpha())[:4] or "stud"
    if kind < 0.12:
        return f"{letters}-{place:03d}.x"
    return f"{letters}{place:03d}"
