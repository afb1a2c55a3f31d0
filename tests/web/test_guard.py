"""Who is not let in, and what is not taken: other pages' requests, without the token, too large, too slow, too many parts."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssgan.web import app, slow_requests
from ssgan.web import queue as jobs
from ssgan.web.app import ServerSettings, create_app
from ssgan.web.guard import HEADERS, LARGEST_BODY, Guard, Pass
from ssgan.web.results import PageResult
from ssgan.web.tasks import FLOOR, _until_floor
from tests.web.site import Site

PLACES = ("/", "/hide", "/static/page.js", "/runs", "/jobs/x", "/openapi.json")
HOSTS = ("evil.example", "127.0.0.1", "127.0.0.1:1", "localhost", "[::1]:80", "", "127.0.0.1.evil.example")
ORIGINS = ("https://evil.example", "null", "http://127.0.0.1", "http://localhost:1", "file://")
SITES = ("cross-site", "same-site", "anything")
NAMES = ("../page.js", "..%2fapp.py", "%2e%2e/app.py", "VENDORED.md", "htmx.LICENSE", "/etc/passwd", "page.js%00")


@pytest.mark.parametrize("host", HOSTS)
def test_another_name_is_not_answered_to(site: Site, host: str) -> None:
    assert httpx.get(f"{site.address}/hide", headers={**site.own, "host": host}).status_code in (400, 403)


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_another_origin_is_turned_away(site: Site, origin: str, method: str) -> None:
    assert httpx.request(method, f"{site.address}/hide", headers={**site.own, "origin": origin}).status_code == 403


@pytest.mark.parametrize("kind", SITES)
def test_another_site_may_not_send(site: Site, kind: str) -> None:
    assert httpx.post(f"{site.address}/hide", headers={**site.own, "sec-fetch-site": kind}).status_code == 403
    assert httpx.get(f"{site.address}/hide", headers={**site.own, "sec-fetch-site": kind}).status_code == 403


@pytest.mark.parametrize(
    ("method", "into", "status"), [("GET", "document", 200), ("GET", "iframe", 403), ("POST", "document", 403)]
)
def test_a_link_elsewhere_leads_to_a_page_and_does_nothing(site: Site, method: str, into: str, status: int) -> None:
    headers = {**site.own, "sec-fetch-site": "cross-site", "sec-fetch-dest": into}
    assert httpx.request(method, f"{site.address}/hide", headers=headers).status_code == status


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("cookie", ["", "ssgan=wrong", "ssgan=", "other=1; ssgan=\xe9", ";;;="])
def test_without_the_cookie_there_is_nothing(site: Site, place: str, cookie: str) -> None:
    headers = {"cookie": cookie.encode("latin-1"), "x-ssgan-token": site.settings.allowed.action}
    response = httpx.get(site.address + place, headers=headers)
    assert response.status_code == 403
    assert site.settings.allowed.action not in response.text


@pytest.mark.parametrize("token", ["", "wrong", "\xe9"])
def test_without_the_pages_token_nothing_is_done(site: Site, token: str) -> None:
    headers = [(b"cookie", site.own["cookie"].encode()), (b"x-ssgan-token", token.encode("latin-1"))]
    assert httpx.post(f"{site.address}/generate", headers=headers).status_code == 403
    assert httpx.delete(f"{site.address}/jobs/x", headers=headers).status_code == 403


def test_the_address_opens_in_one_browser_as_often_as_it_likes(site: Site) -> None:
    token, allowed = site.settings.allowed.token, site.settings.allowed
    allowed.used = False
    first = httpx.get(f"{site.address}/?token={token}")
    again = httpx.get(f"{site.address}/?token={token}")
    assert first.status_code == 200
    assert again.status_code == 403
    cookie = first.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert allowed.cookie in cookie
    assert "Max-Age=86400" in cookie  # kept when the browser is closed
    for own in (site.own, {"cookie": cookie.partition(";")[0]}):
        reopened = httpx.get(f"{site.address}/?token={token}", headers=own)
        assert reopened.status_code == 200
        assert "/hide" in reopened.text
    assert httpx.get(f"{site.address}/?token=wrong", headers=site.own).status_code == 403
    response = httpx.get(f"{site.address}/?token=wrong", headers={"accept": "text/html,*/*"})
    assert response.text == (
        "Another browser opened this address, or it was never valid.\n"
        "Use the browser that opened it first, or start `ssgan serve` again."
    )


@pytest.mark.parametrize(("scheme", "secure"), [("http", False), ("https", True)])
def test_the_cookie_of_an_encrypted_page_is_sent_encrypted_only(scheme: str, secure: bool) -> None:
    settings, queue = ServerSettings(frozenset({"page"}), scheme=scheme), jobs.Jobs(workers=0)

    async def opened() -> httpx.Response:
        transport = httpx.ASGITransport(create_app(settings, queue))
        async with httpx.AsyncClient(transport=transport, base_url=f"{scheme}://page") as client:
            return await client.get("/", params={"token": settings.allowed.token})

    response = asyncio.run(opened())
    assert response.status_code == 200
    assert ("; Secure" in response.headers["set-cookie"]) is secure
    queue.close()


@pytest.mark.parametrize("place", ["/hide", "/static/page.js", "/nothing", "/jobs/nothing"])
def test_every_answer_has_the_headers(site: Site, place: str) -> None:
    for headers in (site.own, {}):
        found = httpx.get(site.address + place, headers=headers).headers
        assert {name: found[name] for name in HEADERS} == HEADERS


@pytest.mark.parametrize("name", NAMES)
def test_only_named_files_are_given(site: Site, name: str) -> None:
    assert httpx.get(f"{site.address}/static/{name}", headers=site.own).status_code == 404


def test_a_body_of_a_gigabyte_is_not_read(site: Site) -> None:
    headers = {**site.own, "content-length": str(2**30), "content-type": "application/octet-stream"}
    response = _raw(site, "POST", "/detect", headers, b"")
    assert b" 413 " in response.split(b"\r\n")[0]
    assert b"a request may have at most 32 MiB" in response


def test_a_body_that_does_not_say_its_size_ends_at_the_bound(site: Site) -> None:
    def pieces() -> object:
        for _ in range(LARGEST_BODY // 2**20 + 2):
            yield b"x" * 2**20

    try:
        status = httpx.post(f"{site.address}/detect", headers=site.own, content=pieces(), timeout=30).status_code  # type: ignore[arg-type]
    except httpx.WriteError:  # the answer came, and the rest was not taken
        status = 413
    assert status == 413


def test_ten_thousand_parts_are_refused(site: Site) -> None:
    part = b'--b\r\nContent-Disposition: form-data; name="message"\r\n\r\nx\r\n'
    headers = {**site.own, "content-type": "multipart/form-data; boundary=b"}
    response = httpx.post(f"{site.address}/hide", headers=headers, content=part * 10_000 + b"--b--\r\n", timeout=30)
    assert response.status_code == 400


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=", "application/json", "text/x", ""])
def test_bodies_of_other_kinds_are_refused(site: Site, kind: str) -> None:
    response = httpx.post(f"{site.address}/hide", headers={**site.own, "content-type": kind}, content=b"{broken\r\n--")
    assert 400 <= response.status_code < 500


@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
def test_other_methods_do_nothing(site: Site, method: str) -> None:
    assert httpx.request(method, f"{site.address}/hide", headers=site.own).status_code == 405


def test_a_slow_body_is_given_up() -> None:
    allowed, sent = Pass(), []

    async def app(scope: object, receive: object, send: object) -> None:
        raise AssertionError("it must not get there")

    async def never() -> dict[str, object]:
        await asyncio.sleep(10)
        return {}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    headers = [(b"host", b"h"), (b"cookie", f"ssgan={allowed.cookie}".encode()), (b"x-ssgan-token", allowed.action.encode())]
    scope = {"type": "http", "method": "POST", "path": "/hide", "query_string": b"", "headers": headers}
    started = time.monotonic()
    asyncio.run(Guard(app, allowed, frozenset({"h"}), seconds=0.1)(scope, never, send))  # type: ignore[arg-type]
    assert sent[0]["status"] == 408
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("pieces", [[b"four"], [b"four", b"five!"], [b"four", None], [b"x" * (LARGEST_BODY + 1)]])
def test_what_is_read_no_longer_does_not_count(pieces: list[bytes | None]) -> None:
    allowed, received = Pass(), iter(pieces)

    async def app(scope: object, receive: object, send: object) -> None:
        pass

    async def receive() -> dict[str, object]:
        piece = next(received)
        if piece is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": piece, "more_body": piece is not pieces[-1]}

    async def send(message: object) -> None:
        pass

    headers = [(b"host", b"h"), (b"cookie", f"ssgan={allowed.cookie}".encode()), (b"x-ssgan-token", allowed.action.encode())]
    scope = {"type": "http", "method": "POST", "path": "/hide", "query_string": b"", "headers": headers}
    guard = Guard(app, allowed, frozenset({"h"}))
    asyncio.run(guard(scope, receive, send))
    assert guard.reading == 0


def test_two_hundred_slow_senders_do_not_keep_others_out(site: Site) -> None:
    lines = "".join(f"{name}: {value}\r\n" for name, value in site.own.items())
    head = f"POST /hide HTTP/1.1\r\nHost: {site.address[7:]}\r\n{lines}Content-Length: 1000000\r\n\r\nx".encode()
    held = [socket.create_connection(_place(site)) for _ in range(200)]
    try:
        for connection in held:
            connection.sendall(head)
        started = time.monotonic()
        assert httpx.get(f"{site.address}/hide", headers=site.own, timeout=10).status_code == 200
        assert time.monotonic() - started < 5
    finally:
        for connection in held:
            connection.close()


def test_two_hundred_who_never_end_their_heads_are_closed_in_time(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_requests, "HEAD_SECONDS", 2.0)
    begun = time.monotonic()
    held = [socket.create_connection(_place(site)) for _ in range(200)]
    try:
        for number, connection in enumerate(held):
            connection.sendall(b"" if number % 2 else b"GET /hide HTTP/1.1\r\nX-Slow: ")
        assert httpx.get(f"{site.address}/hide", headers=site.own, timeout=10).status_code == 200
        while time.monotonic() - begun < 1.5:  # a byte now and then makes no difference
            held[0].sendall(b"x")
            time.sleep(0.1)
        for connection in held:
            connection.settimeout(10)
            with contextlib.suppress(ConnectionResetError):
                assert connection.recv(1) == b""
        assert time.monotonic() - begun < 8
    finally:
        for connection in held:
            connection.close()


def test_the_head_of_a_later_request_has_its_time_too(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_requests, "HEAD_SECONDS", 0.5)
    lines = "".join(f"{name}: {value}\r\n" for name, value in site.own.items())
    whole = f"GET /static/icon.svg HTTP/1.1\r\nHost: {site.address[7:]}\r\n{lines}\r\n".encode()
    with socket.create_connection(_place(site)) as connection:
        connection.settimeout(10)
        for _ in range(2):
            connection.sendall(whole)
            answer = b""
            while b"</svg>" not in answer:
                answer += connection.recv(2**16)
            assert answer.startswith(b"HTTP/1.1 200")
        begun = time.monotonic()
        connection.sendall(whole[:30])
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(1) == b""
        assert 0.3 < time.monotonic() - begun < 4


def test_too_many_connections_are_told_so(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    most = 100  # both ends are in this process, which may have no room for all that the page allows
    monkeypatch.setattr(site.config, "limit_concurrency", most)
    held = [socket.create_connection(_place(site)) for _ in range(most)]
    try:
        until = time.monotonic() + 10
        while (status := httpx.get(f"{site.address}/hide", headers=site.own, timeout=10).status_code) != 503:
            assert time.monotonic() < until
    finally:
        for connection in held:
            connection.close()
    assert status == 503
    until = time.monotonic() + 10
    while httpx.get(f"{site.address}/hide", headers=site.own, timeout=10).status_code != 200:
        assert time.monotonic() < until
        time.sleep(0.05)


def test_so_many_windows_watch_runs(site: Site) -> None:
    where = f"{site.address}/runs/first/events"
    with contextlib.ExitStack() as stack:
        client = stack.enter_context(httpx.Client(headers=site.own, timeout=20, limits=httpx.Limits(max_connections=100)))
        for _ in range(app.STREAMS):
            assert stack.enter_context(client.stream("GET", where)).status_code == 200
        assert client.get(where).status_code == 429
    until = time.monotonic() + 10
    with httpx.Client(headers=site.own, timeout=20) as client:
        while True:
            with client.stream("GET", where) as answer:
                if answer.status_code == 200:
                    break
            assert time.monotonic() < until
            time.sleep(0.1)


def test_windows_that_are_closed_before_the_first_event_leave_their_places(runs: Path) -> None:
    settings, queue = ServerSettings(frozenset({"page"}), runs), jobs.Jobs(workers=0)
    headers = [(b"host", b"page"), (b"cookie", f"ssgan={settings.allowed.cookie}".encode())]
    scope = {"type": "http", "method": "GET", "path": "/runs/second/events", "query_string": b"", "headers": headers}
    served = create_app(settings, queue)

    async def watch(answer: Callable[[], None]) -> int:
        statuses: list[int] = []
        messages: Iterator[dict[str, object]] = iter([{"type": "http.request", "body": b""}, {"type": "http.disconnect"}])

        async def receive() -> dict[str, object]:
            return next(messages)

        async def send(message: dict[str, object]) -> None:
            statuses.append(int(str(message.get("status", 0))))
            answer()

        with contextlib.suppress(Exception):
            await served({**scope, "asgi": {"spec_version": "2.4"}}, receive, send)  # type: ignore[arg-type]
        return statuses[0]

    def gone() -> None:
        raise OSError

    async def all_of_them() -> list[int]:
        return [await watch(gone) for _ in range(app.STREAMS + 1)] + [await watch(lambda: None)]

    assert set(asyncio.run(all_of_them())) == {200}
    queue.close()


def test_looking_for_a_message_takes_the_same_time_whatever_is_found(site: Site, cover: bytes) -> None:
    hidden = site.ask("hide", cover=("c.png", cover), message="x", passphrase="words")
    stego = site.file(hidden["id"], "stego.png")
    taken = []
    for passphrase, content, state in (("words", stego, "done"), ("other", stego, "failed"), ("words", cover[:-30], "failed")):
        begun = time.monotonic()
        assert site.ask("reveal", stego=("s.png", content), passphrase=passphrase)["state"] == state
        taken.append(time.monotonic() - begun)
    assert min(taken) >= FLOOR


@given(taken=st.floats(0, 100))
def test_the_floor_is_reached_and_not_passed_by_more_than_one(taken: float) -> None:
    rest = _until_floor(taken)
    assert 0 <= rest <= FLOOR
    assert (taken + rest) / FLOOR == pytest.approx(round((taken + rest) / FLOOR), abs=1e-6)
    assert taken + rest >= FLOOR - 1e-6


def test_jobs_are_closed_when_the_server_ends() -> None:
    queue = jobs.Jobs(workers=0)
    said: list[tuple[object, bool]] = []
    messages = iter(["lifespan.startup", "lifespan.shutdown"])

    async def receive() -> dict[str, object]:
        return {"type": next(messages)}

    async def send(message: dict[str, object]) -> None:
        said.append((message["type"], queue._closed))

    served = create_app(ServerSettings(frozenset({"page"})), queue)
    asyncio.run(served({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send))  # type: ignore[arg-type]
    assert said == [("lifespan.startup.complete", False), ("lifespan.shutdown.complete", True)]


def test_guessing_is_slowed_down(cover: bytes) -> None:
    settings, queue = ServerSettings(frozenset({"page"})), jobs.Jobs(workers=0, waiting=100)
    own = {"cookie": f"ssgan={settings.allowed.cookie}", "x-ssgan-token": settings.allowed.action, "accept": "application/json"}

    async def attempts() -> list[int]:
        transport = httpx.ASGITransport(create_app(settings, queue))
        async with httpx.AsyncClient(transport=transport, base_url="http://page", headers=own) as client:
            form = {"data": {"passphrase": "w"}, "files": {"stego": ("s.png", cover)}}
            return [(await client.post("/reveal", **form)).status_code for _ in range(12)]  # type: ignore[arg-type]

    assert asyncio.run(attempts()) == [202] * 10 + [429] * 2
    queue.close()


def test_a_full_queue_says_so(cover: bytes) -> None:
    queue = jobs.Jobs(workers=0)
    for _ in range(jobs.WAITING):
        queue.submit("hide", {})
    with pytest.raises(jobs.Busy):
        queue.submit("hide", {})
    queue.close()


def test_a_few_stand_in_line_and_the_others_are_told(cover: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "PATIENCE", 0.5)
    settings, queue = ServerSettings(frozenset({"page"})), jobs.Jobs(workers=0, waiting=1)
    own = {"cookie": f"ssgan={settings.allowed.cookie}", "x-ssgan-token": settings.allowed.action, "accept": "application/json"}

    async def ask(client: httpx.AsyncClient) -> tuple[int, float]:
        begun = time.monotonic()
        response = await client.post("/capacity", files={"cover": ("s.png", cover)})
        return response.status_code, time.monotonic() - begun

    async def everybody() -> list[tuple[int, float]]:
        transport = httpx.ASGITransport(create_app(settings, queue))
        async with httpx.AsyncClient(transport=transport, base_url="http://page", headers=own) as client:
            return await asyncio.gather(*(ask(client) for _ in range(app.LINE + 4)))

    found = asyncio.run(everybody())
    assert sorted(status for status, _ in found) == [202] + [429] * (app.LINE + 3)
    assert sum(taken > 0.4 for status, taken in found if status == 429) >= app.LINE - 1
    queue.close()


def test_nothing_goes_to_the_disk(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise AssertionError("an upload went to the disk")

    monkeypatch.setattr(tempfile.SpooledTemporaryFile, "rollover", refused)
    large = b"x" * (LARGEST_BODY - 2**20)
    response = httpx.post(
        f"{site.address}/reveal", headers=site.own, data={"passphrase": "w"}, files={"stego": ("s.png", large)}
    )
    assert response.status_code == 202
    assert site.end(response.json()["id"])["error"]["exit_code"] == 5


def test_a_job_that_takes_too_long_is_ended_and_the_next_is_done() -> None:
    queue = jobs.Jobs(workers=1, seconds=4, target=sleepy)
    slow, quick = queue.submit("slow", {"seconds": 60}), queue.submit("quick", {"seconds": 0})
    assert slow.ended.wait(30)
    assert slow.error is not None
    assert "4 seconds" in slow.error[0]
    assert quick.ended.wait(30)
    assert quick.state == "done"
    queue.close()


def test_what_is_idle_is_forgotten_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "KEPT_SECONDS", 0.0)
    monkeypatch.setattr(jobs, "LOOK", 0.05)
    queue = jobs.Jobs(workers=1, target=sleepy)
    job = queue.submit("quick", {"seconds": 0})
    assert job.ended.wait(30)
    until = time.monotonic() + 10
    while job.id in queue._jobs and time.monotonic() < until:
        time.sleep(0.02)
    assert job.id not in queue._jobs
    queue.close()


@pytest.mark.parametrize(("name", "most"), [("KEPT_JOBS", 3), ("KEPT_BYTES", 350)])
def test_no_more_is_kept_than_may_be(name: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, name, most)
    queue = jobs.Jobs(workers=0, waiting=100)
    begun = []
    for _ in range(10):
        job = queue.submit("hide", {})
        job.result = PageResult("hide", {}, {"a": (b"x" * 100, "text/plain")})
        job.end("done")
        begun.append(job)
    kept = [number for number, job in enumerate(begun) if queue.find(job.id) is not None]
    assert kept == [7, 8, 9], "the newest"
    queue.close()


def test_everything_is_forgotten_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    queue = jobs.Jobs(workers=0)
    job = queue.submit("hide", {"passphrase": "words"})
    queue.cancel(job)
    assert job.given == {}
    assert queue.find(job.id) is job
    monkeypatch.setattr(jobs, "KEPT_SECONDS", -1.0)
    assert queue.find(job.id) is None
    queue.close()


def sleepy(connection: Connection) -> None:
    """A worker that does nothing for as long as it is told."""
    while True:
        try:
            kind, given = connection.recv()
        except (EOFError, OSError):
            return
        time.sleep(given["seconds"])
        connection.send(("done", PageResult(kind, {})))


def _place(site: Site) -> tuple[str, int]:
    host, _, port = site.address[7:].partition(":")
    return host, int(port)


def _raw(site: Site, method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with socket.create_connection(_place(site), timeout=10) as connection:
        connection.sendall(f"{method} {path} HTTP/1.1\r\nHost: {site.address[7:]}\r\n{lines}\r\n".encode() + body)
        answer = b""
        while not _is_whole(answer) and (more := connection.recv(2**16)):
            answer += more
        return answer


def _is_whole(answer: bytes) -> bool:
    """Head and body may come in packets of their own."""
    head, end, content = answer.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head.lower())
    return bool(end) and len(content) >= (int(length[1]) if length else 0)
