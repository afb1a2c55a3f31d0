"""`python -m ssgan`, and the `ssgan` command."""

from __future__ import annotations

import gc
import sys

from ssgan.cli.app import run


def main() -> None:
    """Run the command line and leave with its exit code."""
    # What is imported is not garbage: looking through it again and again took a seventh of the time of a short command.
    gc.set_threshold(100_000)
    sys.exit(run(sys.argv[1:]))


# Worker processes import this module by another name: they must not run the command again.
if __name__ == "__main__":
    main()
