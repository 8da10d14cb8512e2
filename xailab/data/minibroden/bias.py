"""Planted shortcuts: cues that go together with a class without being part of it.

- ``Cue``      one cue: whose it is, how often it appears
- ``Bias``     the cues of a data set
- ``Planted``  which cues one picture has
- ``plant``    draw them

Source: the idea is the "Clever Hans" predictor of Lapuschkin et al. 2019 (a photographer's tag on horses).
"""

from dataclasses import dataclass

from xailab.data.minibroden.columns import Number
from xailab.data.minibroden.randomness import Random
from xailab.data.minibroden.scenes import HOME
from xailab.data.minibroden.vocabulary import COLORS, SCENES, TEXTURES, THINGS
from xailab.errors import UnknownName

CORNERS = ("bottom-left", "bottom-right", "top-left", "top-right")
POSITIONS = ("left", "right", "top", "bottom")


@dataclass(frozen=True)
class Cue:
    """A cue of one class.

    Parameters
    ----------
    name
        The class: a thing, or (tags only) a scene. A cue acts on the pictures whose class this is: things in ``object``
        mode, scenes in ``scene`` mode.
    probability
        How often a picture of the class has the cue, in [0, 1].
    value
        What the cue is: a texture, a color, a position (``left``, ``right``, ``top``, ``bottom``) or the tag's corner
        (``bottom-left`` if empty).
    others
        How often a picture of any other class of the same mode has it, in [0, 1].
    """

    name: str
    probability: Number
    value: str = ""
    others: Number = 0.0

    def __post_init__(self) -> None:
        for what, value in (("probability", self.probability), ("others", self.others)):
            if not 0.0 <= value <= 1.0:
                raise ValueError(f"{what} of the cue for {self.name!r} must be in [0, 1], got {value}")


@dataclass(frozen=True)
class Bias:
    """The shortcuts planted in a data set. All are off by default; every cue is drawn independently.

    Parameters
    ----------
    home
        How often an ``object`` picture is set in the home scene of its class (``scenes.HOME``), in [0, 1]. Otherwise
        the scene is drawn as usual, so it may be the home scene by chance (1 in 8).
    tag
        A small white tag in a corner.
    texture, color
        The main surface of the class's thing has this texture, this color.
    position
        The class's thing is in this half of the picture.
    """

    home: Number = 0.0
    tag: Cue | None = None
    texture: Cue | None = None
    color: Cue | None = None
    position: Cue | None = None

    def __post_init__(self) -> None:
        if not 0.0 <= self.home <= 1.0:
            raise ValueError(f"home must be a probability in [0, 1], got {self.home}")
        _check("tag", self.tag, THINGS + SCENES, ("", *CORNERS))
        _check("texture", self.texture, THINGS, TEXTURES)
        _check("color", self.color, THINGS, COLORS)
        _check("position", self.position, THINGS, POSITIONS)


def _check(kind: str, cue: Cue | None, names: tuple[str, ...], values: tuple[str, ...]) -> None:
    """Raise UnknownName for a class or a value that does not exist."""
    if cue is None:
        return
    if cue.name not in names:
        raise UnknownName(f"class for the {kind} cue", cue.name, names)
    if cue.value not in values:
        raise UnknownName(f"value of the {kind} cue", cue.value, [value for value in values if value])


@dataclass(frozen=True)
class Planted:
    """The cues of one picture. Empty strings and False: not planted.

    ``tag`` is a corner; ``tag_box`` the tag's pixels as x0, y0, x1, y1, ends excluded.
    """

    home: bool = False
    tag: str = ""
    texture: str = ""
    color: str = ""
    position: str = ""
    tag_box: tuple[int, int, int, int] | None = None


def plant(rng: Random, bias: Bias | None, name: str, names: tuple[str, ...]) -> Planted:
    """Draw the cues of a picture of the class ``name``, one of ``names``.

    Each cue has a stream of its own, so that switching one on or off leaves the others as they were.
    """
    if bias is None:
        return Planted()

    def drawn(kind: str, cue: Cue | None) -> str:
        """Return the cue's value if this picture has it."""
        if cue is None or cue.name not in names:
            return ""
        probability = cue.probability if cue.name == name else cue.others
        return (cue.value or CORNERS[0]) if rng.fork("cue", kind).chance(probability) else ""

    return Planted(
        home=name in HOME and rng.fork("cue", "home").chance(bias.home),
        tag=drawn("tag", bias.tag),
        texture=drawn("texture", bias.texture),
        color=drawn("color", bias.color),
        position=drawn("position", bias.position),
    )
