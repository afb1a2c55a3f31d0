"""The old address of `ssgan.compiled`."""

from ssgan.compiled import compiled

__all__ = ["compiled"]
