"""Simulate the optimal sender: the coder `bound`.

Among all senders of the same payload, the one whose changes follow p(+-1) ~ exp(-lambda rho+-) has the least expected
distortion; lambda follows from the payload. T. Filler, J. Fridrich, "Gibbs construction in steganography", IEEE TIFS 5(4),
2010; T. Filler, J. Judas, J. Fridrich, IEEE TIFS 6(3), 2011, Eq. (4) to (6). lambda is found in units of the image's own costs,
so flat covers, whose costs are beyond 10^9, are as easy as any.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ssgan.compute import seeds as public_seeds
from ssgan.embedding.coder import Assignment, ChangeProbabilities, Coder
from ssgan.embedding.coders import gibbs_loops
from ssgan.embedding.coders.gibbs import MARGIN, Sender
from ssgan.embedding.coders.gibbs_device import DeviceSender
from ssgan.embedding.costs import Costs
from ssgan.errors import DoesNotFit, InvalidSetting
from ssgan.images.samples import Samples

TOLERANCE = 1e-8  # relative, of the payload or the distortion met
_ARRAY_TYPES = (torch.float32, torch.float64)  # what the compiled loops take


def simulate(covers: torch.Tensor, costs: Costs, payload: float, seeds: NDArray[np.uint64]) -> torch.Tensor:
    """Return whole numbers (N, C, H, W) changed by the optimal sender of `payload` bits per sample; one uint64 seed an
    image.
    """
    return sample(covers, change_probabilities(costs, payload), seeds)


def change_probabilities(costs: Costs, payload: float) -> ChangeProbabilities:
    """Return the probabilities that carry `payload` bits per sample at the least expected distortion, in each image."""
    if not payload >= 0:
        raise InvalidSetting(
            f"payload is {payload:g}; it counts bits per sample and must be at least 0", hint="give a number such as 0.4"
        )
    if payload == 0:
        return ChangeProbabilities(torch.zeros_like(costs.plus), torch.zeros_like(costs.minus))
    if _is_plain(costs):
        sender = Sender(*_arrays(costs))
        return _fill(costs, _lambdas(costs, sender, payload=payload), sender)
    return probabilities_at(costs, lambdas(costs, payload=payload))


def lambdas(costs: Costs, *, payload: float | None = None, distortion: float | torch.Tensor | None = None) -> torch.Tensor:
    """Return float64 (N,): each image's lambda, for a payload in bits per sample or for an expected distortion (one of the
    two).

    Raises DoesNotFit where wet samples leave no room, with the payload that the worst image of the batch reaches.
    """
    if (payload is None) == (distortion is None):
        raise InvalidSetting("lambdas needs either a payload or a distortion", hint="give one of the two")
    if costs.plus.device.type == "cpu":
        return _lambdas(costs, Sender(*_arrays(costs)), payload=payload, distortion=distortion)
    sender = DeviceSender(Costs(costs.plus.detach(), costs.minus.detach()))
    return _lambdas(costs, sender, payload=payload, distortion=distortion)


def _lambdas(
    costs: Costs, sender: Sender | DeviceSender, *, payload: float | None = None, distortion: float | torch.Tensor | None = None
) -> torch.Tensor:
    samples, device = costs.plus[0].numel(), costs.plus.device
    if torch.as_tensor(sender.wrong).any():
        raise InvalidSetting("a cost is negative or not a number", hint="give costs >= 0, infinite where a sample is wet")
    asked = payload * samples if payload is not None else distortion
    target = torch.as_tensor(asked, dtype=torch.float64, device=device).expand(len(costs.plus))
    if payload is not None:
        _refuse_beyond(torch.as_tensor(sender.largest_payload), target, samples)
    else:
        _refuse_distortion(torch.as_tensor(sender.largest_distortion), target)
    if isinstance(sender, DeviceSender):
        return sender.lambdas_for_distortion(target) if payload is None else sender.lambdas_for_payload(target)
    find = sender.lambdas_for_distortion if payload is None else sender.lambdas_for_payload
    return torch.from_numpy(find(target.numpy(), TOLERANCE))


def probabilities_at(costs: Costs, lam: torch.Tensor) -> ChangeProbabilities:
    """Return exp(-lambda rho) / Z for given lambda (N,); differentiable in the costs."""
    if _is_plain(costs):
        return _fill(costs, lam, Sender(*_arrays(costs)))
    floor = DeviceSender(costs).free.detach().to(costs.plus.dtype).reshape(-1, 1, 1, 1)
    factor = lam.to(costs.plus.dtype).reshape(-1, 1, 1, 1)
    plus, minus = ((-factor * torch.maximum(rho, floor)).exp() for rho in costs)
    z = 1 + plus + minus
    return ChangeProbabilities(plus / z, minus / z)


def _is_plain(costs: Costs) -> bool:
    """Return whether compiled loops can do the work: on the processor, and no gradient is needed."""
    return costs.plus.device.type == "cpu" and not costs.plus.requires_grad and not costs.minus.requires_grad


def _fill(costs: Costs, lam: torch.Tensor, sender: Sender) -> ChangeProbabilities:
    """Return exp(-lambda rho) / Z by the compiled loops, as one tensor where both ways cost the same."""
    arrays = _arrays(costs)
    # Row by row in memory, whatever the strides of the costs are: the loop fills these arrays, and not copies of them.
    rows = [np.empty(rho.shape, rho.dtype) for rho in arrays[: 1 if arrays[1] is arrays[0] else 2]]
    if len(rows) == 1:
        gibbs_loops.fill_probabilities_alike(arrays[0], lam.numpy(), sender.free, rows[0])
    else:
        gibbs_loops.fill_probabilities(*arrays, lam.numpy(), sender.free, *rows)
    betas = [torch.from_numpy(beta).reshape(rho.shape).to(rho.dtype) for beta, rho in zip(rows, costs, strict=False)]
    return ChangeProbabilities(betas[0], betas[-1])


def entropy_bits(probabilities: ChangeProbabilities) -> torch.Tensor:
    """Return float64 (N,): the entropy of the changes of each image in bits."""
    plus, minus = probabilities.plus.double(), probabilities.minus.double()
    none = (1 - plus - minus).clamp(min=0)
    nats = -sum(torch.xlogy(p, p) for p in (plus, minus, none))
    return torch.as_tensor(nats).flatten(1).sum(1) / math.log(2)


def expected_distortion(costs: Costs, probabilities: ChangeProbabilities) -> torch.Tensor:
    """Return float64 (N,): the expected distortion of the changes."""
    pairs = ((costs.plus, probabilities.plus), (costs.minus, probabilities.minus))
    paid = sum(torch.where(beta > 0, rho * beta, torch.zeros_like(rho)).double() for rho, beta in pairs)
    return torch.as_tensor(paid).flatten(1).sum(1)


def sample(covers: torch.Tensor, probabilities: ChangeProbabilities, seeds: NDArray[np.uint64]) -> torch.Tensor:
    """Return samples of an integer type, +1 where r < beta+, -1 where beta+ <= r < beta+ + beta-, one uniform r a sample."""
    r = public_seeds.uniforms(seeds, covers[0].numel(), device=covers.device).reshape(covers.shape)
    plus, minus = probabilities
    raised = r < plus
    lowered = r < plus + minus if plus.dtype == r.dtype else r < plus.double() + minus.double()
    return covers + raised.to(covers.dtype) * 2 - (raised | lowered).to(covers.dtype)


def _arrays(costs: Costs) -> tuple[NDArray[np.floating[Any]], NDArray[np.floating[Any]]]:
    """Return the costs as arrays (N, n) of one dtype, row by row, copied where strides or precision require it.

    They are one array where the costs are one tensor.
    """
    if costs.minus is costs.plus:
        rho = costs.plus.detach() if costs.plus.dtype in _ARRAY_TYPES else costs.plus.detach().float()
        flat = rho.flatten(1).contiguous().numpy()
        return flat, flat
    plus, minus = (rho.detach() if rho.dtype in _ARRAY_TYPES else rho.detach().float() for rho in costs)
    if plus.dtype != minus.dtype:  # the compiled loops take both alike
        plus, minus = plus.double(), minus.double()
    return plus.flatten(1).contiguous().numpy(), minus.flatten(1).contiguous().numpy()


def _refuse_beyond(largest: torch.Tensor, asked: torch.Tensor, samples: int) -> None:
    short = asked > largest * (1 + MARGIN)
    if bool(short.any()):
        reachable = float(largest[short].min())
        raise DoesNotFit(
            f"{float(asked[0]) / samples:g} bits per sample do not fit: image {int(short.nonzero()[0])} of the batch takes at "
            f"most {reachable / samples:.4f} ({int(short.sum())} of {len(short)} images are too flat or too saturated)",
            reachable=math.floor(reachable),
            hint="lower the payload, or take covers with more texture and fewer samples at the ends of their range",
        )


def _refuse_distortion(largest: torch.Tensor, asked: torch.Tensor) -> None:
    if bool((asked <= 0).any()) or bool((asked >= largest).any()):
        raise InvalidSetting(
            "the distortion asked for is not between 0 and that of changing every sample at random",
            hint="ask for less than the distortion of a uniform choice among +1, 0 and -1",
        )


def _simulate(assignment: Assignment, samples: Samples[torch.Tensor], costs: Costs, seeds: NDArray[np.uint64]) -> torch.Tensor:
    return simulate(samples.values, costs, assignment.payload, seeds)


ROW = Coder(_simulate, change_probabilities, "the optimal sender, simulated: the best any code could do", free_signs=True)
