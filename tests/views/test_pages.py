"""A page is its template, filled: pictures inside it, and nothing half written."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pytest

from ssgan import images
from ssgan.errors import StorageFailed
from ssgan.views import pages


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_comes_back_from_its_address(channels: int) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (channels, 5, 7), dtype=np.uint8)
    address = pages.inline(picture)
    assert address.startswith("data:image/png;base64,")
    assert np.array_equal(images.read(base64.b64decode(address.split(",")[1])).samples, picture)


def test_a_page_is_not_written_over_unless_asked(tmp_path: Path) -> None:
    page = tmp_path / "deep" / "page.html"
    pages.write(page, "one")
    with pytest.raises(StorageFailed, match="exists already"):
        pages.write(page, "two")
    assert page.read_text(encoding="utf-8") == "one"
    pages.write(page, "two", overwrite=True)
    assert page.read_text(encoding="utf-8") == "two"
