"""The pages to look at.

- ``Pages``  questions, one question's answers, one answer, one student, a search

What is shown is made here from the class as the desk read it; templates only lay it out.
"""

from typing import TYPE_CHECKING, Any

from xailab_autograder.exercises import Reflection, Task
from xailab_autograder.feedback.cleaning import clean, one_line
from xailab_autograder.feedback.wording import number
from xailab_autograder.gradebook.contents import ClassBook, Standing, TaskMark
from xailab_autograder.gradebook.hand_marks import text_sha256
from xailab_autograder.marking import pile as piles
from xailab_autograder.marking.answering import answered
from xailab_autograder.marking.desk import Look
from xailab_autograder.marking.forms import Typed, choices, stamp
from xailab_autograder.marking.framing import Frame
from xailab_autograder.marking.judged import verdict
from xailab_autograder.marking.pile import STATES, Answer, Pile, Show
from xailab_autograder.marking.wording import (
    asks,
    counted,
    handed_in,
    nothing,
    reusable,
    stored_says,
    title,
    typed_before,
    when,
)

if TYPE_CHECKING:
    from flask.typing import ResponseReturnValue

LONGEST_TEXT = 50_000
"""Characters of an answer that are shown."""

SHOW_NAMES: dict[Show, str] = {
    "waiting": "waiting",
    "unmarked": "not marked yet",
    "outdated": "handed in again",
    "marked": "marked",
    "all": "all",
}


class Pages(Frame):
    """Makes the pages; see ``Frame`` for what they share."""

    def index(self) -> "ResponseReturnValue":
        """All questions, and how far each is."""
        look = self.desk.look()
        book = look.book
        rows = [self._question_row(book, task) for task in book.lab.tasks]
        came = sum(standing.handed_in is not None for standing in book.standings)
        ungraded = sum(s.handed_in is not None and (s.outdated or not s.graded) for s in book.standings)
        says = f"{came} of {len(book.standings)} students handed in"
        if ungraded:
            says += f"; {ungraded} not graded yet, or handed in again since"
        return self.render(
            "index.html.j2",
            look,
            heading="Marking by hand",
            class_says=says,
            texts=[row for row in rows if row["text"]],
            judged=[row for row in rows if not row["text"]],
        )

    def question(self, task: str) -> "ResponseReturnValue":
        """One question and all its answers."""
        from flask import request, url_for

        look = self.desk.look()
        asked = self.task(task)
        pile = Pile.of(look.book, asked, self.desk.marker)
        show = piles.show_named(request.args.get("show"), "all")
        first = pile.after("", "waiting")
        return self.render(
            "question.html.j2",
            look,
            heading=title(asked, look.book.lab),
            asks=asks(asked),
            scheme=asked.scheme if isinstance(asked, Reflection) else "",
            progress=pile.progress,
            start=self.address(asked, first.code) if first else None,
            filters=[
                {
                    "url": url_for("question", task=task, show=each),
                    "name": SHOW_NAMES[each],
                    "count": pile.count(each),
                    "chosen": each == show,
                }
                for each in piles.SHOWS
            ],
            rows=[self._answer_row(asked, answer, show) for answer in pile.answers if answer.fits(show)],
        )

    def answer(self, task: str, code: str) -> "ResponseReturnValue":
        """One answer and the form that marks it."""
        look = self.desk.look()
        asked, standing = self.task(task), self.standing(look.book, code)
        return self.marking(look, asked, standing)

    def student(self, code: str) -> "ResponseReturnValue":
        """One student's tasks."""
        look = self.desk.look()
        standing = self.standing(look.book, code)
        known = piles.codes(look.book)[standing.student.id]
        score = f"{number(standing.score)} of {number(standing.points)} points"
        if standing.deduction:
            score += f" ({number(standing.raw)} less {number(standing.deduction)}: {standing.lateness.why})"
        return self.render(
            "student.html.j2",
            look,
            heading=self.who(standing, known),
            handed_in=handed_in(standing, names=self.names),
            problem=standing.problem,
            score=score,
            tasks=[self._task_row(standing, mark, known) for mark in standing.marks],
        )

    def search(self) -> "ResponseReturnValue":
        """Who is looked for."""
        from flask import redirect, request, url_for

        look = self.desk.look()
        query = request.args.get("q", "")[:200]
        found = piles.search(look.book, query, names=self.names)
        known = piles.codes(look.book)
        if len(found) == 1:
            return redirect(url_for("student", code=known[found[0].student.id]), 303)
        hint = "" if self.names else " Names are searched only while they are shown."
        return self.render(
            "found.html.j2",
            look,
            heading=f"Search: {one_line(query, 60)}",
            says=f"Nobody has this code{', id or name' if self.names else ' or id'}.{hint}",
            found=[
                {"url": url_for("student", code=known[s.student.id]), "who": self.who(s, known[s.student.id])}
                for s in found[:100]
            ],
        )

    def marking(
        self,
        look: Look,
        task: Task,
        standing: Standing,
        *,
        typed: Typed | None = None,
        trouble: str = "",
        status: int = 200,
    ) -> "ResponseReturnValue":
        """Return the page of one answer.

        Parameters
        ----------
        look, task, standing
            Which.
        typed
            What was typed and not saved; None: what is stored.
        trouble
            Why it was not saved.
        status
            Of the response.
        """
        pile = Pile.of(look.book, task, self.desk.marker)
        mark = next(mark for mark in standing.marks if mark.task.id == task.id)
        code, stored, show = piles.codes(look.book)[standing.student.id], mark.by_hand, self.show
        text = answered(standing, task)
        values = typed_before(stored) if typed is None else typed
        return self.render(
            "answer.html.j2",
            look,
            status=status,
            heading=title(task, look.book.lab),
            asks=asks(task),
            scheme=task.scheme if isinstance(task, Reflection) else "",
            who=self.who(standing, code),
            text=clean(text, LONGEST_TEXT) if text.strip() else "",
            code=not isinstance(task, Reflection),
            counted=counted(text, task),
            nothing=nothing(standing, task),
            judged=verdict(mark),
            judged_task=not isinstance(task, Reflection),
            points=task.points,
            choices=choices(task),
            typed=values,
            trouble=trouble,
            stored=stored,
            stored_when=when(stored.marked) if stored else "",
            stored_says=stored_says(stored),
            outdated=mark.outdated and stored is not None,
            shown=stamp(stored),
            text_hash=text_sha256(standing.handed_in, task),
            reusable=reusable(look.book, task),
            draft=self.draft(task, code),
            action=self.address(task, code, endpoint="save"),
            **self._around(pile, task, code, show),
        )

    def _around(self, pile: Pile, task: Task, code: str, show: Show) -> dict[str, Any]:
        """Return where one can go from an answer."""
        from flask import url_for

        after, before = pile.after(code, show), pile.before(code, show)
        waiting = pile.after(code, "waiting", round_again=True)
        return {
            "progress": pile.progress,
            "position": pile.position(code, show),
            "show_says": {"all": "answer", "waiting": "waiting"}.get(show, f"{SHOW_NAMES[show]}:"),
            "next": self.address(task, after.code) if after else None,
            "previous": self.address(task, before.code) if before else None,
            "waiting": self.address(task, waiting.code) if waiting else None,
            "list": url_for("question", task=task.id, show=None if show == "all" else show),
            "student": url_for("student", code=code),
        }

    def _question_row(self, book: ClassBook, task: Task) -> dict[str, Any]:
        """Return a question for the list of all."""
        from flask import url_for

        pile = Pile.of(book, task, self.desk.marker)
        first = pile.after("", "waiting")
        return {
            "text": isinstance(task, Reflection),
            "title": title(task, book.lab),
            "asks": asks(task),
            "points": task.points,
            "progress": pile.progress,
            "blank": sum(answer.state == "settled" for answer in pile.answers),
            "changed": sum(answer.mark.by_hand is not None for answer in pile.answers),
            "list": url_for("question", task=task.id),
            "start": self.address(task, first.code) if first else None,
        }

    def _answer_row(self, task: Task, answer: Answer, show: Show) -> dict[str, Any]:
        """Return an answer for the list of a question's answers."""
        mark = answer.mark
        text = answered(answer.standing, task)
        known = mark.by_hand is not None or (mark.judged is not None and answer.state == "settled")
        blank = isinstance(task, Reflection) and not text.strip()
        judged = answer.state == "settled" and mark.judged is not None and not blank
        return {
            "url": self.address(task, answer.code, show=show),
            "who": self.who(answer.standing, answer.code),
            "state": answer.state,
            "says": "wrote nothing" if blank and mark.by_hand is None else "judged" if judged else STATES[answer.state],
            "points": number(mark.score) if known else "",
            "excerpt": one_line(text, 110),
        }

    def _task_row(self, standing: Standing, mark: TaskMark, code: str) -> dict[str, Any]:
        """Return a task for the page of a student."""
        text = answered(standing, mark.task)
        state = piles.state(standing, mark)
        return {
            "title": title(mark.task, self.desk.lab),
            "points": number(mark.score) if mark.by_hand or mark.judged else "–",
            "most": mark.task.points,
            "mark": mark.by_hand,
            "judged": verdict(mark),
            "text": clean(text, LONGEST_TEXT) if isinstance(mark.task, Reflection) and text.strip() else "",
            "url": self.address(mark.task, code),
            "link": "Mark" if state == "unmarked" else "Mark again" if state == "outdated" else "Change the mark",
            "state": STATES[state] if state in ("unmarked", "outdated") else "",
        }
