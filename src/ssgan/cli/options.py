"""Options that several commands share, each said once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

Json = Annotated[bool, Parameter(help="One JSON object a line, for programs.")]
Quiet = Annotated[bool, Parameter(help="Only results and errors.")]
Force = Annotated[bool, Parameter(help="Write over what is there.")]
Out = Annotated[Path, Parameter(name=("--out", "-o"))]
Needed = Annotated[
    int | None, Parameter(help="Spread over several covers so that any so many of the stegos suffice; all, if left out.")
]
Seed = Annotated[int, Parameter(help="The public seed: the same seed gives the same file.")]
EmbedderName = Annotated[
    str, Parameter(help="Scheme, payload in bits per sample, and coder: hill@0.4, lsb@0.4/plain; see `ssgan list`.")
]
Convert = Annotated[
    str,
    Parameter(help="Conversions to allow, with commas between them: palette,16-bit,jpeg. Without it such files are refused."),
]


def words(text: str) -> tuple[str, ...]:
    """The words of a list with commas."""
    return tuple(word.strip() for word in text.split(",") if word.strip())
