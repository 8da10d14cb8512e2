"""Lab 11, t-SNE from scratch: what is asked, in the order of the notebook.

Each task is declared in the file of its name; ``reference`` holds the right functions.
"""

from xailab_autograder.exercises import Lab

from . import conditional, distances, embedding, forces, joint, low_dimensional, predictions, search

LAB = Lab(
    number="11",
    name="tsne",
    title="t-SNE from scratch",
    summary=(
        "How can 128 features of a network be drawn on paper? Neighbors, perplexity, the divergence and its gradient, "
        "the descent; and what may be read off such a map."
    ),
    tasks=(
        distances.EXERCISE,
        conditional.EXERCISE,
        search.EXERCISE,
        joint.EXERCISE,
        low_dimensional.EXERCISE,
        forces.EXERCISE,
        embedding.EXERCISE,
        predictions.READING,
        predictions.TRAINING,
        predictions.REFLECTION,
    ),
)
