"""Nobody gets in without the token, from another host, or with a form of another site; nothing is stored or framed."""

import re

import pytest
from xailab_autograder.gradebook.handle import Gradebook
from xailab_autograder.gradebook.reading import class_book
from xailab_autograder.marking.app import create_app
from xailab_autograder.marking.guarding import Guard
from xailab_autograder.marking.pile import codes

from tests.autograder.marking.browsing import HOST, TOKEN, Browser
from tests.autograder.marking.classroom import LAB
from xailab.errors import XailabError

ADDRESSES = ["/", "/task/reflect-mean", "/task/reflect-mean/ABCD", "/student/ABCD", "/search?q=s000", "/else"]


def marked(book: Gradebook) -> bool:
    return any(mark.by_hand for each in class_book(book, LAB).standings for mark in each.marks)


@pytest.fixture
def stranger(book: Gradebook) -> Browser:
    browser = Browser(book)
    browser.client = browser.app.test_client()
    return browser


@pytest.mark.parametrize("address", ADDRESSES)
def test_without_the_token_no_page_is_shown(stranger: Browser, address: str) -> None:
    page = stranger.get(address, 403)
    assert "Open the whole address that xailab printed" in page.text
    assert "toy" not in page.text
    assert "s000" not in page.html


@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "é", "\udcff"])
def test_a_wrong_token_does_not_let_in(stranger: Browser, token: str) -> None:
    response = stranger.client.get(
        "/", query_string={"token": token.encode("utf-8", "surrogateescape")}, headers={"Host": HOST}
    )
    assert response.status_code == 403
    assert "Set-Cookie" not in response.headers
    stranger.get("/", 403)


def test_the_token_is_exchanged_for_a_cookie_that_is_not_the_token(stranger: Browser) -> None:
    response = stranger.enter()
    cookie = response.headers["Set-Cookie"]
    assert response.status_code == 200
    assert TOKEN not in cookie
    assert TOKEN not in response.text
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
    assert 'http-equiv="refresh" content="0;url=/"' in response.text
    stranger.get("/")


def test_the_cookie_of_another_server_does_not_let_in(book: Gradebook) -> None:
    other = Browser(book)
    other.app = create_app(book, LAB, marker="Ada", token="another-token-that-is-long")
    client = other.app.test_client()
    first = Browser(book).enter().headers["Set-Cookie"].split(";")[0]
    name, value = first.split("=")
    for sent in (first, f"{Guard('another-token-that-is-long').cookie}={value}"):
        response = client.get("/", headers={"Host": HOST, "Cookie": sent})
        assert response.status_code == 403
    assert name != Guard("another-token-that-is-long").cookie  # two servers side by side keep their cookies


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8642", "127.0.0.1.evil.example", "127.0.0.1@evil.example", "0.0.0.0:8642",
     "192.168.0.2:8642", "localhost.evil.example:1", "[::1]:8642", "", "127.0.0.1:8642:1"],
)  # fmt: skip
def test_another_host_name_is_refused_even_with_cookie_and_token(browser: Browser, host: str) -> None:
    for address in ("/", f"/?token={TOKEN}"):
        response = browser.client.get(address, headers={"Host": host})
        assert response.status_code == 400
        assert "Set-Cookie" not in response.headers
        assert "Reflection" not in response.text


def test_localhost_is_this_machine_too(browser: Browser) -> None:
    client = browser.app.test_client()
    assert client.get(f"/?token={TOKEN}", base_url="http://localhost:8642").status_code == 200
    assert client.get("/", base_url="http://localhost:8642").status_code == 200


@pytest.mark.parametrize(
    ("fields", "headers"),
    [
        ({"csrf": ""}, {}),
        ({"csrf": "wrong"}, {}),
        ({}, {"Origin": "http://evil.example"}),
        ({}, {"Origin": "null"}),
        ({}, {"Origin": f"https://{HOST}"}),
        ({}, {"Origin": "http://127.0.0.1:9"}),
        ({}, {"Sec-Fetch-Site": "cross-site"}),
        ({}, {"Sec-Fetch-Site": "same-site"}),
        ({}, {"Accept": "application/json"}),
        ({}, {"Accept": "application/json", "X-Xailab-Csrf": "wrong"}),
    ],
)
def test_a_form_of_another_site_changes_nothing(
    browser: Browser, book: Gradebook, fields: dict[str, str], headers: dict[str, str]
) -> None:
    code = codes(class_book(book, LAB))["s000"]
    form = browser.get(f"/task/reflect-mean/{code}").marking
    response = browser.post(form.action, {**form.fields, "points": "1", **fields}, **headers)
    assert response.status_code == 403
    assert not marked(book)
    for address in ("/undo", "/names"):
        assert browser.post(address, {"csrf": form.fields["csrf"], **fields}, **headers).status_code == 403


def test_the_same_form_from_our_own_page_is_taken(browser: Browser, book: Gradebook) -> None:
    code = codes(class_book(book, LAB))["s000"]
    form = browser.get(f"/task/reflect-mean/{code}").marking
    headers = {"Origin": f"http://{HOST}", "Sec-Fetch-Site": "same-origin"}
    assert browser.post(form.action, {**form.fields, "points": "1"}, **headers).status_code == 303
    assert marked(book)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_no_other_method_changes_anything(browser: Browser, book: Gradebook, method: str) -> None:
    code = codes(class_book(book, LAB))["s000"]
    for address in ("/undo", "/names", f"/task/reflect-mean/{code}?do=save&points=1"):
        response = browser.client.open(address, method=method, headers={"Host": HOST})
        assert response.status_code in (200, 403, 405)
    assert not marked(book)


@pytest.mark.parametrize("address", ["/", "/task/reflect-mean", "/else", f"/?token={TOKEN}"])
def test_every_response_forbids_storing_framing_and_foreign_scripts(browser: Browser, address: str) -> None:
    first, second = (browser.client.get(address, headers={"Host": HOST}) for _ in range(2))
    policy = first.headers["Content-Security-Policy"]
    nonce = re.search(r"script-src 'nonce-([\w-]{20,})'", policy)
    assert nonce
    assert policy.startswith("default-src 'none';")
    for part in ("base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"):
        assert part in policy
    assert "unsafe" not in policy
    assert policy != second.headers["Content-Security-Policy"]
    assert first.headers["Cache-Control"] == "no-store"
    assert first.headers["X-Frame-Options"] == "DENY"
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    for block in re.findall(r"<(?:script|style)\b[^>]*>", first.text):
        assert f'nonce="{nonce[1]}"' in block


def test_the_pages_load_nothing(browser: Browser, book: Gradebook) -> None:
    code = codes(class_book(book, LAB))["s000"]
    for address in ("/", "/task/reflect-mean", f"/task/pairs/{code}", f"/student/{code}"):
        html = browser.get(address).html
        assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", html)
        assert "@import" not in html
        assert "url(" not in html


@pytest.mark.parametrize("back", ["//evil.example", "/\\evil.example", "https://evil.example", "evil", "", "/\n/x"])
def test_the_switch_for_names_leads_to_no_other_host(browser: Browser, back: str) -> None:
    csrf = browser.get("/").form("/names").fields["csrf"]
    response = browser.post("/names", {"csrf": csrf, "names": "1", "back": back})
    assert response.status_code == 303
    assert response.headers["Location"] == "/"


def test_a_token_that_could_be_guessed_is_refused(book: Gradebook) -> None:
    with pytest.raises(XailabError, match="the token has 3 characters; expected at least 16"):
        create_app(book, LAB, marker="Ada", token="abc")
