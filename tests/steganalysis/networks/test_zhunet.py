"""Zhu-Net is counted layer by layer, its filters are high-pass in both sizes, and its pyramid takes any size."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from ssgan.images import filters
from ssgan.steganalysis.networks.zhunet import ZhuNet, filter_banks


def images(count: int, channels: int, size: int) -> torch.Tensor:
    return torch.randint(0, 256, (count, channels, size, size), generator=torch.Generator().manual_seed(size)).float()


def parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def test_it_has_as_many_parameters_as_the_official_code() -> None:
    """2,871,730 with two outputs, added up by hand from its layers; one logit needs 1,025 fewer."""
    network = ZhuNet()
    assert parameters(network.small) + parameters(network.large) == 25 * 10 + 5 * 26
    assert parameters(network.depthwise) + parameters(network.mixed) == 2 * 2_490
    assert parameters(network.groups) == 8_736 + 9_312 + 18_624 + 74_112
    assert parameters(network.dense) == 2_753_536 + 2_050 - 1_025
    assert parameters(network) == 2_871_730 - 1_025


def test_color_adds_filters_and_a_mixing_shortcut_only() -> None:
    extra = parameters(ZhuNet(64, 3)) - parameters(ZhuNet(64, 1))
    assert extra == 2 * 380 + 2 * 600 + 120 * 30 + 90 * 30  # filters, depthwise, the first 1 x 1, the shortcut


@pytest.mark.parametrize(("size", "side"), [(32, 4), (64, 8), (100, 13), (128, 16)])
def test_three_poolings_leave_an_eighth_of_the_side_and_the_pyramid_21_averages(size: int, side: int) -> None:
    network = ZhuNet(size).eval()
    last: list[torch.Tensor] = []
    network.groups.register_forward_hook(lambda module, given, made: last.append(made))
    network.dense.register_forward_hook(lambda module, given, made: last.append(given[0]))
    network(images(2, 1, size))
    assert last[0].shape == (2, 128, side, side)
    assert last[1].shape == (2, 128 * 21)
    torch.testing.assert_close(last[1][:, :128], last[0].mean(dim=(2, 3)))


@pytest.mark.parametrize(("height", "width"), [(32, 33), (48, 100)])
def test_any_size_will_do(height: int, width: int) -> None:
    assert ZhuNet().eval()(torch.zeros(1, 1, height, width)).shape == (1,)


def test_no_filter_sees_a_flat_image_or_equals_another() -> None:
    for bank in filter_banks():
        assert abs(bank.sum(axis=(1, 2))).max() < 1e-12
        middle = bank.shape[1] // 2
        assert abs(abs(bank[:, middle, middle]) - 1).max() < 1e-12
        assert len({kernel.tobytes() for kernel in bank}) == len(bank)


def test_only_third_differences_lose_a_tap_to_their_neighbor() -> None:
    small, large = filter_banks()
    bank = filters.srm_bank()
    assert small.shape == (25, 3, 3)
    assert np.array_equal(large, bank[25:])
    kept = [np.array_equal(kernel, whole[1:4, 1:4]) for kernel, whole in zip(small, bank, strict=False)]
    assert kept == [True] * 12 + [False] * 8 + [True] * 5
    np.testing.assert_allclose(small[12], np.array([[0, 0, 0], [1, -3, 2], [0, 0, 0]]) / 3)


def test_the_filters_are_the_first_layer_and_learn_on() -> None:
    network = ZhuNet().train()
    flat = torch.full((1, 1, 32, 32), 77.0)
    assert float(network.small(flat)[..., 2:-2, 2:-2].detach().abs().max()) < 1e-4
    assert float(network.large(flat)[..., 2:-2, 2:-2].detach().abs().max()) < 1e-4
    network(images(4, 1, 32)).square().sum().backward()
    assert network.small.weight.grad is not None
    assert float(network.small.weight.grad.abs().amin(dim=0).max()) > 0


def test_of_color_each_channel_is_filtered_alone_and_the_shortcut_starts_with_one_channel_a_filter() -> None:
    network = ZhuNet(32, 3)
    x = images(2, 3, 32)
    seen = torch.cat([network.small(x), network.large(x)], dim=1)  # (2, 90, 32, 32)
    gray = ZhuNet(32, 1)
    alone = torch.stack([torch.cat([gray.small(x[:, [c]]), gray.large(x[:, [c]])], dim=1) for c in range(3)])
    in_turn = torch.stack([alone[i % 3, :, i] for i in range(30)], dim=1)
    torch.testing.assert_close(network.shortcut(seen), in_turn, rtol=1e-4, atol=1e-3)


def test_the_magnitude_makes_the_first_separable_convolution_blind_to_the_sign() -> None:
    """With the depthwise bias at zero, an image and its negative differ by the shortcut only."""
    network = ZhuNet().eval()
    nn.init.zeros_(network.depthwise.bias)  # type: ignore[arg-type]
    x = torch.cat([network.small(images(1, 1, 32)), network.large(images(1, 1, 32))], dim=1)
    torch.testing.assert_close(network.depthwise(-x).abs(), network.depthwise(x).abs())
    branches: list[torch.Tensor] = []
    network.mixed.register_forward_hook(lambda module, given, made: branches.append(made))
    network(images(1, 1, 32))
    network(-images(1, 1, 32))
    torch.testing.assert_close(branches[0], branches[1])
