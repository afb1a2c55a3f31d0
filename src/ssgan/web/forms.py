"""Read the fields of each kind of job from its form. InvalidSetting names a missing or invalid one."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.datastructures import FormData, UploadFile

from ssgan.errors import InvalidSetting, unknown
from ssgan.web.queue import Jobs
from ssgan.web.results import PageResult

COVERS = FILE, DRAWN, CHANGED = ("file", "drawn", "changed")
GENERATOR = "faces64"


async def _file(form: FormData, name: str) -> tuple[str, bytes] | None:
    """Return a file's name, which is only ever shown, and its bytes; None where none was chosen."""
    sent = form.get(name)
    if not isinstance(sent, UploadFile):
        return None
    content = await sent.read()
    return (_name(sent.filename), content) if content or sent.filename else None


def _name(given: str | None) -> str:
    """Return the last part of a name, short and printable."""
    last = (given or "").replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable())[:80] or "picture"


def _text(form: FormData, name: str, otherwise: str = "") -> str:
    sent = form.get(name, otherwise)
    if not isinstance(sent, str):
        raise InvalidSetting(f"{name} is not text", hint="load the page again")
    return sent


async def _needed(form: FormData, name: str, what: str) -> tuple[str, bytes]:
    found = await _file(form, name)
    if found is None:
        raise InvalidSetting(f"{what} is missing", hint="drop a file, or choose one")
    return found


async def _key(form: FormData, *, needed: bool = True) -> dict[str, Any]:
    key_file = await _file(form, "key_file")
    if key_file is None and not _text(form, "passphrase"):
        if not needed:
            return {}
        raise InvalidSetting("there is no key", hint="give a passphrase, or a key file")
    return {"passphrase": _text(form, "passphrase"), "key_file": key_file[1] if key_file else None}


def _made(chosen: str, jobs: Jobs, what: str) -> tuple[PageResult, str]:
    """Return the result and the name of a file in it, from the id of its job and the name. Raises InvalidSetting."""
    number, _, place = chosen.partition("/")
    job = jobs.find(number)
    if job is None or job.result is None or place not in job.result.files:
        raise InvalidSetting(f"{what} is no longer kept", hint="make a new one")
    return job.result, place


async def _of_cover(form: FormData, jobs: Jobs) -> dict[str, Any]:
    """Return a file, a cover of a wall by the id of its job and its number, or the name of the model that is to draw one."""
    covers = _text(form, "covers") or FILE
    if covers not in COVERS:
        raise unknown("kind of cover", covers, COVERS)
    if covers == DRAWN:
        return {"model": _text(form, "generator") or GENERATOR}
    chosen = _text(form, "generated")
    if covers == CHANGED and not chosen:
        raise InvalidSetting("no cover is chosen", hint="make some, and choose one")
    if chosen:
        result, place = _made(chosen, jobs, "this cover")
        if result.facts.get("drawn"):
            raise InvalidSetting(
                "a drawn cover is never chosen and never changed", hint="let the message draw its own, or make covers to change"
            )
        return {"model": None, "cover": result.files[place][0], "name": place}
    name, content = await _needed(form, "cover", "A cover")
    return {"model": None, "cover": content, "name": name}


async def _of_hide(form: FormData, jobs: Jobs) -> dict[str, Any]:
    # Browsers send the ends of lines as CR LF, whatever was typed.
    payload, message = await _file(form, "payload"), _text(form, "message").replace("\r\n", "\n")
    if payload is None and not message:
        raise InvalidSetting("there is no message", hint="write one, or choose a file")
    if payload is not None and message:
        raise InvalidSetting("there are two messages, text and a file", hint="remove one of them")
    scheme = _text(form, "scheme", "") or None
    hidden = payload[1] if payload else message.encode()
    return {**await _of_cover(form, jobs), **await _key(form), "message": hidden, "scheme": scheme}


async def _of_reveal(form: FormData, jobs: Jobs) -> dict[str, Any]:
    if chosen := _text(form, "made"):
        result, name = _made(chosen, jobs, "this stego")
        content = result.files[name][0]
    else:
        name, content = await _needed(form, "stego", "A stego")
    return {"stego": content, "name": name, **await _key(form)}


async def _of_detect(form: FormData, jobs: Jobs) -> dict[str, Any]:
    pictures = [sent for sent in form.getlist("images") if isinstance(sent, UploadFile)]
    sent = [(_name(one.filename), await one.read()) for one in pictures]
    found = [one for one in sent if one[1]]
    if not found:
        raise InvalidSetting("there is no picture", hint="drop some files, or choose them")
    return {"images": found}


async def _of_inspect(form: FormData, jobs: Jobs) -> dict[str, Any]:
    name, content = await _needed(form, "image", "A picture")
    other = await _file(form, "other")
    payload = _number(form, "payload", 0.4)
    scheme = _text(form, "scheme", "hill")
    key = await _key(form, needed=False)
    if key and other is not None:
        raise InvalidSetting("a key and a second picture are given", hint="remove one of them")
    return {
        **key,
        "image": content, "name": name, "scheme": scheme, "payload": payload,
        "other": other[1] if other else None, "other_name": other[0] if other else "",
    }  # fmt: skip


async def _of_generate(form: FormData, jobs: Jobs) -> dict[str, Any]:
    generator, changed = _text(form, "generator") or GENERATOR, bool(_text(form, "changed"))
    ends = [_text(form, "from"), _text(form, "to")]
    between = [int(_number(form, name, 0)) for name in ("from", "to")] if all(ends) else None
    seed = int(_number(form, "seed", 0)) if _text(form, "seed") else None
    if seed is not None and not 0 <= seed < 2**63 or between and min(between) < 0:
        raise InvalidSetting("a seed or number is negative", hint="leave the seed empty for secret ones")
    if between is not None and not changed:
        raise InvalidSetting("there is no series from one drawn cover to another", hint="choose covers to change")
    count = int(_number(form, "count", 24))
    return {"generator": generator, "count": count, "seed": seed, "between": between, "changed": changed}


async def _of_convert(form: FormData, jobs: Jobs) -> dict[str, Any]:
    name, content = await _needed(form, "cover", "A picture")
    return {"cover": content, "name": name, "remedy": _text(form, "remedy")}


def _number(form: FormData, name: str, otherwise: float) -> float:
    text = _text(form, name)
    try:
        value = float(text) if text else otherwise
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InvalidSetting(f"'{text[:20]}' is not a number ({name})", hint="give digits")
    return value


GIVEN: dict[str, Callable[[FormData, Jobs], Awaitable[dict[str, Any]]]] = {
    "capacity": _of_cover, "hide": _of_hide, "reveal": _of_reveal, "detect": _of_detect, "inspect": _of_inspect,
    "generate": _of_generate, "convert": _of_convert,
}  # fmt: skip


UNLISTED = ("capacity", "convert")  # kinds of jobs that serve a form, and make nothing to come back to


def name_of(kind: str, given: dict[str, Any]) -> str:
    """Return in words what a job was given."""
    if kind == "detect":
        return str(given["images"][0][0]) if len(given["images"]) == 1 else f"{len(given['images'])} pictures"
    if kind == "generate":
        return f"{given['count']} covers by {given['generator']}"
    if given.get("model"):
        return f"a cover drawn by {given['model']}"
    if given.get("other_name"):
        return f"{given['name']} and {given['other_name']}"
    return str(given["name"])


_FILE = {"type": "string", "format": "binary"}
_WORDS = (
    "message",
    "passphrase",
    "generated",
    "scheme",
    "generator",
    "seed",
    "count",
    "from",
    "to",
    "covers",
    "changed",
    "made",
    "remedy",
)
_FIELDS = {
    **dict.fromkeys(("cover", "stego", "image", "other", "payload", "key_file"), _FILE),
    **{name: {"type": "string"} for name in _WORDS},
    "images": {"type": "array", "items": _FILE},
}
# The forms in the page's own description; each kind of job reads some of the fields.
DESCRIBED: dict[str, Any] = {
    "requestBody": {"content": {"multipart/form-data": {"schema": {"type": "object", "properties": _FIELDS}}}}
}
