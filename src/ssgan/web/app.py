"""Build the web application: pages, jobs to start, watch and stop, and files to download."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Request
from fastapi import Path as Name
from fastapi.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartParser
from starlette.types import ASGIApp, Receive, Scope, Send

from ssgan.errors import InvalidSetting
from ssgan.messages.words import fresh_passphrase
from ssgan.storage.names import name_bytes
from ssgan.storage.state_files import Damaged, read_bytes
from ssgan.web import forms, views
from ssgan.web import runs as watching
from ssgan.web.guard import LARGEST_BODY, Guard, Pass
from ssgan.web.queue import Busy, Jobs, PageJob

MOST_FILES, MOST_PICTURES, MOST_FIELDS, LARGEST_FIELD = 4, 64, 20, 2**20
LINE, PATIENCE = 16, 10.0  # requests that wait for the queue, and for how many seconds
REVEALS, MINUTE = 10, 60.0  # attempts at a key, and the seconds that they are counted in
STREAMS = 16  # of events at a time
HINTS = {  # by status, for refusals of the framework
    400: f"give fewer files, up to {MOST_PICTURES} to detect, or load the page again",
    404: f"choose from {', '.join(f'/{name}' for name in views.VIEWS)}",
    405: "load the page again",
}
STATIC = {"htmx.min.js": "text/javascript", "page.js": "text/javascript", "style.css": "text/css", "icon.svg": "image/svg+xml"}


@dataclass
class ServerSettings:
    """The setup of a server: `hosts` it answers to, `runs` the folder whose runs are shown, if any.

    `reuse` takes covers that are in this user's list of used ones, `no_ledger` keeps no list.
    """

    hosts: frozenset[str]
    runs: Path | None = None
    scheme: str = "http"
    reveals: int = REVEALS
    reuse: bool = False
    no_ledger: bool = False
    allowed: Pass = field(default_factory=Pass)


class _PageError(Exception):
    """A user's mistake, with the status of the answer."""

    def __init__(self, status: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.status, self.hint = status, hint


def create_app(settings: ServerSettings, jobs: Jobs | None = None) -> ASGIApp:
    """Return the guarded application; `jobs` are closed when it ends."""
    # Uploads stay in memory: the bound on bodies is below what would go to the disk.
    MultiPartParser.spool_max_size = LARGEST_BODY + 1
    queue = jobs or Jobs()

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        queue.close()

    app = FastAPI(title="ssgan", docs_url=None, redoc_url=None, lifespan=lifespan)
    _pages(app, settings, queue)
    _jobs(app, settings, queue)
    _runs(app, settings)

    @app.exception_handler(_PageError)
    async def page_error(request: Request, error: _PageError) -> Response:
        return _refusal(request, error)

    @app.exception_handler(HTTPException)
    async def not_taken(request: Request, error: HTTPException) -> Response:
        # Those of the framework: no such page, a form that is none, too many files.
        return _refusal(request, _PageError(error.status_code, error.detail, HINTS.get(error.status_code, HINTS[400])))

    return Guard(app, settings.allowed, settings.hosts, scheme=settings.scheme)


def _refusal(request: Request, error: _PageError) -> Response:
    error_fields = {"message": str(error), "hint": error.hint}
    retry = {"retry-after": "1"} if error.status == 429 else {}
    if _wants_json(request):
        return JSONResponse({"error": error_fields}, error.status, retry)
    # htmx puts only successes into the page.
    status = 200 if "hx-request" in request.headers else error.status
    return HTMLResponse(views.error(error_fields["message"], error_fields["hint"]), status, retry)


def _pages(app: FastAPI, settings: ServerSettings, jobs: Jobs) -> None:
    @app.get("/", response_class=HTMLResponse)
    async def start() -> str:
        return views.page("hide", settings.allowed.action, runs=watching.runs(settings.runs))

    @app.get("/static/{name}")
    async def static(name: Annotated[str, Name(json_schema_extra={"enum": list(STATIC)})]) -> Response:
        if name not in STATIC:
            raise _PageError(404, "there is no such file", "load the page again")
        return Response(files("ssgan").joinpath("web", "static", name).read_bytes(), media_type=STATIC[name])

    @app.get("/{name}", response_class=HTMLResponse)
    async def page(name: Annotated[str, Name(json_schema_extra={"enum": list(views.VIEWS)})]) -> str:
        if name not in views.VIEWS:
            raise _PageError(404, "there is no such page", HINTS[404])
        made = jobs.made() if name == "results" else []
        return views.page(name, settings.allowed.action, runs=watching.runs(settings.runs), folder=settings.runs, made=made)


def _jobs(app: FastAPI, settings: ServerSettings, jobs: Jobs) -> None:
    attempts: deque[float] = deque()
    line = _Line()

    @app.post("/passphrase")
    async def passphrase() -> dict[str, str]:
        return {"passphrase": fresh_passphrase()}

    @app.post("/{kind}", openapi_extra=forms.DESCRIBED, status_code=202)
    async def begin(kind: Annotated[str, Name(json_schema_extra={"enum": list(forms.GIVEN)})], request: Request) -> Response:
        if kind not in forms.GIVEN:
            raise _PageError(404, "there is no such page", HINTS[404])
        most = MOST_PICTURES if kind == "detect" else MOST_FILES
        async with request.form(max_files=most, max_fields=MOST_FIELDS, max_part_size=LARGEST_FIELD) as form:
            try:
                given = {**await forms.GIVEN[kind](form, jobs), "runs": settings.runs}
                given |= {"reuse": settings.reuse, "no_ledger": settings.no_ledger}
            except InvalidSetting as error:
                raise _PageError(422, str(error), error.hint) from error
        if kind == "reveal":
            _count(attempts, settings.reveals)
        return _shown(request, await line.submit(jobs, kind, given, forms.name_of(kind, given)), 202)

    @app.get("/jobs/{number}")
    async def look(number: str, request: Request) -> Response:
        job = _found(jobs, number)
        if _wants_json(request) or "hx-request" in request.headers:
            return _shown(request, job, 200)
        return HTMLResponse(views.job_page(job, settings.allowed.action))

    @app.delete("/jobs/{number}")
    async def cancel(number: str, request: Request) -> Response:
        job = _found(jobs, number)
        jobs.cancel(job)
        return _shown(request, job, 200)

    @app.get("/jobs/{number}/files/{name}")
    async def take(number: str, name: str) -> Response:
        job = _found(jobs, number)
        if job.result is None or name not in job.result.files:
            raise _PageError(404, "there is no such file", "load the page again")
        content, media_type = job.result.files[name]
        inline = "inline" if media_type.startswith("image/") else "attachment"
        return Response(content, media_type=media_type, headers={"content-disposition": f'{inline}; filename="{name}"'})


def _runs(app: FastAPI, settings: ServerSettings) -> None:
    @app.get("/runs/{name}", response_class=HTMLResponse)
    async def run(name: str) -> str:
        return views.run(_run(settings, name), settings.allowed.action)

    streams: set[object] = set()

    @app.get("/runs/{name}/events")
    async def events(name: str) -> Response:
        found, mark = _run(settings, name), object()
        if len(streams) >= STREAMS:
            raise _PageError(429, f"{STREAMS} windows are already watching runs", "close some of them")
        streams.add(mark)
        return _Events(watching.events(found), lambda: streams.discard(mark))

    @app.get("/runs/{name}/samples/{number}")
    async def samples(name: str, number: int) -> Response:
        grids = watching.grids(_run(settings, name))
        if not 0 <= number < len(grids):
            raise _PageError(404, "there is no such grid", "load the page again")
        try:
            return Response(read_bytes(grids[number]), media_type="image/png")
        except Damaged as error:
            raise _PageError(404, "this grid cannot be read", "load the page again") from error


class _Events(StreamingResponse):
    """Events as they come; `left` is called when the last reader has closed the stream, even before the first event."""

    def __init__(self, content: AsyncIterator[str], left: Callable[[], None]) -> None:
        super().__init__(content, media_type="text/event-stream")
        self.left = left

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self.left()


def _run(settings: ServerSettings, name: str) -> Path:
    for found in watching.runs(settings.runs):
        if name_bytes(found.name).decode("utf-8", "replace") == name:  # as an address arrives
            return found.folder
    raise _PageError(404, "there is no such run", "choose one of /runs")


class _Line:
    """Requests that wait for the queue, first come, first served: a few of them, for a short time."""

    def __init__(self) -> None:
        self.first, self.length = asyncio.Lock(), 0

    async def submit(self, jobs: Jobs, kind: str, given: dict[str, Any], name: str) -> PageJob:
        """Return the job, once the queue accepts it. Raises _PageError."""
        if self.length >= LINE:
            raise _too_much()
        self.length += 1
        try:
            async with asyncio.timeout(PATIENCE), self.first:
                while True:
                    with contextlib.suppress(Busy):
                        return jobs.submit(kind, given, name, is_listed=kind not in forms.UNLISTED)
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise _too_much() from None
        finally:
            self.length -= 1


def _too_much() -> _PageError:
    return _PageError(429, "too many tasks are waiting", "try again in a moment")


def _count(attempts: deque[float], most: int) -> None:
    """Refuse guessing: allow a few attempts a minute."""
    now = time.monotonic()
    while attempts and now - attempts[0] > MINUTE:
        attempts.popleft()
    if len(attempts) >= most:
        raise _PageError(429, f"only {most} attempts a minute are allowed", "wait a minute")
    attempts.append(now)


def _found(jobs: Jobs, number: str) -> PageJob:
    job = jobs.find(number)
    if job is None:
        raise _PageError(404, "this result is no longer kept", "start again: results are kept for half an hour")
    return job


def _wants_json(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")


def _shown(request: Request, job: PageJob, status: int) -> Response:
    if not _wants_json(request):
        return HTMLResponse(views.piece(job), status)
    record: dict[str, Any] = {name: getattr(job, name) for name in ("id", "kind", "state", "done", "of", "doing", "seconds")}
    if job.result is not None:
        record |= {"result": job.result.facts, "files": list(job.result.files)}
    if job.error is not None:
        record["error"] = job.error._asdict()
    return JSONResponse(record, status)
