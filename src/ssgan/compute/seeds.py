"""Derive public, reproducible randomness: a seed and a name give an independent generator.

Nothing here is secret: a seed is written into results so that they can be made again. Keys, and the latents of covers that
are really used, come from the operating system instead. What is random per image is drawn as one 64-bit image seed and
expanded by a counter-based hash, so an image gets the same numbers alone, in a batch of any size, and on any device.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from ssgan.errors import InvalidSetting
from ssgan.storage.names import name_bytes

if TYPE_CHECKING:
    import torch

# SplitMix64: G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014, fig. 16 and 17.
GOLDEN_GAMMA = 0x9E3779B97F4A7C15
MIX = (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
CONSTANTS = np.array([GOLDEN_GAMMA, *MIX], dtype=np.uint64)  # as `seeds_loops` takes them
_SIGN = 1 << 63


def derive(seed: int, *names: str) -> int:
    """Return a 64-bit seed for `names` under `seed`; other names give unrelated seeds."""
    return int.from_bytes(hashlib.sha256(_label(seed, names)).digest()[:8], "big")


def generator(seed: int, *names: str) -> np.random.Generator:
    """Return an independent generator for `names` under `seed` (Philox with a 128-bit key)."""
    key = np.frombuffer(hashlib.sha256(_label(seed, names)).digest()[:16], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key))


def _label(seed: int, names: tuple[str, ...]) -> bytes:
    """Return a name as bytes, since that of a picture need not be UTF-8."""
    return name_bytes("\x00".join((str(int(seed)), *names)))


def as_seed(seed: int | np.random.Generator) -> int:
    """Return a seed as a whole number: itself, or one drawn from a NumPy Generator. Raises InvalidSetting for other types."""
    if isinstance(seed, np.random.Generator):
        return int(seed.integers(2**63))
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        raise InvalidSetting(f"a seed is a whole number or a NumPy Generator, not {seed!r}", hint="give a number such as 1")
    return int(seed)


def as_generator(seed: int | np.random.Generator, *names: str) -> np.random.Generator:
    """Return a NumPy Generator: itself, or the one for `names` under a whole number. Raises InvalidSetting for other types."""
    return seed if isinstance(seed, np.random.Generator) else generator(as_seed(seed), *names)


def image_seeds(rng: np.random.Generator, count: int) -> np.ndarray:
    """Return one seed an image, uint64 (count,), drawn in order, so that batches may be split anywhere."""
    return np.asarray(rng.integers(0, 2**64, size=count, dtype=np.uint64))


def uniforms(
    seeds: np.ndarray | torch.Tensor, samples: int, *, stream: int = 0, device: torch.device | str = "cpu"
) -> torch.Tensor:
    """Return float64 (N, samples) in [0, 1), the SplitMix64 sequence of each of the N uint64 `seeds`.

    `stream` separates several draws for the same image. Seeds that are on an accelerator already, as int64 with the same bits,
    are expanded there, without a synchronization.
    """
    import torch

    if isinstance(seeds, torch.Tensor):
        return _expanded(_mixed(seeds ^ _signed(_moved(stream))) if stream else seeds, samples)
    starts = starting_states(seeds, stream=stream)
    if torch.device(device).type == "cpu":
        return torch.from_numpy(_expanded_array(starts, samples))
    return _expanded(torch.from_numpy(starts.view(np.int64)).to(device), samples)


def uniform_array(seeds: np.ndarray, samples: int, *, stream: int = 0) -> np.ndarray:
    """Return the same as an array."""
    return _expanded_array(starting_states(seeds, stream=stream), samples)


def _moved(stream: int) -> int:
    """Return what moves the starting state to a place of its own, itself mixed, so that streams do not overlap in practice."""
    return _mix(stream * GOLDEN_GAMMA) if stream else 0


def starting_states(seeds: np.ndarray, *, stream: int = 0) -> np.ndarray:
    """Return uint64 (N,): the states before the first numbers of the N uint64 `seeds`; see `seeds_loops`."""
    moved = _moved(stream)
    return np.array([_mix(int(s) ^ moved) if stream else int(s) for s in np.atleast_1d(seeds)], dtype=np.uint64)


def _expanded_array(starts: np.ndarray, samples: int) -> np.ndarray:
    from ssgan.compute import seeds_loops

    drawn = np.empty((len(starts), samples))
    seeds_loops.fill_uniforms(starts, CONSTANTS, drawn)
    return drawn


def _expanded(starts: torch.Tensor, samples: int) -> torch.Tensor:
    """Return float64 (N, samples) from int64 (N,): the upper 53 bits of each number as a fraction."""
    import torch

    counter = torch.arange(1, samples + 1, dtype=torch.int64, device=starts.device)[None, :]
    z = _mixed(starts[:, None] + counter * _signed(GOLDEN_GAMMA))
    return _shift_right(z, 11).to(torch.float64) * 2.0**-53


def _mixed(z: torch.Tensor) -> torch.Tensor:
    """Return SplitMix64's output function on int64 states, in arithmetic modulo 2^64."""
    z = (z ^ _shift_right(z, 30)) * _signed(MIX[0])
    z = (z ^ _shift_right(z, 27)) * _signed(MIX[1])
    return z ^ _shift_right(z, 31)


def _shift_right(z: torch.Tensor, bits: int) -> torch.Tensor:
    """Return the logical right shift, since that of int64 repeats the sign."""
    return (z >> bits) & ((1 << (64 - bits)) - 1)


def _signed(value: int) -> int:
    """Return the int64 with the same 64 bits."""
    value &= (1 << 64) - 1
    return value - (1 << 64) if value & _SIGN else value


def _mix(z: int) -> int:
    """Return SplitMix64's output function on a whole number."""
    mask = (1 << 64) - 1
    z &= mask
    z = ((z ^ (z >> 30)) * MIX[0]) & mask
    z = ((z ^ (z >> 27)) * MIX[1]) & mask
    return z ^ (z >> 31)
