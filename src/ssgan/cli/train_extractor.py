"""`ssgan train-extractor`: train the network that reads latents back from damaged copies."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from ssgan.cli.options import AllowChanges, Device, Json, Out, Quiet, settings_as_options
from ssgan.cli.screen import Screen
from ssgan.cli.threads import use_threads
from ssgan.errors import InvalidSetting
from ssgan.gan.training.extractor_settings import ExtractorConfig

if TYPE_CHECKING:
    ExtractorSettings = ExtractorConfig
else:
    ExtractorSettings = settings_as_options(ExtractorConfig, "Settings, the usual where left out")


def train_extractor(
    generator: Annotated[Path, Parameter(help="A run, the folder of a generator, or a bundled generator's name.")],
    /,
    *,
    out: Annotated[Out, Parameter(help="The folder of the run; the same command on it resumes.")],
    settings: ExtractorSettings | None = None,
    device: Device = "cpu",
    allow_changes: AllowChanges = False,
    threads: Annotated[int | None, Parameter(help="Threads; as many as there are cores, if left out.")] = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Train the extractor, which reads albums.

    It is a network that reads latents back from pictures that were compressed or resized. It learns from endless pairs: the
    generator draws a picture, real codecs damage it, and the network says what the latents were, with how sure it is of each.
    At the end it is measured what albums carry through named channels (`ssgan hide --album`), if the generator has a model
    that draws, and the extractor is put beside that model. After Ctrl-C or a crash the same command resumes.
    """
    from ssgan.gan.training.extractor import train_extractor

    given = {} if settings is None else {name: value for name, value in asdict(settings).items() if value is not None}
    config = ExtractorConfig(**given)
    use_threads(threads)
    screen = Screen(json=json, quiet=quiet)
    with screen.progress(config.duration_images, "training") as progress:
        result = train_extractor(
            generator,
            config,
            out,
            device=device,
            allow_changes=allow_changes,
            progress=lambda seen, figures: progress(seen, f"{figures['signs_right']:.1%} of signs", **figures),
        )
    lines = [
        f"{name}: {figures['signs_right']:.1%} of signs, {figures['bits_per_picture']:.1f} bits a picture"
        for name, figures in result["channels"].items()
    ]
    screen.result("extractor", [f"{result['images_seen']} images seen; {out}", *lines], **result, out=str(out))
    _promise(screen, generator, out)


def _promise(screen: Screen, generator: Path, out: Path) -> None:
    """Measure what albums carry, and put the extractor beside the model of a generator that is no bundled one."""
    from ssgan.drawn import extractor, model
    from ssgan.messages import album, album_promise
    from ssgan.messages.album_files import AlbumModel

    try:
        folder = model.find(generator)
    except InvalidSetting:
        screen.note("note", f"{generator} has no model that draws: make one with ssgan export --drawn, then train again")
        return
    reader = extractor.load(out / extractor.FOLDER)
    if "promises" not in reader.about:
        found = AlbumModel(model.load(folder), reader)
        try:
            found.shape(album.SIZES[-1])
        except InvalidSetting as error:
            screen.note("note", f"no albums: {error}")
            return
        with screen.progress(len(album_promise.CHANNELS), "measuring channels") as progress:
            album_promise.enter(out / extractor.FOLDER, album_promise.measure(found, progress=progress))
        reader = extractor.load(out / extractor.FOLDER)
    if generator.is_dir():
        extractor.copy(out / extractor.FOLDER, folder.parent / extractor.FOLDER)
    rows = [
        {"channel": name, "signs": f"{reader.about['signs'][name]:.1%}", "bits a picture": reader.about["bits"][name]}
        | {f"album of {size}": promise for size, promise in promises.items()}
        for name, promises in reader.about["promises"].items()
    ]
    screen.table("promise", rows)
