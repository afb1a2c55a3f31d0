"""Define options that several commands share."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields, make_dataclass
from pathlib import Path
from typing import Annotated, Any, get_type_hints

from cyclopts import Group, Parameter

from ssgan.errors import InvalidSetting


def check_device(_: object, device: str) -> None:
    """Raise InvalidSetting for a device that this machine or this build of torch does not have. It runs before all else."""
    if device == "cpu":
        return
    import torch

    cards = torch.cuda.device_count() if torch.cuda.is_available() else 0
    known = ["cpu", *(["cuda"] if cards else []), *(f"cuda:{number}" for number in range(cards))]
    if device in known:
        return
    why = f"there are {', '.join(known)}" if cards else "there is cpu"
    if device.startswith("cuda") and torch.version.cuda is None:
        why += ": this build of torch has no CUDA"
    elif device.startswith("cuda") and not cards:
        why += ": torch finds no card"
    raise InvalidSetting(f"there is no device {device}; {why}", hint=f"give --device {known[min(1, cards)]}, or leave it out")


Json = Annotated[bool, Parameter(help="Print one JSON object per line, for programs.")]
Quiet = Annotated[bool, Parameter(name=("--quiet", "-q"), help="Print only results, warnings and errors.")]
Verbose = Annotated[bool, Parameter(name=("--verbose", "-v"), help="Show progress every second, and what each step took.")]
Force = Annotated[bool, Parameter(help="Overwrite existing files.")]
Device = Annotated[str, Parameter(help="Device that torch computes on: cpu or cuda.", validator=check_device)]
GroupDuplicates = Annotated[
    bool,
    Parameter(help="Keep pictures that show the same, shifted, mirrored or encoded again, in one part (ssgan[duplicates])."),
]
AllowChanges = Annotated[
    bool, Parameter(help="Resume on another --device, or with another --batch; noted in the run's config.json.")
]
Out = Annotated[Path, Parameter(name=("--out", "-o"))]
Needed = Annotated[
    int | None,
    Parameter(name="--threshold", help="How many of the stegos are enough to read a spread message; by default all."),
]
Seed = Annotated[int, Parameter(help="The public seed: the same seed gives the same file.")]
EmbedderName = Annotated[
    str, Parameter(help="Scheme, payload in bits per sample, and coder: hill@0.4, lsb@0.4/plain; see `ssgan list`.")
]
LENGTH = {"duration_images": "--images"}  # the length of a training, a field of its settings
Convert = Annotated[
    str,
    Parameter(help="Conversions to allow, separated by commas: palette,16-bit,jpeg. Other files of these kinds are refused."),
]


def words(text: str) -> tuple[str, ...]:
    """Return the words of a list with commas."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def settings_as_options(
    settings: type, title: str, *, without: Collection[str] = (), names: Mapping[str, str] | None = None
) -> type:
    """Return a class that has the fields of a dataclass `settings` as options, None where they are not given.

    The annotation of a field is its help. `title` heads them; the fields in `without` are left out,
    and a field in `names` is an option of that name.
    """
    hints, group = get_type_hints(settings, include_extras=True), Group(title, sort_key=1)
    options: list[tuple[str, Any, Any]] = []
    for field in fields(settings):
        if field.name not in without:
            kind, text = hints[field.name].__origin__, hints[field.name].__metadata__[0]
            negative = f"--no-{field.name}" if kind is bool else ""
            name = (names or {}).get(field.name)
            parameter = Parameter(name=name, help=text, negative=negative, group=group)
            options.append((field.name, Annotated[kind | None, parameter], None))
    made = make_dataclass(f"{settings.__name__}Options", options, frozen=True, namespace={"__module__": __name__})
    return Parameter(name="*")(made)
