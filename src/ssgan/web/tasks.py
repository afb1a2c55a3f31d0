"""Do the work of the page in its processes: one function for each kind of job, from plain values to a Result.

Pictures, messages and keys come and go as bytes; nothing but the list of used covers is on the disk.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ssgan import images
from ssgan.compute.progress import Progress
from ssgan.errors import InvalidSetting, RefusedImage, SsganError, unknown
from ssgan.images import Picture
from ssgan.messages.keys import Key, Passphrase, parse_key_file
from ssgan.web.remedies import make_cover, with_remedies
from ssgan.web.results import BYTES, JPEG, PNG, PageResult

if TYPE_CHECKING:
    from ssgan.detection.verdicts.files import Judged
    from ssgan.drawn.model import DrawnModel

Given = dict[str, Any]
DRAWN = "drawn.png"
FLOOR = 1.0  # seconds that a search for a message takes at least, or a multiple of them
MOST_COVERS, MOST_WAY = 64, 16  # on a wall; on the way from one cover to another
SENTENCES = 3  # on a file in which something was found, before more are asked for
LARGEST_INSPECTED = 4_000_000  # pixels: larger maps are not useful


def capacity(given: Given, progress: Progress[int, str]) -> PageResult:
    """Return how many bytes a cover takes, with any key and scheme."""
    from ssgan.messages import drawn, plan, scheme_choice

    if given.get("model"):
        model = _model(given["model"], given["runs"])
        height, width, _ = model.shape
        facts = {"bytes": drawn.capacity_bytes(model), "width": width, "height": height, "generator": given["model"]}
        return PageResult("capacity", facts)
    with _offering_remedies(given["cover"], given["name"]):
        picture = _cover(given["cover"], given["name"])
    _, height, width = picture.samples.shape
    facts = {"bytes": scheme_choice.picture_capacity(picture), "width": width, "height": height}
    if picture.coefficients is not None:
        facts["wise"] = plan.wise_bytes(picture, plan.WISE)
    return PageResult("capacity", facts)


def hide(given: Given, progress: Progress[int, str]) -> PageResult:
    """Hide a message in a cover; return the changes, and the answers of the bundled detectors."""
    from ssgan.images.difference import difference
    from ssgan.messages import plan, scheme_choice
    from ssgan.messages.files import hide_content
    from ssgan.messages.ledger import Ledger, usual_folder
    from ssgan.views import maps

    if given.get("model"):
        return _hide_drawn(given, progress)
    progress(0, 3, "reading the cover")
    ledger = None if given["no_ledger"] else Ledger(usual_folder(), reuse=given["reuse"])
    settings = plan.HideSettings(given["scheme"], ledger=ledger)
    progress(1, 3, "hiding")
    is_jpeg = given["cover"].startswith(images.JPEG_SIGNATURE)
    name = "stego.jpg" if is_jpeg else "stego.png"
    key = _key(given)
    with _offering_remedies(given["cover"], given["name"]):
        stego = hide_content(given["cover"], given["message"], key, settings, name=given["name"], out=name)
    hidden, picture = stego.hidden, stego.task.picture
    progress(2, 3, "asking the detectors")
    cover = given["cover"] if is_jpeg else images.encode(hidden.cover, alpha=picture.alpha)
    apart = difference(hidden.cover, hidden.stego, layout="chw")
    facts = {
        "message_bytes": hidden.message_bytes,
        "capacity": scheme_choice.picture_capacity(picture),
        "payload": hidden.payload,
        "unit": stego.task.unit,
        "change_rate": hidden.change_rate,
        "changed": round(hidden.change_rate * stego.task.samples) if is_jpeg else apart.raised + apart.lowered,
        "samples": stego.task.samples,
        "kind": "coefficients" if is_jpeg else "samples",
        "psnr": apart.psnr,
        "scheme": hidden.scheme,
        "risk": {"stego": _risk(stego.content), "cover": _risk(cover)},
        "stego": name,
        "width": hidden.cover.shape[2],
        "height": hidden.cover.shape[1],
    }
    files = {
        name: (stego.content, JPEG if is_jpeg else PNG),
        "cover.jpg" if is_jpeg else "cover.png": (cover, JPEG if is_jpeg else PNG),
        "changes.png": (images.encode(maps.change_overlay(hidden.cover, hidden.stego)), PNG),
    }
    return PageResult("hide", facts, files)


def _risk(content: bytes) -> dict[str, Any]:
    """Return what the bundled detectors say of the bytes of a picture."""
    from ssgan.detection.verdicts.bundled import bundled_detectors
    from ssgan.detection.verdicts.files import judge_picture

    judged = judge_picture(content, "", bundled_detectors())
    assert judged.verdict is not None, "this program wrote the picture, or read it before"
    answer = judged.answer
    return {"probability": judged.verdict.probability, "is_alarm": answer.by_statistics, "by": list(answer.by)}


def _hide_drawn(given: Given, progress: Progress[int, str]) -> PageResult:
    """Draw one cover by the message, once; nothing is chosen, and no detector is asked."""
    from ssgan.messages.drawn_files import draw_file, in_words

    progress(0, 1, "drawing a cover by the message")
    model = _model(given["model"], given["runs"])
    made, content = draw_file(given["message"], _key(given), model, Path(DRAWN))
    height, width, _ = model.shape
    facts = {
        "drawn": True,
        "message_bytes": made.message_bytes,
        "capacity": model.promise_bytes,
        "generator": given["model"],
        "words": in_words(given["model"]),
        "width": width,
        "height": height,
    }
    return PageResult("hide-drawn", facts, {DRAWN: (content, PNG)})


def reveal(given: Given, progress: Progress[int, str]) -> PageResult:
    """Reveal the message in a stego, as text where it is some, and as a file. The time taken does not depend on the result."""
    from ssgan.messages.files import reveal_picture
    from ssgan.messages.plan import as_stego
    from ssgan.messages.reveal import as_text, as_whole

    progress(0, 1, "looking for a message")
    key = _key(given)
    with _floored():
        picture = as_stego(images.read(given["stego"], convert=images.CONVERSIONS, name=given["name"]), given["name"])
        message = as_whole(reveal_picture(picture, key, _models_of_runs(given["runs"])))
    facts = {"message_bytes": len(message), "text": as_text(message), "note": picture.following}
    return PageResult("reveal", facts, {"message.bin": (message, BYTES)})


@contextlib.contextmanager
def _floored() -> Iterator[None]:
    """Let the block take a multiple of the least time, whatever is found."""
    begun = time.monotonic()
    try:
        yield
    finally:
        time.sleep(_until_floor(time.monotonic() - begun))


def _until_floor(taken: float) -> float:
    """Return the seconds to the next multiple of the least time, so that the time taken does not reveal what was found."""
    return math.ceil(max(taken, 1e-9) / FLOOR) * FLOOR - taken


def detect(given: Given, progress: Progress[int, str]) -> PageResult:
    """Return an answer for each file, the suspicious first, with thumbnails, and all on one sheet."""
    from ssgan.detection.verdicts.answer import about_alarms, summary
    from ssgan.detection.verdicts.bundled import bundled_detectors
    from ssgan.detection.verdicts.files import Judged, judge_picture
    from ssgan.detection.verdicts.sheet import page, tile
    from ssgan.detection.verdicts.verdict import BASE_RATE, FALSE_ALARMS, share_of_true_alarms

    found, detectors = list[Judged](), bundled_detectors()
    for number, (name, content) in enumerate(given["images"]):
        progress(number, len(given["images"]), f"examining {name}")
        try:
            judged = judge_picture(content, name, detectors)
        except SsganError as error:
            judged = Judged(name, None, error=str(error))
        found.append(judged)
    found.sort(key=lambda judged: judged.suspicion)
    answers, rows, tiles = [judged.answer for judged in found], [], []
    files: dict[str, tuple[bytes, str]] = {}
    for number, judged in enumerate(found):
        tiles.append(tile(judged))
        rows.append(_row(judged))
        if (thumbnail := tiles[-1].thumbnail) is not None:
            rows[-1]["thumbnail"] = f"thumbnail-{number:02}.png"
            files[rows[-1]["thumbnail"]] = (images.encode(np.asarray(thumbnail).transpose(2, 0, 1)), PNG)
    alarms = sum(answer.by_statistics for answer in answers)
    about = about_alarms(
        alarms, len(answers), base_rate=BASE_RATE, false_alarms=FALSE_ALARMS, most_true=share_of_true_alarms(BASE_RATE)
    )
    facts = {"rows": rows, "summary": summary(answers), "about": about}
    return PageResult("detect", facts, {**files, "sheet.png": (images.encode(page(tiles)), PNG)})


def _row(judged: Judged) -> dict[str, Any]:
    """Return a file's answer for the page; `more` are the sentences that are shown on request."""
    verdict, answer = judged.verdict, judged.answer
    notes = [fact.sentence for fact in judged.facts if not fact.is_finding]
    reasons = () if verdict is None else verdict.reasons
    sentences = list(answer.sentences)[: SENTENCES if answer.word == "found" else 1]
    return {
        "name": judged.name,
        "answer": answer.word,
        "by": list(answer.by),
        "why": answer.why,
        "sentences": sentences,
        "more": [one for one in dict.fromkeys((*answer.sentences, *notes, *reasons)) if one not in sentences],
        "verdict": "not read" if verdict is None else verdict.verdict,
        "probability": None if verdict is None else verdict.probability,
        "fired": [] if verdict is None else list(verdict.alarms),
        "sha256": judged.sha256,
        "thumbnail": "",
    }


def inspect(given: Given, progress: Progress[int, str]) -> PageResult:
    """Return all maps of a picture, or of its differences from another one."""
    from ssgan.embedding.embedder import Embedder
    from ssgan.evaluation.inspection import ImageComparison, every_scheme, inspect_cover, inspect_drawn

    progress(0, 3, "reading")
    with _offering_remedies(given["image"], given["name"]):
        picture = _picture(given["image"], given["name"], "picture to inspect")
    _, height, width = picture.samples.shape
    if height * width > LARGEST_INSPECTED:
        raise InvalidSetting(
            f"{width} x {height} pixels are more than a page shows", hint="use the command: ssgan inspect IMAGE -o FOLDER"
        )
    facts: dict[str, Any] = {"width": width, "height": height, "channels": len(picture.samples), "schemes": []}
    if "passphrase" in given:
        progress(1, 3, "looking for the message that drew it")
        with _floored():
            drawn = inspect_drawn(picture.samples, _key(given), _models_of_runs(given["runs"]))
        bits = {
            "drawn_by": drawn.model,
            "bits": float(drawn.bits.sum()),
            "most": float(drawn.bits.max()),
            "samples": drawn.bits.size,
        }
        facts, shown = facts | bits, dict(drawn.pictures)
    elif given.get("other"):
        other = _picture(given["other"], given["other_name"], "picture to inspect")
        shown = _compared(picture, other, facts, ImageComparison(picture.samples, other.samples))
    else:
        embedder = Embedder(given["scheme"], given["payload"])
        progress(1, 3, f"simulating {embedder}")
        seen = inspect_cover(picture.samples, embedder, seed=1, layout="chw")
        shown = dict(seen.pictures)
        facts |= {"embedder": str(embedder), "change_rate": seen.difference.change_rate, "wet_share": seen.wet_share}
        progress(2, 3, "pricing it by every scheme")
        for one in every_scheme(picture.samples, given["payload"], seed=1, layout="chw"):
            name = f"costs_{one.name.partition('@')[0]}"
            shown[name] = one.costs
            facts["schemes"].append({"file": f"{name}.png", "title": one.title, "summary": one.summary})
    return PageResult("inspect", facts, {f"{name}.png": (images.encode(picture), PNG) for name, picture in shown.items()})


def _compared(one: Picture, other: Picture, facts: dict[str, Any], both: Any) -> dict[str, np.ndarray]:
    """Return pictures by name. Raises InvalidSetting where the two differ in shape."""
    from ssgan.images.difference import difference

    apart = difference(one.samples, other.samples, layout="chw")
    facts |= {"changed": apart.raised + apart.lowered, "samples": apart.samples, "largest": apart.largest}
    facts["psnr"] = apart.psnr if math.isfinite(apart.psnr) else None
    facts["change_rate"] = apart.change_rate
    return {"first": one.samples, "second": other.samples, **both.pictures}


def generate(given: Given, progress: Progress[int, str]) -> PageResult:
    """Return covers by a generator, from secret random numbers or a public seed, drawn as honest covers are.

    With `changed` they are covers to be changed, the old way, or a series between two of them.
    """
    from ssgan.gan.covers.files import drawn_cover
    from ssgan.gan.covers.generators import open_generator
    from ssgan.gan.covers.sample import latents, paths, prepared, sample

    count, seed, between = given["count"], given["seed"], given["between"]
    if not 1 <= count <= MOST_COVERS:
        raise InvalidSetting(f"{count} covers do not fit on the page", hint=f"ask for 1 to {MOST_COVERS}")
    if not given["changed"]:
        model, drawn = _model(given["generator"], given["runs"]), []
        for number in range(count):
            progress(number, count, f"drawing cover {number + 1}")
            drawn.append(drawn_cover(model, number, seed))
        return _wall(drawn, given["generator"], list(range(count)), seed=seed, between=None, drawn=True)
    progress(0, 1, "making covers")
    net, card = open_generator(_generator(given["generator"], given["runs"]))
    numbers = list(range(count))
    if between is None:
        wanted = latents(card.config, numbers, seed)
    else:
        if seed is None:
            raise InvalidSetting("no seed is given for a series between two covers", hint="give the seed of the covers")
        ends = latents(card.config, list(between), seed)
        numbers = [number + 1 for number in range(min(max(count, 2), MOST_WAY))]
        wanted = paths(card.config, ends[:1], ends[1:], len(numbers))[0]
    made = list(sample(prepared(net), wanted).numpy())
    return _wall(made, card.folder.name, numbers, seed=seed, between=between, drawn=False)


def _wall(
    covers: list[np.ndarray], generator: str, numbers: list[int], *, seed: int | None, between: Any, drawn: bool
) -> PageResult:
    facts = {"seed": seed, "numbers": numbers, "between": between, "generator": generator, "count": len(covers), "drawn": drawn}
    files = {f"cover-{number:03}.png": (images.encode(cover), PNG) for number, cover in enumerate(covers)}
    return PageResult("generate", facts, files)


def convert(given: Given, progress: Progress[int, str]) -> PageResult:
    """Return a PNG of a picture that cannot be a cover as it is."""
    progress(0, 1, "making a PNG")
    name, content = make_cover(given["cover"], given["name"], given["remedy"])
    return PageResult("convert", {"name": name}, {"cover.png": (content, PNG)})


WORK: dict[str, Callable[[Given, Progress[int, str]], PageResult]] = {
    "capacity": capacity, "hide": hide, "reveal": reveal, "detect": detect, "inspect": inspect, "generate": generate,
    "convert": convert,
}  # fmt: skip


def warm() -> None:
    """Import the modules that the first job would otherwise wait for."""
    import ssgan.detection.verdicts.bundled
    import ssgan.gan.covers.sample
    import ssgan.messages.drawn_files
    import ssgan.messages.hide

    ssgan.detection.verdicts.bundled.bundled_detectors()


def _key(given: Given) -> Key:
    if given.get("key_file"):
        return parse_key_file(given["key_file"].decode("utf-8", errors="replace"))
    return Passphrase(given.get("passphrase") or "")


def _generator(name: str, runs: Path | None) -> Path:
    """Return the folder of a bundled generator or of a run by its name, never a path. Raises InvalidSetting."""
    from ssgan.gan.covers.generators import bundled, find_generator
    from ssgan.web import runs as watching

    known = {folder.name: folder for folder in [*bundled(), *(run.folder for run in watching.runs(runs))]}
    if name not in known:
        raise unknown("generator", name, known)
    return find_generator(known[name])


def _model(name: str, runs: Path | None) -> DrawnModel:
    """Return the model that draws of a bundled generator or of a run. Raises InvalidSetting."""
    from ssgan.drawn.model import find, load

    folder = _generator(name, runs)
    try:
        return load(find(folder))
    except InvalidSetting:
        raise InvalidSetting(
            f"{name} has no model that draws", hint="choose covers to change, or export it with --drawn"
        ) from None


def _models_of_runs(runs: Path | None) -> list[DrawnModel]:
    """Return the models that draw of the runs that the page shows; `reveal` has those of the package."""
    from ssgan.drawn.model import find, load
    from ssgan.gan.covers.generators import find_generator
    from ssgan.web import runs as watching

    found = []
    for run in watching.runs(runs):
        with contextlib.suppress(SsganError):  # a run without such a model
            found.append(load(find(find_generator(run.folder))))
    return found


@contextlib.contextmanager
def _offering_remedies(content: bytes, name: str) -> Iterator[None]:
    """Let a refusal of this picture within the block say what the page can make of it."""
    try:
        yield
    except RefusedImage as error:
        raise with_remedies(error, content, name) from error


def _cover(content: bytes, name: str) -> Picture:
    if content.startswith(images.JPEG_SIGNATURE):
        from ssgan.messages.plan import as_cover

        return as_cover(images.read(content, convert=images.CONVERSIONS, name=name), name)
    return _picture(content, name, "cover")


def _picture(content: bytes, name: str, what: str) -> Picture:
    """Read a picture, without conversions. Raises RefusedImage."""
    picture = images.read(content, convert=images.CONVERSIONS, name=name)
    for word in picture.converted:
        raise RefusedImage(
            f"{name} cannot be used as a {what}: {images.CONVERSIONS[word]}",
            hint="save it as an 8-bit gray or RGB PNG first",
        )
    return picture
