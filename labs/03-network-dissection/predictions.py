"""Two predictions before an experiment, and a question after all of them."""

from xailab_autograder.exercises import Choice, Reflection

NULL = Choice(
    id="predict-null",
    variable="prediction_null",
    question=(
        "Each image now gets the labels of another image. How many of the 128 units will still reach an IoU above "
        "0.04 with some concept?"
    ),
    options={
        "a": "About as many as before: with a hundred concepts, some concept always fits",
        "b": "About half of them: large concepts like sky are hit by chance",
        "c": "None, or nearly none",
    },
    answer="c",
    because={
        "a": "The best of many concepts is indeed larger than a typical one, but a mask covers half a per cent of the "
        "pixels: by chance it cannot fill a twenty-fifth of its union with anything.",
        "b": "A mask that lies in the sky by chance covers a small part of all sky: large union, small IoU.",
    },
    points=1,
)

ROTATION = Choice(
    id="predict-rotation",
    variable="prediction_rotation",
    question=(
        "We turn the 128 axes of the layer by a random rotation; whatever could be computed from the old units can be "
        "computed from the new ones. What happens to the detectors?"
    ),
    options={
        "a": "Nothing: the same information is there",
        "b": "There are fewer different concepts, and hardly any unit agrees very well (IoU > 0.15)",
        "c": "None is left above 0.04, as with the null",
        "d": "There are more different concepts, because each new unit mixes many old ones",
    },
    answer="b",
    because={
        "a": "The information is the same, but we ask about single axes, and those are others now.",
        "c": "New units are mixtures that still follow the image: they agree with frequent concepts, less well.",
        "d": "Mixtures of many units fire for many things, so they agree with few things well.",
    },
    points=1,
)

REFLECTION = Reflection(
    id="reflect",
    question=(
        "You found units that detect a concept. Somebody says: 'So this network understands what a boat is.' In 5 "
        "to 8 sentences: what do your results support, what do they not support, and which experiment could refute "
        "the claim?"
    ),
    scheme=(
        "1 point: separates agreement (IoU above the null, more in the own axes than in rotated ones) from use "
        "(nothing was removed or changed in the network) and from understanding (a unit may follow a color, a "
        "texture, a scene). 1 point: a concrete experiment with an outcome that would speak against the claim, for "
        "example removing the unit and looking at the class's accuracy, boats on land, or another data set."
    ),
    points=2,
    minutes=5,
)
