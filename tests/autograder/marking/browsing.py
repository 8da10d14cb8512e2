"""A browser without JavaScript: it follows links and sends forms, as they stand on the page."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from werkzeug.test import TestResponse
from xailab_autograder.gradebook.handle import Gradebook
from xailab_autograder.marking.app import create_app

from tests.autograder.marking.classroom import LAB

TOKEN = "a-token-that-nobody-can-guess"
HOST = "127.0.0.1:8642"


@dataclass
class Form:
    """A form: where it goes, its fields as they stand, its buttons."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class Page(HTMLParser):
    """Elements, texts, links and forms of a page."""

    VOID = frozenset({"meta", "input", "link", "br", "img"})

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.html = html
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.forms: list[Form] = []
        self.links: dict[str, str] = {}
        self._open: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()
        assert not self._open, f"left open: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.elements.append((tag, values))
        if tag == "form":
            self.forms.append(Form(values.get("action") or "", values.get("method") or "get"))
        self._control(tag, values)
        if tag not in self.VOID:
            self._open.append((tag, values))

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop()[0] == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        if not self._open or self._open[-1][0] in ("style", "script"):
            return
        tag, values = self._open[-1]
        self.texts.append(data)
        if tag == "textarea":
            # A browser drops the newline after the tag.
            self.forms[-1].fields[values["name"] or ""] = data.removeprefix("\n")
        for outer, outer_values in reversed(self._open):
            if outer == "a":
                self.links[" ".join(data.split())] = outer_values.get("href") or ""

    def _control(self, tag: str, values: dict[str, str | None]) -> None:
        name, value = values.get("name"), values.get("value") or ""
        if tag == "button" and self.forms and name:
            self.forms[-1].buttons.append((name, value))
        if tag != "input" or not name or not self.forms:
            return
        if values.get("type") != "radio" or "checked" in values:
            self.forms[-1].fields[name] = value

    @property
    def text(self) -> str:
        return re.sub(r" ([,;.:)])", r"\1", " ".join(" ".join(self.texts).split()))

    def form(self, ending: str) -> Form:
        """The form whose address holds some words."""
        return next(form for form in self.forms if ending in form.action and form.method == "post")

    @property
    def marking(self) -> Form:
        return next(form for form in self.forms if "shown" in form.fields)


class Browser:
    """A person with a browser."""

    def __init__(self, book: Gradebook, marker: str = "Ada", **options: Any) -> None:
        self.app = create_app(book, LAB, marker=marker, token=TOKEN, **options)
        self.client = self.app.test_client()
        self.enter()

    def enter(self) -> TestResponse:
        return self.client.get(f"/?token={TOKEN}", headers={"Host": HOST})

    def get(self, address: str, status: int = 200) -> Page:
        response = self.client.get(address, headers={"Host": HOST}, follow_redirects=True)
        assert response.status_code == status, response.text[:2000]
        return Page(response.text)

    def post(self, address: str, data: dict[str, str], **headers: str) -> TestResponse:
        return self.client.post(address, data=data, headers={"Host": HOST, **headers})

    def send(self, form: Form, status: int = 200, **fields: str) -> Page:
        """Fill in a form, press a button, and follow to where it leads."""
        response = self.client.post(
            form.action, data={**form.fields, **fields}, headers={"Host": HOST}, follow_redirects=True
        )
        assert response.status_code == status, response.text[:2000]
        return Page(response.text)

    def script(self, form: Form, csrf: str = "", **fields: str) -> TestResponse:
        """Send a form as the page's script does."""
        data = {**form.fields, **fields}
        return self.post(form.action, data, Accept="application/json", **{"X-Xailab-Csrf": csrf or form.fields["csrf"]})
