"""File names from ids that anybody may have chosen.

- ``page_name``  an id -> the name of its page, the same in every run, different for different ids

An id that is plain keeps its name. Every other one gets what is readable of it and the first digits of its SHA-256; a
plain id that looks like that gets digits too, so that no two ids share a name, whatever they are. Names are lower-case:
some file systems do not tell ``Ada`` from ``ada``.
"""

import hashlib
import re
import unicodedata

LONGEST = 60
DIGITS = 10

_PLAIN = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
_DIGITED = re.compile(rf"(?:.*-)?[0-9a-f]{{{DIGITS}}}")
_OTHER = re.compile(r"[^a-z0-9]+")
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?")  # no files on Windows, whatever follows the dot


def page_name(student: str) -> str:
    """Return the file name of a student's page."""
    plain = _PLAIN.fullmatch(student) and len(student) <= LONGEST
    if plain and not _DIGITED.fullmatch(student) and not _DEVICES.fullmatch(student):
        return f"{student}.html"
    digits = hashlib.sha256(student.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]
    letters = unicodedata.normalize("NFKD", student[: 10 * LONGEST]).lower().encode("ascii", "ignore").decode()
    readable = _OTHER.sub("-", letters).strip("-")[: LONGEST - DIGITS - 1].strip("-")
    return f"{readable or 'student'}-{digits}.html"
