"""Lab 2, Deconvnet: what is asked, in the order of the notebook.

Each task is declared in the file of its name; ``reference`` holds the right functions.
"""

from xailab_autograder.exercises import Lab

from . import pooling, predictions, projecting, rules, transposed, unpooling

LAB = Lab(
    number="02",
    name="deconvnet",
    title="Deconvnet",
    summary=(
        "Which pixels excite this unit? Switches, filters on the way back, three rules for the ReLU; and what such "
        "pictures show of the network, and what of the image alone."
    ),
    tasks=(
        pooling.EXERCISE,
        unpooling.EXERCISE,
        transposed.EXERCISE,
        rules.EXERCISE,
        projecting.EXERCISE,
        predictions.ALIKE,
        predictions.RANDOM,
        predictions.REFLECTION,
    ),
)
