"""Two predictions before an experiment, and a question after all of them."""

from xailab_autograder.exercises import Choice, Reflection

READING = Choice(
    id="predict-map",
    variable="prediction_map",
    question=(
        "Three clouds of 80 points each in 20 dimensions. A and C have width 1, B has width 10. The center of B is 100 "
        "away from that of A, the center of C 1,000. What will the t-SNE map (perplexity 20, random start) show?"
    ),
    options={
        "a": "B much wider than A and C, and C far away from both: the map shows what is there",
        "b": "B much wider than A and C, but all three at similar distances",
        "c": "Three clusters of similar width, with C far away from A and B",
        "d": "Three clusters of similar width at similar distances",
    },
    answer="d",
    because={
        "a": "Each point has its own beta, so widths are evened out; and a far pair has p near 0 however far it is.",
        "b": "Each point gets a beta such that it has 20 neighbors: in a wide cloud the Gaussians are wide as well. So "
        "widths are evened out.",
        "c": "p is practically 0 between all clouds, near ones and far ones: nothing tells the map how far.",
    },
    points=1,
)

TRAINING = Choice(
    id="predict-training",
    variable="prediction_training",
    question=(
        "We look at the features (the last layer but one) of 200 pictures that the network was not trained on, half "
        "of them cats and half birds, before and after training. For how many of them does the nearest neighbor among "
        "the features belong to the same class?"
    ),
    options={
        "a": "Before: about half of them. After: more than four in five",
        "b": "Before: about half of them. After: still about half, because the network has not seen these pictures",
        "c": "Before: more than four in five, because pictures of cats look alike. After: as many or more",
        "d": "Before: none. After: all of them",
    },
    answer="a",
    because={
        "b": "That would be learning by heart. A network that classifies new pictures well has features in which they "
        "lie on the right side.",
        "c": "Pictures that look alike to a random network share colors and backgrounds; both classes stand before the "
        "same backgrounds.",
        "d": "With two classes, chance alone gives a half.",
    },
    points=1,
)

REFLECTION = Reflection(
    id="reflect",
    question=(
        "Somebody shows the map after training and says: 'The network has understood cats and birds: they are two "
        "separate groups, birds are more diverse than cats because their group is larger, and the pictures between "
        "the groups are those that it finds hard.' In 6 to 8 sentences: which of this do your maps and numbers "
        "support, which not, and which experiment could refute the first claim?"
    ),
    scheme=(
        "1 point: separates what the numbers in feature space support (new pictures have neighbors of their own class "
        "far more often than before training and than chance) from what the map cannot show (the size of a group and "
        "distances between groups mean nothing; another perplexity or start gives other shapes; a point between "
        "groups need not be a hard picture, which the network's own probabilities would tell). 1 point: an experiment "
        "with an outcome that would speak against 'understood', for example pictures of both classes with exchanged "
        "colors, features of a network trained on random labels seen through the same map, or held-out classes."
    ),
    points=2,
    minutes=6,
)
