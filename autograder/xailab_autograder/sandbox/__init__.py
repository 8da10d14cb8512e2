"""The process that runs student code, and the border to it.

- ``outcomes``     what the trusted side learns: definitions, and how calls ended
- ``values``, ``wire``   what crosses the border, and how: JSON and raw bytes, with caps; never pickle
- ``zygote``       a process with everything imported, from which workers are forked in milliseconds
- ``student``      a submission in a sandboxed worker: the trusted end of the conversation
- ``definitions``  which statements of a submission are run (inside the worker)
- ``levels``       how well a machine contains student code, in words
- ``attacks``, ``doctor``   what is tried against it, and the trial

Walls: ``namespaces``, ``landlock``, ``seccomp``, ``limits``, ``scratch``, ``visible``.
"""
