"""A sheet shows each image once, unchanged."""

from __future__ import annotations

import pytest
import torch

from ssgan.views.contact_sheet import contact_sheet


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("count", [1, 5, 6])
def test_every_image_stands_in_its_place(channels: int, count: int) -> None:
    pictures = torch.randint(0, 256, (count, channels, 4, 5), dtype=torch.uint8)
    page = contact_sheet(pictures, 3)
    columns, rows = min(3, count), -(-count // 3)
    assert page.shape == (channels, 6 * rows - 2, 7 * columns - 2)
    for i, picture in enumerate(pictures.numpy()):
        top, left = i // 3 * 6, i % 3 * 7
        assert (page[:, top : top + 4, left : left + 5] == picture).all()
