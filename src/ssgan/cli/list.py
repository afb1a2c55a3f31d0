"""`ssgan list`: the catalogs.

Their rows are kept in `catalog.json`, which `make docs` writes, so that listing them needs neither torch nor numba. Where a
file was added to a catalog's folder since then, or one taken away, the catalogs themselves are imported.
"""

from __future__ import annotations

import json as json_format
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

from cyclopts import Parameter

from ssgan.cli.options import Json
from ssgan.cli.screen import Screen, counted

Catalog: TypeAlias = Literal["schemes", "coders", "features", "detectors"]
KEPT = Path(__file__).with_name("catalog.json")
_FOLDERS = (
    "embedding/schemes",
    "embedding/coders",
    "steganalysis/features",
    "steganalysis/networks",
)  # a file a row, and helpers
_SIDE = 64  # pixels of the gray image for which a network's parameters are counted


def list_catalog(
    catalog: Annotated[Catalog, Parameter(help="Which catalog.")] = "schemes",
    /,
    *,
    json: Json = False,
) -> None:
    """List schemes, coders, feature sets or detectors.

    Schemes set what each change costs, and coders turn bits into changes. Feature sets are what a detector measures, and
    detectors decide. --json adds the paper of each.
    """
    rows = _kept(catalog) or rows_of(catalog)
    if not json:
        rows = [{key: value for key, value in row.items() if key != "paper"} for row in rows]
    Screen(json=json).table({"features": "features"}.get(catalog, catalog.removesuffix("s")), rows)


def rows_of(catalog: Catalog) -> list[dict[str, Any]]:
    """Return the rows of a catalog itself, which is imported."""
    return {"schemes": _schemes, "coders": _coders, "features": _features, "detectors": _detectors}[catalog]()


def kept_text() -> str:
    """Return what `catalog.json` should hold."""
    catalogs: tuple[Catalog, ...] = ("schemes", "coders", "features", "detectors")
    return (
        json_format.dumps({"files": _files(), **{name: rows_of(name) for name in catalogs}}, indent=1, ensure_ascii=False)
        + "\n"
    )


def _kept(catalog: Catalog) -> list[dict[str, Any]]:
    """Return the rows as they were kept; none where the files of the catalogs are others now, or nothing is kept."""
    from ssgan.storage.state_files import Damaged, read_object

    try:
        kept = read_object(KEPT, "files", catalog)
    except Damaged:
        return []
    rows: list[dict[str, Any]] = kept[catalog]
    return rows if kept["files"] == _files() else []


def _files() -> list[str]:
    """Return the names of the catalogs' files."""
    package = Path(__file__).resolve().parents[1]
    return sorted(f"{folder}/{path.name}" for folder in _FOLDERS for path in (package / folder).glob("*.py"))


def _schemes() -> list[dict[str, Any]]:
    from ssgan.embedding.catalog import COEFFICIENT_SCHEMES, SCHEMES

    return [
        {"scheme": name, "title": entry.title, "covers": "pixels", "summary": entry.summary, "paper": entry.paper}
        for name, entry in SCHEMES.items()
    ] + [
        {
            "scheme": name,
            "title": row.title,
            "covers": "new JPEG" if row.needs_errors else "JPEG",
            "summary": row.summary,
            "paper": row.paper,
        }
        for name, row in COEFFICIENT_SCHEMES.items()
    ]


def _coders() -> list[dict[str, Any]]:
    from ssgan.embedding.catalog import CODERS

    return [{"coder": name, "summary": entry.summary} for name, entry in CODERS.items()]


def _features() -> list[dict[str, Any]]:
    from ssgan.steganalysis.catalog import FEATURES

    return [
        {
            "features": name,
            "title": found.title,
            "images": "JPEG" if found.domain == "coefficients" else _images(found.channels),
            "dimension": found.dimension,
            "summary": found.summary,
            "paper": found.paper,
        }
        for name, found in FEATURES.items()
    ]


def _detectors() -> list[dict[str, Any]]:
    from ssgan.steganalysis.catalog import DETECTORS

    return [
        {
            "detector": name,
            "title": entry.title,
            "images": "JPEG" if entry.domain == "coefficients" else _images(entry.channels),
            "size": _size(entry.kind, entry.built_on),
            "summary": entry.summary,
            "paper": entry.paper,
        }
        for name, entry in DETECTORS.items()
    ]


def _images(channels: tuple[int, ...]) -> str:
    return "any" if len(channels) > 1 else "gray" if channels == (1,) else "color"


def _size(kind: str, built_on: str) -> str:
    """Return how many numbers a detector learns from, or how many parameters it has."""
    from ssgan.steganalysis.catalog import FEATURES, NETWORKS

    if kind == "features":
        return counted(FEATURES[built_on].dimension, "feature")
    network = NETWORKS[built_on].make(_SIDE, 1)
    return counted(sum(weights.numel() for weights in network.parameters()), "parameter")
