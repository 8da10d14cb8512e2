"""Templates, style and script as one page that loads nothing.

- ``page``  a template and its values -> HTML text
"""

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from xailab_autograder.feedback.cleaning import clean, one_line
from xailab_autograder.feedback.messages import pieces
from xailab_autograder.feedback.wording import STATUS_SYMBOLS, STATUSES, check_title, number

if TYPE_CHECKING:
    import jinja2


@cache
def environment() -> "jinja2.Environment":
    """Return the templates: everything is escaped, unknown names are errors."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("xailab_autograder", "marking"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(line=one_line, clean=clean, points=number, pieces=pieces, title=check_title)
    made.globals.update(statuses=STATUSES, status_symbols=STATUS_SYMBOLS, style=_style(), script=_script())
    return made


def page(template: str, *, nonce: str, **values: object) -> str:
    """Return a page.

    Parameters
    ----------
    template
        The file's name.
    nonce
        Without it the browser would refuse our own style and script.
    values
        What the template names. Text of students may be among it: templates escape.
    """
    return environment().get_template(template).render(nonce=nonce, **values)


def _style() -> "str":
    """Return the style of the feedback pages and our own."""
    from markupsafe import Markup

    feedback = (resources.files("xailab_autograder.feedback") / "page.css").read_text("utf-8")
    return Markup(feedback + (resources.files("xailab_autograder.marking") / "marking.css").read_text("utf-8"))


def _script() -> "str":
    """Return our script."""
    from markupsafe import Markup

    return Markup((resources.files("xailab_autograder.marking") / "marking.js").read_text("utf-8"))
