"""Find how much memory this process can still have, within limits of the machine, the process and its container.

The kernel ends a program that takes more, without a message; a picture's size is in its header.
"""

from __future__ import annotations

import os
from pathlib import Path

_UNLIMITED = 1 << 60  # a control group without a limit reports about 2^63


def available_memory() -> int | None:
    """Return the memory in bytes that this process can still have; None where it is unknown."""
    found = [_of_machine(), _of_limits(), _of_container()]
    known = [size for size in found if size is not None]
    return max(0, min(known)) if known else None


def _of_machine() -> int | None:
    return _field(Path("/proc/meminfo"), "MemAvailable:")


def _of_limits() -> int | None:
    """Return what `ulimit -v` leaves besides the mapped memory."""
    try:
        import resource
    except ImportError:  # not on Windows
        return None
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    mapped = _field(Path("/proc/self/status"), "VmSize:")
    return None if limit == resource.RLIM_INFINITY else limit - (mapped or 0)


def _of_container(root: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Return what the control group, of either version, leaves to a container."""
    for limit, used in (("memory.max", "memory.current"), ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes")):
        try:
            most, taken = (root / limit).read_text(), (root / used).read_text()
            cached = _word(root / Path(limit).parent / "memory.stat", "inactive_file")
            if int(most) < _UNLIMITED:
                return int(most) - int(taken) + cached
        except (OSError, ValueError):  # "max" is no number
            continue
    return None


def _field(file: Path, name: str) -> int | None:
    """Return a field of the kernel's tables that counts kibibytes."""
    found = _word(file, name)
    return found << 10 if found else None


def _word(file: Path, name: str) -> int:
    """Return the number after a name; 0 where there is none."""
    try:
        with file.open("rb") as lines:
            for line in lines:
                words = line.split()
                if len(words) > 1 and os.fsdecode(words[0]) == name:
                    return int(words[1])
    except (OSError, ValueError):
        pass
    return 0
