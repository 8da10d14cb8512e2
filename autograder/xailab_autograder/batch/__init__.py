"""Grading many submissions: fan out to processes of this machine or of a cluster, write down each result as it comes.

- ``fingerprint``  what a result depends on besides the submission, as hashes
- ``jobs``         what goes to a worker, what comes back
- ``worker``       what runs in a worker's process: one submission, never an exception
- ``workers``      what the run needs of whoever works
- ``local``        processes of this machine, replaced when they die
- ``machine``      how many of them this machine can carry
- ``cluster``      the workers of a Dask scheduler
- ``coordinator``  one pass over the hand-ins: claim, hand out, write down
- ``outcome``      what is told meanwhile, and what came of it
- ``run``          a whole class; can be killed at any moment and started again
- ``regrade``      some exercises again after a fix, and whose mark changed
"""
