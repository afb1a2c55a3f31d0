"""Train the extractor of a generator on endless pairs of latents and damaged pictures; it can be stopped and resumed exactly.

What is minimized is the normal likelihood of the latents, so that means and variances are calibrated, and with them the
log-likelihood ratios of the signs (`ssgan.drawn.extractor`). Pictures are made in blocks as the training needs them, and each
is shown a few times with other damage by real codecs (`ssgan.images.channels`).
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ssgan.compute import seeds
from ssgan.compute.optimizers import make_optimizer, set_rate
from ssgan.compute.progress import Progress
from ssgan.drawn import extractor as numpy_extractor
from ssgan.errors import InvalidSetting
from ssgan.gan.backbones.extractor import Extractor
from ssgan.gan.covers import sample as sampling
from ssgan.gan.covers.generators import Card, find_generator, open_generator
from ssgan.gan.training.extractor_settings import ExtractorConfig
from ssgan.gan.training.one_network import OneNetwork
from ssgan.gan.training.settings import CHANGEABLE, TrainingConfig
from ssgan.images import channels as channel_steps
from ssgan.storage import signals
from ssgan.storage.runs import Run, working_in
from ssgan.storage.runs import result as result_of

_WARM_STEPS = 100
_CLIP = 5.0  # of the gradient's norm
_NOISE = 1.0  # gray values, on means of 2 x 2: drawn covers have as much
_MEASURED = 1024  # pictures a channel at the end
MEASURED_CHANNELS = ("none", "jpeg95", "jpeg75", "jpeg60", "x2+jpeg80", "webp80")


def train_extractor(
    generator: Path,
    config: ExtractorConfig,
    out: Path,
    *,
    device: str = "cpu",
    allow_changes: bool = False,
    save_seconds: float = 120.0,
    progress: Progress[dict[str, float]] | None = None,
) -> dict[str, Any]:
    """Train in the folder `out`, or resume there; return what is written to its done.json.

    With `allow_changes` also with another batch or on another device, which is noted in its config.json.

    The extractor is in `out` / "extractor". Raises InvalidSetting, RefusedModel, TrainingDiverged, StorageFailed.
    """
    where = torch.device(device)
    net, card = open_generator(find_generator(generator))
    _check(card.config)
    identity = {**asdict(config), "generator": card.digest}
    with ExitStack() as until_the_end:
        until_the_end.enter_context(working_in(out))
        run = Run(out, identity, device=device, changeable=CHANGEABLE, allow_changes=allow_changes)
        if run.done:
            return result_of(out)
        torch.manual_seed(config.seed)
        network = Extractor(card.config.image_size // 2, card.config.channels, card.config.latent, config.width)
        network.to(where).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        optimizer = make_optimizer("adam", network, config.learning_rate, is_scheduled=True, betas=(0.9, 0.99))
        training = OneNetwork(run, network, optimizer)
        pairs = _Pairs(sampling.prepared(net, where), card.config, config)
        interrupted = until_the_end.enter_context(signals.defer_signals())

        def step(number: int) -> dict[str, float]:
            set_rate(optimizer, _rate(config, number))
            latents, copies = pairs.at(number)
            return _step(training, latents.to(where), copies.to(where))

        def save(channels: dict[str, dict[str, float]] | None = None) -> None:
            _save(out, training, config, card, channels=channels)

        training.train(config, step, interrupted, save=save, save_seconds=save_seconds, progress=progress)
        result: dict[str, Any] = {}
        if interrupted.number:
            save()
        else:
            channels = measured(network, pairs)
            result = {"images_seen": training.seen, "seconds": round(training.seconds, 1), "channels": channels}
            save(channels)
            run.finish(result)
    if interrupted.number:
        signals.end_by(interrupted.number)
    return result


def measured(network: nn.Module, pairs: _Pairs, names: tuple[str, ...] = MEASURED_CHANNELS) -> dict[str, dict[str, float]]:
    """Return, by channel, the share of signs read rightly, the mean square error, and bits a picture by soft decisions, on
    pictures that were never shown.
    """
    latents, pictures = pairs.fresh("measured", _MEASURED)
    signs = np.where(latents.numpy() < 0, -1.0, 1.0)
    is_training, found = network.training, {}
    network.eval()
    device = next(network.parameters()).device
    for name in names:
        copies = _inputs([channel_steps.through(picture, name) for picture in pictures], pairs.side)
        with torch.inference_mode():
            means, log_variances = (part.cpu().numpy() for part in network(copies.to(device)))
        ratios = numpy_extractor.ratios(means, log_variances)
        found[name] = {
            "signs_right": round(float((signs * ratios > 0).mean()), 4),
            "squared_error": round(float(((means - latents.numpy()) ** 2).mean()), 4),
            "bits_per_picture": round(numpy_extractor.bits(signs * ratios), 2),
        }
    network.train(is_training)
    return found


class _Pairs:
    """Latents and damaged copies of their pictures by the number of the step: the same however often a training stops."""

    def __init__(self, generator: nn.Module, about: TrainingConfig, config: ExtractorConfig) -> None:
        self.generator, self.about, self.config, self.side = generator, about, config, about.image_size // 2
        self._number, self._block = -1, self.fresh("none", 0)

    def fresh(self, name: str, count: int) -> tuple[torch.Tensor, NDArray[np.uint8]]:
        """Return float32 (count, L) and uint8 (count, H, W, C) of this name."""
        drawn = seeds.generator(self.config.seed, "latents", name).standard_normal((count, self.about.latent), np.float32)
        latents = torch.from_numpy(drawn)
        if not count:
            return latents, np.zeros((0, 1, 1, 1), np.uint8)
        return latents, sampling.sample(self.generator, latents).numpy().transpose(0, 2, 3, 1)

    def at(self, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return latents float32 (N, L), and Floats (N, C, S, S) as the network takes them."""
        batch, steps_in_block = self.config.batch, 4 * self.config.showings
        number, place = divmod(step, steps_in_block)
        if number != self._number:
            self._number, self._block = number, self.fresh(str(number), 4 * batch)
        latents, pictures = self._block
        showing, part = divmod(place, 4)
        order = seeds.generator(self.config.seed, "order", str(number), str(showing)).permutation(4 * batch)
        chosen = order[part * batch : (part + 1) * batch]
        rng = seeds.generator(self.config.seed, "damage", str(step))
        copies = _inputs([self._damaged(np.ascontiguousarray(pictures[i]), rng) for i in chosen], self.side)
        noise = rng.standard_normal(tuple(copies.shape), np.float32) * (_NOISE / numpy_extractor.UNIT)
        return latents[torch.from_numpy(chosen)], copies + torch.from_numpy(noise)

    def _damaged(self, picture: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        picture = picture[:, :, 0] if picture.shape[2] == 1 else picture
        if self.config.channel == channel_steps.MIX:
            return channel_steps.mixed(picture, rng)
        return channel_steps.through(picture, self.config.channel)


def _inputs(copies: list[NDArray[np.uint8]], side: int) -> torch.Tensor:
    return torch.from_numpy(numpy_extractor.inputs(copies, side).transpose(0, 3, 1, 2))


def _step(training: OneNetwork, latents: torch.Tensor, copies: torch.Tensor) -> dict[str, float]:
    """Take one training step; return the loss, the mean square error and the share of signs. Raises TrainingDiverged."""
    means, log_variances = training.network(copies)
    squares = (means - latents).square()
    loss = (log_variances + squares * (-log_variances).exp()).mean() / 2
    training.descend(loss, clip=_CLIP)
    right = ((means.detach() < 0) == (latents < 0)).float().mean()
    return {"loss": float(loss.detach()), "squared_error": float(squares.detach().mean()), "signs_right": float(right)}


def _rate(config: ExtractorConfig, step: int) -> float:
    left = max(1 - step * config.batch / config.duration_images, 0.0)
    return config.learning_rate * min(1.0, (step + 1) / _WARM_STEPS) * left


def _check(config: TrainingConfig) -> None:
    if config.latent_law != "normal":
        raise InvalidSetting(
            f"the latents of this generator are {config.latent_law}; an extractor reads normal ones",
            hint="train a generator with a preset whose latents are normal, such as compact",
        )


def _save(
    out: Path, training: OneNetwork, config: ExtractorConfig, card: Card, *, channels: dict[str, dict[str, float]] | None
) -> None:
    """Save the state to resume from, and the extractor to read with."""
    training.save_state()
    about = {
        "images_seen": training.seen, "generator_sha256": card.digest, "training": asdict(config), "channels": channels or {}
    }  # fmt: skip
    shape = (card.config.image_size, card.config.image_size, card.config.channels)
    strides = _strides(training.network)
    numpy_extractor.save(
        out / numpy_extractor.FOLDER, folded(training.network), strides=strides, shape=shape, about=about
    )  # fmt: skip


def folded(network: nn.Module) -> dict[str, NDArray[np.float32]]:
    """Return the layers of an Extractor by name, each normalization folded into the layer before it.

    Convolutions are (3, 3, n, m), dense layers (n, m), the first of them after maps (S, S, n) flattened in this order.
    """
    assert isinstance(network, Extractor)
    found, maps = {}, 0
    blocks: list[Any] = list(network.layers)
    for number, (convolution, norm, _) in enumerate(blocks):
        scale, bias = _affine(norm)
        weights = convolution.weight.detach().cpu().float() * scale[:, None, None, None]
        found[f"conv{number}.weights"] = weights.permute(2, 3, 1, 0).numpy()
        found[f"conv{number}.bias"], maps = bias.numpy(), len(bias)
    scale, bias = _affine(network.norm)
    weights = network.hidden.weight.detach().cpu().float() * scale[:, None]
    side = round((weights.shape[1] // maps) ** 0.5)
    found["hidden.weights"] = weights.reshape(-1, maps, side, side).permute(2, 3, 1, 0).reshape(-1, len(bias)).numpy()
    found["hidden.bias"] = bias.numpy()
    found["last.weights"] = network.last.weight.detach().cpu().float().T.numpy()
    found["last.bias"] = network.last.bias.detach().cpu().float().numpy()
    return {name: np.ascontiguousarray(array) for name, array in found.items()}


def _strides(network: nn.Module) -> list[int]:
    assert isinstance(network, Extractor)
    blocks: list[Any] = list(network.layers)
    return [int(block[0].stride[0]) for block in blocks]


def _affine(norm: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Return what a normalization multiplies by and adds, in evaluation."""
    scale = (norm.weight / (norm.running_var + norm.eps).sqrt()).detach().cpu().float()
    return scale, (norm.bias - norm.running_mean * scale).detach().cpu().float()
