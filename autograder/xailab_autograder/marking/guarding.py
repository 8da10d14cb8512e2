"""Who may ask: somebody on this machine, who knows the token, from these pages.

- ``Guard``  checks every request before a page sees it, and hardens every response

The address that is printed holds a token. Its page sets a cookie that scripts cannot read and other sites cannot send,
and leaves the token out of every later address. A request must name this machine as its host (a foreign name that
resolves to 127.0.0.1 would let a website read the pages), and one that changes something must carry a second secret
that only these pages hold.
"""

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from xailab.errors import XailabError
from xailab_autograder.marking.rendering import page

if TYPE_CHECKING:
    from flask import Flask, Response

SHORTEST_TOKEN = 16
HOSTS = ("127.0.0.1", "localhost")
HEADER = "X-Xailab-Csrf"
"""Carries the second secret of requests by script; forms carry it in the field ``csrf``."""


class Guard:
    """Checks requests and hardens responses.

    Parameters
    ----------
    token
        The secret of the printed address.
    """

    def __init__(self, token: str) -> None:
        if len(token) < SHORTEST_TOKEN:
            raise XailabError(
                f"the token has {len(token)} characters; expected at least {SHORTEST_TOKEN}: secrets.token_urlsafe()"
            )
        self._token = token
        self._session = self._derived("session")
        self.csrf = self._derived("csrf")
        self.cookie = f"xailab-marking-{self._derived('name')[:12]}"  # cookies know no ports; servers side by side

    def protect(self, app: "Flask") -> None:
        """Put the guard in front of an application."""
        app.before_request(self.check)
        app.after_request(self.harden)

    def check(self) -> "Response | None":
        """Return a refusal, the page that lets in, or None: the request may pass."""
        from flask import g, request

        g.nonce = secrets.token_urlsafe(16)
        if _host(request.host) not in HOSTS:
            return _refusal(400, "This page is for this machine only: open it as http://127.0.0.1 with the port.")
        if request.path == "/" and request.method == "GET" and "token" in request.args:
            return self._enter(request.args["token"])
        if not _equal(request.cookies.get(self.cookie, ""), self._session):
            return _refusal(403, "Open the whole address that xailab printed; it ends in a token.")
        if request.method not in ("GET", "HEAD") and not self._own(request):
            return _refusal(403, "This request did not come from a page of this server. Load the page again.")
        return None

    def harden(self, response: "Response") -> "Response":
        """Set the headers that keep a response from being stored, framed, sniffed or made to run anything."""
        from flask import g

        nonce = f"'nonce-{g.nonce}'" if "nonce" in g else "'none'"
        response.headers.update(
            {
                "Content-Security-Policy": (
                    f"default-src 'none'; style-src {nonce}; script-src {nonce}; connect-src 'self'; "
                    "img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
                ),
                "Cache-Control": "no-store",
                "X-Content-Type-Options": "nosniff",
                "X-Frame-Options": "DENY",
                "Referrer-Policy": "same-origin",
                "Cross-Origin-Opener-Policy": "same-origin",
                "Cross-Origin-Resource-Policy": "same-origin",
            }
        )
        return response

    def _enter(self, token: str) -> "Response":
        """Answer the printed address: the cookie, and on to the address without the token."""
        if not _equal(token, self._token):
            return _refusal(403, "This token is not the one of this server; use the address it printed last.")
        # Not a redirect: after one, a browser that came from elsewhere would not send the new cookie.
        response = _response(200, "entered.html.j2", heading="You are in")
        response.set_cookie(self.cookie, self._session, httponly=True, samesite="Strict", path="/")
        return response

    def _own(self, request: object) -> bool:
        """Whether a request that changes something came from one of our pages."""
        from flask import Request

        assert isinstance(request, Request)
        origin = request.headers.get("Origin")
        if origin is not None and (urlsplit(origin).scheme, urlsplit(origin).netloc) != ("http", request.host):
            return False
        if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            return False
        secret = request.headers.get(HEADER) if by_script(request) else request.form.get("csrf")
        return _equal(secret or "", self.csrf)

    def _derived(self, purpose: str) -> str:
        """Return another secret that follows from the token."""
        return hmac.new(self._token.encode(), purpose.encode(), hashlib.sha256).hexdigest()


def by_script(request: object) -> bool:
    """Whether the page's script asks; it wants JSON and must send the header."""
    return "application/json" in str(getattr(request, "headers", {}).get("Accept", ""))


def _equal(given: str, secret: str) -> bool:
    """Compare in a time that tells nothing."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode())


def _host(named: str) -> str:
    """Return the host without its port."""
    return named.rsplit(":", 1)[0] if ":" in named else named


def _refusal(status: int, says: str) -> "Response":
    """Return a page that says why there is none."""
    return _response(status, "notice.html.j2", heading="Not here", says=says)


def _response(status: int, template: str, **values: object) -> "Response":
    """Return a page outside of the desk."""
    from flask import Response, g

    return Response(page(template, nonce=g.nonce, **values), status, mimetype="text/html")
