"""A student's working folder.

- ``start``  the notebook, and how to check and hand in
"""

from pathlib import Path

from xailab.errors import XailabError
from xailab.files import writable_folder
from xailab_autograder import labs
from xailab_autograder.notebooks import generate

_README = """\
{title}
{line}

Open {notebook} in Jupyter (in this folder: jupyter lab) and work from top to bottom.
The exercises take about {minutes} minutes, besides reading.

Checking     the cell below each hole checks your function at once. It says "public cases passed; N hidden remain"
             when all is well: more cases of the same kind are drawn when your notebook is graded.
Handing in   save the notebook and hand in this one file: {notebook}. Outputs do not matter; only your functions,
             predictions and texts count. Rules: keep the functions' names, and pass what they need as arguments.
Starting over  run the same command again with another folder: xailab labs start {number} OTHER_FOLDER
"""


def start(number: str | int, folder: str | Path) -> list[Path]:
    """Make a student's working folder and return the paths of its files.

    Raises
    ------
    XailabError
        The folder holds this lab's notebook already, or cannot be written to. Nothing is overwritten.
    """
    place = labs.find(number)
    lab = labs.load(number)
    folder = Path(folder)
    notebook, readme = folder / f"{place.name}.ipynb", folder / "README.txt"
    for path in (notebook, readme):
        if path.exists() or path.is_symlink():
            raise XailabError(f"{path} exists already and was left as it is; choose another folder to start afresh")
    text = generate.to_text(generate.student(place))
    writable_folder(folder)
    title = f"Lab {int(lab.number)}: {lab.title}"
    words = _README.format(
        title=title, line="=" * len(title), notebook=notebook.name, minutes=lab.minutes, number=lab.number
    )
    generate.write(notebook, text)
    generate.write(readme, words)
    return [notebook, readme]
