"""What a command costs from its start: `python benchmarks/start.py [--runs 9] [--against CHECKOUT] [--write]`.

Each figure is a fresh process about one gray picture of 512 x 512: its user and system time, the median of the runs, and the
greatest resident size. With --against, another checkout of this repository does the same, one run by turns, and the ratio is
that of the medians. The loops are compiled before anything is measured. Bars: issue 23's, in `COMMANDS`.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parents[1]
MESSAGE = 3000  # bytes


class Command(NamedTuple):
    """A command line, by its words, and the CPU seconds that it may take; nan where there is no bar."""

    words: str
    bar_s: float


COMMANDS = {
    "ssgan --help": Command("--help", 0.25),
    "ssgan hide, 3,000 bytes, key file, with the risk line": Command("hide COVER -f MESSAGE --key-file KEY -o OUT", 1.5),
    "ssgan hide --no-risk": Command("hide COVER -f MESSAGE --key-file KEY -o OUT --no-risk", float("nan")),
    "ssgan reveal, key file": Command("reveal STEGO --key-file KEY -o OUT", 0.6),
    "ssgan detect, one picture": Command("detect STEGO", 1.5),
    "ssgan capacity": Command("capacity COVER", float("nan")),
    "ssgan inspect": Command("inspect COVER", 1.5),
    "ssgan simulate, one picture": Command("simulate COVER --embedder hill@0.4 -o OUT", 1.5),
    "ssgan hide in a JPEG, 500 bytes": Command("hide JPEG -f SHORT --key-file KEY -o OUT.jpg", 1.5),
    "ssgan detect, one JPEG": Command("detect JPEG", 1.5),
    "ssgan list": Command("list", 0.5),
    "ssgan models ls": Command("models ls", 0.5),
    "python -c 'import ssgan'": Command("-c import_ssgan", float("nan")),
    "python -c 'import numba'": Command("-c import_numba", float("nan")),
    "python -c 'import torch'": Command("-c import_torch", float("nan")),
}


@dataclass(frozen=True)
class Row:
    """One figure: CPU seconds and megabytes, with the spread of the runs, and the other checkout's."""

    what: str
    cpu_s: float
    least_s: float
    most_s: float
    megabytes: int
    bar_s: float
    other_cpu_s: float
    other_megabytes: int
    ratio: float
    load: float


class Used(NamedTuple):
    """What a process took."""

    cpu_s: float
    megabytes: int


def cpu_seconds(arguments: list[str]) -> float:
    """User and system time of one run of Python, in a process of its own."""
    return run(arguments, HERE).cpu_s


def run(arguments: list[str], checkout: Path) -> Used:
    """Run Python on the package in a checkout. Byte code is kept, as of an installed package."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    program = [sys.executable, "-c", CHILD, *arguments]
    done = subprocess.run(
        program, check=True, capture_output=True, text=True,
        env={**kept, "PYTHONPATH": str(checkout / "src"), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    seconds, kilobytes = done.stderr.split()[-2:]
    return Used(float(seconds), int(kilobytes) // 1024)


CHILD = """
import os, resource, subprocess, sys
subprocess.run([sys.executable, *sys.argv[1:]], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime, used.ru_maxrss, file=sys.stderr)
"""


def arguments(command: Command, names: dict[str, str]) -> list[str]:
    """What Python is called with."""
    if command.words.startswith("-c "):
        return ["-c", command.words[3:].replace("_", " ")]
    words = [names.get(word, word) for word in command.words.split()]
    return ["-m", "ssgan", *words] + ["--no-ledger"] * (words[0] == "hide")


def measure(what: str, names: dict[str, str], checkouts: list[Path], runs: int) -> Row:
    """One row: `runs` of each checkout, one by turns."""
    command, used = COMMANDS[what], [list[Used]() for _ in checkouts]
    for turn in range(runs + 1):
        for checkout, kept in zip(checkouts, used, strict=True):
            clear(Path(names["OUT"]))
            found = run(arguments(command, names), checkout)
            if turn:  # the first compiles loops and byte code
                kept.append(found)
    ours, *others = [[one.cpu_s for one in kept] for kept in used]
    middle = statistics.median(ours)
    other = statistics.median(others[0]) if others else float("nan")
    return Row(
        what, middle, min(ours), max(ours), round(statistics.median(one.megabytes for one in used[0])), command.bar_s, other,
        round(statistics.median(one.megabytes for one in used[1])) if others else 0, other / middle, os.getloadavg()[0],
    )  # fmt: skip


def clear(out: Path) -> None:
    """Remove what the last run wrote."""
    for path in (out, out.with_name(out.name + ".jpg")):
        if path.is_dir():
            for file in path.iterdir():
                file.unlink()
            path.rmdir()
        path.unlink(missing_ok=True)


def materials(folder: Path) -> dict[str, str]:
    """Files by the words of the command lines."""
    import numpy as np
    import skimage
    from PIL import Image

    photograph = Image.open(Path(skimage.__file__).parent / "data" / "camera.png").convert("L")
    photograph.save(folder / "cover.png")
    photograph.save(folder / "cover.jpg", quality=90)
    content = np.random.default_rng(1).bytes(MESSAGE)
    (folder / "message").write_bytes(content)
    (folder / "short").write_bytes(content[:500])
    names = {
        "COVER": "cover.png",
        "JPEG": "cover.jpg",
        "MESSAGE": "message",
        "SHORT": "short",
        "KEY": "key",
        "STEGO": "stego.png",
    }
    paths = {word: str(folder / name) for word, name in names.items()} | {
        "OUT": str(folder / "out.png"),
        "OUT.jpg": str(folder / "out.png.jpg"),
    }
    run(["-m", "ssgan", "keygen", "-o", paths["KEY"]], HERE)
    run(arguments(COMMANDS["ssgan hide --no-risk"], {**paths, "OUT": paths["STEGO"]}), HERE)
    return paths


def main() -> None:
    """A line a command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--only", nargs="+", choices=COMMANDS, default=list(COMMANDS), help="some of the commands")
    parser.add_argument("--against", type=Path, help="another checkout of this repository")
    parser.add_argument("--write", action="store_true", help="to results/start.csv")
    given = parser.parse_args()
    checkouts = [HERE] + ([] if given.against is None else [given.against.resolve()])
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        names = materials(Path(folder))
        for what in given.only:
            rows.append(measure(what, names, checkouts, given.runs))
            row = rows[-1]
            other = (
                ""
                if given.against is None
                else f"  other {row.other_cpu_s:.2f} CPU-s {row.other_megabytes} MB, {row.ratio:.1f}x"
            )
            print(
                f"{what:<54} {row.cpu_s:.2f} CPU-s ({row.least_s:.2f} to {row.most_s:.2f}) {row.megabytes:4d} MB{other}",
                flush=True,
            )
    if given.write:
        from pairing import write

        write("start", rows)


if __name__ == "__main__":
    main()
