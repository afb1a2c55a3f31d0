"""Every network of the catalog is held to the same contract; what papers count is counted."""

from __future__ import annotations

import pytest
import torch

from ssgan.steganalysis.catalog import NETWORKS
from ssgan.steganalysis.networks.gncnn import Gncnn
from ssgan.steganalysis.networks.yenet import YeNet

FULLY_CONVOLUTIONAL = ("xunet", "yenet", "yedroudj", "srnet")


def images(count: int, channels: int, size: int) -> torch.Tensor:
    return torch.randint(0, 256, (count, channels, size, size), generator=torch.Generator().manual_seed(size)).float()


def parameters(network: torch.nn.Module) -> int:
    return sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", NETWORKS)
def test_it_gives_one_finite_logit_an_image(name: str, channels: int) -> None:
    for size in (32, 64):
        network = NETWORKS[name].make(size, channels).eval()
        logits = network(images(3, channels, size))
        assert logits.shape == (3,)
        assert bool(logits.isfinite().all())


@pytest.mark.parametrize("name", NETWORKS)
def test_the_verdict_does_not_depend_on_the_batch(name: str) -> None:
    """In float64: logits of untrained networks reach hundreds, of which float32 rounds another part on each processor."""
    torch.manual_seed(1)
    network = NETWORKS[name].make(32, 1).eval().double()
    batch = images(4, 1, 32).double()
    alone = torch.cat([network(batch[i : i + 1]) for i in range(4)])
    torch.testing.assert_close(network(batch), alone, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_gradient_reaches_the_image_and_every_weight(name: str) -> None:
    torch.manual_seed(1)
    network = NETWORKS[name].make(32, 1).train()
    pixels = images(4, 1, 32).requires_grad_()
    network(pixels).square().sum().backward()
    assert pixels.grad is not None
    assert float(pixels.grad.abs().max()) > 0
    for weight_name, weight in network.named_parameters():
        assert weight.grad is not None, weight_name
        assert float(weight.grad.abs().max()) > 0 or "bias" in weight_name, weight_name


@pytest.mark.parametrize("name", FULLY_CONVOLUTIONAL)
@pytest.mark.parametrize("size", [33, 48, 100])
def test_any_size_will_do(name: str, size: int) -> None:
    assert NETWORKS[name].make(size, 1).eval()(images(1, 1, size)).shape == (1,)


@pytest.mark.parametrize("size", [32, 48, 64, 100, 128])
def test_gncnn_has_its_256_features_at_any_size(size: int) -> None:
    network = Gncnn(size)
    assert network.dense[0].in_features == 256
    assert network.eval()(images(1, 1, size)).shape == (1,)


@pytest.mark.parametrize(
    ("name", "channels", "thousands", "second_output"),
    [
        ("xunet", 1, 14.9, 129),
        ("yenet", 1, 108, 145),
        ("yedroudj", 1, 446, 1025),
        ("srnet", 1, 4780, 512),
        ("sgan-s", 3, 4320, 0),
    ],
)
def test_the_parameters_are_counted_as_published(name: str, channels: int, thousands: float, second_output: int) -> None:
    """Published (or counted by others on the published layers) to three digits, with two outputs; one logit needs one only."""
    counted = (parameters(NETWORKS[name].make(64, channels)) + second_output) / 1000
    assert counted == pytest.approx(thousands, rel=5e-3)


def test_gncnn_is_counted_as_published() -> None:
    """63,458 for 256 x 256 with two outputs: 416 + 3 (2,320) + 6,416 + 32,896 + 16,512 + 258, of which 129 are the second's."""
    assert parameters(Gncnn(256, form="published")) == 63_458 - 129
    assert Gncnn(256, form="published").eval()(images(1, 1, 256)).shape == (1,)
    assert parameters(Gncnn(64)) == 61_138 - 129  # one layer of 2,320 fewer


def test_gncnn_activations_are_gaussian_one_by_one() -> None:
    network = Gncnn(64).eval()
    x = images(2, 1, 64)
    filtered = torch.nn.functional.conv2d(x, network.kv, padding=2)
    expected = network.pools[0](torch.exp(-(network.convolutions[0](filtered) ** 2)))
    captured = []
    network.pools[0].register_forward_hook(lambda module, given, made: captured.append(made))
    network(x)
    torch.testing.assert_close(captured[0], expected)


def test_yenet_hears_of_the_selection_channel() -> None:
    network = YeNet().eval()
    x = images(2, 1, 32)
    silent, with_maps = network(x), network(x, torch.full_like(x, 0.1))
    torch.testing.assert_close(network(x, torch.zeros_like(x)), silent)
    assert not torch.equal(silent, with_maps)


def test_a_flat_image_gives_every_fixed_filter_nothing_inside() -> None:
    from ssgan.images import filters

    bank = filters.srm_bank()
    assert bank.shape == (30, 5, 5)
    assert abs(bank.sum(axis=(1, 2))).max() < 1e-12
    assert abs(abs(bank[:, 2, 2]) - 1).max() < 1e-12
    assert len({kernel.tobytes() for kernel in bank}) == 30


@pytest.mark.parametrize("channels", [1, 3])
def test_gncnn_in_fewer_passes_is_the_same(channels: int) -> None:
    """Logits, and derivatives by images and weights, in float64."""
    torch.manual_seed(1)
    network = Gncnn(32, channels, sigma=1.5).double()
    pixels = torch.randint(0, 256, (3, channels, 32, 32), generator=torch.Generator().manual_seed(1)).double()
    found = []
    for way in (network, network.lean):
        at = pixels.clone().requires_grad_()
        logits = way(at)
        found.append([logits, *torch.autograd.grad(logits.square().sum(), [at, *network.parameters()])])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)
