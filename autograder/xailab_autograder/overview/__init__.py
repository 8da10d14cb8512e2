"""The class at a glance, and a page for everybody: views of a ``ClassBook``, which compute no marks.

- ``page``        the lecturer's page: what to repeat, how it went, what needs attention, every student
- ``students``    a feedback page for each student, in a folder
- ``statistics``  scores of the class; difficulty and discrimination of each task
- ``mistakes``    which known mistakes were made, and where something else went wrong
- ``attention``   what a person has to look at: no result, late, waiting, slow
- ``suspicion``   what is worth a look, with the reason; never a verdict
- ``drawing``     the histogram of the scores
- ``wording``     what the page says in words
- ``filenames``   file names from ids that anybody may have chosen
- ``rows``        what the pages print, made from all of these
"""
