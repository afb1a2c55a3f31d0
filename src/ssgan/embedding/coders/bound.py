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
from numpy.typing import NDArray

from ssgan.compute import seeds as public_seeds
from ssgan.compute.lazy_torch import Values, as_array, is_tensor, torch
from ssgan.compute.threads import share_rows
from ssgan.embedding.coder import Assignment, ChangeProbabilities, Coder
from ssgan.embedding.coders import gibbs_loops
from ssgan.embedding.coders.gibbs import MARGIN, Sender
from ssgan.embedding.coders.gibbs_device import DeviceSender
from ssgan.embedding.costs import Costs
from ssgan.errors import DoesNotFit, InvalidSetting
from ssgan.images.samples import Samples

TOLERANCE = 1e-8  # relative, of the payload or the distortion met
_KINDS = (np.dtype(np.float32), np.dtype(np.float64))  # what the compiled loops take


def simulate(covers: Values, costs: Costs[Values], payload: float, seeds: NDArray[np.uint64]) -> Values:
    """Return whole numbers (N, C, H, W) changed by the optimal sender of `payload` bits per sample; one uint64 seed an
    image.
    """
    kinds = {str(rho.dtype).removeprefix("torch.") for rho in costs}
    if not _is_plain(costs) or not payload > 0 or kinds not in ({"float32"}, {"float64"}):  # others are rounded in between
        return sample(covers, change_probabilities(costs, payload), seeds)
    sender = Sender(*_arrays(costs))
    changed = _changed(as_array(covers), costs, sender, _array_lambdas(costs, sender, payload=payload), seeds)
    return torch.from_numpy(changed) if is_tensor(covers) else changed


def _changed(
    covers: NDArray[Any], costs: Costs[Any], sender: Sender, lam: NDArray[np.float64], seeds: NDArray[np.uint64]
) -> NDArray[Any]:
    """Return what `sample` does with the probabilities at lambda (N,), in one pass, without keeping them."""
    values, (plus, minus) = np.array(covers, order="C").reshape(len(covers), -1), _arrays(costs)
    states = public_seeds.starting_states(seeds)

    def fill(first: int, last: int) -> None:
        gibbs_loops.change(
            values, plus, minus, minus is plus, lam, sender.free, states, public_seeds.CONSTANTS, first, last
        )  # fmt: skip

    share_rows(fill, rows=values.shape[1], samples=values.size)
    return values.reshape(covers.shape)


def change_probabilities(costs: Costs[Values], payload: float) -> ChangeProbabilities[Values]:
    """Return the probabilities that carry `payload` bits per sample at the least expected distortion, in each image."""
    if not payload >= 0:
        raise InvalidSetting(
            f"payload is {payload:g}; it counts bits per sample and must be at least 0", hint="give a number such as 0.4"
        )
    if payload == 0:
        none = torch.zeros_like(costs.plus) if is_tensor(costs.plus) else np.zeros_like(costs.plus)
        return ChangeProbabilities(none, none)
    if _is_plain(costs):
        sender = Sender(*_arrays(costs))
        return _fill(costs, _array_lambdas(costs, sender, payload=payload), sender)
    differentiated: Any = costs
    found: Any = probabilities_at(differentiated, lambdas(differentiated, payload=payload))
    return found


def lambdas(costs: Costs, *, payload: float | None = None, distortion: float | torch.Tensor | None = None) -> torch.Tensor:
    """Return float64 (N,): each image's lambda, for a payload in bits per sample or for an expected distortion (one of the
    two).

    Raises DoesNotFit where wet samples leave no room, with the payload that the worst image of the batch reaches.
    """
    if (payload is None) == (distortion is None):
        raise InvalidSetting("lambdas needs either a payload or a distortion", hint="give one of the two")
    given = as_array(distortion) if is_tensor(distortion) else distortion
    if costs.plus.device.type == "cpu":
        return torch.from_numpy(_array_lambdas(costs, Sender(*_arrays(costs)), payload=payload, distortion=given))
    sender = DeviceSender(Costs(costs.plus.detach(), costs.minus.detach()))
    target = _checked_target(costs, sender, payload, given)
    wanted = torch.from_numpy(target).to(costs.plus.device)
    return sender.lambdas_for_distortion(wanted) if payload is None else sender.lambdas_for_payload(wanted)


def _array_lambdas(
    costs: Costs[Any], sender: Sender, *, payload: float | None = None, distortion: float | np.ndarray | None = None
) -> NDArray[np.float64]:
    find = sender.lambdas_for_distortion if payload is None else sender.lambdas_for_payload
    return find(_checked_target(costs, sender, payload, distortion), TOLERANCE)


def _checked_target(
    costs: Costs[Any], sender: Sender | DeviceSender, payload: float | None, distortion: float | np.ndarray | None
) -> NDArray[np.float64]:
    """Return float64 (N,): the bits or the distortion that each image is to have. Raises where it cannot."""
    if as_array(sender.wrong).any():
        raise InvalidSetting("a cost is negative or not a number", hint="give costs >= 0, infinite where a sample is wet")
    samples = math.prod(costs.plus.shape[1:])
    asked = payload * samples if payload is not None else distortion
    target = np.empty(len(costs.plus))
    target[:] = asked
    if payload is not None:
        _refuse_beyond(as_array(sender.largest_payload), target, samples)
    else:
        _refuse_distortion(as_array(sender.largest_distortion), target)
    return target


def probabilities_at(costs: Costs, lam: torch.Tensor) -> ChangeProbabilities:
    """Return exp(-lambda rho) / Z for given lambda (N,); differentiable in the costs."""
    if _is_plain(costs):
        return _fill(costs, as_array(lam), Sender(*_arrays(costs)))
    floor = DeviceSender(costs).free.detach().to(costs.plus.dtype).reshape(-1, 1, 1, 1)
    factor = lam.to(costs.plus.dtype).reshape(-1, 1, 1, 1)
    plus, minus = ((-factor * torch.maximum(rho, floor)).exp() for rho in costs)
    z = 1 + plus + minus
    return ChangeProbabilities(plus / z, minus / z)


def _is_plain(costs: Costs[Any]) -> bool:
    """Return whether compiled loops can do the work: in main memory, and no gradient is needed."""
    return not any(is_tensor(rho) and (rho.device.type != "cpu" or rho.requires_grad) for rho in costs)


def _fill(costs: Costs[Values], lam: NDArray[np.float64], sender: Sender) -> ChangeProbabilities[Values]:
    """Return exp(-lambda rho) / Z by the compiled loops, as one array or tensor where both ways cost the same."""
    arrays = _arrays(costs)
    # Row by row in memory, whatever the strides of the costs are: the loop fills these arrays, and not copies of them.
    rows = [np.empty(rho.shape, rho.dtype) for rho in arrays[: 1 if arrays[1] is arrays[0] else 2]]
    if len(rows) == 1:
        gibbs_loops.fill_probabilities_alike(arrays[0], lam, sender.free, rows[0])
    else:
        gibbs_loops.fill_probabilities(*arrays, lam, sender.free, *rows)
    betas: list[Any] = [_like(beta.reshape(rho.shape), rho) for beta, rho in zip(rows, costs, strict=False)]
    return ChangeProbabilities(betas[0], betas[-1])


def _like(beta: np.ndarray, rho: Values) -> Values:
    """Return an array as what `rho` is, in its precision."""
    return torch.from_numpy(beta).to(rho.dtype) if is_tensor(rho) else beta.astype(rho.dtype, copy=False)


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


def sample(covers: Values, probabilities: ChangeProbabilities[Values], seeds: NDArray[np.uint64]) -> Values:
    """Return samples of an integer type, +1 where r < beta+, -1 where beta+ <= r < beta+ + beta-, one uniform r a sample."""
    plus, minus = probabilities
    if not is_tensor(covers):
        r = public_seeds.uniform_array(seeds, math.prod(covers.shape[1:])).reshape(covers.shape)
        raised = r < plus
        lowered = r < plus.astype(np.float64, copy=False) + minus
        return covers + raised.astype(covers.dtype) * covers.dtype.type(2) - (raised | lowered).astype(covers.dtype)
    drawn = public_seeds.uniforms(seeds, covers[0].numel(), device=covers.device).reshape(covers.shape)
    up = drawn < plus
    down = drawn < plus + minus if plus.dtype == drawn.dtype else drawn < plus.double() + minus.double()
    return covers + up.to(covers.dtype) * 2 - (up | down).to(covers.dtype)


def _arrays(costs: Costs[Any]) -> tuple[NDArray[np.floating[Any]], NDArray[np.floating[Any]]]:
    """Return the costs as arrays (N, n) of one dtype, row by row, copied where strides or precision require it.

    They are one array where the costs are one tensor or array.
    """
    if costs.minus is costs.plus:
        flat = _flat(costs.plus)
        return flat, flat
    plus, minus = _flat(costs.plus), _flat(costs.minus)
    if plus.dtype != minus.dtype:  # the compiled loops take both alike
        plus, minus = plus.astype(np.float64), minus.astype(np.float64)
    return plus, minus


def _flat(rho: np.ndarray | torch.Tensor) -> NDArray[np.floating[Any]]:
    if is_tensor(rho) and rho.dtype not in (torch.float32, torch.float64):  # not all of torch's types are NumPy's
        rho = rho.float()
    array = as_array(rho).reshape(len(rho), -1)
    return np.ascontiguousarray(array if array.dtype in _KINDS else array.astype(np.float32))


def _refuse_beyond(largest: NDArray[np.float64], asked: NDArray[np.float64], samples: int) -> None:
    short = asked > largest * (1 + MARGIN)
    if short.any():
        reachable = float(largest[short].min())
        raise DoesNotFit(
            f"{float(asked[0]) / samples:g} bits per sample do not fit: image {int(np.argmax(short))} of the batch takes at "
            f"most {reachable / samples:.4f} ({int(short.sum())} of {len(short)} images are too flat or too saturated)",
            reachable=math.floor(reachable),
            hint="lower the payload, or take covers with more texture and fewer samples at the ends of their range",
        )


def _refuse_distortion(largest: NDArray[np.float64], asked: NDArray[np.float64]) -> None:
    if (asked <= 0).any() or (asked >= largest).any():
        raise InvalidSetting(
            "the distortion asked for is not between 0 and that of changing every sample at random",
            hint="ask for less than the distortion of a uniform choice among +1, 0 and -1",
        )


def _simulate(assignment: Assignment, samples: Samples[Values], costs: Costs[Values], seeds: NDArray[np.uint64]) -> Values:
    return simulate(samples.values, costs, assignment.payload, seeds)


ROW = Coder(
    _simulate, change_probabilities, "the optimal sender, simulated: the best any code could do",
    free_signs=True, takes_arrays=True,
)  # fmt: skip
