"""A generator's folder gives back the same net, and everything odd is refused before memory is asked for."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from ssgan.errors import InvalidSetting, RefusedModel
from ssgan.gan.catalog import BACKBONES, generator_of
from ssgan.gan.covers.generators import bundled, find_generator, load_generator, read_card, save_generator
from ssgan.gan.covers.sample import prepared, public_latents, sample
from ssgan.gan.training.settings import TrainingConfig, configure
from ssgan.storage import weights
from ssgan.storage.folders import BUNDLED

SMALL = configure("tiny", image_size=16, width=4, latent=8)


def fresh(config: TrainingConfig) -> nn.Module:
    """A generator whose running statistics are not those of the beginning."""
    generator = generator_of(config)
    for _ in range(3):
        generator(torch.randn(8, config.latent))
    return generator.eval()


def pictures(generator: nn.Module, config: TrainingConfig) -> torch.Tensor:
    with torch.no_grad():
        return generator(torch.linspace(-1, 1, 4 * config.latent).view(4, -1))


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_generator_comes_back_as_it_was_saved(backbone: str, channels: int, tmp_path: Path) -> None:
    config = replace(SMALL, backbone=backbone, channels=channels, width=16)
    generator = fresh(config)
    save_generator(tmp_path, generator, config, {"images_seen": 7})
    back, settings = load_generator(tmp_path)
    assert settings == config
    assert not back.training
    assert torch.equal(pictures(back, config), pictures(generator, config))


def test_half_precision_takes_half_the_bytes_and_changes_little(tmp_path: Path) -> None:
    config = replace(SMALL, width=16, latent=64)
    generator = fresh(config)
    save_generator(tmp_path / "whole", generator, config)
    save_generator(tmp_path / "half", generator, config, half=True)
    whole, half = read_card(tmp_path / "whole"), read_card(tmp_path / "half")
    assert half.file_bytes < 0.6 * whole.file_bytes
    back, _ = load_generator(tmp_path / "half")
    assert {weight.dtype for weight in back.parameters()} == {torch.float32}
    difference = (pictures(back, config) - pictures(generator, config)).abs().max()
    assert 0 < float(difference) < 0.01


def test_a_card_tells_of_the_generator_without_its_weights(tmp_path: Path) -> None:
    generator = fresh(SMALL)
    save_generator(tmp_path, generator, SMALL, {"images_seen": 1234})
    (weights_file,) = tmp_path.glob("*.safetensors")
    size = weights_file.stat().st_size
    weights_file.unlink()
    card = read_card(tmp_path)
    assert (card.config, card.about, card.file_bytes) == (SMALL, {"images_seen": 1234}, size)
    assert card.parameters == sum(weight.numel() for weight in generator.parameters())


def test_weights_of_other_settings_are_not_saved(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match=r"dense\.weight"):
        save_generator(tmp_path, fresh(SMALL), replace(SMALL, latent=9))
    assert not list(tmp_path.iterdir())


def test_a_generator_that_has_left_the_finite_numbers_is_not_saved(tmp_path: Path) -> None:
    generator = fresh(SMALL)
    next(generator.parameters()).data[0] = torch.inf
    with pytest.raises(InvalidSetting, match="finite"):
        save_generator(tmp_path, generator, SMALL)


@pytest.mark.parametrize(
    "settings",
    [
        None,
        {},
        {"width": 5},
        {"width": True},
        {"width": 4.0},
        {"width": "4"},
        {"width": 0},
        {"width": -1},
        {"width": 10**12},
        {"latent": 10**9},
        {"image_size": 15},
        {"image_size": 100_000},
        {"channels": 2},
        {"backbone": "os"},
        {"backbone": ["dcgan"]},
        {"backbone": "resnet"},
        {"backbone": "r3gan", "width": 9},
        {"latent_law": "cauchy"},
        {"alpha": 2},
        {"preset": "x" * 1000},
        {"run": "rm -rf"},
    ],
    ids=str,
)
def test_settings_that_are_not_those_of_the_weights_are_refused(settings: dict[str, Any] | None, tmp_path: Path) -> None:
    config = {**asdict(SMALL), **settings} if settings else settings
    weights.save(tmp_path, fresh(SMALL).state_dict(), {"kind": "generator", "config": config, "about": {}})
    with pytest.raises(RefusedModel):
        load_generator(tmp_path)


@pytest.mark.parametrize("kind", ["float64", "int32", "bool"])
def test_weights_of_another_kind_of_number_are_refused(kind: str, tmp_path: Path) -> None:
    tensors = dict(fresh(SMALL).state_dict())
    tensors["dense.weight"] = tensors["dense.weight"].to(getattr(torch, kind))
    weights.save(tmp_path, tensors, {"kind": "generator", "config": asdict(SMALL), "about": {}})
    with pytest.raises(RefusedModel, match=r"dense\.weight"):
        load_generator(tmp_path)


def test_a_missing_tensor_and_one_too_many_are_refused(tmp_path: Path) -> None:
    tensors = dict(fresh(SMALL).state_dict())
    manifest = {"kind": "generator", "config": asdict(SMALL), "about": {}}
    weights.save(tmp_path / "more", tensors | {"surplus": torch.zeros(1)}, manifest)
    del tensors["dense.weight"]
    weights.save(tmp_path / "less", tensors, manifest)
    for name in ("more", "less"):
        with pytest.raises(RefusedModel, match="other weights"):
            load_generator(tmp_path / name)


def test_a_model_that_is_no_generator_is_refused(tmp_path: Path) -> None:
    weights.save(tmp_path, {}, {"kind": "network detector"})
    with pytest.raises(RefusedModel, match="no generator"):
        load_generator(tmp_path)


def test_a_net_of_many_gigabytes_is_refused_before_memory_is_asked_for(tmp_path: Path) -> None:
    manifest = {"kind": "generator", "config": asdict(replace(SMALL, width=4096, image_size=256)), "about": {}}
    weights.save(tmp_path, {"dense.weight": torch.zeros(2)}, manifest)
    tracemalloc.start()
    with pytest.raises(RefusedModel, match="too many"):
        load_generator(tmp_path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1 << 24


def test_a_generator_that_is_replaced_while_it_is_read_gives_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a run under way: the manifest is read, then trainer and weights go on."""
    save_generator(tmp_path, fresh(SMALL), SMALL)
    other = fresh(SMALL)
    read = weights.load
    read_before: list[bool] = []

    def overtaken(*args: Any, **options: Any) -> Any:
        if not read_before:
            read_before.append(True)
            save_generator(tmp_path, other, SMALL)
            raise RefusedModel("the file went away")
        return read(*args, **options)

    monkeypatch.setattr(weights, "load", overtaken)
    back, _ = load_generator(tmp_path)
    assert torch.equal(pictures(back, SMALL), pictures(other, SMALL))


def test_a_generator_is_found_in_a_run_and_in_its_own_folder(tmp_path: Path) -> None:
    save_generator(tmp_path / "run" / "generator", fresh(SMALL), SMALL)
    assert find_generator(tmp_path / "run") == find_generator(tmp_path / "run" / "generator")


def test_what_is_no_generator_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="there is no folder"):
        find_generator(tmp_path / "nothing")
    with pytest.raises(InvalidSetting, match="neither"):
        find_generator(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"config": {}}))
    with pytest.raises(InvalidSetting, match="no generator yet"):
        find_generator(tmp_path)


@pytest.mark.parametrize("folder", bundled(), ids=lambda folder: str(folder.name))
def test_a_generator_that_comes_with_the_package_is_small_and_makes_different_covers(folder: Path) -> None:
    assert (folder / "MODEL_CARD.md").is_file()
    assert sum(path.stat().st_size for path in folder.iterdir()) < 5_000_000
    assert find_generator(Path(folder.name)) == folder
    generator, config = load_generator(folder)
    covers = sample(prepared(generator), public_latents(config, range(8), 1)).double()
    assert covers.shape == (8, 3, 64, 64)
    apart = (covers[:, None] - covers[None]).square().mean(dim=(2, 3, 4)).sqrt()
    assert float(apart[~torch.eye(8, dtype=torch.bool)].min()) > 20, "gray values, between any two"
    assert 50 < float(covers.mean()) < 200


def test_there_is_one() -> None:
    assert [folder.name for folder in bundled()] == ["faces64"]
    assert BUNDLED.is_dir()
