"""Start a command without SciPy's linear algebra, which Numba imports only to see whether there is a BLAS.

That import takes a tenth of a second, longer than finding a message. No loop of this package multiplies matrices.
"""

from __future__ import annotations

import sys
from typing import Any

_BLAS = "scipy.linalg.cython_blas"


def import_numba_without_blas() -> None:
    """Import Numba so that its loops in this process know no products of matrices; where it is imported already, do nothing.

    For a process that runs a command of ours and no function of a user's.
    """
    if "numba" in sys.modules or _BLAS in sys.modules:
        return
    modules: dict[str, Any] = sys.modules
    modules[_BLAS] = None  # an import of it fails
    try:
        import numba.np.arraymath  # noqa: F401 - it looks for the BLAS once, here
    finally:
        del modules[_BLAS]
