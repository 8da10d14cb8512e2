"""What all pages share: names or codes, addresses, the frame around a page, and what errors look like.

- ``Frame``  the base of the pages
"""

from typing import TYPE_CHECKING

from xailab_autograder.exercises import Task
from xailab_autograder.feedback.wording import number
from xailab_autograder.gradebook.contents import ClassBook, Standing
from xailab_autograder.marking import pile as piles
from xailab_autograder.marking.desk import Away, Desk, Look, Step
from xailab_autograder.marking.guarding import by_script
from xailab_autograder.marking.pile import Show
from xailab_autograder.marking.rendering import page

if TYPE_CHECKING:
    from flask import Flask
    from flask.typing import ResponseReturnValue
    from werkzeug.exceptions import HTTPException

AFTER = {
    "saved": "Saved",
    "removed": "Taken back",
    "undone": "Undone. This is the mark as it was before",
    "nothing": "There is nothing to undo",
    "late": "It cannot be undone: somebody changed this mark since",
}
"""What has just happened, by the word that addresses carry."""


class Frame:
    """What all pages share.

    Parameters
    ----------
    desk
        The gradebook behind them.
    csrf
        The secret that forms carry.
    anonymous
        Whether codes stand for names before anybody switches.
    cookie
        Holds the switch.
    """

    def __init__(self, desk: Desk, *, csrf: str, anonymous: bool, cookie: str) -> None:
        self.desk, self.cookie = desk, cookie
        self._csrf, self._anonymous = csrf, anonymous

    @property
    def names(self) -> bool:
        """Whether names are shown."""
        from flask import request

        return request.cookies.get(self.cookie, "0" if self._anonymous else "1") == "1"

    @property
    def show(self) -> Show:
        """The filter that the address names."""
        from flask import request

        return piles.show_named(request.args.get("show"), "all")

    def who(self, standing: Standing, code: str) -> str:
        """Name a student: by the code, or by name and id where names are shown."""
        student = standing.student
        if not self.names:
            return code
        return f"{student.name} ({student.id})" if student.name and student.name != student.id else student.id

    def task(self, id_: str) -> Task:
        """Return a task of the lab, or answer that there is none."""
        from flask import abort

        found = next((task for task in self.desk.lab.tasks if task.id == id_), None)
        return found if found is not None else abort(404, f"Lab {self.desk.lab.number} has no task of this name.")

    def standing(self, book: ClassBook, code: str) -> Standing:
        """Return the student of a code, or answer that there is none."""
        from flask import abort

        return piles.find(book, code) or abort(404, "No student has this code; search for the id.")

    def address(self, task: Task, code: str, *, endpoint: str = "answer", show: Show | None = None) -> str:
        """Return the address of an answer; it keeps the filter."""
        from flask import url_for

        chosen = self.show if show is None else show
        return url_for(endpoint, task=task.id, code=code, show=None if chosen == "all" else chosen)

    def draft(self, task: Task, code: str) -> str:
        """Return the name under which the browser keeps what is typed."""
        return f"{self.desk.lab.number}/{task.id}/{code}"

    def step_says(self, step: Step) -> str:
        """Say what was done last."""
        book = self.desk.look().book
        code = piles.codes(book).get(step.student, "?")
        standing = next((each for each in book.standings if each.student.id == step.student), None)
        who = self.who(standing, code) if standing else code
        return f"{who}: {number(step.after.score)} points" if step.after else f"{who}: mark taken back"

    def render(self, template: str, look: Look | None, *, status: int = 200, **values: object) -> "ResponseReturnValue":
        """Return a page of the desk.

        Parameters
        ----------
        template
            The file's name.
        look
            The class; None: it could not be read.
        status
            Of the response.
        values
            What the template names.
        """
        from flask import Response, g, request, url_for

        last = self.desk.last if look is not None else None
        frame = {
            "lab": self.desk.lab,
            "marker": self.desk.marker,
            "names": self.names,
            "csrf": self._csrf,
            "home": url_for("index"),
            "search": url_for("search"),
            "names_url": url_for("names"),
            "undo_url": url_for("undo"),
            "here": request.full_path.rstrip("?") if request.method == "GET" else request.path,
            "undo": self.step_says(last) if last else "",
            "away": look.away if look and request.method == "GET" else "",  # a form says it itself
            "said": self._said(last),
        }
        return Response(page(template, nonce=g.nonce, frame=frame, **values), status, mimetype="text/html")

    def catch(self, app: "Flask") -> None:
        """Answer errors with a page that says what to do."""
        from werkzeug.exceptions import HTTPException

        app.register_error_handler(HTTPException, self._refused)
        app.register_error_handler(Away, self._away)

    def _said(self, last: Step | None) -> str:
        """Say what has just happened."""
        from flask import request

        word = request.args.get("after", "")
        said = AFTER.get(word, "")
        return f"{said}: {self.step_says(last)}" if word in ("saved", "removed") and last is not None else said

    def _refused(self, error: "HTTPException") -> "ResponseReturnValue":
        """Answer what cannot be answered."""
        status = error.code or 500
        says = {
            404: error.description or "There is no such page.",
            405: "This address takes no such request.",
            413: "This is too much for a comment; shorten it.",
            500: "The server failed here. What was saved before is safe; load the page again.",
        }.get(status, error.description or "This request cannot be answered.")
        return self.trouble(says, status, heading="No such page" if status == 404 else "That did not work")

    def _away(self, error: Away) -> "ResponseReturnValue":
        """Say that the gradebook has never answered."""
        return self.trouble(f"The gradebook does not answer: {error}. Load the page again.", 503, heading="Not now")

    def trouble(self, says: str, status: int, *, heading: str) -> "ResponseReturnValue":
        """Return a sentence, as JSON to the script and as a page to people.

        Parameters
        ----------
        says
            The sentence.
        status
            Of the response.
        heading
            Of the page.
        """
        from flask import request

        if by_script(request):
            return {"saved": False, "says": says}, status
        return self.render("notice.html.j2", None, status=status, heading=heading, says=says)
