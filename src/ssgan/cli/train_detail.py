"""`ssgan train-detail`: train the network that models photographs sample by sample."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from ssgan.cli.options import LENGTH, AllowChanges, Device, Json, Out, Quiet, Verbose, settings_as_options
from ssgan.cli.screen import Screen
from ssgan.cli.simulate import ReadingOptions
from ssgan.cli.threads import use_threads
from ssgan.errors import InvalidSetting
from ssgan.gan.training.detail_settings import DetailConfig

_CARD = ("image_size", "channels")  # settings in the card of a generator


if TYPE_CHECKING:
    DetailSettings = DetailConfig
else:
    DetailSettings = settings_as_options(DetailConfig, "Settings, the usual where left out", names=LENGTH)


def train_detail(
    data: Annotated[Path, Parameter(help="A folder, a zip or a tar of photographs, or CelebA as it comes.")],
    /,
    *,
    out: Annotated[Out, Parameter(help="The folder of the run; the same command resumes it.")],
    generator: Annotated[
        Path | None,
        Parameter(help="The generator to draw with, which sets size and channels; give --image-size for a larger stage."),
    ] = None,
    settings: DetailSettings | None = None,
    reading: ReadingOptions | None = None,
    device: Device = "cpu",
    allow_changes: AllowChanges = False,
    threads: Annotated[int | None, Parameter(help="Threads; by default one a core.")] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    json: Json = False,
) -> None:
    """Train the detail network, which draws covers sample by sample.

    It learns by likelihood on photographs. It gives the law of every sample from the picture at half its size and the samples
    drawn before. What it minimizes is the number of bits that a sample carries; at the end that is measured on photographs
    that were held back. After Ctrl-C or a crash the same command resumes. Then: ssgan export GENERATOR --to FOLDER --drawn
    --detail RUN.
    """
    from ssgan.gan.training.detail import train_detail

    reading = reading or ReadingOptions()
    geometry, convert = reading.parse()
    config = DetailConfig()
    if generator is not None:
        from ssgan.gan.covers.generators import find_generator, read_card

        card = read_card(find_generator(generator)).config
        config = replace(config, **{name: getattr(card, name) for name in _CARD})
    given = {} if settings is None else {name: value for name, value in asdict(settings).items() if value is not None}
    if geometry.size is not None:
        given.setdefault("image_size", geometry.size)
    if reading.gray:
        given.setdefault("channels", 1)
    config = replace(config, **given)
    if geometry.size is not None and geometry.size != config.image_size:
        raise InvalidSetting(
            f"--geometry makes pictures of {geometry.size} and the network is for {config.image_size}",
            hint="leave out --image-size, or give --crop and --size",
        )
    use_threads(threads)
    screen = Screen(json=json, quiet=quiet, verbose=verbose)
    with screen.progress(config.duration_images, "training") as progress:
        result = train_detail(
            data,
            config,
            out,
            geometry=geometry,
            convert=convert,
            device=device,
            allow_changes=allow_changes,
            progress=lambda seen, figures: progress(seen, f"{figures['bits_per_sample']:.3f} bits a sample", **figures),
            load_progress=lambda done, pictures: progress(0, f"{done} of {pictures} pictures read"),
        )
    text = f"{result['images_seen']} images seen, {result['bits_per_sample']:.3f} bits a sample on photographs held back; {out}"
    screen.result("detail", text, **result, out=str(out))
