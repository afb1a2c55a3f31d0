"""Share what the commands for many images have in common: workers, outputs, and reports of failures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Group, Parameter

from ssgan.cli.options import Device
from ssgan.cli.screen import Screen
from ssgan.cli.threads import cores
from ssgan.errors import InvalidSetting, SomeItemsFailed

if TYPE_CHECKING:
    from ssgan.bulk.job import Engine, Portions, Tally

SOURCES = "Folders of images or of tar shards, zip or tar archives, image files, a Parquet of paths."


def at_least_one(**values: int | None) -> None:
    """Raise InvalidSetting for an option that counts something and is 0 or less."""
    for name, value in values.items():
        if value is not None and value < 1:
            option = f"--{name.replace('_', '-')}"
            raise InvalidSetting(f"{option} is {value}; it must be at least 1", hint="give a number from 1 on, or leave it out")


@Parameter(name="*", group=Group("Workers", sort_key=2))
@dataclass(frozen=True)
class Scaling:
    """How the work is done; none of it changes what is written."""

    workers: Annotated[
        int | None, Parameter(help="Processes on this machine; by default one a core, or one a card with cuda.")
    ] = None
    device: Device = "cpu"
    engine_name: Annotated[
        Literal["pool", "ray"], Parameter(name="--engine", help="pool: this machine. ray: a Ray cluster (extra cluster).")
    ] = "pool"
    ray_address: Annotated[
        str | None, Parameter(help="The cluster's address, such as 10.0.0.1:6379; without it Ray starts here.")
    ] = None

    def __post_init__(self) -> None:
        at_least_one(workers=self.workers)

    @property
    def asked(self) -> bool:
        """Whether any option differs from its default."""
        return self.engine_name != "pool" or self.ray_address is not None

    def engine(self, listed: Portions) -> Engine:
        """Return the engine, with no more processes than there are portions."""
        from ssgan.bulk.engines import engine

        workers = self.workers or (_cards() if self.device.startswith("cuda") else cores())
        if self.engine_name == "pool":
            workers = max(1, min(workers, -(-len(listed) // listed.size)))
        return engine(self.engine_name, workers=workers, device=self.device, address=self.ray_address)


def _cards() -> int:
    import torch

    return max(1, torch.cuda.device_count())


@Parameter(name="*", group=Group("Output", sort_key=1))
@dataclass(frozen=True)
class Shards:
    """Files, or tars of many."""

    to: Annotated[
        Literal["files", "tars"],
        Parameter(help="One file each, or tar shards in WebDataset's layout, for very many."),
    ] = "files"
    shard_size: Annotated[int, Parameter(help="Images in a tar.")] = 1000

    def __post_init__(self) -> None:
        at_least_one(shard_size=self.shard_size)

    @property
    def size(self) -> int | None:
        """None where each outcome is a file."""
        return self.shard_size if self.to == "tars" else None


def show_failures(screen: Screen, tally: Tally) -> None:
    """Print the first failures by name."""
    for failure in tally.failures:
        text = f"failed: {failure.name}: {failure.error.removeprefix(failure.name + ': ')}"
        screen.note("failure", text, **failure._asdict())


def failed(tally: Tally, folder: Path, what: str, *, listed_in: Path | None = None) -> None:
    """Raise SomeItemsFailed where something failed, now or in an earlier shard."""
    from ssgan.bulk.job import FAILURES

    if tally.failed:
        total = tally.done + int(tally.sums["stood"])
        raise SomeItemsFailed(
            f"{tally.failed} of {total} {what}", hint=f"see {listed_in or folder / FAILURES} for names and reasons"
        )


def figures(tally: Tally, finished: int, folder: Path) -> dict[str, Any]:
    """Return the figures of a job's summary for programs."""
    return {
        "written": tally.written,
        "finished_before": finished,
        "failed": tally.failed,
        "seconds": round(tally.seconds, 3),
        "images_per_second": round(tally.images_per_second, 1),
        "out": str(folder),
    }
