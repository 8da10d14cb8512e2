"""The check in the notebook: judges a live function by the same engine as the final grading, in a fresh worker.

- ``session``    ``lab("03").check(f)``, ``check_choice``, ``progress``
- ``gathering``  the source of a live function and of what it needs
- ``sources``    where that source stands: cells of the notebook, or a file
- ``literals``   values of variables, written as source
- ``engine``     the zygote that lives as long as the session, and the judge
- ``display``    HTML in notebooks, text elsewhere; errors under nbgrader
- ``refusals``   the errors that it raises
- ``shadowing``  files that hide a standard module
"""
