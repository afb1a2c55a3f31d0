"""Keep slots for coders that are built on this room and yet chosen in it. `ssgan` itself fills them, in every process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# (covers uint8 (N, C, H, W), scheme, payload, seeds uint64 (N,)) -> stegos, as `ssgan.hide` makes them.
simulate_messages: Callable[..., Any]

# (cover Coefficients, scheme, payload in bpnzAC, seed) -> its stego, as `ssgan.hide` makes it.
simulate_jpeg_message: Callable[..., Any]

# (covers uint8 (N, C, H, W), model, payload, seeds uint64 (N,)) -> covers drawn by messages, of the same shape.
simulate_drawn: Callable[..., Any]
