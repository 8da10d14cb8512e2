"""How a class lies in what an instructor downloads.

- ``layout``      ``Layout``: writes a delivery; ``Delivery``, ``Parcel``
- ``plain``       a folder with a file, a folder or a zip for each student
- ``nbgrader``    ``submitted/<student>/<assignment>/``
- ``canvas``      Canvas's zip of submissions, and its gradebook
- ``moodle``      Moodle's zip of submissions, and its grading worksheet
- ``gradescope``  Gradescope's export of an assignment
"""
