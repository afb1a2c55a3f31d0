"""`python -m ssgan`, and the `ssgan` command."""

from __future__ import annotations

import sys

from ssgan.cli.app import run


def main() -> None:
    """Run the command line and leave with its exit code."""
    sys.exit(run(sys.argv[1:]))


# Worker processes import this module by another name: they must not run the command again.
if __name__ == "__main__":
    main()
