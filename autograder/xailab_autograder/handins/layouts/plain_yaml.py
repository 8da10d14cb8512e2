"""YAML as plain data: texts, lists and dicts, and nothing else.

- ``parse``  a text -> ``Tree``

Read event by event: no tag makes an object, ``0012`` stays a text with its zeros, ``<<`` merges nothing, and an alias
is the same list again, not a copy: nothing in a file can grow beyond the file.
"""

from typing import Any

from xailab.errors import XailabError

Tree = Any
"""``str | list[Tree] | dict[str, Tree]``"""

_MOST_DEPTH = 64
_MOST_EVENTS = 5_000_000


def parse(text: str) -> Tree:
    """Return what a YAML text says; its first document.

    Raises
    ------
    XailabError
        It is no YAML, nested too deeply, or too long.
    """
    import yaml

    builder = _Builder()
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for count, event in enumerate(yaml.parse(text, Loader=loader)):
            if count > _MOST_EVENTS:
                raise XailabError(f"more than {_MOST_EVENTS:,} values")
            if isinstance(event, yaml.DocumentEndEvent):
                break
            builder.take(event)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        raise XailabError(f"no YAML{where}: {getattr(error, 'problem', None) or error}") from None
    return builder.root


class _Builder:
    """Builds a tree; open lists and dicts lie on a stack, so that depth is a number and not a recursion."""

    def __init__(self) -> None:
        self.root: Tree = ""
        self._open: list[Tree] = []
        self._keys: list[str | None] = []  # of the open dicts, the key whose value comes next
        self._anchors: dict[str, Tree] = {}

    def take(self, event: Any) -> None:
        """Take one event."""
        import yaml

        if isinstance(event, yaml.ScalarEvent):
            self._put(event.value, event.anchor)
        elif isinstance(event, yaml.AliasEvent):
            self._put(self._anchors.get(event.anchor or "", ""), None)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            made: Tree = {} if isinstance(event, yaml.MappingStartEvent) else []
            self._put(made, event.anchor)
            self._open.append(made)
            self._keys.append(None)
            if len(self._open) > _MOST_DEPTH:
                raise XailabError(f"nested more than {_MOST_DEPTH} times")
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._open.pop()
            self._keys.pop()

    def _put(self, value: Tree, anchor: str | None) -> None:
        """Put a value where the next one belongs."""
        if anchor is not None:
            self._anchors[anchor] = value
        if not self._open:
            self.root = value
        elif isinstance(self._open[-1], list):
            self._open[-1].append(value)
        elif self._keys[-1] is None:
            self._keys[-1] = value if isinstance(value, str) else "?"  # a list as a key: nobody asks for it
        else:
            self._open[-1][self._keys[-1]] = value
            self._keys[-1] = None
