"""Two predictions before an experiment, and a question after all of them."""

from xailab_autograder.exercises import Choice, Reflection

EFFECTIVE = Choice(
    id="predict-effective",
    variable="prediction_effective",
    question=(
        "A unit of conv5 can see a box of 67 x 67 pixels. We cover a small square at a time and note how much the "
        "unit's activation changes; averaged over many units and pictures, with all boxes laid on top of each other. "
        "In how large a part of the box is the change at least half as large as at its strongest place?"
    ),
    options={
        "a": "In nearly all of it: every pixel of the box reaches the unit",
        "b": "In about half of it",
        "c": "In less than a quarter of it, around the center",
        "d": "In less than a quarter of it, spread over the box: each unit looks at a corner of its own",
    },
    answer="c",
    because={
        "a": "Every pixel of the box can reach the unit, but by very different numbers of paths: pixels in the middle "
        "lie in many windows of the layers between, those at the rim in one.",
        "b": "Most paths run near the middle, and they thin out quickly on the way to the rim.",
        "d": "Single units may look to one side, but many more paths lead through the center than along the rim, and "
        "the box of all of them shows that.",
    },
    points=1,
)

RANDOM = Choice(
    id="predict-random",
    variable="prediction_random",
    question=(
        "The same with a network whose weights are random: which nine pictures excite each unit most? For how many of "
        "the nine does the center of the box lie on the same kind of object (at best)? For nine places drawn by lot it "
        "is about two."
    ),
    options={
        "a": "About two, as by lot; but the nine pictures will still look alike in some way",
        "b": "About two, as by lot; and the nine pictures will have nothing in common",
        "c": "About as many as with the trained network: the architecture decides",
        "d": "None can be found: units with random weights do not answer to anything",
    },
    answer="a",
    because={
        "b": "A random filter is a filter, too: it answers more to some colors and patterns than to others, and the "
        "strongest answers come from similar pictures.",
        "c": "The architecture decides how large the box is. What excites a unit in it depends on the weights.",
        "d": "A random filter gives some number everywhere, and some picture gives the largest.",
    },
    points=1,
)

REFLECTION = Reflection(
    id="reflect",
    question=(
        "Choose a unit of conv5 (one whose number you have not seen in this notebook) and make a claim: 'This unit "
        "responds to ...'. In 5 to 8 sentences: which of your pictures and numbers support it, what else fits the same "
        "pictures, and which experiment with a possible outcome against you would decide?"
    ),
    scheme=(
        "1 point: a claim about a named unit that rests on several views (patches, discrepancy maps, not the best "
        "picture alone), compared with the random network or with chance, and at least one other reading of the same "
        "patches (color, texture, scene, position). 1 point: an experiment whose outcome could speak against the claim "
        "(the object in other colors, the background without the object, covering the object and nothing else, "
        "pictures with the object that excite the unit little), with what would be seen then."
    ),
    points=2,
    minutes=6,
)
