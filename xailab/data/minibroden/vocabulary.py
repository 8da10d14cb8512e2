"""What MiniBroden's pictures can show: the names of its concepts, their global numbers, and which part belongs to what.

- ``CATEGORIES``                     the six categories, in the order in which they are reported
- ``THINGS``, ``STUFF``, ``PARTS``, ``SCENES``, ``MATERIALS``, ``TEXTURES``, ``COLORS``   the names
- ``NUMBERS``                        category -> name -> global number (1, 2, ...; 0 means unlabelled)
- ``disk_name``                      the name under which a concept is written in a Broden folder
- ``PARTS_OF``                       object -> the parts that it may have

Source: the categories and the suffixes are Broden's, Bau et al. 2017, section 2.1; the concepts are our own.
"""

CATEGORIES = ("object", "part", "scene", "material", "texture", "color")

THINGS = ("house", "tree", "car", "bird", "fish", "flower", "boat", "cat", "person", "lamp", "cactus", "balloon")
STUFF = (
    *("sky", "sea", "grass", "sand", "road", "snowfield", "mountain", "wall", "floor", "building", "cloud", "sun"),
    *("moon", "seaweed", "rock", "table", "picture", "bush", "fence", "rug", "sidewalk"),
)
PARTS = (
    *("roof", "door", "window", "chimney", "trunk", "crown", "wheel", "car_body", "headlight", "wing", "beak", "eye"),
    *("tail", "head", "ear", "leg", "torso", "arm", "hair", "fin", "fish_body", "petal", "center", "stem", "leaf"),
    *("hull", "sail", "mast", "shade", "pole", "envelope", "basket", "bird_body", "cat_body", "house_wall", "tabletop"),
)
SCENES = ("field", "beach", "street", "night_city", "underwater", "desert", "snow", "room")
MATERIALS = (
    *("brick", "wood", "glass", "metal", "water", "grass", "sand", "foliage", "fabric", "asphalt", "snow", "skin"),
    *("fur", "stone", "light"),
)
TEXTURES = ("striped", "dotted", "checkered", "zigzagged", "grid", "swirly", "banded", "scaly", "blotchy")
COLORS = ("black", "blue", "brown", "gray", "green", "orange", "pink", "purple", "red", "white", "yellow")

NAMES: dict[str, tuple[str, ...]] = {
    "object": THINGS + STUFF,
    "part": PARTS,
    "scene": SCENES,
    "material": MATERIALS,
    "texture": TEXTURES,
    "color": COLORS,
}


def _numbered() -> dict[str, dict[str, int]]:
    """Count all concepts, category after category, from 1."""
    numbers: dict[str, dict[str, int]] = {}
    first = 1
    for category in CATEGORIES:
        names = NAMES[category]
        numbers[category] = {name: first + i for i, name in enumerate(names)}
        first += len(names)
    return numbers


NUMBERS = _numbered()

PARTS_OF: dict[str, tuple[str, ...]] = {
    "house": ("roof", "door", "window", "chimney", "house_wall"),
    "tree": ("trunk", "crown"),
    "car": ("wheel", "car_body", "headlight", "window"),
    "bird": ("wing", "beak", "eye", "tail", "head", "leg", "bird_body"),
    "fish": ("fin", "fish_body", "eye", "tail"),
    "flower": ("petal", "center", "stem", "leaf"),
    "boat": ("hull", "sail", "mast"),
    "cat": ("eye", "tail", "head", "ear", "leg", "cat_body"),
    "person": ("eye", "head", "leg", "torso", "arm", "hair"),
    "lamp": ("shade", "pole"),
    "cactus": ("stem", "petal"),
    "balloon": ("envelope", "basket"),
    "building": ("window",),
    "table": ("leg", "tabletop"),
}


def disk_name(category: str, name: str) -> str:
    """Return the name as Broden writes it: scenes end in ``-s``, colors in ``-c``, because names recur across
    categories.
    """
    return name + {"scene": "-s", "color": "-c"}.get(category, "")
