from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from ssgan.compute.distributed import Processes
from ssgan.errors import InvalidSetting
from ssgan.gan.backbones.colors import LUMA
from ssgan.gan.backbones.dcgan import Critic
from ssgan.gan.covers.generators import save_generator
from ssgan.gan.training.assembly import InPrecision, assemble, faster_products
from ssgan.gan.training.settings import PRESETS

CPU = torch.device("cpu")
SMALL = replace(PRESETS["paper"], image_size=32, channels=1, width=4, latent=8)


def test_nets_are_the_same_for_the_same_seed_whatever_was_drawn_before() -> None:
    torch.manual_seed(1)
    _, first = assemble(SMALL, CPU, Processes())
    torch.rand(7)
    before = torch.random.get_rng_state()
    _, again = assemble(SMALL, CPU, Processes())
    assert torch.equal(torch.random.get_rng_state(), before)
    _, other = assemble(replace(SMALL, seed=1), CPU, Processes())
    for name in ("generator", "critic", "detector"):
        weights = [next(iter(nets[name].parameters())) for nets in (first, again, other)]
        assert torch.equal(weights[0], weights[1])
        assert not torch.equal(weights[0], weights[2])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"backbone": "vgg"}, "no backbone 'vgg'"),
        ({"objective": "l2"}, "no objective 'l2'"),
        ({"detector": "srm"}, "no network 'srm'"),
        ({"embedder": "hugo@x"}, "hugo@x"),
    ],
)
def test_a_name_that_no_catalog_has_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidSetting, match=said):
        assemble(replace(SMALL, **changes), CPU, Processes())


def test_without_a_detector_there_is_none() -> None:
    game, nets = assemble(replace(SMALL, detector="", alpha=1.0), CPU, Processes())
    assert game.detector is None
    assert set(nets) == set(game.optimizers) == {"generator", "critic"}


def test_the_settings_of_the_optimizers_are_those_of_the_config() -> None:
    game, _ = assemble(replace(SMALL, detector_learning_rate=1e-3, momentum=0.5), CPU, Processes())
    groups = {name: optimizer.param_groups[0] for name, optimizer in game.optimizers.items()}
    assert {name: group["lr"] for name, group in groups.items()} == {"generator": 2e-4, "critic": 2e-4, "detector": 1e-3}
    assert {(group["alpha"], group["momentum"]) for group in groups.values()} == {(0.99, 0.5)}
    adam, _ = assemble(PRESETS["sgan"], CPU, Processes())
    assert adam.optimizers["critic"].param_groups[0]["betas"] == (0.5, 0.999)


@pytest.mark.parametrize("bf16", [False, True])
def test_channels_side_by_side_and_bfloat16_change_no_more_than_rounding(bf16: bool) -> None:
    torch.manual_seed(1)
    critic = Critic(32, 3, width=8, norm="none")
    floats = torch.rand(4, 3, 32, 32) * 2 - 1
    plain = critic(floats).detach()
    values = InPrecision(critic, CPU, bf16=bf16)(floats)
    assert values.dtype == torch.float32
    torch.testing.assert_close(values.detach(), plain, rtol=0.05 if bf16 else 1e-4, atol=3e-3 if bf16 else 1e-6)
    values.sum().backward()
    assert all(weight.grad is not None and weight.grad.dtype == torch.float32 for weight in critic.parameters())


@pytest.mark.parametrize("detector", ["gncnn", "xunet", "sgan-s"])
def test_the_way_through_the_detector_leads_back_to_the_images(detector: str) -> None:
    """Whatever is faster in training: the generator needs the derivative by the images, which is the plain network's."""
    game, nets = assemble(replace(SMALL, detector=detector), CPU, Processes())
    pixels = torch.randint(0, 256, (4, 1, 32, 32), generator=torch.Generator().manual_seed(1)).float()
    found = []
    for way in (game.forward, nets["detector"]):
        at = pixels.clone().requires_grad_()
        found.append(torch.autograd.grad(way(at).sum(), at)[0])
    assert float(found[0].norm()) > 0
    torch.testing.assert_close(found[0], found[1], rtol=1e-3, atol=1e-5 * float(found[1].abs().max()))


@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_a_fused_step_is_the_plain_one_however_weights_lie_in_memory(precision: str) -> None:
    config = replace(PRESETS["tiny"], image_size=32, channels=1, width=4, batch=8, precision=precision)  # type: ignore[arg-type]
    found = []
    for fused in (True, False):
        game, nets = assemble(config, CPU, Processes())
        if not fused:
            optimizer = torch.optim.Adam(nets["critic"].parameters(), lr=config.learning_rate, betas=(0.5, 0.99), foreach=False)
            game.optimizers["critic"] = optimizer
        rng = torch.Generator().manual_seed(1)
        for _ in range(2):
            real, latents = torch.rand(8, 1, 32, 32, generator=rng), torch.randn(8, config.latent, generator=rng)
            game.update_critic(real, latents, torch.rand(8, generator=rng))
        found.append([weight.detach() for weight in nets["critic"].parameters()])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.gpu
def test_products_may_be_rounded_on_an_accelerator_alone(device: str) -> None:
    before = torch.get_float32_matmul_precision()
    with faster_products(torch.device(device)):
        assert torch.get_float32_matmul_precision() == "high"
    with faster_products(CPU):
        assert torch.get_float32_matmul_precision() == before


def test_the_detector_has_an_optimizer_of_its_own() -> None:
    game, _ = assemble(replace(SMALL, detector_optimizer="adamax", detector_learning_rate=2e-3), CPU, Processes())
    kinds = {name: type(optimizer).__name__ for name, optimizer in game.optimizers.items()}
    assert kinds == {"generator": "RMSprop", "critic": "RMSprop", "detector": "Adamax"}
    assert game.optimizers["detector"].param_groups[0]["lr"] == 2e-3


def test_a_generator_begins_with_the_weights_of_another_where_they_fit(tmp_path: Path) -> None:
    """Also in a process that trains on: the other layers are those of its own seed."""
    _, first = assemble(replace(SMALL, seed=5), CPU, Processes())
    save_generator(tmp_path / "first", first["generator"], SMALL)
    config = replace(SMALL, backbone="dcgan-even", start=str(tmp_path / "first"))
    _, nets = assemble(config, CPU, Processes())
    _, alone = assemble(replace(config, start=""), CPU, Processes())
    given, own = first["generator"].state_dict(), alone["generator"].state_dict()
    for name, tensor in nets["generator"].state_dict().items():
        assert torch.equal(tensor, given[name] if name in given else own[name]), name
    assert not set(nets["generator"].state_dict()) <= set(given), "the last layer is another"
    assert all(torch.equal(a, b) for a, b in zip(nets["critic"].parameters(), alone["critic"].parameters(), strict=True))
    with pytest.raises(InvalidSetting, match="no layer of"):
        assemble(replace(config, width=6, latent=7), CPU, Processes())
    with pytest.raises(InvalidSetting, match="there is no folder"):
        assemble(replace(config, start=str(tmp_path / "none")), CPU, Processes())


def test_a_gray_generator_begins_with_the_luma_of_a_color_one(tmp_path: Path) -> None:
    color = replace(SMALL, backbone="dcgan-even", colors="luma", channels=3)
    _, first = assemble(color, CPU, Processes())
    save_generator(tmp_path / "first", first["generator"], color)
    _, nets = assemble(replace(color, channels=1, seed=7, start=str(tmp_path / "first")), CPU, Processes())
    latents = 0.01 * torch.randn(8, SMALL.latent, generator=torch.Generator().manual_seed(3))  # small: tanh is linear there
    with torch.no_grad():
        colors, gray = (net["generator"].eval()(latents) for net in (first, nets))
    luma = torch.einsum("c,nchw->nhw", torch.tensor(LUMA), colors)
    assert luma.std() > 0
    assert torch.allclose(gray[:, 0], luma, atol=1e-3)
