"""Bulk jobs: how two processes compare with one, Ray with processes, and what a million images need of memory.

`python benchmarks/bulk.py rates` simulates (hill@0.4) and extracts (SPAM, SRM) at 64 x 64 and 512 x 512 by one process and by
two, and simulates 20,000 images by Ray beside the pool. Rates are taken after start-up, from the first finished portion to the
last; medians of rounds that alternate. Bars: two processes 1.8 times one; Ray 0.85 of the pool.

`python benchmarks/bulk.py memory 10000 1000000` runs `ssgan simulate` and `ssgan features` over so many images of 64 x 64 and
prints the largest resident memory of all their processes together, looked at four times a second. Bar: 5 % more at most.

`python benchmarks/bulk.py kills` ends a job over 20,000 images three times, then a process of Ray while it works, and looks at
every image of the outcome. `--write` keeps figures in results/.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import signal
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pairing import write

from ssgan import images
from ssgan.bulk import Engine, Pool, Ray, features, simulate
from ssgan.bulk.image_features import ExtractionSettings as Features

DISTINCT = 101  # different pictures, under as many names as are wanted
LOOK_SECONDS = 0.25
EMBEDDERS = {"simulate": "hill@0.4", "million": "lsb@0.4/plain"}


@dataclass(frozen=True)
class Rate:
    """Images a second after start-up: ours by the second way, by the first, and the ratio of the medians."""

    job: str
    size: int
    images: int
    first: str
    second: str
    first_rate: float
    second_rate: float
    ratio: float


@dataclass(frozen=True)
class Memory:
    """Largest resident memory of all processes together, MiB, and how long it took."""

    job: str
    images: int
    mebibytes: float
    seconds: float
    images_per_second: float


def covers(folder: Path, count: int, size: int, shard: int = 1000) -> Path:
    """Tar shards of gray textures with noise, `size` wide."""
    rng = np.random.default_rng(1)
    ways = np.add.outer(np.arange(size), np.arange(size)) / size
    kinds = []
    for k in range(DISTINCT):
        smooth = 128 + 60 * np.sin(ways * (2 + k % 7)) + rng.normal(0, 4, (size, size))
        kinds.append(images.encode(smooth.clip(0, 255).astype(np.uint8)[None]))
    folder.mkdir()
    for start in range(0, count, shard):
        with tarfile.open(folder / f"{start // shard:06d}.tar", "w") as archive:
            for number in range(start, min(count, start + shard)):
                member = tarfile.TarInfo(f"{number:08d}.png")
                content = kinds[number % DISTINCT]
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return folder


def rate(job: str, given: Path, out: Path, engine: Engine, portion: int, count: int) -> float:
    """Images a second from the first finished portion to the last."""
    times: list[tuple[float, int]] = []

    def progress(done: int) -> None:
        times.append((time.perf_counter(), done))

    if job == "simulate":
        plan = simulate.prepare([given], out, simulate.SimulationSettings(EMBEDDERS[job]), shard_size=portion, limit=count)
        simulate.run(plan, engine, progress=progress)
    else:
        wanted = features.prepare([given], out, Features(job), shard_size=portion, limit=count)
        features.run(wanted, engine, progress=progress)
    (begun, first), (ended, last) = times[0], times[-1]
    return (last - first) / (ended - begun)


def rates(rounds: int) -> list[Rate]:
    """One process beside two, the pool beside Ray."""
    found = []
    with tempfile.TemporaryDirectory() as place:
        here = Path(place)
        sizes = {64: (20_000, 250), 512: (320, 8)}
        given = {size: covers(here / str(size), count, size, min(count, 1000)) for size, (count, _) in sizes.items()}
        asked: list[tuple[str, int, int, str, str]] = []
        for size, (count, _) in sizes.items():
            asked.append(("simulate", size, count, "1 process", "2 processes"))
            asked.append(("spam", size, count, "1 process", "2 processes"))
            asked.append(("srm", size, 5_000 if size == 64 else 128, "1 process", "2 processes"))
        asked.append(("simulate", 64, 20_000, "2 processes", "Ray, 2 processors"))
        for job, size, count, first, second in asked:
            taken: tuple[list[float], list[float]] = ([], [])
            portion = sizes[size][1]
            for number in range(rounds):
                for which, way in enumerate((first, second)):
                    engine: Engine = Ray() if way.startswith("Ray") else Pool(int(way[0]))
                    out = here / f"{job}-{size}-{number}-{which}-{way[0]}"
                    taken[which].append(rate(job, given[size], out, engine, portion, count))
                    subprocess.run(["rm", "-rf", str(out)], check=True)
            one, two = (statistics.median(times) for times in taken)
            found.append(Rate(job, size, count, first, second, one, two, two / one))
            print(f"{job:<9} {size:>3}: {first} {one:8.1f}/s, {second} {two:8.1f}/s, ratio {two / one:.2f}", flush=True)
    return found


def memory(counts: list[int]) -> list[Memory]:
    """The commands, as somebody would call them."""
    found = []
    for count in counts:
        with tempfile.TemporaryDirectory() as place:
            here = Path(place)
            given = covers(here / "covers", count, 64)
            embedder = ["--embedder", EMBEDDERS["million"]]
            ways = {
                "simulate": ["simulate", str(given), "-o", str(here / "stegos"), *embedder, "--to", "tars"],
                "features": ["features", str(given), "-o", str(here / "features"), "--set", "spam"],
            }
            for job, arguments in ways.items():
                command = [sys.executable, "-m", "ssgan", *arguments, "--workers", "2", "--json", "--quiet"]
                with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
                    most = 0
                    while process.poll() is None:
                        most = max(most, sum(map(resident, family(process.pid))))
                        time.sleep(LOOK_SECONDS)
                    assert process.stdout is not None
                    report = json.loads(process.stdout.read().splitlines()[-1])
                assert report["written"] == count, report
                row = Memory(job, count, most / 2**20, report["seconds"], report["images_per_second"])
                found.append(row)
                print(f"{job} of {count}: {row.mebibytes:.0f} MiB at most, {row.seconds:.0f} s", flush=True)
                subprocess.run(["rm", "-rf", str(here / "stegos"), str(here / "features")], check=True)
    return found


def family(pid: int) -> list[int]:
    """A process and all below it."""
    parents: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents.setdefault(int(path.read_text().rpartition(")")[2].split()[1]), []).append(int(path.parent.name))
        except (OSError, ValueError, IndexError):
            continue
    found = [pid]
    for one in found:
        found += parents.get(one, [])
    return found


def resident(pid: int) -> int:
    """Bytes."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
    except (OSError, ValueError, IndexError):
        return 0


def kills(count: int = 20_000) -> None:
    """Every image once and whole, whoever was ended."""
    with tempfile.TemporaryDirectory() as place:
        here = Path(place)
        given = covers(here / "covers", count, 64)
        command = [sys.executable, "-m", "ssgan", "simulate", str(given), "--embedder", "hill@0.4", "--to", "tars", "--quiet"]
        command += ["--shard-size", "500"]
        for number in range(3):
            process = subprocess.Popen([*command, "-o", str(here / "killed")])
            wait_for(here / "killed", 10 * (number + 1), process)
            process.kill()
            process.wait()
            print(f"killed with {len(list((here / 'killed').glob('[0-9]*.tar')))} of {count // 500} shards", flush=True)
        subprocess.run([*command, "-o", str(here / "killed")], check=True)
        with subprocess.Popen([*command, "-o", str(here / "ray"), "--engine", "ray"]) as process:
            wait_for(here / "ray", 10, process)
            victim = next(pid for pid in family(process.pid) if "ray::_work" in Path(f"/proc/{pid}/cmdline").read_text())
            os.kill(victim, signal.SIGKILL)
            print(f"killed a process of Ray at work, {victim}", flush=True)
            assert process.wait() == 0
        subprocess.run([*command, "-o", str(here / "straight")], check=True)
        wanted = contents(here / "straight")
        assert len(wanted) == count
        for name in ("killed", "ray"):
            assert contents(here / name) == wanted
            print(f"{name}: {count} images, each once, the same as without", flush=True)


def wait_for(folder: Path, shards: int, process: subprocess.Popen[bytes]) -> None:
    """Until so many shards are there."""
    while len(list(folder.glob("[0-9]*.tar"))) < shards:
        assert process.poll() is None, "it has ended"
        time.sleep(0.02)


def contents(folder: Path) -> dict[str, bytes]:
    """A digest of every image; an image that is there twice is an error."""
    found: dict[str, bytes] = {}
    for path in sorted(folder.glob("*.tar")):
        with tarfile.open(path) as archive:
            for member in archive:
                content = archive.extractfile(member)
                assert content is not None
                assert member.name not in found, f"{member.name} is there twice"
                data = content.read()
                images.read(data, name=member.name)
                found[member.name] = hashlib.sha256(data).digest()
    return found


def main() -> None:
    """One of the three."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["rates", "memory", "kills"])
    parser.add_argument("counts", type=int, nargs="*", default=[10_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    if asked.what == "kills":
        kills()
        return
    rows = rates(asked.rounds) if asked.what == "rates" else memory(asked.counts)
    if asked.write:
        write(f"bulk-{asked.what}", rows)


if __name__ == "__main__":
    main()
