"""Name the schemes in the order of lists; each is named like its file in `schemes/`.

Free of torch, so that a page can offer schemes without it.
"""

from __future__ import annotations

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


# Those of them that need what rounding took from a JPEG which is made here (images/new_jpeg.py).
SIDE_INFORMED = ("siuniward",)


def is_for_jpegs(embedder: str) -> bool:
    """Return whether the name of an embedder begins with a scheme for the coefficients of JPEGs."""
    return embedder.partition("@")[0].strip() in COEFFICIENT_TITLES
