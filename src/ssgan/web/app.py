"""The application: pages to look at, jobs to start, watch and stop, and files to take away."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartParser
from starlette.types import ASGIApp

from ssgan.errors import InvalidSetting
from ssgan.web import views, watching
from ssgan.web.guard import LARGEST_BODY, Guard, Pass
from ssgan.web.jobs import Busy, Job, Jobs

MOST_FILES, MOST_PICTURES, MOST_FIELDS, LARGEST_FIELD = 4, 64, 20, 2**20
LINE, PATIENCE = 16, 10.0  # requests that stand in line for the queue, and for how many seconds
REVEALS, MINUTE = 10, 60.0  # attempts at a key, in so many seconds
STATIC = {"htmx.min.js": "text/javascript", "page.js": "text/javascript", "style.css": "text/css", "icon.svg": "image/svg+xml"}
KINDS = ("capacity", "hide", "reveal", "detect", "inspect", "generate")


@dataclass
class Settings:
    """How a server is set up: `hosts` it answers to, `runs` the folder whose runs are shown, if any."""

    hosts: frozenset[str]
    runs: Path | None = None
    scheme: str = "http"
    reveals: int = REVEALS
    allowed: Pass = field(default_factory=Pass)


class _Said(Exception):
    """What a user did wrong, with the status of the answer."""

    def __init__(self, status: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.status, self.hint = status, hint


def create_app(settings: Settings, jobs: Jobs | None = None) -> ASGIApp:
    """The guarded application; `jobs` are closed when it ends."""
    # Uploads stay in memory: the bound on bodies is below what would go to the disk.
    MultiPartParser.spool_max_size = LARGEST_BODY + 1
    queue = jobs or Jobs()

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        queue.close()

    app = FastAPI(title="ssgan", docs_url=None, redoc_url=None, lifespan=lifespan)
    _pages(app, settings)
    _jobs(app, settings, queue)
    _runs(app, settings)

    @app.exception_handler(_Said)
    async def said(request: Request, error: _Said) -> Response:
        told = {"message": str(error), "hint": error.hint}
        retry = {"retry-after": "1"} if error.status == 429 else {}
        if _wants_json(request):
            return JSONResponse({"error": told}, error.status, retry)
        # htmx puts only successes into the page.
        status = 200 if "hx-request" in request.headers else error.status
        return HTMLResponse(views.error(told["message"], told["hint"]), status, retry)

    return Guard(app, settings.allowed, settings.hosts, scheme=settings.scheme)


def _pages(app: FastAPI, settings: Settings) -> None:
    @app.get("/", response_class=HTMLResponse)
    async def start() -> str:
        return views.page("hide", settings.allowed.action)

    @app.get("/static/{name}")
    async def static(name: str) -> Response:
        if name not in STATIC:
            raise _Said(404, "there is no such file")
        return Response(files("ssgan").joinpath("web", "static", name).read_bytes(), media_type=STATIC[name])

    @app.get("/{name}", response_class=HTMLResponse)
    async def page(name: str) -> str:
        if name not in views.VIEWS:
            raise _Said(404, "there is no such page")
        runs = watching.runs(settings.runs) if name == "runs" else []
        return views.page(name, settings.allowed.action, runs=runs, folder=settings.runs)


def _jobs(app: FastAPI, settings: Settings, jobs: Jobs) -> None:
    attempts: deque[float] = deque()
    line = _Line()

    @app.post("/{kind}")
    async def begin(kind: str, request: Request) -> Response:
        if kind not in KINDS:
            raise _Said(404, "there is no such page")
        form = await request.form(
            max_files=MOST_PICTURES if kind == "detect" else MOST_FILES, max_fields=MOST_FIELDS, max_part_size=LARGEST_FIELD
        )
        async with contextlib.aclosing(_Closing(form)):
            try:
                given = {**await _GIVEN[kind](form, jobs), "runs": settings.runs}
            except InvalidSetting as error:
                raise _Said(422, str(error), error.hint) from error
        if kind == "reveal":
            _count(attempts, settings.reveals)
        return _shown(request, await line.submit(jobs, kind, given), 202)

    @app.get("/jobs/{number}")
    async def look(number: str, request: Request) -> Response:
        return _shown(request, _found(jobs, number), 200)

    @app.delete("/jobs/{number}")
    async def cancel(number: str, request: Request) -> Response:
        job = _found(jobs, number)
        jobs.cancel(job)
        return _shown(request, job, 200)

    @app.get("/jobs/{number}/files/{name}")
    async def take(number: str, name: str) -> Response:
        job = _found(jobs, number)
        if job.result is None or name not in job.result.files:
            raise _Said(404, "there is no such file")
        content, media_type = job.result.files[name]
        inline = "inline" if media_type.startswith("image/") else "attachment"
        return Response(content, media_type=media_type, headers={"content-disposition": f'{inline}; filename="{name}"'})


def _runs(app: FastAPI, settings: Settings) -> None:
    @app.get("/runs/{name}", response_class=HTMLResponse)
    async def run(name: str) -> str:
        return views.run(_run(settings, name), settings.allowed.action)

    @app.get("/runs/{name}/events")
    async def events(name: str) -> Response:
        found = _run(settings, name)
        return StreamingResponse(watching.events(found), media_type="text/event-stream")

    @app.get("/runs/{name}/samples/{number}")
    async def samples(name: str, number: int) -> Response:
        grids = watching.grids(_run(settings, name))
        if not 0 <= number < len(grids):
            raise _Said(404, "there is no such grid")
        return Response(grids[number].read_bytes(), media_type="image/png")


def _run(settings: Settings, name: str) -> Path:
    for found in watching.runs(settings.runs):
        if found.name == name:
            return found.folder
    raise _Said(404, "there is no such run")


class _Line:
    """Requests that stand in line for the queue, first come, first served: a few of them, and not for long."""

    def __init__(self) -> None:
        self.first, self.length = asyncio.Lock(), 0

    async def submit(self, jobs: Jobs, kind: str, given: dict[str, Any]) -> Job:
        """The job, once the queue takes it. Raises _Said."""
        if self.length >= LINE:
            raise _too_much()
        self.length += 1
        try:
            async with asyncio.timeout(PATIENCE), self.first:
                while True:
                    with contextlib.suppress(Busy):
                        return jobs.submit(kind, given)
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise _too_much() from None
        finally:
            self.length -= 1


def _too_much() -> _Said:
    return _Said(429, "too much is waiting already", "try again in a moment")


class _Closing:
    """A form whose files are let go of."""

    def __init__(self, form: FormData) -> None:
        self.aclose = form.close


def _count(attempts: deque[float], most: int) -> None:
    """Refuse guessing: so many attempts a minute."""
    now = time.monotonic()
    while attempts and now - attempts[0] > MINUTE:
        attempts.popleft()
    if len(attempts) >= most:
        raise _Said(429, f"only {most} attempts a minute are taken", "wait a little")
    attempts.append(now)


def _found(jobs: Jobs, number: str) -> Job:
    job = jobs.find(number)
    if job is None:
        raise _Said(404, "this is forgotten", "do it again")
    return job


def _wants_json(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")


def _shown(request: Request, job: Job, status: int) -> Response:
    if not _wants_json(request):
        return HTMLResponse(views.job(job), status)
    told: dict[str, Any] = {name: getattr(job, name) for name in ("id", "kind", "state", "done", "of", "doing")}
    if job.result is not None:
        told |= {"result": job.result.facts, "files": list(job.result.files)}
    if job.error is not None:
        told["error"] = {"message": job.error[0], "hint": job.error[1], "exit_code": job.error[2]}
    return JSONResponse(told, status)


# What each kind of job is given, from the fields of its form.


async def _file(form: FormData, name: str) -> tuple[str, bytes] | None:
    """A file's name, which is only ever shown, and its bytes; None where none was chosen."""
    sent = form.get(name)
    if not isinstance(sent, UploadFile):
        return None
    content = await sent.read()
    return (_name(sent.filename), content) if content or sent.filename else None


def _name(given: str | None) -> str:
    """The last part of a name, short and printable."""
    last = (given or "").replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable())[:80] or "picture"


def _text(form: FormData, name: str, otherwise: str = "") -> str:
    sent = form.get(name, otherwise)
    if not isinstance(sent, str):
        raise InvalidSetting(f"{name} is not text.", hint="Load the page again.")
    return sent


async def _needed(form: FormData, name: str, what: str) -> tuple[str, bytes]:
    found = await _file(form, name)
    if found is None:
        raise InvalidSetting(f"{what} is missing.", hint="Drop a file, or choose one.")
    return found


async def _key(form: FormData) -> dict[str, Any]:
    key_file = await _file(form, "key_file")
    if key_file is None and not _text(form, "passphrase"):
        raise InvalidSetting("there is no key.", hint="Give a passphrase, or a key file.")
    return {"passphrase": _text(form, "passphrase"), "key_file": key_file[1] if key_file else None}


async def _of_cover(form: FormData, jobs: Jobs) -> dict[str, Any]:
    """A file, or a cover of a wall: the id of its job and its number."""
    if chosen := _text(form, "generated"):
        number, _, place = chosen.partition("/")
        wall = jobs.find(number)
        if wall is None or wall.result is None or place not in wall.result.files:
            raise InvalidSetting("this cover is forgotten.", hint="Draw new ones.")
        return {"cover": wall.result.files[place][0], "name": place}
    name, content = await _needed(form, "cover", "A cover")
    return {"cover": content, "name": name}


async def _of_hide(form: FormData, jobs: Jobs) -> dict[str, Any]:
    # Browsers send the ends of lines as CR LF, whatever was typed.
    payload, message = await _file(form, "payload"), _text(form, "message").replace("\r\n", "\n")
    if payload is None and not message:
        raise InvalidSetting("there is no message.", hint="Write one, or choose a file.")
    if payload is not None and message:
        raise InvalidSetting("there are two messages, words and a file.", hint="Take one of them away.")
    scheme = _text(form, "scheme", "hill")
    hidden = payload[1] if payload else message.encode()
    return {**await _of_cover(form, jobs), **await _key(form), "message": hidden, "scheme": scheme}


async def _of_reveal(form: FormData, jobs: Jobs) -> dict[str, Any]:
    name, content = await _needed(form, "stego", "A stego")
    return {"stego": content, "name": name, **await _key(form)}


async def _of_detect(form: FormData, jobs: Jobs) -> dict[str, Any]:
    pictures = [sent for sent in form.getlist("images") if isinstance(sent, UploadFile)]
    sent = [(_name(one.filename), await one.read()) for one in pictures]
    found = [one for one in sent if one[1]]
    if not found:
        raise InvalidSetting("there is no picture.", hint="Drop some files, or choose them.")
    return {"images": found}


async def _of_inspect(form: FormData, jobs: Jobs) -> dict[str, Any]:
    name, content = await _needed(form, "image", "A picture")
    other = await _file(form, "other")
    payload = _number(form, "payload", 0.4)
    scheme = _text(form, "scheme", "hill")
    return {
        "image": content, "name": name, "scheme": scheme, "payload": payload,
        "other": other[1] if other else None, "other_name": other[0] if other else "",
    }  # fmt: skip


async def _of_generate(form: FormData, jobs: Jobs) -> dict[str, Any]:
    generator = _text(form, "generator", "faces64")
    ends = [_text(form, "from"), _text(form, "to")]
    between = [int(_number(form, name, 0)) for name in ("from", "to")] if all(ends) else None
    seed = int(_number(form, "seed", 0)) if _text(form, "seed") else None
    if seed is not None and not 0 <= seed < 2**63 or between and min(between) < 0:
        raise InvalidSetting("seeds and numbers are not negative.", hint="Leave the seed empty for secret ones.")
    return {"generator": generator, "count": int(_number(form, "count", 24)), "seed": seed, "between": between}


def _number(form: FormData, name: str, otherwise: float) -> float:
    text = _text(form, name)
    try:
        value = float(text) if text else otherwise
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InvalidSetting(f"'{text[:20]}' is no number for {name}.", hint="Give digits.")
    return value


_GIVEN = {
    "capacity": _of_cover, "hide": _of_hide, "reveal": _of_reveal, "detect": _of_detect, "inspect": _of_inspect,
    "generate": _of_generate,
}  # fmt: skip
