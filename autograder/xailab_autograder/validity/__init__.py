"""Is a lab's grading valid? The same examination for every lab, from its declarations alone.

- ``mutating``    small changes of the reference's source, one at a time
- ``examining``   right answers pass, every mistake is named, mutants are rejected, nothing flickers
- ``reporting``   the examination as a table: ``python -m xailab_autograder.validity 03``

A new lab gets it by existing. Run: ``make validity``.
"""
