"""The small EfficientNet keeps every pixel up to its second stage, starts from high-pass filters, and stays small."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from ssgan.steganalysis.networks.effnet import STAGES, BlockStage, EffNet, MbConv


def images(count: int, channels: int, size: int) -> torch.Tensor:
    return torch.randint(0, 256, (count, channels, size, size), generator=torch.Generator().manual_seed(size)).float()


def parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def block_parameters(before: int, after: int, kernel: int, widening: int) -> int:
    """Of an MBConv block: BatchNorm after every convolution, and a bias only where there is none, in the squeeze."""
    wide, squeezed = before * widening, before // 4
    widen = before * wide + 2 * wide if widening > 1 else 0
    depthwise = wide * kernel**2 + 2 * wide
    squeeze = wide * squeezed + squeezed + squeezed * wide + wide
    return widen + depthwise + squeeze + wide * after + 2 * after


@pytest.mark.parametrize("channels", [1, 3])
def test_the_parameters_add_up_from_its_stages_and_are_few(channels: int) -> None:
    counted, before = channels * 30 * 25 + 2 * 30, 30
    for stage in STAGES:
        for _ in range(stage.blocks):
            counted += block_parameters(before, stage.maps, stage.kernel, stage.widening)
            before = stage.maps
    counted += before * 320 + 2 * 320 + 320 + 1
    assert parameters(EffNet(64, channels)) == counted
    assert counted <= 700_000


@pytest.mark.parametrize(
    ("before", "after", "kernel", "widening", "published"),
    [(32, 16, 3, 1, 1_448), (16, 24, 3, 6, 6_004), (24, 40, 5, 6, 15_350), (80, 80, 3, 6, 102_900), (80, 112, 5, 6, 126_004)],
)
def test_blocks_of_b0_have_its_parameters(before: int, after: int, kernel: int, widening: int, published: int) -> None:
    """Counted by torchinfo on torchvision's EfficientNet-B0 (Journal of Agricultural Machinery 15(3), 2025, table 1)."""
    block = MbConv(before, BlockStage(after, 1, kernel, 2, widening), stride=2)
    assert parameters(block) == block_parameters(before, after, kernel, widening) == published


@pytest.mark.parametrize(("size", "sides"), [(64, [64, 32, 16, 8]), (100, [100, 50, 25, 13]), (33, [33, 17, 9, 5])])
def test_nothing_is_lost_before_the_second_stage(size: int, sides: list[int]) -> None:
    network = EffNet(size, 3).eval()
    seen: list[int] = []
    for module in network.layers:
        if isinstance(module, MbConv):
            module.register_forward_hook(lambda module, given, made: seen.append(made.shape[-1]))
    network.stem.register_forward_hook(lambda module, given, made: seen.append(made.shape[-1]))
    network(images(1, 3, size))
    assert seen[0] == size, "the stem has a stride"
    assert seen[1:] == [side for side, stage in zip(sides, STAGES, strict=True) for _ in range(stage.blocks)]


@pytest.mark.parametrize("channels", [1, 3])
def test_the_stem_starts_blind_to_flat_images_and_learns_on(channels: int) -> None:
    network = EffNet(32, channels).train()
    flat = network.stem(torch.full((1, channels, 32, 32), 77.0))[..., 2:-2, 2:-2]
    assert float(flat.detach().abs().max()) < 1e-3
    assert len({kernel.numpy().tobytes() for kernel in network.stem.weight.detach()}) == 30
    network(images(4, channels, 32)).square().sum().backward()
    assert network.stem.weight.grad is not None
    assert float(network.stem.weight.grad.abs().amin(dim=0).max()) > 0


def test_of_color_each_map_of_the_stem_starts_with_one_channel() -> None:
    weights = EffNet(64, 3).stem.weight.detach().abs().sum(dim=(2, 3)) > 0  # (30, 3)
    assert weights.sum(dim=1).eq(1).all()
    assert weights.sum(dim=0).tolist() == [10, 10, 10]


def test_squeeze_and_excitation_weighs_whole_maps_by_themselves() -> None:
    """Where the excitation says one for every map (a large bias), the block is the plain one; where zero, the shortcut."""
    network = EffNet().eval()
    block = next(module for module in network.layers if isinstance(module, MbConv) and module.shortcut)
    x = torch.randn(2, STAGES[0].maps, 8, 8, generator=torch.Generator().manual_seed(3))
    nn.init.zeros_(block.excite.weight)
    assert block.excite.bias is not None
    nn.init.constant_(block.excite.bias, 50.0)
    torch.testing.assert_close(block(x), x + block.narrow(block.depthwise(block.widen(x))))
    nn.init.constant_(block.excite.bias, -200.0)
    torch.testing.assert_close(block(x), x + block.narrow(torch.zeros_like(x)))


def test_nothing_is_random_in_training() -> None:
    network = EffNet(32, 1).train()
    x = images(4, 1, 32)
    assert torch.equal(network(x), network(x))
