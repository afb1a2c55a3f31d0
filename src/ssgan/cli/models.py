"""`ssgan models`: bundled generators and detectors, and those trained here."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from cyclopts import App, Group, Parameter

from ssgan.cli.options import Json
from ssgan.cli.screen import Screen
from ssgan.errors import InvalidSetting, SomeItemsFailed, SsganError, nearest

if TYPE_CHECKING:
    from ssgan.gan.covers.generators import Card

_DIGEST = 12  # hexadecimal digits that people are shown
_CARD = "MODEL_CARD.md"
Places = Annotated[
    list[Path] | None,
    Parameter(
        help="Runs, models, folders of either, or names of bundled ones; by default all that come with ssgan.",
        consume_multiple=True,
    ),
]


class _Announced(NamedTuple):
    """What a generator of this package says of itself, as a `Card` has it, unchecked."""

    config: Any
    about: dict[str, Any]
    parameters: int
    file_bytes: int
    digest: str


def commands(**settings: Any) -> App:
    """Return `models` with its verbs; without one it lists. `settings` are those of its `App`."""
    about = "List, show or verify generators and detectors."
    app = App(
        name="models", help=about, default_parameter=Parameter(negative=""), group_parameters=Group("Options"), **settings
    )
    app.default(ls)
    app.command(ls, name="ls")
    app.command(show, name="show")
    app.command(verify, name="verify")
    return app


def ls(places: Places = None, /, *, json: Json = False) -> None:
    """List generators and detectors: what each was trained on, and how large it is. No weights are read.

    Of a generator, `embedder`, `detector` and `alpha` say against what it learned to make covers; without a detector it is a
    plain GAN. Of a detector, you see for which images and embedders it was made.
    """
    screen = Screen(json=json)
    wanted = _wanted(places)
    rows: dict[str, list[dict[str, Any]]] = {"generator": [], "detector": []}
    failed = 0
    for place in wanted:
        try:
            kind, row = _row(place, whole=json)
            rows[kind].append(row)
        except SsganError as error:
            screen.warn(str(error))
            failed += 1
    for kind, found in rows.items():
        if found:
            screen.table(kind, found)
    if failed:
        raise SomeItemsFailed(f"{failed} of {len(wanted)} are no models", hint="give runs, or folders of models")


def show(
    place: Annotated[Path, Parameter(help="The folder of a run or a model, or a bundled one by its name.")],
    /,
    *,
    json: Json = False,
) -> None:
    """Show the card of a model (data, terms, training, error, limits), or, where it has none, what its manifest says.

    Of a generator that draws, also the identity of its integers, which is part of every key, and how much each cover takes.
    """
    from ssgan.storage import weights

    folder = _find(place)
    announced = weights.announced(folder)
    card, drawn = folder / _CARD, _drawn(folder)
    text = card.read_text(encoding="utf-8", errors="replace") if card.is_file() else _listed(announced["manifest"])
    lines = text.expandtabs().rstrip("\n").split("\n")
    if drawn is not None:
        lines += ["", f"**Draws.** C{_drawn_in_words(drawn)[1:]}."]
    Screen(json=json).result("model", lines, folder=str(folder), **announced, drawn=drawn)


def verify(places: Places = None, /, *, json: Json = False) -> None:
    """Read the weights of models whole, and compare them with the digests in their manifests."""
    from ssgan.storage import weights

    screen, wanted, failed = Screen(json=json), _wanted(places), 0
    for place in wanted:
        try:
            folder = _find(place)
            _opened(folder)
            digest, drawn = weights.announced(folder)["sha256"], _drawn(folder)
        except SsganError as error:
            screen.warn(str(error))
            failed += 1
            continue
        text = [f"{_shown(place)}: as its manifest says, SHA-256 {digest}"]
        if drawn is not None:
            text += [f"{_shown(place)} draws {_drawn_in_words(drawn)}"]
        screen.result("verified", text, model=_shown(place), sha256=digest, drawn=drawn)
    if failed:
        raise SomeItemsFailed(f"{failed} of {len(wanted)} models are damaged", hint="fetch them again, or train them again")


def _drawn(folder: Path) -> dict[str, Any] | None:
    """Return what the model that draws in a generator's folder says, all of it checked; None where there is none.

    Raises RefusedModel.
    """
    from ssgan.drawn import model
    from ssgan.storage import weights

    inner = folder if folder.name == model.FOLDER else folder / model.FOLDER
    if not (inner / weights.MANIFEST).is_file():
        return None
    loaded = model.load(inner)
    return {
        "identity": loaded.identity.hex(),
        "shape": list(loaded.shape),
        "promise_bytes": loaded.promise_bytes,
        "sha256": weights.announced(inner)["sha256"],
    }


def _drawn_in_words(drawn: dict[str, Any]) -> str:
    """Return one line on a model that draws."""
    height, width, channels = drawn["shape"]
    kind = f"{width} x {height} {'gray' if channels == 1 else 'color'}"
    return (
        f"covers of {kind} by a message of up to {drawn['promise_bytes']} bytes; identity {drawn['identity']}, "
        f"SHA-256 of the file {drawn['sha256']}"
    )


def _wanted(places: list[Path] | None) -> list[Path]:
    """Return the named models, those in folders of models among them, or all bundled ones."""
    wanted = [inner for place in places for inner in _inner(place)] if places else _bundled()
    if not wanted:
        raise InvalidSetting("no model comes with this package", hint="give the folder of a run or of a model")
    return wanted


def _bundled() -> list[Path]:
    """Return the folders of the models of this package, generators first. Neither torch nor numba is imported for them."""
    from ssgan.storage.folders import BUNDLED
    from ssgan.storage.weights import models_in

    return [*models_in(BUNDLED), *models_in(BUNDLED / "detectors")]


def _shown(place: Path) -> str:
    """Return the name of a bundled model, or the path of another as it was given."""
    return place.name if place in _bundled() else str(place)


def _inner(place: Path) -> list[Path]:
    """Return the folder itself, or the runs and models in it."""
    from ssgan.storage.weights import MANIFEST

    def holds(folder: Path) -> bool:
        return any((inner / MANIFEST).is_file() for inner in _places(folder))

    if holds(place) or not place.is_dir():
        return [place]
    return sorted(path for path in place.iterdir() if holds(path)) or [place]


def _places(folder: Path) -> tuple[Path, ...]:
    """Return the folders where a run or a model may have its manifest."""
    from ssgan.detection.train import DETECTOR
    from ssgan.gan.covers.generators import FOLDER

    return folder / FOLDER, folder / DETECTOR, folder


def _find(place: Path) -> Path:
    """Return the folder with the manifest of a run, a model or a bundled one. Raises InvalidSetting."""
    known = _bundled()
    if place in known:
        return place
    from ssgan.gan.covers.generators import find_generator
    from ssgan.storage.weights import MANIFEST

    for folder in (*_places(place), *(found for found in known if found.name == str(place).lower())):
        if (folder / MANIFEST).is_file():
            return folder
    if not place.exists() and (near := nearest(str(place), [found.name for found in known])):
        raise InvalidSetting(f"there is no folder {place}", hint=f"did you mean {near}?")
    return find_generator(place)


def _opened(folder: Path) -> None:
    """Read a model whole, as in use. Raises RefusedModel."""
    from ssgan.detection.verdicts import bundled as trained
    from ssgan.drawn import model
    from ssgan.gan.covers import generators
    from ssgan.steganalysis import detectors
    from ssgan.storage import weights

    manifest = weights.announced(folder)["manifest"]
    if manifest.get("kind") == model.KIND:
        model.load(folder)
    elif manifest.get("kind") == generators.KIND:
        generators.open_generator(folder)
    elif "scope" in manifest:
        trained.load(folder)
    else:
        detectors.load(folder)


def _row(place: Path, *, whole: bool) -> tuple[str, dict[str, Any]]:
    """Return (kind, manifest) of a model. Raises RefusedModel, InvalidSetting."""
    from ssgan.storage import weights

    folder = _find(place)
    announced = weights.announced(folder)
    manifest = announced["manifest"]
    if not str(manifest.get("kind")).endswith("detector"):
        if folder in _bundled():
            card = _Announced(
                SimpleNamespace(**manifest["config"]), manifest["about"], weights.parameters(folder), announced["bytes"],
                announced["sha256"],
            )  # fmt: skip
            return "generator", _generator(_shown(place), card, whole=whole)
        from ssgan.gan.covers.generators import KIND, read_card

        return KIND, _generator(_shown(place), read_card(folder), whole=whole)
    settings, scope = manifest.get("settings", {}), manifest.get("scope", {})
    built_on = f"{settings.get('features')}/{settings.get('classifier')}" if "features" in settings else settings.get("network")
    return "detector", {
        "detector": _shown(place),
        "built_on": built_on,
        "images": scope.get("images", "as it was trained on"),
        "embedders": len(scope["embedders"]) if "embedders" in scope and not whole else scope.get("embedders", "one"),
        "bytes" if whole else "file": announced["bytes"] if whole else size_in_words(announced["bytes"]),
        "digest": announced["sha256"] if whole else announced["sha256"][:_DIGEST],
    }


def _generator(name: str, card: Card | _Announced, *, whole: bool) -> dict[str, Any]:
    config, side = card.config, card.config.image_size
    return {
        "generator": name,
        "preset": config.preset,
        "backbone": config.backbone,
        "images": f"{side} x {side} {'gray' if config.channels == 1 else 'color'}",
        "detector": config.detector or "none",
        "embedder": config.embedder if config.detector else "none",
        "alpha": config.alpha,
        "images_seen": card.about.get("images_seen", "unknown"),
        "parameters": card.parameters,
        "bytes" if whole else "file": card.file_bytes if whole else size_in_words(card.file_bytes),
        "digest": card.digest if whole else card.digest[:_DIGEST],
    }


def _listed(manifest: dict[str, Any]) -> str:
    """Return a manifest in lines."""
    return "\n".join(f"{key}: {value}" for key, value in manifest.items())


def size_in_words(count: int) -> str:
    """Return the size in megabytes."""
    return f"{count / 1e6:.1f} MB"
