"""What a marker does: save, take back, undo, show names.

- ``Saving``  the addresses that change something

A form leads on to a page; the page's script gets the same as JSON. Whatever goes wrong, what was typed comes back.
"""

from typing import TYPE_CHECKING

from xailab_autograder.exercises import Task
from xailab_autograder.feedback.wording import number
from xailab_autograder.gradebook.contents import HandMark, Standing
from xailab_autograder.gradebook.hand_marks import text_sha256
from xailab_autograder.marking import pile as piles
from xailab_autograder.marking.desk import Away, OtherText, Overtaken
from xailab_autograder.marking.forms import NOTHING, Refused, Typed, points_of, read, stamp
from xailab_autograder.marking.guarding import by_script
from xailab_autograder.marking.pages import Pages
from xailab_autograder.marking.pile import Pile
from xailab_autograder.marking.wording import reusable, stored_says, title, when

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

NAMES_S = 12 * 3600
"""The switch for names holds for a day's work."""


class Saving:
    """Changes marks.

    Parameters
    ----------
    pages
        Show what came of it.
    """

    def __init__(self, pages: Pages) -> None:
        self.pages, self.desk = pages, pages.desk

    def save(self, task: str, code: str) -> "ResponseReturnValue":
        """Save one answer's mark, take it back, or put a former comment into the form."""
        from flask import redirect, request

        look = self.desk.look()
        asked, standing = self.pages.task(task), self.pages.standing(look.book, code)
        typed, wish = read(request.form), request.form.get("do", "next")
        if "use" in request.form:
            return self.pages.marking(look, asked, standing, typed=self._with_comment(asked, typed))
        if wish == "theirs":
            return redirect(self.pages.address(asked, code), 303)
        try:
            return self._written(asked, standing, code, typed, wish)
        except Overtaken:
            return self._conflict(asked, code, typed, removing=wish == "remove")
        except Refused as error:
            says, status = str(error), 422
        except OtherText as error:
            says, status = f"Not saved: {error}. Read it, then save again.", 409
        except Away as error:
            says = f"Not saved: the gradebook does not answer ({error}). What you typed is kept; save again."
            status = 503
        return self._again(asked, code, typed, says, status)

    def _written(self, task: Task, standing: Standing, code: str, typed: Typed, wish: str) -> "ResponseReturnValue":
        """Write or take back a mark, and lead on."""
        from flask import request

        shown, text = request.form.get("shown", NOTHING), request.form.get("text", "")
        if wish == "remove":
            self.desk.remove(standing.student.id, task, shown=shown)
            return self._done(task, code, None, "removed", wish)
        score = points_of(typed, task)
        mark = self.desk.save(standing.student.id, task, score, typed.comment, shown=shown, text=text)
        return self._done(task, code, mark, "saved", wish)

    def undo(self) -> "ResponseReturnValue":
        """Undo the last mark and go to its answer."""
        from flask import redirect, url_for

        step = self.desk.last
        if step is None:
            return redirect(url_for("index", after="nothing"), 303)
        after = "undone"
        try:
            self.desk.undo()
        except Overtaken:
            after = "late"
        except Away as error:
            return self.pages.trouble(f"The gradebook does not answer ({error}); undo again.", 503, heading="Not now")
        code = piles.codes(self.desk.look().book).get(step.student)
        if code is None:
            return redirect(url_for("index", after=after), 303)
        return redirect(url_for("answer", task=step.task, code=code, after=after), 303)

    def names(self) -> "ResponseReturnValue":
        """Show names, or codes again."""
        from flask import redirect, request

        back = request.form.get("back", "/")
        # Only a path of this server: "//elsewhere" and "/\\elsewhere" are other hosts to a browser.
        safe = back.startswith("/") and not back.startswith(("//", "/\\")) and back.isprintable()
        response = redirect(back if safe else "/", 303)
        value = "1" if request.form.get("names") == "1" else "0"
        response.set_cookie(self.pages.cookie, value, max_age=NAMES_S, httponly=True, samesite="Strict", path="/")
        return response

    def _with_comment(self, task: Task, typed: Typed) -> Typed:
        """Return what was typed with a former comment added."""
        from flask import request

        offered = reusable(self.desk.look().book, task)
        chosen = request.form.get("use", "")
        if not chosen.isascii() or not chosen.isdigit() or len(chosen) > 3 or int(chosen) >= len(offered):
            return typed
        return Typed(typed.points, "\n".join(filter(None, (typed.comment, offered[int(chosen)].text))))

    def _done(self, task: Task, code: str, mark: HandMark | None, what: str, wish: str) -> "ResponseReturnValue":
        """Lead on after a mark was written."""
        from flask import redirect, request, url_for

        pile = Pile.of(self.desk.look().book, task, self.desk.marker)
        after = pile.after(code, "waiting", round_again=True)
        show = self.pages.show
        if show in ("marked", "outdated"):
            after = pile.after(code, show)
        here = self.pages.address(task, code)
        onward = self.pages.address(task, after.code) if after else url_for("question", task=task.id)
        if by_script(request):
            return {
                "saved": True,
                "says": f"Saved: {number(mark.score)} of {number(task.points)} points" if mark else "Taken back",
                "shown": stamp(mark),
                "stored": stored_says(mark),
                "marked": f"{pile.progress.marked} of {pile.progress.total}",
                "value": pile.progress.marked,
                "next": onward,
                "has_mark": mark is not None,
                "undo": self.pages.step_says(self.desk.last) if self.desk.last else "",
            }
        target = onward if wish == "next" else here
        return redirect(f"{target}{'&' if '?' in target else '?'}after={what}", 303)

    def _again(self, task: Task, code: str, typed: Typed, says: str, status: int) -> "ResponseReturnValue":
        """Return the form with what was typed, and why it was not saved."""
        from flask import request

        if by_script(request):
            return {"saved": False, "says": says}, status
        look = self.desk.look()
        standing = self.pages.standing(look.book, code)
        return self.pages.marking(look, task, standing, typed=typed, trouble=says, status=status)

    def _conflict(self, task: Task, code: str, typed: Typed, *, removing: bool) -> "ResponseReturnValue":
        """Show both marks."""
        from flask import request

        if by_script(request):
            return {"saved": False, "says": "Somebody else marked this meanwhile.", "choose": True}, 409
        look = self.desk.look(anew=True)
        standing = self.pages.standing(look.book, code)
        stored = next(mark.by_hand for mark in standing.marks if mark.task.id == task.id)
        return self.pages.render(
            "conflict.html.j2",
            look,
            status=409,
            heading="Marked twice",
            who=self.pages.who(standing, code),
            task=title(task, look.book.lab),
            points=task.points,
            stored=stored,
            stored_when=when(stored.marked) if stored else "",
            typed=typed,
            removing=removing,
            shown=stamp(stored),
            text_hash=text_sha256(standing.handed_in, task),
            draft=self.pages.draft(task, code),
            action=self.pages.address(task, code, endpoint="save"),
            page_url=self.pages.address(task, code),
        )
