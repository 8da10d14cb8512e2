"""Two predictions before an experiment, and a question after all of them."""

from xailab_autograder.exercises import Choice, Reflection

RANDOM = Choice(
    id="predict-random",
    variable="prediction_random",
    question=(
        "We give all weights of the network random values, so that it knows nothing, and show it the picture of the "
        "house. We project the unit that is excited most there, by the rule 'deconv'. What will be seen?"
    ),
    options={
        "a": "Noise without any shape: random filters cannot find a house",
        "b": "The outline of the house, covered with noise",
        "c": "Nothing: after five random layers hardly anything comes back, and the picture stays gray",
        "d": "The shape of some other thing, a different one for each unit",
    },
    answer="b",
    because={
        "a": "The filters are random, but the switches are not: they are set by the picture, and they say where things "
        "come back to.",
        "c": "The numbers are small, but the picture is scaled to its own largest one before it is shown.",
        "d": "Shapes come from the picture, by way of the switches. No unit of a random network stands for a thing.",
    },
    points=1,
)

ALIKE = Choice(
    id="predict-alike",
    variable="prediction_alike",
    question=(
        "We take the five units of conv5 that are excited most at one place of one picture, and project each of them. "
        "How alike are the five projections (cosine: 1 is the same picture, 0 nothing in common), on average over 20 "
        "pictures, by the rules 'gradient', 'deconv' and 'guided'?"
    ),
    options={
        "a": "Hardly alike by any rule: five units stand for five different things",
        "b": "Nearly the same by all three rules: it is one and the same picture",
        "c": "The least alike by 'gradient', more by 'deconv', the most by 'guided'",
        "d": "The most alike by 'gradient', less by 'deconv', the least by 'guided'",
    },
    answer="c",
    because={
        "a": "The units differ, but the picture is the same for all five, and with it the switches and what was on.",
        "b": "By 'gradient' positive and negative weights take turns and each unit has signs of its own; only "
        "rectifying on the way back makes them agree.",
        "d": "'guided' drops the most, so one might think that least is left in common. But what it keeps is decided "
        "by the picture and the same for all units.",
    },
    points=1,
)

REFLECTION = Reflection(
    id="reflect",
    question=(
        "A paper shows nine projections of a unit, each with the outline of a boat, and says: 'The network has "
        "learned a boat detector; the pictures show exactly which pixels it uses.' In 6 to 8 sentences: which part of "
        "this do the projections of this lab support, which not? What comes from the unit, what from the switches and "
        "the ReLUs of this one picture? And which experiment could refute the sentence?"
    ),
    scheme=(
        "1 point: says what the controls showed: outlines appear with random weights, too, and different units of one "
        "picture look alike by 'deconv' and still more by 'guided'; so the outline comes from the picture (switches, "
        "gates), and a clear picture is no evidence of what was learned. What the unit adds is that it is excited by "
        "these nine pictures, and where (the receptive field, the place). 1 point: an experiment that could turn out "
        "otherwise, for example: cover the boat and see whether the activation falls, compare with the projections of "
        "other units at the same place or of random weights, change pixels that the projection marks and others that "
        "it does not, or look for boats that do not excite the unit."
    ),
    points=2,
    minutes=6,
)
