"""Run the demo in order: sample, hide, reveal, show the changes, train the warden, play the game, write the page."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from ssgan import images
from ssgan.compute.progress import Notify, Progress
from ssgan.evaluation.inspection import Inspection, Priced, every_scheme, inspect_cover
from ssgan.experiments.demo import game, page, photographs, wardens
from ssgan.experiments.demo import message as saying
from ssgan.experiments.demo.message import STEGO, HiddenMessage
from ssgan.experiments.demo.result import FULL, DemoResult, Size
from ssgan.experiments.demo.wardens import Task
from ssgan.storage.atomic import atomic_write
from ssgan.storage.folders import make_folder

PAGE = "ssgan-demo.html"
MESSAGE = "Meet me at nine, where the river bends."
# One bit in every sample, so that half of them change: what a careless sender does, and what a minute is enough to see.
CARELESS = "lsb@1/plain"
PAYLOAD = 0.4  # of the photograph that is shown
GENERATED, PHOTOGRAPHED, APART = "generated", "photographs", "apart"
FEW = 223  # generated covers, where there are no photographs to be as many as


def tell(
    out: Path,
    size: Size = FULL,
    *,
    message: str = MESSAGE,
    progress: Progress[str] = lambda done, doing: None,
    notify: Notify[str, str] = lambda chapter, words: None,
) -> tuple[Path, DemoResult]:
    """Run the demo, and write the page and the stego into `out`, in place of earlier ones; return the page and the results.

    Raises DoesNotFit for a message that is too long, StorageFailed.
    """
    make_folder(out)
    clock = _Clock(progress)
    # What a sender does.
    clock.begin("covers", "drawing covers that nobody has seen")
    covers, card = saying.covers(max(size.sheet, size.tries))
    notify("covers", f"{len(covers)} covers drawn by {card.folder.name}, from secret numbers that are kept nowhere")
    clock.begin("message", "hiding the message in several of them")
    said = saying.say(message, covers[: size.tries])
    chosen = said.chosen
    changed = int((chosen.hidden.changes != 0).sum())
    notify("message", f"hidden in the best of {size.tries}: {changed} of {chosen.hidden.cover.size} values changed by one")
    notify("revealed", f'with the passphrase: "{said.revealed}"; with another: {said.refused}')
    clock.begin("maps", "drawing where the changes are")
    seen = _seen(said)
    photograph, priced = _priced(size)
    # What a warden does.
    clock.begin("warden", "the warden learns")
    watched = wardens.watch(_tasks(size), clock.watched)
    for one in watched:
        notify("warden", page.in_words(one))
    # What the two make of each other.
    clock.begin("game", "playing the game", done=4 + wardens.EVALUATIONS * 3)
    warden = next(one for one in watched if one.source == GENERATED)
    played = game.play(card, CARELESS, warden.network, rounds=size.rounds, batch=size.batch, progress=clock.played)
    notify("game", f"{played.rounds} rounds: {page.played_in_words(played)}")
    clock.begin("page", "writing the page", done=size.units - 1)
    result = DemoResult(
        size, covers[: size.sheet], said, seen, photograph, priced, {one.source: one for one in watched}, played, clock.seconds
    )
    with atomic_write(out / STEGO, overwrite=True, durable=False) as temporary:
        temporary.write_bytes(chosen.content)
    path = page.write(result, out / PAGE, stego=out / STEGO)
    progress(size.units, "done")
    return path, result


def _seen(said: HiddenMessage) -> Inspection:
    """Return the chosen cover with its costs and the stego of the message."""
    from ssgan.embedding.embedder import Embedder

    hidden = said.chosen.hidden
    embedder = Embedder(hidden.scheme, hidden.payload)
    covers = images.to_images(hidden.cover)
    plus, minus = (cost[0].double().numpy() for cost in embedder.costs(covers))
    up, down = (beta[0].double().numpy() for beta in embedder.change_probabilities(covers))
    return Inspection(hidden.cover, hidden.stego, (plus, minus), (up, down))


def _priced(size: Size) -> tuple[Inspection | None, list[Priced]]:
    """Return a photograph with HILL's costs, and those of the other schemes, where there is one."""
    from ssgan.embedding.embedder import Embedder

    if not photographs.available():
        return None, []
    cover = photographs.shown()
    seen = inspect_cover(cover, Embedder("hill", PAYLOAD), seed=1, name=photographs.SHOWN)
    return seen, every_scheme(cover, PAYLOAD, seed=1, name=photographs.SHOWN, schemes=size.schemes)


def _tasks(size: Size) -> list[Task]:
    """Return the sources that the warden learns from, equally many covers of each."""
    tiles = photographs.tiles() if photographs.available() else None
    count = size.covers or (FEW if tiles is None else len(tiles))
    generated = saying.covers(count)[0]
    tasks = [Task(GENERATED, generated, CARELESS, size.images)]
    if tiles is None:
        return tasks
    some = tiles[np.linspace(0, len(tiles) - 1, count).round().astype(int)]
    # Telling two sources apart is so easy that a fraction of the time will do.
    return [Task(PHOTOGRAPHED, some, CARELESS, size.images), *tasks, Task(APART, some, "", size.images // 4, generated)]


class _Clock:
    """The progress of the demo, and the time of each part."""

    def __init__(self, progress: Progress[str]) -> None:
        self.progress, self.seconds, self.done, self.doing = progress, dict[str, float](), -1, ""
        self.part, self.started, self.base = "", time.monotonic(), 0
        self.errors: dict[str, float] = {}

    def begin(self, part: str, doing: str, *, done: int | None = None) -> None:
        """Begin a part, which ends the one before."""
        now = time.monotonic()
        if self.part:
            self.seconds[self.part] = now - self.started
        self.part, self.started, self.doing = part, now, doing
        self.done = self.done + 1 if done is None else done
        self.base = self.done
        self.progress(self.done, doing)

    def watched(self, seen: int, source: str, error: float) -> None:
        """Count the progress of a warden."""
        self.done += 1
        self.progress(self.done, f"the warden learns on {source}: {seen:,} images, wrong about {100 * error:.0f} of 100")

    def played(self, rounds: int) -> None:
        """Count the progress of the game."""
        self.progress(self.base + rounds, f"playing the game, round {rounds}")
