"""Choose the number of threads of a command, since torch is set to 1 before it is imported."""

from __future__ import annotations

from ssgan.compute.cores import cores as cores
from ssgan.errors import InvalidSetting


def use_threads(wanted: int | None) -> int:
    """Let torch use `wanted` threads, or one a core where it is None, and return their number."""
    import torch

    if wanted is not None and wanted < 1:
        raise InvalidSetting(
            f"--threads is {wanted}; it must be at least 1", hint="leave it out to take as many as there are cores"
        )
    torch.set_num_threads(wanted or cores())
    return wanted or cores()
