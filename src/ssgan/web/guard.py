"""Guard the page: answer only the browser that opened it with its token, from this page, in small requests.

Every request is judged before the application sees it, and a body is read whole, within bounds, before it is handed on. A page
of another origin that sends requests here is refused by Host, Origin, Sec-Fetch-Site, the cookie's SameSite and the token.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import secrets
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ssgan.views.pages import sentence

COOKIE, HEADER = "ssgan", "x-ssgan-token"
KEPT_SECONDS = 24 * 3600  # that a browser keeps the cookie, also when it is closed; the server's end makes it worthless
LARGEST_BODY = 32 * 2**20
LARGEST_BODIES = 8 * LARGEST_BODY  # of all that are being read at a time
BODY_SECONDS = 30.0
ON = (
    b'<!doctype html><html lang="en"><meta http-equiv="refresh" content="0; url=/hide"><title>ssgan</title>'
    b'<link rel="icon" href="data:,">'
    b'<p><a href="/hide">On to the page</a>'
)
HEADERS = {
    "content-security-policy": "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@dataclass
class Pass:
    """The secrets of one server: the token opens it in one browser; the cookie allows reading, cookie and header acting."""

    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    cookie: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    action: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    used: bool = False

    def open(self, token: str) -> bool:
        """Return whether this is the token, for the first time."""
        right = not self.used and hmac.compare_digest(token.encode(), self.token.encode())
        self.used = self.used or right
        return right


class _Refused(Exception):
    def __init__(self, status: int, words: str, hint: str = "") -> None:
        super().__init__(words)
        self.status, self.hint = status, hint


class Guard:
    """ASGI middleware outside of all others; `hosts` are the values of Host that name this server."""

    def __init__(
        self, app: ASGIApp, allowed: Pass, hosts: frozenset[str], *, scheme: str = "http", seconds: float = BODY_SECONDS
    ) -> None:
        self.app, self.allowed, self.hosts, self.scheme, self.seconds = app, allowed, hosts, scheme, seconds
        self.reading = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Judge a request, read it, and hand it on."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            self._judge_origin(scope, headers)
            if token := self._token(scope):
                await self._open(token, headers, send)
                return
            self._judge_pass(scope, headers)
            body = await self._body(headers, receive)
        except _Refused as refused:
            await _answer(send, refused, for_people="text/html" in headers.get("accept", ""))
            return
        await self.app(scope, _replay(body, receive), _with_headers(send))

    def _judge_origin(self, scope: Scope, headers: dict[str, str]) -> None:
        host = headers.get("host", "")
        if host not in self.hosts:
            raise _Refused(403, "this server does not have that name", "open the address that `ssgan serve` printed")
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if origin is not None and origin != f"{self.scheme}://{host}":
            raise _Refused(403, "requests from another page are refused", "open the page itself")
        # A person may come from anywhere, by a link or a bookmark, but only to look at a page.
        if site not in (None, "same-origin", "none") and not (
            scope["method"] == "GET" and headers.get("sec-fetch-dest") == "document"
        ):
            raise _Refused(403, "requests from another page are refused", "open the page itself")

    def _token(self, scope: Scope) -> str:
        asked = parse_qs(scope["query_string"].decode("latin-1")) if scope["path"] == "/" and scope["method"] == "GET" else {}
        return asked.get("token", [""])[0]

    async def _open(self, token: str, headers: dict[str, str], send: Send) -> None:
        is_known = self._has_cookie(headers) and hmac.compare_digest(token.encode(), self.allowed.token.encode())
        if not is_known and not self.allowed.open(token):
            raise _Refused(
                403,
                "another browser opened this address, or it was never valid",
                "use the browser that opened it first, or start `ssgan serve` again",
            )
        secure = "; Secure" if self.scheme == "https" else ""
        cookie = f"{COOKIE}={self.allowed.cookie}; Path=/; Max-Age={KEPT_SECONDS}; HttpOnly; SameSite=Strict{secure}"
        # Not by redirection: a browser that came from elsewhere would leave a strict cookie out.
        await _send(send, 200, ON, {"content-type": "text/html; charset=utf-8", "set-cookie": cookie})

    def _has_cookie(self, headers: dict[str, str]) -> bool:
        try:
            sent = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            return False
        return sent is not None and hmac.compare_digest(sent.value.encode(), self.allowed.cookie.encode())

    def _judge_pass(self, scope: Scope, headers: dict[str, str]) -> None:
        if not self._has_cookie(headers):
            raise _Refused(403, "this browser has not opened the page", "open the address that `ssgan serve` printed")
        if scope["method"] not in ("GET", "HEAD") and not hmac.compare_digest(
            headers.get(HEADER, "").encode(), self.allowed.action.encode()
        ):
            raise _Refused(403, "the request does not come from the page", "load the page again")

    async def _body(self, headers: dict[str, str], receive: Receive) -> bytes:
        """Return the body, within bounds of size and time."""
        announced = headers.get("content-length", "")
        if announced and (not announced.isdigit() or int(announced) > LARGEST_BODY):
            raise _too_large()
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self.seconds):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise _Refused(400, "the request was cut off", "send it again")
                    part = message.get("body", b"")
                    size, self.reading = size + len(part), self.reading + len(part)
                    parts.append(part)
                    if size > LARGEST_BODY:
                        raise _too_large()
                    if self.reading > LARGEST_BODIES:
                        raise _Refused(429, "too much is being sent at once", "try again in a moment")
                    if not message.get("more_body", False):
                        return b"".join(parts)
        except TimeoutError:
            raise _Refused(408, f"the request took more than {self.seconds:.0f} seconds", "send less at a time") from None
        finally:
            self.reading -= size


def _too_large() -> _Refused:
    return _Refused(
        413, f"a request may have at most {LARGEST_BODY // 2**20} MiB", "give smaller files, or use the command line"
    )


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a receiver that gives the body again, then further messages."""
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [(name, value) for name, value in message.get("headers", []) if name.decode().lower() not in HEADERS]
            message["headers"] = [*kept, *((name.encode(), value.encode()) for name, value in HEADERS.items())]
        await send(message)

    return sending


async def _answer(send: Send, refused: _Refused, *, for_people: bool) -> None:
    words, more = str(refused), {"retry-after": "1"} if refused.status == 429 else {}
    if for_people:
        body, kind = "\n".join(f"{sentence(text)}." for text in (words, refused.hint) if text), "text/plain"
    else:
        body, kind = json.dumps({"error": {"message": words, "hint": refused.hint}}), "application/json"
    # Unread bytes must not be taken for the next request.
    await _send(send, refused.status, body.encode(), {"content-type": kind, "connection": "close", **more})


async def _send(send: Send, status: int, body: bytes, headers: dict[str, str]) -> None:
    every: dict[str, Any] = {**headers, "content-length": str(len(body)), **HEADERS}
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(name.encode(), value.encode()) for name, value in every.items()],
        }
    )
    await send({"type": "http.response.body", "body": body})
