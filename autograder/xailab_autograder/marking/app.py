"""The marking pages as a Flask application.

- ``create_app``  a gradebook and a lab -> the application
"""

from typing import TYPE_CHECKING

from xailab.errors import XailabError
from xailab_autograder.exercises import Lab

if TYPE_CHECKING:
    from flask import Flask

    from xailab_autograder.gradebook.opening import Gradebook

MOST_BYTES = 256 * 2**10
"""Of a request: a comment and some fields."""


def create_app(book: "Gradebook", lab: Lab, *, marker: str, token: str, anonymous: bool = True) -> "Flask":
    """Return the application in which one person marks one lab.

    Parameters
    ----------
    book
        The open gradebook.
    lab
        What is marked.
    marker
        Who marks: stands beside each mark, and decides the order of the answers.
    token
        Secret part of the first address, at least 16 characters.
    anonymous
        Show short codes in place of names until somebody switches.

    Raises
    ------
    XailabError
        No marker, or a token that could be guessed.
    """
    from flask import Flask

    from xailab_autograder.marking.desk import Desk
    from xailab_autograder.marking.guarding import Guard
    from xailab_autograder.marking.pages import Pages
    from xailab_autograder.marking.saving import Saving

    marker = marker.strip()
    if not marker or len(marker) > 100 or not marker.isprintable():
        raise XailabError(f"marker: expected a name of 1 to 100 characters, got {marker[:120]!r}")
    app = Flask("xailab_autograder.marking", static_folder=None, template_folder=None)
    app.config.update(MAX_CONTENT_LENGTH=MOST_BYTES, MAX_FORM_PARTS=50)
    guard = Guard(token)
    guard.protect(app)
    pages = Pages(Desk(book, lab, marker), csrf=guard.csrf, anonymous=anonymous, cookie=f"{guard.cookie}-names")
    saving = Saving(pages)
    for address, name, view, method in (
        ("/", "index", pages.index, "GET"),
        ("/task/<task>", "question", pages.question, "GET"),
        ("/task/<task>/<code>", "answer", pages.answer, "GET"),
        ("/student/<code>", "student", pages.student, "GET"),
        ("/search", "search", pages.search, "GET"),
        ("/task/<task>/<code>", "save", saving.save, "POST"),
        ("/undo", "undo", saving.undo, "POST"),
        ("/names", "names", saving.names, "POST"),
    ):
        app.add_url_rule(address, name, view, methods=[method])
    pages.catch(app)
    return app
