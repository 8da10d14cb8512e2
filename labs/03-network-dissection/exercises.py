"""Lab 3, Network Dissection: what is asked, in the order of the notebook.

Each task is declared in the file of its name; ``reference`` holds the right functions.
"""

from xailab_autograder.exercises import Lab

from . import fractional, iou, labelling, null, patches, pca, predictions, rotation, thresholds, upsampling

LAB = Lab(
    number="03",
    name="network-dissection",
    title="Network Dissection",
    summary=(
        "Which concepts do single units of a network detect? Thresholds, masks and IoU; a null; and whether the "
        "units' own axes are special."
    ),
    tasks=(
        thresholds.EXERCISE,
        upsampling.EXERCISE,
        iou.EXERCISE,
        labelling.LABEL_UNITS,
        labelling.UNIQUE_DETECTORS,
        predictions.NULL,
        null.EXERCISE,
        predictions.ROTATION,
        rotation.EXERCISE,
        fractional.EXERCISE,
        pca.EXERCISE,
        patches.EXERCISE,
        predictions.REFLECTION,
    ),
)
