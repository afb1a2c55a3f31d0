"""Train the detail network by likelihood on photographs, in one loop that can be stopped anywhere and resumed exactly.

What is minimized is the mean number of bits that a sample carries, so the loss is the payload of the covers (docs/drawn.md).
It is measured on photographs that are held back: the fewer bits, the better the network models photographs.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ssgan import images
from ssgan.compute import seeds
from ssgan.compute.optimizers import make_optimizer, set_rate
from ssgan.compute.progress import Progress
from ssgan.datasets import Geometry
from ssgan.datasets.sources import refuse_among
from ssgan.errors import InvalidSetting
from ssgan.gan.backbones.detail import Detail, bits, planes_of
from ssgan.gan.training.data import Batches, read
from ssgan.gan.training.detail_settings import DetailConfig
from ssgan.gan.training.one_network import OneNetwork
from ssgan.gan.training.settings import CHANGEABLE
from ssgan.storage import signals, weights
from ssgan.storage.runs import Run, working_in
from ssgan.storage.runs import result as result_of

FOLDER = "detail"  # within a run, or a folder of a generator
KIND = "detail network"
CACHE = "cache"
STEPS_IN_Y = 4  # y is kept in quarters of a gray value
_HELD_BACK = 256  # photographs, at most, on which bits a sample are measured
_WARM_STEPS = 50
_DECAY = 0.7  # power of the share of the training that is left
_CLIP = 1.0  # of the gradient's norm
_CELLS = 10  # of the histogram of probability transforms


def train_detail(
    data: Path,
    config: DetailConfig,
    out: Path,
    *,
    geometry: Geometry | None = None,
    convert: tuple[str, ...] = (),
    cache: Path | None = None,
    device: str = "cpu",
    allow_changes: bool = False,
    save_seconds: float = 120.0,
    progress: Progress[dict[str, float]] | None = None,
    load_progress: Progress[int] | None = None,
) -> dict[str, Any]:
    """Train in the folder `out`, or resume there; return what is written to its done.json.

    With `allow_changes` also with another batch or on another device, which is noted in its config.json.

    Raises InvalidSetting, RefusedImage where no image can be used, TrainingDiverged, StorageFailed.
    """
    refuse_among([data], out)
    where, geometry = torch.device(device), geometry or Geometry()
    identity = {**asdict(config), "data": str(data), **asdict(geometry), "convert": sorted(convert)}
    with ExitStack() as until_the_end:
        until_the_end.enter_context(working_in(out, also=(CACHE,)))
        real = read(data, config, cache or out / CACHE, geometry=geometry, convert=convert, progress=load_progress)
        run = Run(out, identity, notes=("data",), device=device, changeable=CHANGEABLE, allow_changes=allow_changes)
        if run.done:
            return result_of(out)
        held_back = _held_back(real.images, real.chosen)
        torch.manual_seed(config.seed)
        network = Detail(config.channels, config.width).to(where)
        optimizer = make_optimizer("adam", network, config.learning_rate, is_scheduled=True, betas=(0.9, 0.99))
        training = OneNetwork(run, network, optimizer)
        batches = Batches(real, config, slice(None), where)
        interrupted = until_the_end.enter_context(signals.defer_signals())

        def step(number: int) -> dict[str, float]:
            set_rate(optimizer, _rate(config, number))
            return {"bits_per_sample": _step(training, network, images.to_pixels(batches.at(number)), config, number)}

        def save() -> None:
            _save(out, training, network, config)

        training.train(config, step, interrupted, save=save, save_seconds=save_seconds, progress=progress)
        save()
        result: dict[str, Any] = {}
        if not interrupted.number:
            result = {"images_seen": training.seen, "seconds": round(training.seconds, 1), "held_back": len(real.held_back)}
            result |= measured(network, held_back.to(where), config)
            run.finish(result)
    if interrupted.number:
        signals.end_by(interrupted.number)
    return result


def half_size(pictures: torch.Tensor, noise: float, rng: np.random.Generator) -> torch.Tensor:
    """Return the means of 2 x 2 pixels plus noise, in quarters of a gray value: float32, half the size of `pictures`.

    pictures uint8 (N, C, H, W); noise is its deviation in gray values.
    """
    means = torch.nn.functional.avg_pool2d(pictures.float(), 2)
    added = torch.from_numpy(rng.standard_normal(tuple(means.shape), dtype=np.float32)).to(means.device)
    return ((means + noise * added) * STEPS_IN_Y).round().div(STEPS_IN_Y).clamp(0, 255)


def load_detail(folder: Path) -> tuple[Detail, DetailConfig, dict[str, Any]]:
    """Return the network in a folder, its settings and what was measured. Raises RefusedModel."""
    arrays, manifest = weights.load(folder)
    if manifest.get("kind") != KIND or not isinstance(manifest.get("config"), dict):
        raise weights.refused(folder, "it holds no detail network")
    try:
        config = DetailConfig(**manifest["config"])
        network = Detail(config.channels, config.width)
        network.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in arrays.items()})
    except (TypeError, RuntimeError, InvalidSetting) as error:
        raise weights.refused(folder, f"its weights are not those of its settings ({str(error)[:80]})") from error
    return network.eval(), config, dict(manifest.get("about", {}))


def measured(network: Detail, pictures: torch.Tensor, config: DetailConfig) -> dict[str, Any]:
    """Return bits a sample on held-out pictures, by phase and plane, and how well the laws fit them.

    `uniformity` is, by phase and plane, the largest deviation from 1 of ten cells of the probability transform's histogram.
    """
    rows, cells = [], torch.zeros(4, config.channels, _CELLS, dtype=torch.float64)
    with torch.inference_mode():
        for number, part in enumerate(pictures.split(32)):
            rng = seeds.generator(config.seed, "held back", str(number))
            planes = planes_of(part).float()
            uniform = torch.from_numpy(rng.random(tuple(planes.shape), dtype=np.float32)).to(part.device)
            laws = network.laws(half_size(part, config.noise, rng), planes)
            row = torch.zeros(4, config.channels, dtype=torch.float64)
            for phase, plane_laws in enumerate(laws):
                for plane, law in enumerate(plane_laws):
                    samples = planes[:, phase, plane : plane + 1]
                    row[phase, plane] = bits(law, samples).double().mean()
                    scale = torch.exp2(-law.log2_scale)
                    place = (samples - 0.5 + uniform[:, phase, plane : plane + 1] - law.mean) * scale
                    cells[phase, plane] += torch.histc(torch.sigmoid(place).double().cpu(), _CELLS, 0, 1)
            rows.append(row * len(part))
    by_plane = torch.stack(rows).sum(0) / max(len(pictures), 1)
    shares = cells / cells.sum(-1, keepdim=True).clamp(min=1) * _CELLS
    return {
        "bits_per_sample": round(float(by_plane.mean()), 4),
        "bits_by_plane": [[round(float(value), 3) for value in row] for row in by_plane],
        "uniformity": [[round(float(value), 3) for value in row] for row in (shares - 1).abs().amax(-1)],
    }


def _step(training: OneNetwork, network: Detail, pictures: torch.Tensor, config: DetailConfig, step: int) -> float:
    """Take one training step. Raises TrainingDiverged."""
    y = half_size(pictures, config.noise, seeds.generator(config.seed, "noise", str(step)))
    loss = network.bits(y, planes_of(pictures).float()).mean()
    training.descend(loss, clip=_CLIP)
    return float(loss.detach())


def _rate(config: DetailConfig, step: int) -> float:
    left = 1 - step * config.batch / config.duration_images
    return config.learning_rate * min(1.0, (step + 1) / _WARM_STEPS) * left**_DECAY


def _held_back(pictures: torch.Tensor, chosen: np.ndarray) -> torch.Tensor:
    others = np.setdiff1d(np.arange(len(pictures)), chosen)
    return pictures[torch.from_numpy(others[:_HELD_BACK])]


def _save(out: Path, training: OneNetwork, network: Detail, config: DetailConfig) -> None:
    """Save the state to resume from, and the network to draw with."""
    training.save_state()
    about = {"images_seen": training.seen}
    weights.save(out, dict(network.state_dict()), {"kind": KIND, "config": asdict(config), "about": about})
