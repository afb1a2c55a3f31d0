"""The faster ways are torch's own layers in other words: the same values, derivatives, keys, and the same bits every time."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from ssgan.gan.backbones import dcgan, layers, strided_conv

SIDES, CHANNELS = st.integers(2, 17), st.integers(1, 7)
BATCHES = st.integers(1, 5)
BATCH = 8
KERNELS = st.sampled_from([4, 5])


@pytest.fixture(autouse=True, scope="module")
def _every_layer_is_wide() -> Iterator[None]:
    """So that small ones, which are quick to test, go through as the large ones do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(layers, "WIDE", 1)
        patch.setattr(layers, "WIDE_IMAGE", 1)
        yield


def witness(layer: nn.Conv2d | nn.ConvTranspose2d) -> nn.Module:
    """torch's layer with the same weights."""
    before, after, side, bias = layer.in_channels, layer.out_channels, layer.weight.shape[2], layer.bias is not None
    padding, made = (2 if side == 5 else 1), nn.Module()
    if isinstance(layer, nn.ConvTranspose2d):
        made = nn.ConvTranspose2d(before, after, side, 2, padding, 1 if side == 5 else 0, bias=bias)
    else:
        made = nn.Conv2d(before, after, side, 2, padding, bias=bias)
    made.load_state_dict(layer.state_dict())
    return made


def close(ours: torch.Tensor, torchs: torch.Tensor) -> None:
    """To 1e-5 of the largest value."""
    assert ours.shape == torchs.shape
    scale = max(float(torchs.detach().abs().max()), 1e-3) if torchs.numel() else 1.0
    torch.testing.assert_close(ours / scale, torchs / scale, rtol=0, atol=1e-5)


@given(st.booleans(), KERNELS, SIDES, SIDES, CHANNELS, CHANNELS, BATCHES, st.booleans(), st.booleans())
@settings(deadline=None, max_examples=80)
def test_values_and_both_derivatives_are_those_of_torchs_layers(
    ups: bool, kernel: int, height: int, width: int, before: int, after: int, count: int, bias: bool, laid_out: bool
) -> None:
    torch.manual_seed(height * width + before)
    layer = (layers.up if ups else layers.down)(before, after, kernel, bias=bias)
    plain = witness(layer)
    if laid_out:
        layers.lay_out(layer)
    x = torch.rand(count, before, height, width)  # positive, as the gradient: sums that all but cancel are no yardstick
    ours, torchs = x.clone().requires_grad_(), x.clone().requires_grad_()
    assert layers.by_products(ours, layer.weight)
    y, wanted = layer(ours), plain(torchs)
    close(y, wanted)
    gradient = torch.rand_like(wanted)
    y.backward(gradient)
    wanted.backward(gradient)
    for mine, its in zip((ours, *layer.parameters()), (torchs, *plain.parameters()), strict=True):
        assert mine.grad is not None
        assert its.grad is not None
        close(mine.grad, its.grad)


@pytest.mark.parametrize(("channels", "size"), [(1, 33), (3, 32), (3, 50)])
@pytest.mark.parametrize("kernel", [4, 5])
def test_nets_are_those_of_torchs_layers(kernel: int, channels: int, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def run() -> list[torch.Tensor]:
        torch.manual_seed(1)
        generator = dcgan.Generator(size, channels, latent=8, width=8, kernel=kernel)
        critic = dcgan.Critic(size, channels, width=8, kernel=kernel)
        floats = generator(torch.randn(BATCH, 8))
        critic(floats).square().sum().backward()
        nets = nn.ModuleList([generator, critic])
        gradients = [weight.grad for weight in nets.parameters() if weight.grad is not None]
        return [floats.detach(), *nets.state_dict().values(), *gradients]

    ours = run()
    monkeypatch.setattr(layers, "by_products", lambda *_: False)
    for mine, its in zip(ours, run(), strict=True):
        # Gradients go through four BatchNorms of small batches, which multiply what rounding leaves.
        torch.testing.assert_close(mine, its, rtol=2e-4, atol=2e-4 * max(1.0, float(its.abs().max())))


MAPS: dict[str, Any] = {
    "narrow": lambda x, w, y: (lambda x, w: strided_conv.narrow(x, w), (x, w)),
    "widen": lambda x, w, y: (lambda y, w: strided_conv.widen(y, w, (x.shape[2], x.shape[3])), (y, w)),
    "kernel": lambda x, w, y: (lambda x, y: strided_conv.kernel(x, y, w.shape[2]), (x, y)),
}


@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize("channels", [2, strided_conv.IMAGE_CHANNELS + 1])
@pytest.mark.parametrize("kernel", [4, 5])
def test_derivatives_of_derivatives_are_right(name: str, channels: int, kernel: int) -> None:
    rng = torch.Generator().manual_seed(1)
    x, w, y = (
        torch.randn(shape, dtype=torch.float64, generator=rng, requires_grad=True)
        for shape in ((2, channels, 5, 4), (2, channels, kernel, kernel), (2, 2, strided_conv.narrow_side(5, kernel), 2))
    )
    function, arguments = MAPS[name](x, w, y)
    assert torch.autograd.gradcheck(function, arguments, fast_mode=True)
    assert torch.autograd.gradgradcheck(function, arguments, fast_mode=True)


@pytest.mark.parametrize("norm", ["none", "batch"])
def test_a_gradient_penalty_is_that_of_torchs_layers(norm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The critic's gradient at the images, and the derivative of its norm by the critic's weights."""

    def penalized() -> list[torch.Tensor]:
        torch.manual_seed(1)
        critic = dcgan.Critic(32, 3, width=8, norm=norm)
        floats = torch.rand(BATCH, 3, 32, 32, requires_grad=True)
        (gradient,) = torch.autograd.grad(critic(floats).sum(), floats, create_graph=True)
        (gradient.flatten(1).norm(dim=1) - 1).square().mean().backward()
        return [weight.grad for weight in critic.parameters() if weight.grad is not None]

    ours = penalized()
    monkeypatch.setattr(layers, "by_products", lambda *_: False)
    torchs = penalized()
    assert len(ours) == len(torchs) > 3
    for mine, its in zip(ours, torchs, strict=True):
        torch.testing.assert_close(mine, its, rtol=1e-3, atol=1e-4 * float(its.abs().max()) + 1e-7)


def test_weights_gradients_that_nobody_asks_for_are_not_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    critic, floats = dcgan.Critic(32, 3, width=8), torch.rand(BATCH, 3, 32, 32, requires_grad=True)
    values = critic(floats).sum()
    asked: list[tuple[int, ...]] = []
    made = strided_conv._kernel

    def counting(x: torch.Tensor, y: torch.Tensor, side: int) -> torch.Tensor:
        asked.append(tuple(x.shape))
        return made(x, y, side)

    monkeypatch.setattr(strided_conv, "_kernel", counting)
    torch.autograd.grad(values, floats, retain_graph=True)
    assert not asked
    values.backward()
    assert len(asked) == len(critic.downs)


def test_the_same_batch_gives_the_same_bits() -> None:
    def run() -> list[torch.Tensor]:
        torch.manual_seed(1)
        critic = dcgan.Critic(32, 3, width=8)
        critic(torch.rand(BATCH, 3, 32, 32)).square().sum().backward()
        return [weight.grad for weight in critic.parameters() if weight.grad is not None]

    for first, second in zip(run(), run(), strict=True):
        assert torch.equal(first, second)


def test_weights_of_torchs_layers_load_and_keep_their_place_in_memory() -> None:
    generator = dcgan.Generator(32, 3, latent=8, width=8)
    plain = {f"ups.{i}": witness(layer) for i, layer in enumerate(generator.ups) if isinstance(layer, nn.ConvTranspose2d)}
    state = generator.state_dict()
    strides = [weight.stride() for weight in generator.parameters()]
    given = {
        **state,
        **{f"{name}.{key}": torch.randn(t.shape) for name, net in plain.items() for key, t in net.state_dict().items()},
    }
    assert set(given) == set(state), "the keys are those of torch's layers"
    file = io.BytesIO()
    torch.save(given, file)
    file.seek(0)
    generator.load_state_dict(torch.load(file))
    for key, value in generator.state_dict().items():
        assert torch.equal(value, given[key])
    assert [weight.stride() for weight in generator.parameters()] == strides


def test_gradients_come_as_the_weights_lie() -> None:
    """So that an optimizer goes over both in one pass."""
    critic = dcgan.Critic(32, 3, width=8)
    critic(torch.rand(BATCH, 3, 32, 32)).sum().backward()
    for layer in critic.downs:
        assert isinstance(layer, layers.Down)
        assert layer.weight.grad is not None
        assert layer.weight.grad.stride() == layer.weight.stride()
        assert layer.weight.permute(2, 3, 1, 0).is_contiguous()


@pytest.mark.parametrize("training", [True, False])
def test_a_norm_sees_the_same_batch_in_either_order(training: bool) -> None:
    torch.manual_seed(1)
    norms = [nn.BatchNorm2d(6).train(training) for _ in range(2)]
    for norm in norms:
        nn.init.uniform_(norm.weight)
        norm.load_state_dict(norms[0].state_dict())
    x = torch.randn(BATCH, 6, 4, 4) * 3 + 1
    outside = strided_conv.places_first(x).permute(2, 3, 0, 1)
    assert outside.stride() != x.stride()
    ours = layers.activated(norms[0], outside, 0.2)
    close(ours, nn.functional.leaky_relu(norms[1](x), 0.2))
    assert ours.stride() == outside.stride()
    for mine, its in zip(norms[0].state_dict().values(), norms[1].state_dict().values(), strict=True):
        torch.testing.assert_close(mine, its)


def test_narrow_layers_and_other_numbers_go_as_torch_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    x, weight = torch.zeros(1, 6, 8, 8), torch.zeros(4, 6, 5, 5)
    assert layers.by_products(x, weight)
    assert not layers.by_products(x.double(), weight.double())
    with torch.autocast("cpu", torch.bfloat16):
        assert not layers.by_products(x, weight)
    with FlopCounterMode(display=False) as counter:
        assert layers.down(6, 4, 5, bias=False)(x).shape == (1, 4, 4, 4)
    assert counter.get_total_flops() == 2 * 6 * 4 * 5**2 * 4**2, "who counts is shown torch's own layer"
    monkeypatch.setattr(layers, "WIDE", 4 * 6 + 1)
    assert not layers.by_products(x, weight)
    narrow = layers.down(6, 4, 5, bias=False)
    layers.lay_out(narrow)
    assert narrow.weight.is_contiguous()


def test_the_papers_nets_are_wide_throughout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "WIDE", 64 * 128)
    monkeypatch.setattr(layers, "WIDE_IMAGE", 64)
    for net in (dcgan.Generator(), dcgan.Critic()):
        found = [layer for layer in net.modules() if isinstance(layer, layers.Up | layers.Down)]
        assert len(found) == 4
        assert all(layers.is_wide(layer.weight) for layer in found)


@pytest.mark.parametrize("bias", [False, True])
@given(side=st.integers(1, 6), inside=st.integers(1, 5), channels=st.integers(1, 3))
def test_by_phases_the_layers_at_the_image_are_torchs_own(side: int, inside: int, channels: int, bias: bool) -> None:
    """What graphics cards do, here in float64: values, and derivatives by input, weights and bias, twice."""
    torch.manual_seed(side)
    made: list[nn.Conv2d | nn.ConvTranspose2d] = [
        layers.up(inside, channels, 5, bias=bias),
        layers.down(channels, inside, 5, bias=bias),
    ]
    given = torch.randn(2, inside, side, side).double(), torch.randn(2, channels, 2 * side, 2 * side).double()
    for layer, x in zip(made, given, strict=True):
        layer.double()
        plain = witness(layer).double()
        plain.load_state_dict(layer.state_dict())
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(layers, "by_phases", lambda *_: True)
            found = twice(layer, x)
        for one, other in zip(found, twice(plain, x), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)


def twice(layer: nn.Module, x: torch.Tensor) -> list[torch.Tensor]:
    """The output, its derivative by the input, and the second ones, as a penalty takes them."""
    at = x.clone().requires_grad_()
    y = layer(at)
    (first,) = torch.autograd.grad(y.pow(3).sum(), at, create_graph=True)
    return [y.detach(), first.detach(), *torch.autograd.grad(first.square().sum(), [at, *layer.parameters()])]


def test_by_phases_only_layers_at_the_image_go_on_graphics_cards() -> None:
    assert not layers.by_phases(torch.zeros(1, 64, 8, 8), layers.up(64, 3, 5, bias=True).weight)
