"""The fast way through a network against the plain definition: same logits, same gradients, same running statistics."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import MappingProxyType

import pytest
import torch
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from ssgan.compute.threads import Parts
from ssgan.errors import InvalidSetting
from ssgan.steganalysis.catalog import NETWORKS
from ssgan.steganalysis.networks.fused.acceleration import Fusible, accelerated
from ssgan.steganalysis.networks.fused.normalized import normalized
from ssgan.steganalysis.networks.gncnn import Gncnn
from ssgan.steganalysis.networks.xunet import XuNet

CPU = torch.device("cpu")
FUSED = ("gncnn", "xunet")  # wholly; SRNet in parts
CLOSE = 5e-5  # of the largest value
SUMMED = 5e-6  # of the absolute values that a gradient sums: where they cancel, their rounding is what is left


def images(count: int, channels: int, size: int, seed: int = 0) -> torch.Tensor:
    """Smooth places with noise on them, as photographs are to a network: 0...255, float32."""
    rng = torch.Generator().manual_seed(seed)
    smooth = torch.nn.functional.interpolate(torch.rand((count, channels, 5, 5), generator=rng) * 200, size, mode="bilinear")
    return (smooth + 20 * torch.rand((count, channels, size, size), generator=rng)).round().clamp(0, 255)


def network(name: str, size: int, channels: int, seed: int = 1) -> torch.nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return NETWORKS[name].make(size, channels).train()


def learned(net: torch.nn.Module, forward: object, pixels: torch.Tensor) -> dict[str, torch.Tensor]:
    """One step's logits and gradients, and the buffers after it."""
    assert callable(forward)
    logits = forward(pixels)
    labels = torch.arange(len(pixels)).remainder(2).float()
    net.zero_grad()
    torch.nn.functional.binary_cross_entropy_with_logits(logits, labels).backward()
    gradients = {name: weight.grad for name, weight in net.named_parameters() if weight.grad is not None}
    assert len(gradients) == len(list(net.parameters()))
    return {"logits": logits.detach(), **gradients, **{name: buffer.clone() for name, buffer in net.named_buffers()}}


@contextmanager
def summing(net: torch.nn.Module) -> Iterator[dict[str, float]]:
    """For each bias and each dense weight, by name, the largest sum of absolute values of what its gradient sums."""
    found: dict[str, float] = {}

    def watch(name: str, given: torch.Tensor, output: torch.Tensor) -> None:
        def note(gradient: torch.Tensor) -> None:
            found[f"{name}.bias"] = float(gradient.abs().transpose(0, 1).flatten(1).sum(1).max())
            if gradient.ndim == 2:
                found[f"{name}.weight"] = float((gradient.abs().T @ given.detach().abs()).max())

        output.register_hook(note)

    with ExitStack() as hooks:
        for name, layer in net.named_modules():
            if isinstance(getattr(layer, "bias", None), torch.Tensor):
                hook = layer.register_forward_hook(lambda _, given, output, name=name: watch(name, given[0], output))
                hooks.callback(hook.remove)
        yield found


def assert_alike(
    ours: dict[str, torch.Tensor],
    expected: dict[str, torch.Tensor],
    tolerance: float = CLOSE,
    summed: Mapping[str, float] = MappingProxyType({}),
) -> None:
    assert ours.keys() == expected.keys()
    largest = {name: float(value.abs().max()) for name, value in expected.items()}
    # Some gradients are zero but for rounding, as those of a bias before BatchNorm.
    rounding = 1e-6 * max((value for name, value in largest.items() if name.endswith(("weight", "bias"))), default=0)
    for name, value in expected.items():
        assert ours[name].shape == value.shape, name
        difference = float((ours[name].double() - value.double()).abs().max())
        allowed = tolerance * largest[name] + SUMMED * summed.get(name, 0.0) + rounding
        assert difference <= allowed, f"{name}: {difference} of {largest[name]}, allowed {allowed}"


def compared(name: str, pixels: torch.Tensor, seed: int, tolerance: float = CLOSE) -> None:
    """The plain network computes in double precision, so that what is compared is the error of the fast way alone."""
    plain = network(name, pixels.shape[2], pixels.shape[1], seed)
    fast = copy.deepcopy(plain)
    with summing(plain) as summed:
        expected = learned(plain.double(), plain, pixels.double())
    assert_alike(learned(fast, accelerated(fast, device=CPU, images=1000), pixels), expected, tolerance, summed)


@settings(max_examples=10)
@example(name="gncnn", size=45, channels=3, count=2, seed=164)  # a bias whose gradient cancels
@given(
    name=st.sampled_from(FUSED),
    size=st.integers(32, 70),
    channels=st.sampled_from([1, 3]),
    count=st.integers(2, 11),
    seed=st.integers(0, 1000),
)
def test_a_fused_network_learns_what_the_plain_one_learns(name: str, size: int, channels: int, count: int, seed: int) -> None:
    compared(name, images(count, channels, size, seed), seed)


@pytest.mark.parametrize("size", [33, 47, 64])
@pytest.mark.parametrize("name", FUSED)
def test_so_it_is_at_odd_sizes_in_color(name: str, size: int) -> None:
    compared(name, images(4, 3, size), 7)


@pytest.mark.parametrize("name", [name for name in NETWORKS if name not in FUSED])
def test_every_other_network_learns_what_the_plain_one_learns(name: str) -> None:
    plain = network(name, 33, 1).double()
    fast = copy.deepcopy(plain)
    # In double precision both: in single, rounding moves values over the kinks of ReLU, and torch is no closer to itself.
    pixels = images(4, 1, 33).double() + torch.rand((4, 1, 33, 33), generator=torch.Generator().manual_seed(1))
    expected = learned(plain, plain, pixels)
    assert_alike(learned(fast, accelerated(fast, device=CPU, images=1000), pixels), expected)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [33, 64])
def test_srnet_gives_the_logits_and_statistics_of_the_plain_one(size: int, channels: int) -> None:
    """And its gradients, but for the few values that rounding moves over the kink of a ReLU, in either."""
    plain = network("srnet", size, channels)
    fast, pixels = copy.deepcopy(plain), images(4, channels, size)
    expected = learned(plain.double(), plain, pixels.double())
    ours = learned(fast, accelerated(fast, device=CPU, images=1000), pixels)
    gradients = {name for name, _ in plain.named_parameters()}
    assert_alike(
        {k: v for k, v in ours.items() if k not in gradients}, {k: v for k, v in expected.items() if k not in gradients}
    )
    norm = sum(float(expected[name].square().sum()) for name in gradients) ** 0.5
    assert sum(float((ours[name] - expected[name]).square().sum()) for name in gradients) ** 0.5 <= 0.02 * norm


@settings(max_examples=20)
@given(
    channels=st.sampled_from([1, 3, 16, 30, 600]),
    size=st.integers(1, 20),
    count=st.integers(2, 9),
    rectified=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_normalization_is_that_of_torch(channels: int, size: int, count: int, rectified: bool, seed: int) -> None:
    assume(count * size * size >= 16)  # of two or three values the gradient is a difference of nearly equal numbers
    rng = torch.Generator().manual_seed(seed)
    norm = torch.nn.BatchNorm2d(channels).train()
    with torch.no_grad():
        for weights in norm.parameters():
            weights.copy_(torch.randn(channels, generator=rng))
    plain = copy.deepcopy(norm).double()
    x, given = (torch.randn((count, channels, size, size), generator=rng) for _ in range(2))
    values, reference = (x + 1).requires_grad_(), (x.double() + 1).requires_grad_()
    ours, expected = normalized(values, norm, Parts(), rectified=rectified), plain(reference)
    expected = expected.relu() if rectified else expected
    ours.backward(given)
    expected.backward(given.double())
    pairs = [(ours, expected), (values.grad, reference.grad), (norm.weight.grad, plain.weight.grad)]
    pairs += [(norm.bias.grad, plain.bias.grad), (norm.running_mean, plain.running_mean), (norm.running_var, plain.running_var)]
    for found, wanted in pairs:
        assert found is not None
        assert wanted is not None
        torch.testing.assert_close(found.detach().double(), wanted.detach(), rtol=2e-5, atol=2e-5 * max(1, size))
    assert norm.num_batches_tracked == plain.num_batches_tracked


@pytest.mark.parametrize("sigma", [0.5, 3.0])
def test_the_width_of_the_gaussian_counts(sigma: float) -> None:
    plain = Gncnn(32, 1, sigma=sigma)
    fast = copy.deepcopy(plain)
    expected = learned(plain.double(), plain, images(3, 1, 32).double())
    assert_alike(learned(fast, accelerated(fast, device=CPU, images=10), images(3, 1, 32)), expected)


def test_a_flat_image_and_the_brightest_are_no_exception() -> None:
    pixels = torch.stack([torch.zeros(1, 40, 40), torch.full((1, 40, 40), 255.0), images(1, 1, 40)[0]])
    for name in FUSED:
        compared(name, pixels, 5, tolerance=1e-4)


@pytest.mark.parametrize("name", NETWORKS)
def test_two_trainings_of_the_same_steps_give_the_same_weights(name: str) -> None:
    def trained() -> dict[str, torch.Tensor]:
        net = network(name, 32, 1)
        forward = accelerated(net, device=CPU, images=1000)
        optimizer = torch.optim.Adamax(net.parameters(), 1e-3)
        for step in range(2):
            learned(net, forward, images(5, 1, 32, step))
            optimizer.step()
        return net.state_dict()

    first, second = trained(), trained()
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("name", [*FUSED, "srnet"])
def test_the_number_of_threads_changes_nothing(name: str) -> None:
    made = []
    for threads in (1, 3):
        net = network(name, 33, 1)
        parts = Parts(threads=threads)
        assert isinstance(net, Fusible)
        made.append(learned(net, lambda pixels, net=net, parts=parts: net.fused(pixels, parts), images(9, 1, 33)))
    assert all(torch.equal(made[0][name], made[1][name]) for name in made[0])


@pytest.mark.parametrize("name", NETWORKS)
def test_the_network_keeps_its_keys_and_its_own_forward_pass(name: str) -> None:
    net = network(name, 32, 3)
    before = {key: (value.shape, value.stride()) for key, value in net.state_dict().items()}
    forward = accelerated(net, device=CPU, images=1000)
    learned(net, forward, images(2, 3, 32))
    assert before == {key: (value.shape, value.stride()) for key, value in net.state_dict().items()}
    net.eval()
    torch.testing.assert_close(forward(images(2, 3, 32)), net(images(2, 3, 32)), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_gradient_still_reaches_the_image(name: str) -> None:
    net = network(name, 32, 1)
    pixels = images(3, 1, 32).requires_grad_()
    accelerated(net, device=CPU, images=1000)(pixels).square().sum().backward()
    assert pixels.grad is not None
    assert float(pixels.grad.abs().max()) > 0


@pytest.mark.parametrize(("size", "channels", "sigma"), [(32, 1, 1.0), (33, 3, 3.0), (64, 3, 1.0)])
def test_the_fused_gradient_by_the_image_is_the_plain_one(size: int, channels: int, sigma: float) -> None:
    torch.manual_seed(1)
    net = NETWORKS["gncnn"].make(size, channels)
    net.sigma = sigma  # type: ignore[assignment]
    forward, found = accelerated(net, device=CPU, images=1000), []
    for way in (forward, net):
        pixels = (images(9, channels, size) / 16).requires_grad_()  # rather flat, so that the Gaussian is not zero everywhere
        way(pixels).square().sum().backward()
        assert pixels.grad is not None
        found.append(pixels.grad)
    torch.testing.assert_close(found[0], found[1], rtol=1e-4, atol=1e-5 * float(found[1].abs().max()))


def test_the_published_form_of_gncnn_is_computed_plainly() -> None:
    net = Gncnn(256, form="published")
    pixels = images(1, 1, 256)
    torch.testing.assert_close(accelerated(net, device=CPU, images=10)(pixels), net(pixels))


def test_normalization_of_another_kind_is_left_to_itself() -> None:
    class Shared(torch.nn.BatchNorm2d):
        """Stands where processes share their statistics."""

    plain = XuNet()
    plain.first_norm = Shared(8)
    fast = copy.deepcopy(plain)
    expected = learned(plain.double(), plain, images(3, 1, 32).double())
    ours = learned(fast, accelerated(fast, device=CPU, images=10), images(3, 1, 32))
    assert_alike(ours, expected)


@pytest.mark.parametrize("name", NETWORKS)
def test_half_precision_gives_nearly_the_same_logits(name: str) -> None:
    net, pixels = network(name, 32, 1), images(4, 1, 32)
    logits = accelerated(copy.deepcopy(net), device=CPU, images=1000, precision="bf16")(pixels)
    assert logits.dtype == torch.float32
    torch.testing.assert_close(logits, net(pixels), rtol=0.3, atol=0.3)


def test_an_unknown_precision_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="float16"):
        accelerated(XuNet(), device=CPU, images=10, precision="float16")
