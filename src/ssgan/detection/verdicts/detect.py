"""Judge one image, in memory or in a file, in one call."""

from __future__ import annotations

import os
from pathlib import Path

from ssgan.detection.verdicts.bundled import bundled_detectors
from ssgan.detection.verdicts.files import Judged, judge_picture
from ssgan.detection.verdicts.judge import judge_one
from ssgan.errors import InvalidSetting
from ssgan.images import AnyImage, Layout, Picture, as_image, file_bytes
from ssgan.steganalysis.checks.file_facts import file_facts


def detect(image: AnyImage, *, layout: Layout | None = None) -> Judged:
    """Return what is known of one image: certain facts of its file, and what the attacks and the bundled detectors say.

    image   the path of an image file of any readable kind, JPEG among them: then bytes behind its end, texts and last bits are
            looked at, too; or an image in memory, as `ssgan.as_image` takes it, of which the samples are judged
    layout  "chw" or "hwc", where the shape of a NumPy array leaves it open

    `answer` is one of three: found, and by what; nothing found, and by what; could not be examined, and why. The probability
    in `verdict` is that of a stego where covers and stegos are equally many; finding nothing proves nothing. A damaged file is
    reported in the result, with the facts that show. Raises RefusedImage for a file that cannot be opened, InvalidSetting for
    what is no image.

    >>> import numpy, ssgan
    >>> answer = ssgan.detect(numpy.full((64, 64), 128)).answer
    >>> answer.word, answer.why
    ('could not be examined', 'flat')
    """
    detectors = bundled_detectors()
    if isinstance(image, str | os.PathLike) and Path(image).is_dir():
        raise InvalidSetting(f"{os.fspath(image)} is a folder", hint="give one file at a time")
    if isinstance(image, str | os.PathLike):
        return judge_picture(file_bytes(Path(image)), os.fspath(image), detectors)
    if isinstance(image, Picture) and image.file:
        return judge_picture(image.file, "", detectors)
    samples = as_image(image, layout=layout)
    found = judge_one(samples, detectors)
    return Judged("", found, samples, facts=tuple(file_facts(b"", "", samples)), obstacle=found.obstacle)
