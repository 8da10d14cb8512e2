"""How one stroke of the pen is written down: the columns of the table that Python writes and compiled code draws.

A picture is a list of strokes, painted in order. A stroke is a row of ``WIDTH`` float64 numbers: where its frame
lies, which shape, which surface, which labels. The table does not know the size of the picture: coordinates run from
0 to 1.

- the columns, as plain integers, so that compiled code can use them as constants
- the codes of shapes (``ELLIPSE`` ...) and of the patterns that are no texture concept (``GRADIENT``)
"""

# What is written into a column: a literal 0 is as good as 0.0.
Number = float | int

# The frame: local (u, v) = rotate((x, y) - (FRAME_X, FRAME_Y)) / FRAME_SCALE, u mirrored by FLIP.
FRAME_X, FRAME_Y, FRAME_SCALE, FRAME_COS, FRAME_SIN, FLIP = range(6)
# The shape, in local units: code, eight numbers, its points, how rough its outline is, and its bounds.
SHAPE = 6
A0, A1, A2, A3, A4, A5, A6, A7 = range(7, 15)
FIRST, COUNT, ROUGH = range(15, 18)
LEFT, TOP, RIGHT, BOTTOM = range(18, 22)
# The surface: two colors, the pattern that mixes them, the material.
RED, GREEN, BLUE, RED2, GREEN2, BLUE2 = range(22, 28)
PATTERN, PERIOD, PATTERN_COS, PATTERN_SIN = range(28, 32)
MATERIAL, HORIZON = 32, 33
# How light and air change it: all in [0, 1] but SOFT, a blur of the outline in picture units.
SHADE, GLOSS, EMITS, HAZE, SOFT, OPACITY = range(34, 40)
# What it writes into the label maps; QUIET strokes (shadows, glows) write nothing.
OBJECT, PART, MATERIAL_LABEL, TEXTURE_LABEL, INSTANCE, QUIET = range(40, 46)
# Where in the noise tiles its grain begins.
NOISE_X, NOISE_Y = 46, 47
WIDTH = 48

EVERYWHERE, ELLIPSE, BOX, CAPSULE, POLYGON, BLOBS, CRESCENT, PETALS, GROUND, RIBBON, WINDOWS, RING = range(12)

# Patterns 1 ... n are the textures in the order of the vocabulary.
GRADIENT, PANES = 100, 101

# The planes of the label stack.
PLANES = ("object", "part", "material", "texture", "instance")
