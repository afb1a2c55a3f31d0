"""Combine a scheme, a payload and a coder; in commands, settings and results an embedder reads `hill@0.4` or `wow@0.2/stc`.

The scheme sets what a change costs, the coder embeds at these costs: `bound` simulates the optimal sender, `plain` puts one bit
on each visited sample, `stc` really codes, `message` sends messages as `hide` does. Options of a coder follow a colon:
`lsb@0.4/plain:red`, `hill@0.4/stc:h=12`. The option `luma` goes with every scheme: `hill@0.4:luma` changes the channels of a
color pixel together. A coder that draws new covers is written in the scheme's place: `drawn@0.4`, or `drawn@1.5:faces64` with
its model.

A scheme for the coefficients of JPEGs, such as `juniward@0.4`, counts its payload in bits per AC coefficient that is not zero,
and may have options of its own: `juniward@0.4:original`. With `luma` it leaves the chromas alone (`coefficient_embedder.py`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from ssgan.compute import seeds as public_seeds
from ssgan.compute.allocator import keep_freed
from ssgan.compute.lazy_torch import Values, as_array, is_tensor, torch
from ssgan.embedding import luma
from ssgan.embedding.catalog import CODERS, COEFFICIENT_SCHEMES, DEFAULT_CODER, FLAT_CODER, FLAT_SCHEME, SCHEMES
from ssgan.embedding.coder import ChangeProbabilities, Seeds
from ssgan.embedding.costs import Costs, apply_wet_rule
from ssgan.embedding.entry import CoefficientEntry, Correction, SchemeEntry
from ssgan.embedding.titles import LUMA, scheme_name, split_scheme
from ssgan.errors import InvalidSetting, spelled, unknown
from ssgan.images.samples import Samples, pixels

SHARE = {"cpu": 1 << 16, "cuda": 1 << 25}  # samples worked on at a time: they and what is made of them stay near the cores

PRECISIONS = ("float64", "float32")

# Images uint8 (N, 1 or 3, H, W), or samples of any kind (N, C, H, W): tensors, or arrays, for which torch is not imported.
Covers: TypeAlias = "torch.Tensor | Samples[torch.Tensor]"
ArrayCovers: TypeAlias = "NDArray[Any] | Samples[NDArray[Any]]"


@dataclass(frozen=True)
class Embedder:
    """A scheme, a payload in bits per sample, and a coder.

    `dtype` is the precision of the costs, torch's dtype or its name: float64 exact, float32 fast. `text`, for coders that take
    one, is written in place of random bits. With `joins_channels` the channels of a color pixel change together, and the
    payload counts bits per pixel; gray images are embedded as without it. A scheme for coefficients may have `scheme_options`;
    its payload counts bits per nonzero AC coefficient, its costs are always float64, and with `joins_channels` it changes luma
    alone.
    """

    scheme: str
    payload: float
    coder: str = DEFAULT_CODER
    options: tuple[str, ...] = ()
    dtype: str | torch.dtype = PRECISIONS[0]
    text: bytes | None = None
    joins_channels: bool = False
    scheme_options: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "scheme", scheme_name(self.scheme))
        object.__setattr__(self, "coder", spelled(self.coder, CODERS))
        _known("scheme", self.scheme, {**SCHEMES, **COEFFICIENT_SCHEMES})
        _known("coder", self.coder, CODERS)
        if not 0 <= self.payload < float("inf"):
            raise InvalidSetting(
                f"payload is {self.payload}; it counts bits per sample and must be at least 0", hint="write it as in hill@0.4"
            )
        object.__setattr__(self, "dtype", str(self.dtype).removeprefix("torch."))
        if self.dtype not in PRECISIONS:
            raise InvalidSetting(f"costs are {self.dtype}; they must be float64 or float32", hint="leave dtype out for float64")
        if self.text is not None and not CODERS[self.coder].takes_text:
            raise InvalidSetting(f"the coder {self.coder} writes no text", hint=f"use lsb@{self.payload:g}/{FLAT_CODER}")
        allowed = CODERS[self.coder].options
        for option in self.options:
            if not any(re.fullmatch(pattern, option) for pattern in allowed):
                known = ", ".join(allowed) or "none"
                raise InvalidSetting(f"the coder {self.coder} has no option '{option}'", hint=f"choose from {known}")
        if self.scheme in SCHEMES and self.joins_channels:
            for kind, name, joins in (
                ("scheme", self.scheme, SCHEMES[self.scheme].joins_channels),
                ("coder", self.coder, CODERS[self.coder].joins_channels),
            ):
                if not joins:
                    raise InvalidSetting(
                        f"the {kind} {name} changes the channels of a pixel by themselves",
                        hint=f"leave the option {LUMA} out, or use another {kind}",
                    )
        for option in self.scheme_options:
            if option not in (own := _scheme_options(self.scheme)):
                hint = f"choose from {', '.join((LUMA, *own))}"
                raise InvalidSetting(f"the scheme {self.scheme} has no option '{option}'", hint=hint)
        if self.redraws and self.prices_coefficients:
            raise InvalidSetting(f"the coder {self.coder} changes no JPEG", hint=f"write {self.scheme}@{self.payload:g}")
        if CODERS[self.coder].only and self.scheme not in CODERS[self.coder].only:
            named = " or ".join(f"{name}@{self.payload:g}/{self.coder}" for name in CODERS[self.coder].only)
            raise InvalidSetting(f"the coder {self.coder} does not go with {self.scheme}", hint=f"write {named}")
        row = COEFFICIENT_SCHEMES[self.scheme] if self.prices_coefficients else self.row
        if row.adaptive and not CODERS[self.coder].adaptive:
            raise InvalidSetting(
                f"the coder {self.coder} ignores the costs of {self.scheme}",
                hint=f"use lsb@{self.payload:g}/{self.coder}, or {self.scheme}@{self.payload:g} with bound or stc",
            )

    @classmethod
    def parse(cls, name: str, *, dtype: str | torch.dtype = PRECISIONS[0], text: bytes | None = None) -> Embedder:
        """Return the embedder of `scheme@payload`, `scheme@payload/coder` or `scheme@payload/coder:option,...`.

        With a coder that draws new covers, of `coder@payload` or `coder@payload:option`. Names may be written in any case and
        with hyphens: `S-UNIWARD@0.4` is suniward@0.4.
        """
        parts = re.fullmatch(r"([\w-]+)@([^/:]+)(?:/([\w-]+))?(?::(.+))?", name.strip())
        if not parts:
            raise InvalidSetting(
                f"'{name}' is not an embedder", hint="write scheme@payload, such as hill@0.4, wow@0.2/stc or drawn@0.4"
            )
        scheme, payload, coder, options = parts.groups()
        scheme = scheme_name(spelled(scheme, CODERS))
        try:
            amount = float(payload)
        except ValueError:
            hint = "give bits per sample, as in hill@0.4"
            raise InvalidSetting(f"the payload in '{name}' is not a number", hint=hint) from None
        if scheme in CODERS and CODERS[scheme].redraws and coder is None:
            scheme, coder = FLAT_SCHEME, scheme
        asked = options.split(",") if options else []
        rest = tuple(option for option in asked if option != LUMA)
        own: tuple[str, ...] = ()
        if scheme in COEFFICIENT_SCHEMES:  # without a coder, all are meant for the scheme
            own = tuple(option for option in rest if coder is None or option in _scheme_options(scheme))
            rest = tuple(option for option in rest if option not in own)
        if rest and coder is None:
            raise InvalidSetting(f"'{name}' has options and no coder", hint=f"write {scheme}@{payload}/stc:{options}")
        joins = LUMA in asked
        return cls(scheme, amount, coder or DEFAULT_CODER, rest, dtype, text, joins_channels=joins, scheme_options=own)

    @classmethod
    def of_scheme(cls, scheme: str, payload: float) -> Embedder:
        """Return the optimal sender of a scheme as messages name it: `hill`, or `hill:luma`, its payload in bits per pixel."""
        name, joins = split_scheme(scheme)
        return cls(name, payload, joins_channels=joins)

    def __str__(self) -> str:
        named = (*self.cost_options, *self.options)
        options = ":" + ",".join(named) if named else ""
        if self.redraws:
            return f"{self.coder}@{self.payload:g}{options}"
        coder = "" if self.coder == DEFAULT_CODER and not self.options else f"/{self.coder}"
        return f"{self.scheme}@{self.payload:g}{coder}{options}"

    @property
    def method(self) -> str:
        """Scheme and coder without the payload, the name of a curve over payloads: `hill`, `lsb/plain`."""
        if self.redraws:
            return self.coder
        named = ":" + ",".join(self.cost_options) if self.cost_options else ""
        return self.scheme + ("" if self.coder == DEFAULT_CODER else f"/{self.coder}") + named

    @property
    def row(self) -> SchemeEntry | CoefficientEntry:
        """The row of the scheme."""
        return COEFFICIENT_SCHEMES[self.scheme] if self.prices_coefficients else SCHEMES[self.scheme]

    @property
    def prices_coefficients(self) -> bool:
        """Whether its covers are JPEGs, whose coefficients it changes."""
        return self.scheme in COEFFICIENT_SCHEMES

    @property
    def cost_options(self) -> tuple[str, ...]:
        """The options that bear on costs: `luma`, and those of the scheme."""
        return (*((LUMA,) if self.joins_channels else ()), *self.scheme_options)

    @property
    def redraws(self) -> bool:
        """Whether it makes other images in place of covers, and no cover is changed."""
        return CODERS[self.coder].redraws

    @overload
    def costs(self, covers: Covers) -> Costs: ...

    @overload
    def costs(self, covers: ArrayCovers) -> Costs[NDArray[Any]]: ...

    def costs(self, covers: Any) -> Costs[Any]:
        """Return the costs of Images or Samples (N, C, H, W), each channel by itself, in `dtype`, the wet rule applied.

        Where channels change together, each has the cost of the pixel. Tensors give tensors, arrays arrays.
        """
        return Costs(*self._pair(covers, self._share_costs))

    @overload
    def change_probabilities(self, covers: Covers) -> ChangeProbabilities: ...

    @overload
    def change_probabilities(self, covers: ArrayCovers) -> ChangeProbabilities[NDArray[Any]]: ...

    def change_probabilities(self, covers: Any) -> ChangeProbabilities[Any]:
        """Return (beta+, beta-) of Images or Samples (N, C, H, W), in `dtype`. Raises DoesNotFit where the payload does not
        fit.
        """
        return ChangeProbabilities(*self._pair(covers, self._share_probabilities))

    @overload
    def simulate(self, covers: Covers, seed: int | np.random.Generator) -> torch.Tensor: ...

    @overload
    def simulate(self, covers: ArrayCovers, seed: int | np.random.Generator) -> NDArray[Any]: ...

    def simulate(self, covers: Any, seed: int | np.random.Generator) -> Any:
        """Return stegos of Images or Samples (N, C, H, W), as values of their type, by a seed, an int or a NumPy Generator.

        One seed an image is drawn in order: with a Generator, any split into batches gives the same stegos.
        """
        samples = self._samples(covers)
        return self.simulate_seeded(samples, public_seeds.image_seeds(public_seeds.as_generator(seed), len(samples)))

    @property
    def capturable(self) -> bool:
        """Whether a CUDA graph can capture it: it runs the same kernels for all covers and takes seeds on the device."""
        free = self.text is None and not self.joins_channels
        return CODERS[self.coder].capturable and free and not self.row.adaptive

    @overload
    def simulate_seeded(self, covers: Covers, seeds: Seeds) -> torch.Tensor: ...

    @overload
    def simulate_seeded(self, covers: ArrayCovers, seeds: Seeds) -> NDArray[Any]: ...

    def simulate_seeded(self, covers: Any, seeds: Seeds) -> Any:
        """Return stegos of Images or Samples (N, C, H, W), each from its own uint64 seed. Raises DoesNotFit where they are too
        small.

        A `capturable` embedder also takes seeds on the covers' device, as int64 with the same bits.
        """
        samples = self._samples(covers)
        coder, correct = CODERS[self.coder], SCHEMES[self.scheme].correct
        if self._suits_arrays(samples):  # the same loops, with less between their calls
            return torch.from_numpy(self.simulate_seeded(samples.as_arrays(), seeds))
        stegos = _empty_like(samples.values)
        shares = self._shares(samples)
        for part in shares:
            share = samples.part(part) if len(shares) > 1 else samples
            if self._joins(share) and not coder.takes_pictures:
                joined, costs = self._joined(share)
                stegos[part] = luma.spread_changes(share.values, coder.change(self, joined, costs, seeds[part]))
                continue
            made = coder.change(self, share, self._share_costs(share), seeds[part])
            if correct is not None and coder.free_signs:
                assert isinstance(seeds, np.ndarray), "an embedder that corrects is not capturable"
                made = _corrected(correct, share.values, made, seeds[part])
            stegos[part] = made
        return stegos

    def _pair(self, covers: Any, make: Callable[[Samples[Any]], tuple[Any, Any]]) -> tuple[Any, Any]:
        """Return the results of `make` for the parts, written into two arrays, since fresh memory costs more than a copy."""
        samples = self._samples(covers)
        shares = self._shares(samples)
        if len(shares) == 1:
            return make(samples)
        plus = _as_floats(_empty_like(samples.values), self.dtype)
        minus = _empty_like(plus)
        for part in shares:
            plus[part], minus[part] = make(samples.part(part))
        return plus, minus

    def _samples(self, covers: Any) -> Samples[Any]:
        """Return the covers as samples. Raises InvalidSetting for what is none, and for a kind that the scheme does not
        know.
        """
        if not isinstance(covers, Samples):
            _expect_images(covers)
            covers = pixels(covers)
        shape, unit = tuple(covers.values.shape), self.row.unit
        if len(shape) != 4 or not all(shape):
            raise InvalidSetting(
                f"samples are {shape}; expected (N, C, H, W), none of them 0",
                hint="add the axes that are missing",
            )
        if unit not in (None, covers.unit):
            raise InvalidSetting(
                f"the scheme {self.scheme} knows what a {unit} costs, not what a {covers.unit} does",
                hint="give JPEG files, or use a scheme for pixels, such as hill"
                if self.prices_coefficients
                else "use a scheme that is made for these samples, or one that takes all, such as lsb",
            )
        if self.prices_coefficients:
            raise InvalidSetting(
                f"the scheme {self.scheme} needs whole JPEGs: blocks, tables and pixels",
                hint="call simulate_coefficients with what read_coefficients returns",
            )
        return covers

    def _suits_arrays(self, samples: Samples[Any]) -> bool:
        """Return whether these are tensors in main memory, and scheme and coder take arrays just as well."""
        both = SCHEMES[self.scheme].takes_arrays and CODERS[self.coder].takes_arrays and not self.joins_channels
        return both and is_tensor(samples.values) and samples.values.device.type == "cpu"

    def _shares(self, samples: Samples[Any]) -> list[slice]:
        keep_freed()
        values = samples.values
        device = values.device.type if is_tensor(values) else "cpu"
        step = max(1, SHARE.get(device, 1 << 20) // math.prod(values.shape[1:]))
        return [slice(first, first + step) for first in range(0, len(values), step)]

    def _share_costs(self, samples: Samples[Values]) -> Costs[Values]:
        if self._joins(samples):
            return Costs(*(_expanded(rho, samples.values) for rho in self._joined(samples)[1]))
        return self._channel_costs(samples)

    def _share_probabilities(self, samples: Samples[Values]) -> tuple[Values, Values]:
        of = CODERS[self.coder].change_probabilities
        if not self._joins(samples):
            return of(self._channel_costs(samples), self.payload)
        plus, minus = of(self._joined(samples)[1], self.payload)
        return _expanded(plus, samples.values), _expanded(minus, samples.values)

    def _joins(self, samples: Samples[Any]) -> bool:
        return self.joins_channels and samples.values.shape[1] > 1

    def _joined(self, samples: Samples[Values]) -> tuple[Samples[Values], Costs[Values]]:
        """Return pixels as samples, and what it costs to change all channels of one."""
        joined = luma.joined_samples(samples)
        return joined, apply_wet_rule(luma.joined_costs(self._channel_costs(samples)), joined)

    def _channel_costs(self, samples: Samples[Values]) -> Costs[Values]:
        plus, minus = SCHEMES[self.scheme].price(_as_floats(samples.values, self.dtype), self.payload)
        rho = _as_floats(plus, self.dtype)
        return apply_wet_rule(Costs(rho, rho if minus is plus else _as_floats(minus, self.dtype)), samples)


def _expect_images(covers: Any) -> None:
    if not is_tensor(covers) and not isinstance(covers, np.ndarray):
        raise InvalidSetting(
            f"covers are a {type(covers).__name__}; expected Images, a torch tensor or NumPy array uint8 (N, C, H, W)",
            hint="write ssgan.as_image(image)[None] to make a batch of one image",
        )
    kind = str(covers.dtype).removeprefix("torch.")
    if kind != "uint8" or covers.ndim != 4 or not all(covers.shape) or covers.shape[1] not in (1, 3):
        raise InvalidSetting(
            f"covers are {tuple(covers.shape)} of {covers.dtype}; expected Images, uint8 (N, 1 or 3, H, W), none of them 0",
            hint="give (N, C, H, W): a single gray image is uint8 (1, 1, H, W)",
        )


def _as_floats(values: Values, dtype: str | torch.dtype) -> Values:
    if is_tensor(values):
        return values.to(torch.float64 if dtype == PRECISIONS[0] else torch.float32)
    return values.astype(str(dtype), copy=False)


def _empty_like(values: Values) -> Values:
    return torch.empty_like(values) if is_tensor(values) else np.empty_like(values)


def _expanded(joined: Values, like: Values) -> Values:
    """Return what belongs to pixels (N, 1, H, W) for each of their channels."""
    return joined.expand(like.shape) if is_tensor(joined) else np.broadcast_to(joined, like.shape)


def _corrected(correct: Correction, covers: Values, stegos: Values, seeds: NDArray[np.uint64]) -> Values:
    if is_tensor(covers) and is_tensor(stegos):
        return correct(covers, stegos, seeds)
    return as_array(correct(torch.from_numpy(covers), torch.from_numpy(stegos), seeds))


def _scheme_options(scheme: str) -> tuple[str, ...]:
    return COEFFICIENT_SCHEMES[scheme].options if scheme in COEFFICIENT_SCHEMES else ()


def _known(what: str, name: str, table: Mapping[str, object]) -> None:
    if name not in table:
        raise unknown(what, name, table)
