"""Notebooks as pages to read or print, with or without the outputs of running them.

- ``page``     a notebook as one HTML file that needs no network
- ``execute``  a notebook with its outputs
"""

import logging
import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xailab.errors import XailabError
from xailab_autograder import labs
from xailab_autograder.notebooks import formulas
from xailab_autograder.notebooks.source import BEGIN, END

if TYPE_CHECKING:
    from nbformat import NotebookNode

_TEMPLATES = Path(__file__).parent / "templates"


def page(notebook: "NotebookNode") -> str:
    """Return a notebook as one HTML page: no scripts, nothing loaded from elsewhere, formulas as pictures."""
    import nbconvert

    library: Any = nbconvert  # has no types
    exporter = library.HTMLExporter(
        template_name="handout", extra_template_basedirs=[str(_TEMPLATES)], embed_images=True, exclude_anchor_links=True
    )
    exporter.register_filter("markdown2html", _markdown)
    text, _ = exporter.from_notebook_node(_for_paper(notebook))
    return str(text)


def execute(notebook: "NotebookNode", *, folder: Path | None = None, limit_s: int = 600) -> "NotebookNode":
    """Return a copy of a notebook with the outputs of running it from top to bottom in a fresh kernel.

    Parameters
    ----------
    notebook
        Is left as it is.
    folder
        Where it runs; None: the current folder.
    limit_s
        Seconds that one cell may take.

    Raises
    ------
    XailabError
        A cell raised; says which and what.
    """
    from copy import deepcopy

    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    executed = deepcopy(notebook)
    resources = {"metadata": {"path": str(folder or Path.cwd())}}
    client = NotebookClient(executed, timeout=limit_s, kernel_name="python3", resources=resources)
    client.log.setLevel(logging.CRITICAL)  # what goes wrong is raised
    try:
        # The kernel's own log says that it listens without encryption: it is ours alone, and on this machine only.
        client.execute(env=os.environ | {"XAILAB_LABS": str(labs.folder())}, stderr=subprocess.DEVNULL)
    except CellTimeoutError as error:
        raise XailabError(f"a cell of the notebook ran for more than {limit_s} s") from error
    except CellExecutionError as error:
        number = next((n for n, cell in enumerate(executed.cells, 1) if _failed(cell)), 0)
        raise XailabError(f"cell {number} of the notebook raised {error.ename}: {error.evalue}") from error
    except DeadKernelError as error:
        raise XailabError("the notebook's Python process died; is there enough memory?") from error
    for cell in executed.cells:
        cell.metadata.pop("execution", None)  # clock times: a page is the same every time
    return executed


def _failed(cell: "NotebookNode") -> bool:
    """Whether a cell raised."""
    return any(output.output_type == "error" for output in cell.get("outputs", ()))


def _is_progress(output: "NotebookNode") -> bool:
    """Whether an output is a progress bar: it drew over itself."""
    return bool(output.get("name") == "stderr" and "\r" in output.text)


def _for_paper(notebook: "NotebookNode") -> "NotebookNode":
    """Return a copy in which markers do not show as headings, and outputs hold no progress bars."""
    from copy import deepcopy

    clean = deepcopy(notebook)
    for cell in clean.cells:
        if cell.cell_type == "markdown":
            cell.source = re.sub(rf"^.*(?:{BEGIN}|{END}).*\n?", "", cell.source, flags=re.MULTILINE)
        else:
            cell.outputs = [output for output in cell.outputs if not _is_progress(output)]
    return clean


def _markdown(source: str) -> str:
    """Turn Markdown with formulas into HTML; replaces nbconvert's filter, which leaves formulas to a script."""
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    class Renderer(IPythonRenderer):
        """Draws formulas."""

        def block_math(self, body: str) -> str:
            return formulas.picture(body, display=True)

        def latex_environment(self, name: str, body: str) -> str:
            return formulas.picture(rf"\begin{{{name}}}{body}\end{{{name}}}", display=True)

        def inline_math(self, body: str) -> str:
            return formulas.picture(body)

    renderer: Any = Renderer(escape=False, exclude_anchor_links=True)
    return str(MarkdownWithMath(renderer=renderer).render(source))
