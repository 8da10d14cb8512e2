"""Words of what is not parsed, in the same form as those of ``normal_form``.

- ``of_tokens``  the words of source that Python cannot parse
- ``of_prose``   the words of a text
"""

import builtins
import keyword
import re

from xailab_autograder.similarity.normal_form import OWN, STRING, Word

_WORD = re.compile(r"\w+")
_MODULES = frozenset({"np", "numpy", "torch", "math", "scipy"})


def of_tokens(text: str) -> list[Word]:
    """Return the words of source that cannot be parsed, by Pygments: every name becomes ``V`` that is no library's."""
    from pygments.lexers.python import PythonLexer
    from pygments.token import Comment, Literal, Name, Text

    words: list[Word] = []
    after_dot = False
    for start, kind, value in PythonLexer().get_tokens_unprocessed(text):
        if kind in Text or kind in Comment or kind in Literal.String.Doc or not value.strip():
            continue
        word = STRING if kind in Literal.String else value
        if kind in Name and not after_dot and not keyword.iskeyword(value):
            word = value if hasattr(builtins, value) or value in _MODULES else OWN
        if not (word == STRING and words and words[-1].text == STRING):  # a string's quotes are tokens of their own
            words.append(Word(word, start, start + len(value)))
        after_dot = value == "."
    return words


def of_prose(text: str) -> list[Word]:
    """Return the words of a text in small letters, without punctuation."""
    return [Word(f"w {match[0].casefold()}", match.start(), match.end()) for match in _WORD.finditer(text)]
