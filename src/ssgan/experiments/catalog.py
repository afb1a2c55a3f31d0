"""List the experiments by name: a new one is a file of its own and a row here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from ssgan.datasets.sources import digest_of, refuse_among
from ssgan.errors import unknown
from ssgan.experiments import alpha, convergence, frontier, game, jpeg, latent_seeds, security
from ssgan.experiments.material import Material
from ssgan.experiments.records import Record, as_csv
from ssgan.storage.atomic import atomic_write
from ssgan.storage.runs import Run, working_in

SIZES = ("smoke", "small", "full")


@dataclass(frozen=True)
class Experiment:
    """One experiment: its question, the function that answers it, and remarks for readers."""

    title: str
    run: Callable[[str, Material], list[Record]]
    about: str


EXPERIMENTS = {
    "game": Experiment("does the game work?", game.run, game.__doc__ or ""),
    "frontier": Experiment("does secrecy buy more than noise?", frontier.run, frontier.__doc__ or ""),
    "table1": Experiment("does SSGAN converge faster than SGAN?", convergence.run, convergence.__doc__ or ""),
    "table2": Experiment("are generated covers safer than real ones?", security.run, security.__doc__ or ""),
    "table3": Experiment("does a secret seed of the generator protect?", latent_seeds.run, latent_seeds.__doc__ or ""),
    "alpha": Experiment("what does secrecy cost?", alpha.run, alpha.__doc__ or ""),
    "jpeg": Experiment("how detectable are embedders of JPEGs?", jpeg.run, jpeg.__doc__ or ""),
}


def reproduce(name: str, size: str, material: Material) -> tuple[list[Record], Path]:
    """Run an experiment; return its records and the CSV file that holds them, beside the folder of its material.

    An interrupted experiment resumes.

    Raises InvalidSetting for an unknown name or size, and where the folder is that of another experiment.
    """
    if name not in EXPERIMENTS:
        raise unknown("experiment", name, (*EXPERIMENTS, "all"))
    if size not in SIZES:
        raise unknown("size", size, SIZES)
    material = replace(material, out=material.out / name)
    about = {
        "experiment": name, "size": size, "data": str(material.data), "data_sha256": digest_of(material.data),
        "geometry": vars(material.geometry), "convert": list(material.convert),
    }  # fmt: skip
    refuse_among([material.data], material.out)
    with working_in(material.out):
        folder = Run(material.out, about, notes=("data",)).folder
        found = EXPERIMENTS[name].run(size, material)
    made = Run.manifest(folder).get("made", {})
    circumstances = {"device": material.device} | {key: made.get(key, "") for key in ("machine", "torch", "ssgan", "commit")}
    path = folder.with_name(f"{name}.csv")
    with atomic_write(path, overwrite=True) as temporary:
        temporary.write_text(as_csv(found, circumstances), encoding="utf-8", newline="\n")
    return found, path
