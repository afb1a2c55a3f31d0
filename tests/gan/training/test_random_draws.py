from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from ssgan.compute.distributed import Processes
from ssgan.errors import InvalidSetting
from ssgan.gan.training.random_draws import RandomDraws, Use
from ssgan.gan.training.settings import PRESETS

CONFIG = replace(PRESETS["paper"], batch=12, latent=50)
CPU = torch.device("cpu")


def test_every_use_step_and_turn_has_latents_of_its_own_and_keeps_them() -> None:
    draws = RandomDraws(CONFIG, Processes(), CPU)
    uses: tuple[Use, ...] = ("critic", "detector", "generator")
    asked = [(use, step, turn) for use in uses for step in (0, 1) for turn in (0, 1)]
    drawn = [draws.latents(*what) for what in asked]
    assert len({bytes(latents.numpy()) for latents in drawn}) == len(asked)
    again = RandomDraws(CONFIG, Processes(), CPU)
    assert all(torch.equal(again.latents(*what), latents) for what, latents in zip(asked, drawn, strict=True))
    other = RandomDraws(replace(CONFIG, seed=1), Processes(), CPU)
    assert not torch.equal(other.latents("critic", 0), drawn[0])


def test_latents_follow_the_law_that_was_asked_for() -> None:
    many = replace(CONFIG, batch=600)
    uniform = RandomDraws(many, Processes(), CPU).latents("critic", 0)
    assert uniform.dtype == torch.float32
    assert -1 <= float(uniform.min()) < -0.99
    assert 0.99 < float(uniform.max()) < 1
    assert float(uniform.std()) == pytest.approx(3**-0.5, rel=0.02)
    normal = RandomDraws(replace(many, latent_law="normal"), Processes(), CPU).latents("critic", 0)
    assert float(normal.std()) == pytest.approx(1, rel=0.02)
    assert float(normal.abs().max()) > 3


@pytest.mark.parametrize("count", [2, 3, 4])
def test_processes_together_draw_what_one_does(count: int) -> None:
    alone, parts = (
        RandomDraws(CONFIG, Processes(), CPU),
        [RandomDraws(CONFIG, Processes(rank, count), CPU) for rank in range(count)],
    )
    torch.testing.assert_close(torch.cat([part.latents("critic", 3, 1) for part in parts]), alone.latents("critic", 3, 1))
    np.testing.assert_array_equal(
        np.concatenate([p.image_seeds("detector", 3) for p in parts]), alone.image_seeds("detector", 3)
    )
    torch.testing.assert_close(torch.cat([part.penalty(3) for part in parts]), alone.penalty(3), rtol=0, atol=0)


def test_a_batch_that_cannot_be_shared_out_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="12 images cannot be shared out among 5"):
        RandomDraws(CONFIG, Processes(0, 5), CPU)
