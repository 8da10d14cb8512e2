"""Hand-ins that are alike, found and laid side by side for a person to look at. Never a verdict.

- ``contents``     what is found, as plain data
- ``normal_form``  source as words that do not depend on names, layout and style
- ``loose_words``  the same for what cannot be parsed, and for texts
- ``own_code``     what of a hand-in the student wrote: functions, helpers, texts, without the hand-out
- ``references``   the lab's own solutions, and how alike independent ones are
- ``features``     fingerprints of words
- ``weighing``     how unusual a likeness is in this class
- ``passages``     where two hand-ins are alike
- ``describing``   shares, passages and the text as written of an entry
- ``grouping``     five that are nearly the same are one entry
- ``finding``      all of it: ``find``, ``survey``
- ``page``         the list, side by side, as one HTML file

Student code is parsed, never run.
"""
