"""Texts that name people: made comparable, and made safe to show.

- ``visible``     a text in which nothing is hidden: what steers the display is written out
- ``clean_id``    a student's id as the course keeps it
- ``clean_name``  a person's name in one line
- ``keys``        what a name is looked up by: ``"Doe, Jane"`` finds ``"Jane Doe"``

An id in which a character reverses, joins or hides others could look like somebody else's. Such characters (Unicode's
controls and formats, line separators, bytes that are no text) are kept out of ids by being written out: an override of
the direction of writing becomes ``<U+202E>``. Letters of every script, right-to-left ones too, and emoji stay as they
are.
"""

import hashlib
import re
import unicodedata

LONGEST_ID = 200
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
_SHORTEST_KEY = 2


def visible(text: str, most: int = 0) -> str:
    """Return a text with everything that cannot be seen written out.

    Parameters
    ----------
    text
        From a file, a platform, a student.
    most
        The longest result in characters; 0: any length.
    """
    text = text if text.isascii() and text.isprintable() else "".join(map(_shown, text))
    return text if not most or len(text) <= most else text[: most - 1] + "…"


def clean_id(text: str) -> str:
    """Return a student's id: NFC, without white space around it, nothing hidden; an overlong one is cut and marked."""
    text = visible(unicodedata.normalize("NFC", text).strip())
    if len(text) <= LONGEST_ID:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]
    return f"{text[: LONGEST_ID - 13]}~{digest}"


def clean_name(text: str) -> str:
    """Return a name in one line, without controls; joiners and marks of direction belong to names and stay."""
    kept = (" " if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter for letter in text)
    plain = "".join(_shown(letter) if unicodedata.category(letter) == "Cs" else letter for letter in kept)
    return " ".join(unicodedata.normalize("NFC", plain).split())[:LONGEST_ID]


def keys(name: str) -> set[str]:
    """Return what a name is looked up by: both orders of its parts, with and without spaces, in small letters."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    plain = "".join(letter for letter in plain if unicodedata.category(letter) not in _HIDDEN or letter.isspace())
    last, comma, first = (part.split() for part in plain.partition(","))
    orders = [[*first, *last], [*last, *first]] if comma else [last, [*last[-1:], *last[:-1]]]
    found = {" ".join(words) for words in orders}
    found |= {re.sub(r"\W", "", words) for words in found}  # as Canvas writes names into file names
    return {key for key in found if len(key) >= _SHORTEST_KEY}


def _shown(letter: str) -> str:
    """Write out a character that cannot be seen."""
    if unicodedata.category(letter) not in _HIDDEN:
        return letter
    code = ord(letter)
    # Python stands in for a byte of a file name that is no text by a surrogate of this range.
    return f"<0x{code - 0xDC00:02X}>" if 0xDC80 <= code <= 0xDCFF else f"<U+{code:04X}>"
