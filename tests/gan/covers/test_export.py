"""An exported generator makes the same images, and what makes others gets no name."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from ssgan.errors import InvalidSetting, RefusedModel, StorageFailed
from ssgan.gan.catalog import generator_of
from ssgan.gan.covers import export
from ssgan.gan.covers.export import TOLERANCE, compare, export_onnx, export_weights
from ssgan.gan.covers.generators import Card, open_generator, save_generator
from ssgan.gan.covers.sample import prepared, public_latents, sample
from ssgan.gan.training.settings import configure

SMALL = configure("tiny", image_size=16, width=16, latent=8)


def opened(folder: Path, backbone: str = "dcgan", channels: int = 3, seed: int = 3) -> tuple[nn.Module, Card]:
    """A generator whose images are as rich in contrast as those of a trained one."""
    config = replace(SMALL, backbone=backbone, channels=channels)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        generator = generator_of(config)
        with torch.no_grad():
            for _ in range(3):
                generator(torch.randn(64, 8))
            list(generator.parameters())[-2 if backbone != "dcgan4" else -1].mul_(5)
    save_generator(folder, generator, config, {"images_seen": 1})
    return open_generator(folder)


@pytest.mark.parametrize(("backbone", "channels"), [("dcgan", 3), ("dcgan4", 1), ("resnet", 3), ("r3gan", 1)])
def test_onnxruntime_makes_the_same_images(backbone: str, channels: int, tmp_path: Path) -> None:
    pytest.importorskip("onnxscript")
    runtime = pytest.importorskip("onnxruntime")
    net, card = opened(tmp_path / "net", backbone, channels)
    found = export_onnx(net, card, tmp_path / "net.onnx")
    assert found.images == 256
    assert found.largest <= 1
    assert found.differing < 1e-3
    assert found.before_rounding is not None
    assert found.before_rounding <= TOLERANCE
    session = runtime.InferenceSession(str(tmp_path / "net.onnx"), providers=["CPUExecutionProvider"])
    assert [(put.name, put.type) for put in session.get_inputs()] == [("latents", "tensor(float)")]
    given = public_latents(card.config, range(5), 8)  # another number of images than it was exported with
    (pixels,) = session.run(["pixels"], {"latents": given.numpy()})
    expected = sample(prepared(net), given).numpy()
    assert pixels.shape == expected.shape
    assert pixels.dtype == np.uint8
    assert np.abs(pixels.astype(int) - expected.astype(int)).max() <= 1
    metadata = session.get_modelmeta().custom_metadata_map
    assert json.loads(metadata["ssgan.config"]) == asdict(card.config)
    assert metadata["ssgan.generator"] == card.digest
    assert "normal" in metadata["ssgan.latents"]


def test_a_file_that_makes_other_images_gets_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnxscript")
    pytest.importorskip("onnxruntime")
    net, card = opened(tmp_path / "net")
    other, _ = opened(tmp_path / "other", seed=4)
    exported = export._exported
    monkeypatch.setattr(export, "_exported", lambda module, card: exported(export._Pixels(other).eval(), card))
    with pytest.raises(RefusedModel, match="other images than torch"):
        export_onnx(net, card, tmp_path / "net.onnx")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net", "other"]


def test_what_is_there_is_not_written_over(tmp_path: Path) -> None:
    pytest.importorskip("onnxscript")
    pytest.importorskip("onnxruntime")
    net, card = opened(tmp_path / "net")
    (tmp_path / "net.onnx").write_bytes(b"mine")
    with pytest.raises(StorageFailed, match="exists already"):
        export_onnx(net, card, tmp_path / "net.onnx")
    with pytest.raises(StorageFailed, match="holds a generator already"):
        export_weights(net, card, tmp_path / "net", half=True)
    with pytest.raises(InvalidSetting, match="is exported"):
        export_weights(net, card, tmp_path / "net", half=True, overwrite=True)


def test_a_missing_package_is_named_with_the_line_that_installs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    net, card = opened(tmp_path / "net")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(InvalidSetting, match="onnx") as caught:
        export_onnx(net, card, tmp_path / "net.onnx")
    assert "install it with pip install onnx onnxscript onnxruntime" in caught.value.hint


def test_a_folder_in_whole_precision_makes_the_same_images_and_in_half_nearly(tmp_path: Path) -> None:
    net, card = opened(tmp_path / "net")
    whole = export_weights(net, card, tmp_path / "whole", half=False)
    assert (whole.differing, whole.largest) == (0, 0)
    half = export_weights(net, card, tmp_path / "half", half=True)
    assert 0 < half.differing < 0.1
    assert half.largest == 1
    assert open_generator(tmp_path / "half")[1].about == {"images_seen": 1}


def test_a_comparison_counts_samples_and_the_largest_difference() -> None:
    ones = torch.full((2, 1, 2, 2), 250, dtype=torch.uint8)
    others = ones.clone()
    others[0, 0, 0, 0], others[1, 0, 1, 1] = 3, 251
    assert compare(ones, others)[:3] == (2, 0.25, 247)
