"""Make any network of the catalog a detector: trained on pairs, kept at its best validation error, resumed exactly.

A cover and its own stego are in the same batch, under the same one of the eight flips and quarter turns, and nothing is ever
interpolated: the signal is a change by one. Before anything is learned, the pairs are looked at for what ruins trainings.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ssgan.compute import distributed, seeds
from ssgan.compute.progress import Notify, Progress
from ssgan.errors import InvalidSetting, RefusedModel
from ssgan.images import Images
from ssgan.images.quantization import Table, settings_with_table
from ssgan.steganalysis.catalog import NETWORKS
from ssgan.steganalysis.checks.findings import Finding, refuse
from ssgan.steganalysis.checks.pairs import diagnose
from ssgan.steganalysis.detector import Pairs, Probabilities
from ssgan.steganalysis.jpegs import check_table
from ssgan.steganalysis.network import Recipe
from ssgan.steganalysis.training.curriculum import Stage, checked_stages
from ssgan.steganalysis.training.loop import Training, scored
from ssgan.steganalysis.training.settings import NetworkSettings
from ssgan.storage import weights
from ssgan.storage.runs import Run


class NetworkDetector:
    """A PairDetector by a network: scores are logits, higher = more likely stego. `device` is where torch computes.

    `examine`: whether the pairs are looked at first; not for those that are none, as in a run without any stego. In processes
    that work together (ssgan.compute.distributed) all call `fit`, with the same pairs.
    """

    def __init__(self, settings: NetworkSettings, *, device: str = "cpu", examine: bool = True) -> None:
        self.settings, self.device, self.examine = settings, torch.device(distributed.device_of(device)), examine
        self.network: torch.nn.Module | None = None

    def fit(
        self,
        train: Pairs | Sequence[Stage],
        validate: Pairs,
        *,
        run: Path | None = None,
        progress: Progress[dict[str, float]] | None = None,
        notify: Notify[Finding] | None = None,
    ) -> None:
        """Train; with `run`, in that folder, from where an interrupted training of the same settings stopped.

        `progress` receives evaluations, `notify` findings on the pairs or the training; both are also in the
        folder. Raises InvalidSetting for pairs that cannot be learned from, TrainingDiverged where the loss is no number any
        more.
        """
        stages = checked_stages(train)
        for pairs in (*(stage.pairs for stage in stages), validate):
            check_table(self.settings.table, pairs.table)
        config = {"detector": self.settings.to_json()}
        if len(stages) > 1 or stages[0].embed is not None:
            config["lessons"] = {"images": [stage.images for stage in stages], "fresh": [bool(k.embed) for k in stages]}
        processes = distributed.current()
        folder = None if run is None else processes.first(lambda: Run(run, config))
        training = Training(self.settings, _make(self.settings), stages, folder, self.device)
        if not training.resume() and self.examine:
            found = processes.first(lambda: _examined(stages, validate))
            training.tell(found, notify)
            refuse(found)
        training.go(validate, progress, notify)
        self.network = training.best_network()

    def scores(
        self,
        images: Images,
        *,
        probabilities: Probabilities | None = None,
        table: Table | None = None,
        mismatch: bool = False,
    ) -> np.ndarray:
        """Return float64 (N,): the logits of Images (N, C, H, W), each the same whatever its neighbors.

        A detector that was trained with change probabilities needs those of the images; others take no notice of them.
        `table` and `mismatch` as in `PairDetector`.
        """
        check_table(self.settings.table, table, mismatch=mismatch)
        return scored(self._trained(), images, self.settings, self.device, probabilities=probabilities, table=table)

    def save(self, folder: Path) -> None:
        """Write weights and settings."""
        manifest = {"kind": "network detector", "settings": self.settings.to_json()}
        weights.save(folder, dict(self._trained().state_dict()), manifest)

    @classmethod
    def load(cls, folder: Path, *, device: str = "cpu") -> NetworkDetector:
        """Return the detector in a folder. Raises RefusedModel."""
        tensors, manifest = weights.load(folder)
        detector = cls(_settings(manifest, folder), device=device)
        detector.network = _filled(_make(detector.settings), tensors, folder).to(detector.device)
        return detector

    def _trained(self) -> torch.nn.Module:
        if self.network is None:
            raise InvalidSetting("this detector has not been trained", hint="call fit, or load a trained one")
        return self.network


def _examined(stages: Sequence[Stage], validate: Pairs) -> list[Finding]:
    """Return findings on the pairs of all stages, and on those of the question together with the validation pairs."""
    earlier = [finding for stage in stages[:-1] for finding in diagnose({"train": stage.pairs})]
    return list(dict.fromkeys([*earlier, *diagnose({"train": stages[-1].pairs, "validate": validate})]))


def _settings(manifest: dict[str, Any], folder: Path) -> NetworkSettings:
    try:
        settings = settings_with_table(manifest["settings"])
        return NetworkSettings(**{**settings, "recipe": Recipe(**settings["recipe"])})
    except (KeyError, TypeError, InvalidSetting) as error:
        raise RefusedModel(f"{folder} holds no network detector", hint="give the folder of a trained detector") from error


def _make(settings: NetworkSettings) -> torch.nn.Module:
    """Return a network initialized from the seed, without changing torch's own generator."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seeds.derive(settings.seed, "weights", settings.network) % 2**63)
        return NETWORKS[settings.network].make(settings.image_size, settings.channels)


def _filled(network: torch.nn.Module, tensors: dict[str, np.ndarray], folder: Path) -> torch.nn.Module:
    try:
        network.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in tensors.items()})
    except RuntimeError as error:
        raise RefusedModel(f"{folder} holds the weights of another network", hint="train it again") from error
    return network.eval()
