from __future__ import annotations

import pytest
import torch

from ssgan.gan.backbones.dcgan import Generator
from ssgan.gan.training.state import Average


def test_after_a_half_life_half_of_the_old_weights_is_left() -> None:
    generator = Generator(32, 1, latent=4, width=4)
    average = Average(generator, 1000)
    with torch.no_grad():
        for tensor in (*generator.parameters(), *generator.buffers()):
            tensor.fill_(1)
        for tensor in (*average.net.parameters(), *average.net.buffers()):
            tensor.fill_(0)
    for seen in range(100_100, 101_100, 100):  # late enough that the half-life is the one asked for
        average.follow(seen, 100)
    for name, tensor in average.net.state_dict().items():
        half = 1.0 if name.endswith("num_batches_tracked") else 0.5
        torch.testing.assert_close(tensor.float(), torch.full_like(tensor, half, dtype=torch.float32), msg=name)


def test_the_first_weights_are_soon_forgotten() -> None:
    generator = torch.nn.Linear(1, 1)
    average = Average(generator, 10**9)
    torch.nn.init.constant_(average.net.weight, 1e6)  # type: ignore[arg-type]
    for seen in range(10, 2000, 10):
        average.follow(seen, 10)
    assert float(average.net.weight) == pytest.approx(float(generator.weight.detach()), abs=1e-3)  # type: ignore[arg-type]


def test_the_average_is_no_part_of_the_game() -> None:
    average = Average(torch.nn.Linear(2, 2), 10)
    assert not any(weight.requires_grad for weight in average.net.parameters())
    assert not average.net.training
