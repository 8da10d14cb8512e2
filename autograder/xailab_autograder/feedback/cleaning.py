"""Text that students wrote, made safe to look at: no escape sequences, no text that runs backwards, no megabytes.

- ``clean``     for blocks: lines stay lines
- ``one_line``  for names and headings

Escaping for HTML is another matter and done by the templates.
"""

import re

LIMIT = 2000
"""Characters of a block."""

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colors and cursor movements
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\|\Z)"  # window titles, links, device strings
    r"|\x1b[ -/]*[0-~]?"
)
_BREAKS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_INVISIBLE = re.compile(  # marks that turn the direction of writing, zero widths and tags: they make text lie
    r"[\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_MARKS = "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_PILES = re.compile(f"({_MARKS}{{3}}){_MARKS}+")  # accents piled up until they cover the lines above
_SURROGATES = re.compile("[\ud800-\udfff]")


def clean(text: str, limit: int = LIMIT) -> str:
    """Return text that shows what it holds: breaks are newlines, what cannot be seen is named, the rest is cut.

    Parameters
    ----------
    limit
        Characters that are kept; what is left out is counted.
    """
    head = text[: 4 * limit]
    head = _BREAKS.sub("\n", _ESCAPES.sub("", head))
    head = _CONTROLS.sub("\ufffd", _SURROGATES.sub("\ufffd", head))
    head = _PILES.sub(r"\1", _INVISIBLE.sub(_named, head)).expandtabs(4)
    if len(head) <= limit and len(text) <= 4 * limit:
        return head
    left_out = max(len(text) - min(limit, len(head)), 1)
    return f"{head[:limit].rstrip()}\n[cut: {left_out:,} more characters]"


def one_line(text: str, limit: int = 200) -> str:
    """Return text on one line, cut with an ellipsis."""
    line = " ".join(clean(text[: 4 * limit], 4 * limit).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _named(match: re.Match[str]) -> str:
    """Name a character that cannot be seen."""
    return f"[U+{ord(match[0]):04X}]"
