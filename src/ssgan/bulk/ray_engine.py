"""Run portions on a Ray cluster, or on a local Ray: tasks on processors, an actor on every graphics card.

The hosts need the same version of this package, and see the covers and the folder of the job under the same paths. A task whose
process or host is lost is given to another by Ray.
"""

from __future__ import annotations

import logging
import os
import time
from collections import deque
from collections.abc import Iterator
from typing import Any, TypeAlias

from ssgan.bulk.job import Job, Tally, record_lost, work_on
from ssgan.datasets.portions import Portion
from ssgan.errors import InvalidSetting, SsganError
from ssgan.version import __version__

AHEAD = 2  # portions under way for each processor or card
RETRIES = 5  # of a portion whose process or host was lost
LOOK_SECONDS = 10.0  # between two looks at the size of the cluster
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")

Outcome: TypeAlias = "Tally | SsganError"


class Ray:
    """The cluster at `address`, or a local Ray that ends with the job; with `gpus`, work on graphics cards."""

    def __init__(self, address: str | None = None, *, gpus: bool = False) -> None:
        self.address, self.gpus = address, gpus

    def run(self, job: Job, portions: Iterator[Portion]) -> Iterator[tuple[Portion, Tally]]:
        """Yield portions as they are finished."""
        ray = _ray()
        _begin(ray, self.address)
        try:
            yield from (_OnCards if self.gpus else _OnProcessors)(ray, job).through(portions)
        finally:
            ray.shutdown()


class _OnProcessors:
    """Tasks spread over the hosts; more are under way as the cluster grows."""

    def __init__(self, ray: Any, job: Job) -> None:
        self._ray, self._job = ray, ray.put(job)
        self._here = job
        self._task = ray.remote(num_cpus=1, max_retries=RETRIES, scheduling_strategy="SPREAD")(_work)
        self._looked, self._limit = 0.0, 0

    def limit(self) -> int:
        """Return how many portions may be under way."""
        if time.monotonic() - self._looked > LOOK_SECONDS:
            self._looked = time.monotonic()
            self._limit = AHEAD * max(1, int(self._ray.cluster_resources().get("CPU", 1)))
        return self._limit

    def submit(self, portion: Portion) -> Any:
        """Start a task and return its reference."""
        return self._task.remote(__version__, self._job, portion)

    def finished(self, ref: Any) -> None:
        """Mark a task as finished."""

    def through(self, portions: Iterator[Portion]) -> Iterator[tuple[Portion, Tally]]:
        """Yield portions as they are finished."""
        begun: dict[Any, Portion] = {}
        left = True
        while left or begun:
            while left and len(begun) < self.limit():
                portion = next(portions, None)
                if portion is None:
                    left = False
                else:
                    begun[self.submit(portion)] = portion
            done, _ = self._ray.wait(list(begun), num_returns=1, timeout=LOOK_SECONDS)
            for ref in done:
                portion = begun.pop(ref)
                self.finished(ref)
                yield portion, self._outcome(ref, portion)

    def _outcome(self, ref: Any, portion: Portion) -> Tally:
        try:
            made: Outcome = self._ray.get(ref)
        except self._ray.exceptions.RayError as error:
            if isinstance(error, self._ray.exceptions.RayTaskError):  # a fault in our own code, not a lost process
                raise
            return record_lost(self._here, portion)
        if isinstance(made, SsganError):
            raise made
        return made


class _OnCards(_OnProcessors):
    """Actors, one on every card; each keeps what it has loaded."""

    def __init__(self, ray: Any, job: Job) -> None:
        super().__init__(ray, job)
        count = int(ray.cluster_resources().get("GPU", 0))
        if not count:
            raise InvalidSetting("the cluster has no graphics card", hint="leave out --device cuda, or add hosts with one")
        made = ray.remote(num_gpus=1, num_cpus=0, max_restarts=-1, max_task_retries=RETRIES)(_Actor)
        actors = [made.remote() for _ in range(count)]
        self._free = deque(actor for _ in range(AHEAD) for actor in actors)
        self._busy: dict[Any, Any] = {}

    def limit(self) -> int:
        """Return how many portions may be under way: two for each card."""
        return len(self._free) + len(self._busy)

    def submit(self, portion: Portion) -> Any:
        """Hand a portion to the card that has waited longest."""
        actor = self._free.popleft()
        ref = actor.work.remote(__version__, self._job, portion)
        self._busy[ref] = actor
        return ref

    def finished(self, ref: Any) -> None:
        """Mark the card of a finished portion as free."""
        self._free.append(self._busy.pop(ref))


class _Actor:
    """An actor on one card."""

    def work(self, version: str, job: Job, portion: Portion) -> Outcome:
        """Work on a portion, as `_work` does."""
        return _work(version, job, portion)


def _work(version: str, job: Job, portion: Portion) -> Outcome:
    """Work on a portion in a process of the cluster. Return our errors as values, since Ray would wrap them."""
    if version != __version__:
        return InvalidSetting(
            f"a host of the cluster has version {__version__} of this package, not {version}",
            hint="install the same version everywhere",
        )
    try:
        return work_on(job, portion)
    except SsganError as error:
        return error


def _ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise InvalidSetting(
            "the engine ray needs the package ray, which is not installed", hint="install it with pip install ray"
        ) from error
    return ray


def _begin(ray: Any, address: str | None) -> None:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is reported to the outside
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    own: dict[str, Any] = {"include_dashboard": False} if address is None else {}
    try:
        ray.init(
            address=address or "local",
            logging_level=logging.ERROR,
            log_to_driver=False,
            configure_logging=False,
            runtime_env={"env_vars": ONE_THREAD},
            **own,
        )
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
        raise InvalidSetting(
            f"there is no Ray cluster at {address}" if address else f"Ray does not start here ({error})",
            hint="start one with `ray start --head`, and give its address and port, such as 10.0.0.1:6379",
        ) from error
