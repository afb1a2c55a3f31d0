"""Name the schemes in the order of lists; each is named like its file in `schemes/`.

Free of torch, so that a page can offer schemes without it.
"""

from __future__ import annotations

from typing import TypeVar

from ssgan.errors import SsganError, spelled

Error = TypeVar("Error", bound=SsganError)

USUAL_FOR_PIXELS, USUAL_FOR_JPEGS = "hill", "juniward"

# Name → title. A new scheme is its file and a line here.
TITLES: dict[str, str] = {
    "lsb": "LSB matching",
    "lsbr": "LSB replacement",
    "hugo": "HUGO-BD",
    "hugo2010": "HUGO",
    "wow": "WOW",
    "suniward": "S-UNIWARD",
    "hill": "HILL",
    "mipod": "MiPOD",
    "mg": "MG",
}

# The same for the coefficients of a JPEG.
COEFFICIENT_TITLES: dict[str, str] = {
    "juniward": "J-UNIWARD",
    "siuniward": "SI-UNIWARD",
    "uerd": "UERD",
    "nsf5": "nsF5",
    "ebs": "EBS",
    "jmipod": "J-MiPOD",
    "jsteg": "Jsteg",
}

LUMA = "luma"  # the option by which the channels of a color pixel change together: hill@0.4:luma; as a scheme, hill:luma
APART = ("lsbr", "hugo2010")  # schemes that bind the direction of a change to each channel's own bits: without that option

# Those of the coefficients that need what rounding took from a JPEG which is made here (images/new_jpeg.py).
SIDE_INFORMED = ("siuniward",)


def scheme_name(name: str) -> str:
    """Return the name of the scheme that is meant, spelled as in lists: suniward for S-UNIWARD, hill:luma for HILL:Luma."""
    scheme, colon, option = name.partition(":")
    return spelled(scheme, (*TITLES, *COEFFICIENT_TITLES), TITLES | COEFFICIENT_TITLES) + colon + option.strip().lower()


def split_scheme(name: str) -> tuple[str, bool]:
    """Return (scheme, whether the channels of a pixel change together) of what a message is hidden by, such as `hill:luma`."""
    named = scheme_name(name)
    scheme = named.removesuffix(f":{LUMA}")
    return scheme, scheme != named


def is_for_jpegs(embedder: str) -> bool:
    """Return whether the name of an embedder begins with a scheme for the coefficients of JPEGs."""
    return scheme_name(embedder.partition("@")[0]) in COEFFICIENT_TITLES


def counterpart(embedder: str) -> str:
    """Return the usual embedder for the other kind of covers, at the same payload: juniward@0.4 for hill@0.4, and back."""
    payload = embedder.partition("@")[2].partition("/")[0].partition(":")[0]
    return f"{USUAL_FOR_PIXELS if is_for_jpegs(embedder) else USUAL_FOR_JPEGS}@{payload}"


def wrong_kind(embedder: str, cover: str, error: type[Error]) -> Error:
    """Return the error for a cover, by name, that is not of the kind that an embedder changes."""
    meant = f"did you mean {counterpart(embedder)}?"
    if is_for_jpegs(embedder):
        return error(f"{embedder} changes the coefficients of JPEGs, and {cover} is no JPEG", hint=meant)
    return error(f"{embedder} changes pixels, and {cover} is a JPEG", hint=f"{meant} --convert jpeg takes its pixels")
