"""Five hand-ins that are nearly the same are one entry, not ten.

- ``Link``    two hand-ins that are alike, by number
- ``groups``  what hangs together
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

NEARLY = 0.75
"""From this likeness on, two hand-ins are nearly the same."""


@dataclass(frozen=True)
class Link:
    """Two hand-ins that are alike, by number; ``right`` counts references where ``reference`` is set.

    ``code`` is the likeness of the code alone: groups hang together by it, a text may have gone another way.
    """

    left: int
    right: int
    unusual: float
    likeness: float
    code: float
    shared: int
    reference: bool = False
    same_bytes: bool = False
    same_form: bool = False

    @property
    def near(self) -> bool:
        """Nearly the same."""
        return not self.reference and (self.same_form or self.code >= NEARLY)


@dataclass(frozen=True)
class Group:
    """The members of an entry, and the links of its most typical member with the others, the closest first."""

    members: tuple[int, ...]
    links: tuple[Link, ...]


def groups(links: Iterable[Link]) -> list[Group]:
    """Return an entry for each set of hand-ins that are nearly the same, and for each other link.

    First what is the same, then the most unusual.
    """
    links = list(links)
    home: dict[int, int] = {}

    def root(member: int) -> int:
        while home.setdefault(member, member) != member:
            home[member] = home[home[member]]
            member = home[member]
        return member

    for link in links:
        if link.near:
            home[root(link.right)] = root(link.left)
    together: dict[int, list[Link]] = defaultdict(list)
    alone: list[Group] = []
    for link in links:
        if not link.reference and link.left in home and link.right in home and root(link.left) == root(link.right):
            together[root(link.left)].append(link)
        else:
            alone.append(Group((link.left,) if link.reference else (link.left, link.right), (link,)))
    found = [_around_centre(some) for some in together.values()] + alone
    # What is equal comes first, however common its parts are in the class: nobody need weigh it.
    return sorted(found, key=lambda group: (not group.links[0].same_form, -group.links[0].unusual, group.members))


def _around_centre(links: list[Link]) -> Group:
    """Return a group with the links of the member that is closest to all others."""
    members = sorted({member for link in links for member in (link.left, link.right)})
    closeness = dict.fromkeys(members, 0.0)
    for link in links:
        closeness[link.left] += link.likeness
        closeness[link.right] += link.likeness
    centre = max(members, key=lambda member: (round(closeness[member], 9), -member))
    own = [link for link in links if centre in (link.left, link.right)]
    own.sort(key=lambda link: (-link.unusual, -link.likeness, link.left, link.right))
    return Group(tuple(members), tuple(own))
