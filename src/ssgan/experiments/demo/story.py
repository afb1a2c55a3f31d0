"""Run the demo in order: draw covers, one by a message, reveal it, train wardens, write the page."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from ssgan.compute.progress import Notify, Progress
from ssgan.drawn.model import find
from ssgan.evaluation.inspection import Inspection, PricedCover, every_scheme, inspect_cover
from ssgan.experiments.demo import message as saying
from ssgan.experiments.demo import page, photographs, wardens
from ssgan.experiments.demo.drawn_warden import DrawnTask
from ssgan.experiments.demo.message import GENERATOR, STEGO
from ssgan.experiments.demo.result import FULL, DemoResult, DemoSize
from ssgan.experiments.demo.wardens import AnyTask, WardenTask
from ssgan.images import Images
from ssgan.storage.atomic import atomic_write
from ssgan.storage.folders import make_folder

PAGE = "ssgan-demo.html"
MESSAGE = "Meet me at nine, where the river bends."
PAYLOAD = 0.4  # of the photograph that is shown
APART = "apart"


def tell(
    out: Path,
    size: DemoSize = FULL,
    *,
    message: str = MESSAGE,
    program: str = "ssgan",
    progress: Progress[str] = lambda done, doing: None,
    notify: Notify[str, str] = lambda chapter, words: None,
) -> tuple[Path, DemoResult]:
    """Run the demo, and write the page and the stego into `out`, in place of earlier ones; return the page and the results.

    `program` is how the page calls ssgan in the command that it shows.

    Raises DoesNotFit for a message that is too long, StorageFailed.
    """
    make_folder(out)
    clock = _Clock(progress)
    # What a sender does.
    clock.begin("message", "drawing a cover by the message")
    model = saying.model()
    said = saying.say(message, model)
    notify("message", f"{said.message_bytes} bytes drew a cover of {model.name}; every one takes {said.promise_bytes}")
    notify("revealed", f'with the passphrase: "{said.revealed}"; with another: {said.refused}')
    clock.begin("covers", "drawing covers without a message")
    honest = saying.honest_covers(model, max(size.sheet, size.honest), clock.drawn)
    notify("covers", f"{len(honest)} covers drawn by {model.name}, by random numbers that are kept nowhere")
    clock.begin("maps", "pricing changes, the old way")
    photograph, priced = _priced(size)
    # What a warden does.
    clock.begin("warden", "wardens learn")
    asked = DrawnTask(honest[: size.honest], find(GENERATOR), model.promise_bytes, message.encode())
    watched = wardens.watch([asked, *_tasks(size, honest)], clock.watched)
    for one in watched:
        notify("warden", page.in_words(one))
    clock.begin("page", "writing the page", done=size.units - 1)
    result = DemoResult(
        size, honest[: size.sheet], said, photograph, priced, {one.source: one for one in watched}, clock.seconds
    )
    with atomic_write(out / STEGO, overwrite=True, durable=False) as temporary:
        temporary.write_bytes(said.content)
    path = page.write(result, out / PAGE, stego=out / STEGO, program=program)
    progress(size.units, "done")
    return path, result


def _priced(size: DemoSize) -> tuple[Inspection | None, list[PricedCover]]:
    """Return a photograph with HILL's costs, and those of the other schemes, where there is one."""
    from ssgan.embedding.embedder import Embedder

    if not photographs.available():
        return None, []
    cover = photographs.shown()
    seen = inspect_cover(cover, Embedder("hill", PAYLOAD), seed=1, name=photographs.SHOWN)
    return seen, every_scheme(cover, PAYLOAD, seed=1, name=photographs.SHOWN, schemes=size.schemes)


def _tasks(size: DemoSize, honest: Images) -> list[AnyTask]:
    """Return what the network learns, where there are photographs: to tell them from drawn covers."""
    if not photographs.available():
        return []
    tiles = photographs.tiles()
    count = min(size.tiles or len(tiles), len(tiles), len(honest))
    return [WardenTask(APART, tiles[np.linspace(0, len(tiles) - 1, count).round().astype(int)], honest, size.images)]


class _Clock:
    """The progress of the demo, and the time of each part."""

    def __init__(self, progress: Progress[str]) -> None:
        self.progress, self.seconds, self.done, self.doing = progress, dict[str, float](), -1, ""
        self.part, self.started = "", time.monotonic()

    def begin(self, part: str, doing: str, *, done: int | None = None) -> None:
        """Begin a part, which ends the one before."""
        now = time.monotonic()
        if self.part:
            self.seconds[self.part] = now - self.started
        self.part, self.started, self.doing = part, now, doing
        self.done = self.done + 1 if done is None else done
        self.progress(self.done, doing)

    def drawn(self, covers: int) -> None:
        """Count drawn covers, which are one unit together."""
        self.progress(self.done, f"drawing covers without a message: {covers}")

    def watched(self, seen: int, source: str, error: float | None) -> None:
        """Count the progress of a warden."""
        self.done += 1
        wrong = "" if error is None else f", wrong about {100 * error:.0f} of 100"
        self.progress(self.done, f"wardens learn, {page.NAMES[source]}: {seen:,} images{wrong}")
