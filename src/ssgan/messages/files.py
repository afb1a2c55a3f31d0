"""Hide in image files: check, hide, encode, read back, record, and only then name the stego; reveal from files.

This is the one way to hide: the command line, the library, jobs over many covers, the page, generated covers and the demo all
call it. A stego is read again with the key, as the receiver will, before its name exists. A message spread over several covers
is written whole or not at all.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from ssgan import images
from ssgan.compute.progress import Notify
from ssgan.errors import Incomplete, InvalidSetting, NothingFound, RefusedImage, StorageFailed
from ssgan.messages import container, plan
from ssgan.messages.container import Carrier
from ssgan.messages.keys import Key, as_message, check_key
from ssgan.messages.ledger import Ledger
from ssgan.messages.parts import MessagePart
from ssgan.messages.plan import HidePlan, HideSettings, HideTask
from ssgan.messages.reveal import as_whole, reveal_any, reveal_from
from ssgan.storage.folders import make_folder

if TYPE_CHECKING:
    from ssgan.drawn.model import DrawnModel
    from ssgan.messages.hide import Hidden

Source = str | os.PathLike[str] | BinaryIO


def hide_file(
    cover: str | os.PathLike[str], message: bytes | str, key: Key, out: str | os.PathLike[str], *, scheme: str | None = None,
    compress: bool = False, allow_flat: bool = False, ledger: Ledger | None = None, overwrite: bool = False,
    keep_metadata: bool = False, upright: bool = False, jpeg: int | None = None,
) -> Hidden:  # fmt: skip
    """Hide `message` in the image file `cover` and write the stego to `out`, in the lossless format of its suffix, or a JPEG.

    The file is written as the cover's was. Metadata that may name person, place or time stays behind unless `keep_metadata`;
    `upright` applies the orientation in the cover's file. What differs from the cover's file is in the result's notes. In a
    JPEG the coefficients are changed, and all else stays as it was, metadata as well. With `jpeg`, a quality 1 to 100, a cover
    that is no JPEG becomes one, and what rounding takes from its coefficients tells which changes show least. The scheme is
    `hill` for pixels, `juniward` for JPEGs and `siuniward` for new ones where none is named.
    Raises DoesNotFit with the bytes that would fit; RefusedImage for a file that is no cover, that is too flat (unless
    `allow_flat`) or that the `ledger` lists; StorageFailed where `out` exists (unless `overwrite`), is the cover (even
    then), or cannot be written; InvalidSetting for an unknown scheme or a lossy format.
    """
    settings = HideSettings(scheme, compress, allow_flat, ledger, overwrite, keep_metadata, upright, jpeg)
    check_key(key)
    return carry_out(plan.one_cover(Path(cover), as_message(message), Path(out), settings), key)[0]


def hide_spread(
    covers: Sequence[str | os.PathLike[str]], message: bytes | str, key: Key, out_folder: str | os.PathLike[str], *,
    needed: int, scheme: str | None = None, compress: bool = False, allow_flat: bool = False, ledger: Ledger | None = None,
    keep_metadata: bool = False, upright: bool = False, jpeg: int | None = None,
) -> list[Hidden]:  # fmt: skip
    """Spread `message` over covers, so that any `needed` of the stegos give it back; they get their covers' names in a folder.

    All of them are written or none. Raises as `hide_file` does.
    """
    settings = HideSettings(
        scheme, compress, allow_flat, ledger, keep_metadata=keep_metadata, upright=upright, jpeg=jpeg
    )  # fmt: skip
    check_key(key)
    body = as_message(message)
    return carry_out(plan.several_covers([Path(c) for c in covers], body, Path(out_folder), needed, settings), key)


def reveal_files(
    sources: Sequence[Source],
    key: Key,
    *,
    notify: Notify[str] | None = None,
    models: Sequence[DrawnModel] = (),
) -> bytes:
    """Return the message in one image file, or in several that it was spread over; open binary streams are read, too.

    Drawn covers are tried with the models of the package, and with `models` besides.
    `notify` gets a sentence for each file that has bytes after its end; they do not matter to the message.
    Of several files, those in which nothing is found are passed over as long as the others suffice. Raises NothingFound,
    Incomplete, RefusedImage for what is no image that could be a stego, InvalidSetting for files that do not belong together.
    """
    check_key(key)
    if not sources:
        raise InvalidSetting("no image is given", hint="run ssgan reveal STEGO")
    if len(sources) == 1:
        return _reveal_one(sources[0], key, notify, models)
    from ssgan.messages import spread

    parts, nothing = (
        [],
        NothingFound(
            "no message found with this key",
            hint="check key and image: a wrong key, no message and a changed image cannot be told apart",
        ),
    )
    for source in sources:
        picture = _stego(source, notify)
        try:
            found = reveal_picture(picture, key, models)
        except NothingFound as error:
            nothing = error
            continue
        if not isinstance(found, MessagePart):
            raise InvalidSetting(f"{source} holds a whole message, not a part of one", hint="reveal it alone")
        parts.append(found)
    if not parts:
        raise nothing
    return spread.gather(parts)


def _stego(source: Source, notify: Notify[str] | None) -> images.Picture:
    picture = plan.stego_picture(source)
    if picture.following is not None and notify is not None:
        notify(f"{plan.source_name(source)}: {picture.following}")
    return replace(picture, file=b"")  # of a large one, the file's bytes are in the way


def _reveal_one(source: Source, key: Key, notify: Notify[str] | None, models: Sequence[DrawnModel]) -> bytes:
    picture = _stego(source, notify)
    try:
        return as_whole(reveal_picture(picture, key, models))
    except Incomplete as error:
        from ssgan.messages import spread

        if isinstance(error.part, MessagePart) and error.part.needed == 1:
            return spread.gather([error.part])
        raise


def reveal_picture(picture: images.Picture, key: Key, models: Sequence[DrawnModel] = ()) -> bytes | MessagePart:
    """Return the message, or the part of one, in a picture that was read as a stego. Raises NothingFound."""
    if picture.coefficients is None:
        return reveal_any(picture.samples, key, alpha=picture.alpha, models=models)
    return reveal_from(plan.picture_carrier(picture), key)


@dataclass(frozen=True, repr=False)
class Stego:
    """A stego as the bytes of its file, read back with the key, and not yet written."""

    task: HideTask
    hidden: Hidden
    content: bytes

    @property
    def carrier(self) -> Carrier:
        """The samples of the stego that count."""
        if self.hidden.coefficients is not None:
            return container.coefficient_carrier(self.hidden.coefficients)
        return container.image_carrier(self.hidden.stego, self.hidden.alpha)

    @property
    def used(self) -> list[Carrier]:
        """What is recorded as used: the cover with the original of a new JPEG, and the stego, which the list does not
        distinguish from the cover.
        """
        return [self.carrier, *plan.used_carriers(self.task.picture)[1:]]


def carry_out(planned: HidePlan, key: Key) -> list[Hidden]:
    """Carry out a plan: write all its files, each read back with the key, or none."""
    return deliver(planned, (make_stego(task, key, planned.settings) for task in planned.tasks))


def hide_content(
    cover: bytes, message: bytes, key: Key, settings: HideSettings, *, name: str = "the cover", out: str = "stego.png"
) -> Stego:
    """Hide `message` in the bytes of an image file; the stego's bytes have the format of `out`'s suffix.

    The cover is in the list of used ones when this returns. Raises as `hide_file` does.
    """
    task = plan.content_task(name, cover, message, Path(out), settings)
    if settings.ledger is not None:
        settings.ledger.prepare()
    stego = make_stego(task, key, settings)
    claim([stego], settings.ledger)
    return stego


def make_stego(task: HideTask, key: Key, settings: HideSettings) -> Stego:
    """Hide, encode and read back; nothing is written, and nothing is recorded. Raises as `hide_file` does."""
    from ssgan.messages.hide import hide

    samples, alpha = task.picture.samples, task.picture.alpha
    scheme = task.scheme
    try:
        if task.picture.coefficients is not None:
            hidden, content = _jpeg_stego(task.picture, task, key, settings, scheme)
        else:
            hidden = hide(
                samples, task.body, key, alpha=alpha,
                scheme=scheme, compress=settings.compress, allow_flat=settings.allow_flat, layout="chw",
            )  # fmt: skip
            hidden, content = encoded(hidden, task, settings)
    except RefusedImage as error:
        raise RefusedImage(f"{task.cover}: {error}", hint=error.hint) from error
    if not proved(content, hidden, task.body, key):
        raise StorageFailed(f"the stego of {task.cover} did not come back as it was made", hint="try again")
    return Stego(task, hidden, content)


def _jpeg_stego(
    picture: images.Picture, task: HideTask, key: Key, settings: HideSettings, scheme: str
) -> tuple[Hidden, bytes]:  # fmt: skip
    """Return what was hidden in a JPEG's coefficients, and the stego's file."""
    from ssgan.messages.hide import Hidden, hide_coefficients

    assert picture.coefficients is not None
    errors = None if picture.precover is None else picture.precover.errors
    made, written = hide_coefficients(
        picture.coefficients, task.body, key, scheme=scheme, compress=settings.compress, allow_flat=settings.allow_flat,
        errors=errors,
    )  # fmt: skip
    content = images.encode_coefficients(made)
    shown = images.read(content, convert=images.CONVERSIONS).samples
    hidden = Hidden(
        picture.samples, shown, None, written.message_bytes, written.rung_bytes, written.payload, written.change_rate,
        scheme, written.split, manner="cover", coefficients=made,
    )  # fmt: skip
    if picture.precover is not None:
        hidden = replace(hidden, manner="usual", left_out=picture.metadata)
    return hidden, content


def encoded(hidden: Hidden, task: HideTask, settings: HideSettings) -> tuple[Hidden, bytes]:
    """Return the stego's file, encoded as the cover's was, and `hidden` with the notes on that."""
    wanted = images.written_format(task.out)
    file = images.encode_like(
        hidden.stego, task.picture, wanted, alpha=task.picture.alpha, keep_metadata=settings.keep_metadata
    )
    return replace(hidden, manner=file.manner, notes=file.notes, left_out=file.left_out), file.content


def make_best(
    tasks: Sequence[HideTask], key: Key, settings: HideSettings, rank: Callable[[Sequence[Stego]], Sequence[Any]]
) -> tuple[int, list[Stego]]:
    """Return a stego of every task, and the number of the one with the smallest `rank`, which is to be sent."""
    stegos = [make_stego(task, key, settings) for task in tasks]
    ranks = rank(stegos)
    return min(range(len(stegos)), key=lambda number: ranks[number]), stegos


def claim(stegos: Sequence[Stego], ledger: Ledger | None) -> None:
    """Enter covers and stegos into the list of used ones, before any stego is written.

    Raises RefusedImage for a cover that another process has taken meanwhile, StorageFailed.
    """
    if ledger is None:
        return
    for stego, free in zip(stegos, ledger.claim([stego.used for stego in stegos]), strict=True):
        if not free:
            raise plan.used_before(str(stego.task.cover))


def deliver(planned: HidePlan, stegos: Iterable[Stego]) -> list[Hidden]:
    """Write stegos to their planned paths, all of them or none, and record the covers as used before that.

    A process that is killed in between wastes a cover; the other order would let two stegos of one be sent.
    """
    if planned.settings.ledger is not None:
        planned.settings.ledger.prepare()
    made = []
    outs = [task.out for task in planned.tasks]
    with write_together(outs, overwrite=planned.settings.overwrite, folder=planned.folder) as temporaries:
        for stego, temporary in zip(stegos, temporaries, strict=True):
            temporary.write_bytes(stego.content)
            _prove(stego, temporary)
            made.append(stego)
        claim(made, planned.settings.ledger)
    return [stego.hidden for stego in made]


def write_secret(path: Path, content: bytes, *, overwrite: bool = False) -> None:
    """Write a file that only its owner may read, whole or not at all. Raises StorageFailed."""
    with images.atomic_write(path, overwrite=overwrite) as temporary:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)


def _prove(stego: Stego, temporary: Path) -> None:
    """Read written files back and compare them with the bytes that were proved."""
    try:
        content = temporary.read_bytes()
    except OSError:
        content = b""
    if content != stego.content:
        raise StorageFailed(f"{stego.task.out} did not come back as it was written", hint="check the disk, then try again")


def proved(content: bytes, hidden: Hidden, body: bytes | MessagePart, key: Key) -> bool:
    """Return whether a file's bytes are the stego, sample for sample, and give the message with the key."""
    try:
        back = plan.made_stego(content)
        same = np.array_equal(back.samples, hidden.stego) and (back.alpha is None) == (hidden.alpha is None)
        if hidden.alpha is not None and back.alpha is not None:
            same = same and np.array_equal(back.alpha, hidden.alpha)
        return bool(same and reveal_picture(back, key) == body)
    except (RefusedImage, NothingFound):
        return False


@contextlib.contextmanager
def write_together(paths: Sequence[Path], *, overwrite: bool, folder: Path | None) -> Iterator[list[Path]]:
    """Provide temporary files that become `paths` after the block: all of them or, after an exception, none.

    `folder` is made where it is missing, and removed again where nothing is written.
    """
    made_folder = folder is not None and not folder.exists()
    if folder is not None:
        make_folder(folder)
    mine: dict[Path, os.stat_result] = {}
    try:
        with contextlib.ExitStack() as stack:
            temporaries = [stack.enter_context(images.atomic_write(path, overwrite=overwrite)) for path in paths]
            yield temporaries
            mine = {path: temporary.stat() for path, temporary in zip(paths, temporaries, strict=True)}
    except BaseException:
        # An earlier file is lost once another has replaced it, so the whole new one stays.
        for path, made in () if overwrite else mine.items():
            with contextlib.suppress(OSError):
                if os.path.samestat(path.lstat(), made):
                    path.unlink()
        if made_folder and folder is not None:
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise
