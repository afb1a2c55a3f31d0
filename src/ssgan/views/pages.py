"""Render self-contained pages: a template with its style and pictures inside, without requests and scripts."""

from __future__ import annotations

import base64
import re
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from ssgan import images
from ssgan.storage.atomic import atomic_write
from ssgan.storage.folders import make_folder
from ssgan.storage.names import name_bytes, shown, written

_PLAIN_WORD = re.compile(r"[a-z]+(?:[ ,]|$)")


def render(template: str, **values: Any) -> str:
    """Return the page of a template, named by its path in the package; text not marked as safe is escaped."""
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_seen,
        loader=FunctionLoader(lambda name: files("ssgan").joinpath(name).read_text(encoding="utf-8")),
    )
    environment.filters["urlencode"] = lambda name: quote(name_bytes(str(name)))  # jinja's own takes UTF-8 only
    environment.filters["sentence"] = sentence
    return written(environment.get_template(template).render(**values))


def sentence(text: str, name: str = "") -> str:
    """Return a message with a capital first letter, unless it begins with `name` or with a word that no dictionary has."""
    is_named = bool(name) and text.startswith(name)
    return text if is_named or not _PLAIN_WORD.match(text) else text[:1].upper() + text[1:]


def _seen(value: Any) -> Any:
    """Return a value as it may be shown, as on a terminal (`ssgan.storage.names`); text marked as safe is unchanged."""
    return shown(value, keep="\n\r\t") if isinstance(value, str) and not isinstance(value, Markup) else value


def inline(picture: np.ndarray) -> str:
    """Return a picture uint8 (C, H, W) as a data address with its PNG."""
    return "data:image/png;base64," + base64.b64encode(images.encode(picture)).decode("ascii")


def write(path: Path, text: str, *, overwrite: bool = False) -> None:
    """Write the page to a file, whose folder is made. Raises StorageFailed, also where a file is in the way."""
    make_folder(path.parent)
    with atomic_write(path, overwrite=overwrite, durable=False) as temporary:
        temporary.write_text(written(text), encoding="utf-8", newline="\n")
