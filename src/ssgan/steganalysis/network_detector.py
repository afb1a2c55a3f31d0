"""Any network of the catalog as a detector: trained on pairs, kept at its best validation error, resumed exactly.

A cover and its own stego are in the same batch, under the same one of the eight flips and quarter turns, and nothing is ever
interpolated: the signal is a change by one. Which pair comes when follows from the seed and the number of images seen alone, so
a training that was stopped goes on as if it had not been.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ssgan import images, seeds, weights
from ssgan.errors import InvalidSetting, RefusedModel, TrainingDiverged
from ssgan.runs import Run
from ssgan.steganalysis.catalog import NETWORKS
from ssgan.steganalysis.detector import Pairs
from ssgan.steganalysis.error import p_e
from ssgan.steganalysis.recipes import RECIPES, Recipe

SCORED_TOGETHER = 128
LATEST = "latest"

Report = Callable[[int, dict[str, float]], None]  # images seen, figures


@dataclass(frozen=True)
class NetworkSettings:
    """What decides a trained network: its name, what it reads, the recipe and the seed."""

    network: str
    image_size: int
    channels: int
    recipe: Recipe
    seed: int = 0

    def __post_init__(self) -> None:
        if self.network not in NETWORKS:
            raise InvalidSetting(f"there is no network '{self.network}'", hint=f"known: {', '.join(NETWORKS)}")

    @classmethod
    def of(cls, network: str, pairs: Pairs, *, seed: int = 0, recipe: Recipe | None = None) -> NetworkSettings:
        """For pairs like these, by the network's own recipe."""
        height, width = pairs.covers.shape[2:]
        if height != width:
            raise InvalidSetting(f"networks are trained on square images, not {height} x {width}", hint="crop them first")
        return cls(network, height, pairs.covers.shape[1], recipe or RECIPES[network], seed)


class NetworkDetector:
    """fit(train, validate), scores(images): the logit, higher = more likely stego. `device` is where torch computes."""

    def __init__(self, settings: NetworkSettings, *, device: str = "cpu") -> None:
        self.settings, self.device = settings, torch.device(device)
        self.network: torch.nn.Module | None = None

    def fit(self, train: Pairs, validate: Pairs, *, run: Path | None = None, report: Report | None = None) -> None:
        """Train; with `run`, in that folder, from where an interrupted training of the same settings stopped.

        Raises TrainingDiverged where the loss is no number any more.
        """
        training = _Training(self.settings, self.device, None if run is None else Run(run, {"detector": asdict(self.settings)}))
        training.resume()
        while not training.over():
            if training.step(train):
                training.evaluate(validate, report)
        self.network = training.best_network()

    def scores(self, images: torch.Tensor, *, probabilities: torch.Tensor | None = None) -> np.ndarray:
        """float64 (N,): the logits of Images (N, C, H, W), each the same whatever its neighbors; probabilities have no part."""
        if self.network is None:
            raise InvalidSetting("this detector has not been trained", hint="call fit, or load a trained one")
        return _logits(self.network, images, self.device)

    def save(self, folder: Path) -> None:
        """Weights and settings."""
        if self.network is None:
            raise InvalidSetting("this detector has not been trained", hint="call fit first")
        weights.save(folder, dict(self.network.state_dict()), {"kind": "network detector", "settings": asdict(self.settings)})

    @classmethod
    def load(cls, folder: Path, *, device: str = "cpu") -> NetworkDetector:
        """The detector in a folder. Raises RefusedModel."""
        tensors, manifest = weights.load(folder)
        try:
            told = manifest["settings"]
            settings = NetworkSettings(**{**told, "recipe": Recipe(**told["recipe"])})
        except (KeyError, TypeError) as error:
            raise RefusedModel(f"{folder} holds no network detector", hint="give the folder of a trained detector") from error
        detector = cls(settings, device=device)
        detector.network = _filled(_make(settings), tensors, folder).to(detector.device)
        return detector


class _Training:
    """The state that lives through a training, and its way to and from the run's folder."""

    def __init__(self, settings: NetworkSettings, device: torch.device, run: Run | None) -> None:
        self.settings, self.device, self.run = settings, device, run
        self.network = _make(settings).to(device)
        self.optimizer = _optimizer(settings.recipe, self.network)
        self.images_seen, self.best_error, self.waited = 0, math.inf, 0
        self.best = _state(self.network)
        self.started = time.monotonic()

    def over(self) -> bool:
        recipe = self.settings.recipe
        return self.images_seen >= recipe.duration_images or self.waited >= recipe.patience or self.best_error == 0

    def step(self, train: Pairs) -> bool:
        """One batch: pairs in the order of the epoch, each under a symmetry of its own. Says whether an evaluation is due."""
        recipe = self.settings.recipe
        for group in self.optimizer.param_groups:
            group["lr"] = recipe.learning_rate * (1 + math.cos(math.pi * self.images_seen / recipe.duration_images)) / 2
        covers, stegos = _batch(train, self.settings.seed, self.images_seen // 2, recipe.batch_pairs)
        count = len(covers)
        pixels = torch.cat([covers, stegos]).to(self.device).float()
        labels = torch.cat([torch.zeros(count), torch.ones(count)]).to(self.device)
        self.network.train()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(self.network(pixels), labels)
        if not bool(loss.isfinite()):
            raise TrainingDiverged(
                f"the loss is {float(loss.detach())} after {self.images_seen} images", hint="lower the learning rate"
            )
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        self.loss = float(loss.detach())
        before, self.images_seen = self.images_seen, self.images_seen + 2 * count
        passed = self.images_seen // recipe.evaluate_images > before // recipe.evaluate_images
        return passed or self.images_seen >= recipe.duration_images

    def evaluate(self, validate: Pairs, report: Report | None) -> None:
        """The validation error; the best network so far is kept, and all of it saved."""
        self.network.eval()
        error, _ = p_e(*(_logits(self.network, part, self.device) for part in (validate.covers, validate.stegos)))
        self.waited += 1
        if error < self.best_error:
            self.best_error, self.best, self.waited = error, _state(self.network), 0
        seconds = time.monotonic() - self.started
        figures = {"loss": self.loss, "validation_p_e": error, "best_p_e": self.best_error, "seconds": round(seconds, 1)}
        if self.run is not None:
            self._save()
            self.run.log(self.images_seen, **figures)
        if report is not None:
            report(self.images_seen, figures)

    def best_network(self) -> torch.nn.Module:
        self.network.load_state_dict(self.best)
        return self.network.eval()

    def resume(self) -> None:
        if self.run is None or not (self.run.folder / LATEST).exists():
            return
        tensors, manifest = weights.load(self.run.folder / LATEST, largest_bytes=1 << 32)
        self.network.load_state_dict(_part(tensors, "network"))
        self.best = _part(tensors, "best")
        state = self.optimizer.state_dict()
        state["state"] = {int(i): _part(tensors, f"optimizer.{i}") for i in manifest["optimized"]}
        self.optimizer.load_state_dict(state)
        self.images_seen, self.best_error, self.waited = manifest["images_seen"], manifest["best_error"], manifest["waited"]
        self.run.rewind(self.images_seen)

    def _save(self) -> None:
        assert self.run is not None
        moments = self.optimizer.state_dict()["state"]
        tensors = {f"network.{name}": tensor for name, tensor in self.network.state_dict().items()}
        tensors |= {f"best.{name}": tensor for name, tensor in self.best.items()}
        tensors |= {f"optimizer.{i}.{name}": value for i, values in moments.items() for name, value in values.items()}
        told = {
            "images_seen": self.images_seen,
            "best_error": self.best_error,
            "waited": self.waited,
            "optimized": list(moments),
        }
        weights.save(self.run.folder / LATEST, tensors, told)


def _batch(train: Pairs, seed: int, start: int, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The pairs `start`, `start` + 1, ... of the endless sequence of shuffled epochs, each turned by its own symmetry."""
    chosen, turned = zip(*_sequence(len(train.covers), seed, start, count), strict=True)
    index = torch.tensor(chosen)
    covers, stegos = train.covers[index], train.stegos[index]
    for k in set(turned) - {0}:
        places = torch.tensor([i for i, other in enumerate(turned) if other == k])
        covers[places], stegos[places] = images.symmetry(covers[places], k), images.symmetry(stegos[places], k)
    return covers, stegos


def _sequence(pairs: int, seed: int, start: int, count: int) -> Iterator[tuple[int, int]]:
    """(pair, symmetry) from place `start` of the sequence on."""
    order = symmetries = np.empty(0, dtype=np.int64)
    epoch_made = -1
    for place in range(start, start + count):
        epoch, at = divmod(place, pairs)
        if epoch != epoch_made:
            rng = seeds.generator(seed, "epoch", str(epoch))
            order, symmetries, epoch_made = rng.permutation(pairs), rng.integers(0, images.SYMMETRIES, pairs), epoch
        yield int(order[at]), int(symmetries[at])


def _logits(network: torch.nn.Module, pictures: torch.Tensor, device: torch.device) -> np.ndarray:
    network.eval()
    with torch.inference_mode():
        parts = [network(part.to(device).float()).double().cpu() for part in torch.split(pictures, SCORED_TOGETHER)]
    return torch.cat(parts).numpy() if parts else np.empty(0)


def _make(settings: NetworkSettings) -> torch.nn.Module:
    """Freshly initialized from the seed, leaving torch's own generator as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seeds.derive(settings.seed, "weights", settings.network) % 2**63)
        return NETWORKS[settings.network].make(settings.image_size, settings.channels)


def _filled(network: torch.nn.Module, tensors: dict[str, np.ndarray], folder: Path) -> torch.nn.Module:
    try:
        network.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in tensors.items()})
    except RuntimeError as error:
        raise RefusedModel(f"{folder} holds the weights of another network", hint="train it again") from error
    return network.eval()


def _state(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}


def _part(tensors: dict[str, np.ndarray], prefix: str) -> dict[str, torch.Tensor]:
    head = prefix + "."
    return {name.removeprefix(head): torch.from_numpy(np.array(a)) for name, a in tensors.items() if name.startswith(head)}


def _optimizer(recipe: Recipe, network: torch.nn.Module) -> torch.optim.Optimizer:
    shared: dict[str, Any] = {"lr": recipe.learning_rate, "weight_decay": recipe.weight_decay}
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(network.parameters(), momentum=0.95, **shared)
    made = {"adam": torch.optim.Adam, "adamax": torch.optim.Adamax, "adadelta": torch.optim.Adadelta}.get(recipe.optimizer)
    if made is None:
        raise InvalidSetting(f"there is no optimizer '{recipe.optimizer}'", hint="adam, adamax, adadelta or sgd")
    return made(network.parameters(), **shared)
