"""`ssgan samples`: pictures to begin with."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import Parameter

from ssgan.cli.options import Force, Json, Out
from ssgan.cli.screen import Screen, counted
from ssgan.errors import StorageFailed


def samples(
    kind: Annotated[
        Literal["photographs", "drawings"],
        Parameter(
            help="photographs: five free ones, from scikit-image's wheel. drawings: five computed ones, which need nothing."
        ),
    ] = "photographs",
    /,
    *,
    out: Annotated[Out, Parameter(help="The folder for the pictures, PNG files.")],
    force: Force = False,
    json: Json = False,
) -> None:
    """Write sample pictures to begin with.

    The photographs are free of restrictions (public domain or CC0), and each is shown with its author. Nothing is fetched. A
    drawing is a cover to try things with; figures of drawings say nothing of photographs.
    """
    from ssgan import images
    from ssgan.datasets.sample_pictures import DRAWINGS, PHOTOGRAPHS, drawing, photograph
    from ssgan.storage.atomic import atomic_write
    from ssgan.storage.folders import make_folder

    screen = Screen(json=json)
    names = list(PHOTOGRAPHS) if kind == "photographs" else list(DRAWINGS)
    places = {name: out / f"{name}.png" for name in names}
    for place in places.values():
        if place.exists() and not force:
            raise StorageFailed(f"{place} exists already and was left as it is", hint="choose another folder, or give --force")
    contents = {name: photograph(name) for name in names} if kind == "photographs" else {}
    make_folder(out)
    for name, place in places.items():
        if kind == "photographs":
            about = PHOTOGRAPHS[name]
            with atomic_write(place, overwrite=force) as temporary:
                temporary.write_bytes(contents[name])
            source, terms = f"{about.author}, from scikit-image", about.terms
        else:
            images.write(place, drawing(name), overwrite=force)
            source, terms = "computed by ssgan", "CC0"
        screen.result("sample", f"{place}: {source}; {terms}", out=str(place), source=source, terms=terms)
    screen.note("samples", f"{counted(len(names), 'picture')} in {out}", count=len(names), out=str(out))
