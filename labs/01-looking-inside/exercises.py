"""Lab 1, looking inside: what is asked, in the order of the notebook.

Each task is declared in the file of its name; ``reference`` holds the right functions.
"""

from xailab_autograder.exercises import Lab

from . import best_images, convolution, discrepancy, fields, filters, patches, predictions, warmup

LAB = Lab(
    number="01",
    name="looking-inside",
    title="Looking inside",
    summary=(
        "What does one unit of a network see? Its filter, its map, its receptive field, the pictures that excite it "
        "most, and where in them it looks. With five minutes on how these labs work."
    ),
    tasks=(
        warmup.EXERCISE,
        convolution.EXERCISE,
        filters.EXERCISE,
        fields.EXERCISE,
        best_images.EXERCISE,
        patches.EXERCISE,
        discrepancy.EXERCISE,
        predictions.EFFECTIVE,
        predictions.RANDOM,
        predictions.REFLECTION,
    ),
)
