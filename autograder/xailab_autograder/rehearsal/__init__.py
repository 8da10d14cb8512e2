"""A synthetic class with known true marks: the load test, the instructor's demonstration, and a test of the grader.

- ``making``       ``rehearse``: writes a class down; ``dealing``: who does what
- ``comparing``    what came against the truth
- ``truth``        what every mark has to be
- ``layouts``      as which platform the class is given out
- ``proportions``  of which kind so many students are
- ``people``, ``deadlines``, ``texts``   made-up students, times and sentences
- ``works``        right, mistaken, half-done and empty work; ``copies`` disguises it
- ``odd``          right answers in odd but correct places
- ``hostile``      attacks on the grader; ``broken``: files that cannot be graded
- ``filling``      work in the students' notebook
- ``solutions``    every right answer and every known mistake of a lab, as text
- ``standalone``   a function as text that stands alone; ``rewriting``: other names in it
- ``oracle``       what a mistake is worth

Where the truth comes from: a right answer is the reference, a variant or the notebook's own solution, and earns full
points; an empty hole earns nothing; a mistake earns what ``oracle`` finds by calling it beside the reference; the costs
of lateness are worked by hand in ``deadlines``. Nothing is asked of ``judging``.
"""
