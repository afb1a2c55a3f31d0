"""Which images are judged is left to chance, and those that cannot be are named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ssgan import images as pixels
from ssgan.datasets import Geometry
from ssgan.errors import InvalidSetting, RefusedImage
from ssgan.evaluation.quality.image_sets import choose


def test_images_are_chosen_by_chance_in_their_order_and_bad_ones_are_named(tmp_path: Path) -> None:
    for i in range(9):
        pixels.write(tmp_path / f"{i}.png", np.full((1, 16, 16), i, np.uint8))
    pixels.write(tmp_path / "9.png", np.zeros((1, 8, 8), np.uint8))
    everything = choose(tmp_path, Geometry(), limit=100)
    assert everything.images[:, 0, 0, 0].tolist() == list(range(9))
    assert [name for name, _ in everything.bad] == ["9.png"]
    some = choose(tmp_path, Geometry(), limit=4, seed=1)
    values = some.images[:, 0, 0, 0].tolist()
    assert values == sorted(values)
    assert some.available == 10
    assert len(some.images) + len(some.bad) == 4
    with pytest.raises(RefusedImage, match="no usable image"):
        choose(tmp_path, Geometry(crop=32), limit=4)
    with pytest.raises(InvalidSetting, match="limit is 0"):
        choose(tmp_path, Geometry(), limit=0)
