"""Write what `ssgan inspect` shows: pictures in a folder, or a page with all of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from ssgan.evaluation.inspection import PricedCover

_PAGES = {".html", ".htm"}


def write_pictures(
    out: Path, title: str, facts: dict[str, str], shown: dict[str, np.ndarray], every: list[PricedCover], *, force: bool
) -> None:
    """Write the page, or the pictures in a folder."""
    from ssgan.evaluation import inspection
    from ssgan.views import pages

    if not _is_page(out):
        inspection.write_pictures(shown, out, overwrite=force)
        return
    apart = {name: picture for name, picture in shown.items() if name != "schemes" or not every}  # they come one by one
    pages.write(out, inspection.page(title, facts, apart, every), overwrite=force)


def where(out: Path | None) -> list[str]:
    """Return the line that says where the pictures are, where there are any."""
    if out is None:
        return []
    return [f"the page is {out}" if _is_page(out) else f"pictures in {out}"]


def files(out: Path | None, shown: dict[str, np.ndarray]) -> list[str]:
    """Return the paths of what was written."""
    if out is None:
        return []
    return [str(out)] if _is_page(out) else [str(out / f"{name}.png") for name in shown]


def _is_page(out: Path) -> bool:
    return out.suffix.lower() in _PAGES
