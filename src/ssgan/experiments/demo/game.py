"""Play some rounds of the paper's game, from the bundled generator and the trained warden.

Without photographs of faces, an unchanged copy of the generator takes the place of real images: the critic, which starts
untrained, tells its faces from those of the generator in training. The warden looks for a message, and the generator learns
from both. In the end the earlier warden is tested on old pictures and new ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch import nn

from ssgan import images
from ssgan.compute.distributed import Processes
from ssgan.compute.progress import Progress, silent
from ssgan.embedding.embedder import Embedder
from ssgan.experiments.demo import wardens
from ssgan.gan.covers.generators import Card, open_generator
from ssgan.gan.covers.sample import public_latents
from ssgan.gan.training.assembly import assemble
from ssgan.gan.training.random_draws import RandomDraws
from ssgan.gan.training.sample_grids import sampled
from ssgan.gan.training.ssgan import numbers
from ssgan.gan.training.ssgan import play as play_step
from ssgan.images import Images
from ssgan.steganalysis.error_rate import p_e
from ssgan.views.contact_sheet import contact_sheet

COLUMNS = 6
SHOWN = 2 * COLUMNS
ASKED = 192  # covers, and as many stegos, that the warden is asked about before and after
ALPHA = 0.5  # both judges weigh the same: with the training's 0.9 so few rounds would show nothing of the warden's part
RATES = {"generator": 1e-4, "detector": 1e-4}  # the critic keeps the training's


@dataclass(frozen=True, eq=False)
class GameResult:
    """The outcome of the game.

    course  figures of each round by name
    before, after  sheets uint8 (3, H, W) of the same latents
    moved   how far these are apart, in gray values
    wrong   P_E of the warden as it was, on pictures of the generator before and after
    """

    rounds: int
    heard_from: int
    course: dict[str, list[float]]
    before: np.ndarray
    after: np.ndarray
    moved: float
    wrong: tuple[float, float]


def play(
    card: Card,
    embedder: str,
    warden: Mapping[str, np.ndarray],
    *,
    rounds: int,
    batch: int,
    progress: Progress[()] = silent,
) -> GameResult:
    """Play rounds of all three updates; in the first quarter only the critic learns."""
    given, card = open_generator(card.folder)
    config = replace(
        card.config, batch=batch, embedder=embedder, ema_images=0, precision="float32", start="",
        detector=wardens.NETWORK, secrecy="both", alpha=ALPHA, alpha_mode="balanced", gated=False, roughness=0.0,
    )  # fmt: skip
    device, alone = torch.device("cpu"), Processes()
    game, nets = assemble(config, device, alone)
    nets["generator"].load_state_dict(given.state_dict())
    nets["detector"].load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in warden.items()})
    for name, rate in RATES.items():
        for group in game.optimizers[name].param_groups:
            group["lr"] = rate
    reality, draws, at_first = deepcopy(given).eval(), RandomDraws(config, alone, device), deepcopy(nets["detector"]).eval()
    latents = public_latents(config, range(ASKED), config.seed)
    before = images.to_pixels(sampled(nets["generator"], latents))
    course: dict[str, list[float]] = {}
    heard_from = rounds // 4
    for turn in range(rounds):
        with torch.no_grad():
            real = reality(draws.latents("grid", turn))
        measured = play_step(game, draws, turn, partial(_same, real), train_generator=turn >= heard_from)
        for name, value in numbers(measured).items():
            course.setdefault(name, []).append(value)
        progress(turn + 1)
    after = images.to_pixels(sampled(nets["generator"], latents))
    return GameResult(
        rounds,
        heard_from,
        course,
        contact_sheet(before[:SHOWN], COLUMNS),
        contact_sheet(after[:SHOWN], COLUMNS),
        float((after.float() - before.float()).abs().mean()),
        (wrong(at_first, before, embedder), wrong(at_first, after, embedder)),
    )


def _same(real: torch.Tensor, turn: int) -> torch.Tensor:
    """Return the same real images for each update of the critic in a round."""
    return real


def wrong(warden: nn.Module, covers: Images, embedder: str) -> float:
    """Return P_E of a network on covers and their stegos."""
    stegos = Embedder.parse(embedder).simulate_seeded(covers, np.arange(len(covers), dtype=np.uint64))
    with torch.no_grad():
        scores = [
            torch.cat([warden(part.float()) for part in pictures.split(64)]).double().numpy() for pictures in (covers, stegos)
        ]
    return p_e(scores[0], scores[1])[0]
