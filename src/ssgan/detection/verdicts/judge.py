"""Judge pictures: by the attacks on LSB replacement, and by the trained detector whose domain is nearest.

Half of the stegos behind a probability are made by LSB replacement, half like those that the trained detector learned;
so the odds are the mean of the two, and a side without a verdict counts as one to one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssgan.compute.lazy_torch import as_array, torch
from ssgan.detection.verdicts import jsteg_replacement, lsb_replacement
from ssgan.detection.verdicts.bundled import Trained, bundled_detectors
from ssgan.detection.verdicts.trace import Trace
from ssgan.detection.verdicts.verdict import CLEAR, Verdict, Word
from ssgan.errors import InvalidSetting
from ssgan.images.coefficients import Coefficients
from ssgan.steganalysis.attacks.coefficients import SuspectLuma
from ssgan.steganalysis.attacks.grids import has_other_grid

_CERTAIN = 1e6  # odds beyond what any count of covers can show


def judge(images: NDArray[np.uint8] | torch.Tensor, *, detectors: Sequence[Trained] | None = None) -> list[Verdict]:
    """Return the verdict on each of uint8 images (N, C, H, W), C = 1 or 3; each depends on its image alone.

    `detectors` are the bundled ones, if left out. Raises InvalidSetting for what are no such images, RefusedModel where a
    bundled detector is damaged.
    """
    if images.ndim != 4 or str(images.dtype).removeprefix("torch.") != "uint8" or images.shape[1] not in (1, 3):
        raise InvalidSetting(
            f"the images are {images.dtype} {tuple(images.shape)}; expected uint8 (N, C, H, W)",
            hint="pass pixels as they are in the file, always with four axes",
        )
    known = bundled_detectors() if detectors is None else detectors
    return [judge_one(image, known) for image in as_array(images)]


@dataclass(frozen=True)
class DetectorAnswer:
    """The score of a trained detector, or None where the picture is outside its domain, with the `reason`."""

    detector: Trained | None
    score: float | None
    reason: str = ""

    @property
    def is_alarm(self) -> bool:
        """Whether the score exceeds the threshold."""
        return self.detector is not None and self.score is not None and self.score > self.detector.scope.threshold


def judge_one(image: np.ndarray, detectors: Sequence[Trained]) -> Verdict:
    """Return the verdict on one image uint8 (C, H, W)."""
    return _verdict(lsb_replacement.trace(image), ask(image, detectors))


def judge_jpeg(coefficients: Coefficients, detectors: Sequence[Trained]) -> Verdict:
    """Return the verdict on one JPEG, by the coefficients of its luma."""
    suspect = SuspectLuma(coefficients.components[0])
    return _verdict(jsteg_replacement.trace(suspect), ask_of_jpeg(suspect, detectors))


def _verdict(trace: Trace, answer: DetectorAnswer) -> Verdict:
    name = trace.attacks.name
    alarms, answered = (name,) * trace.is_alarm, (name,) * (trace.score is not None)
    if answer.detector is not None and answer.score is not None:
        answered += (answer.detector.name,)
        alarms += (answer.detector.name,) * answer.is_alarm
    probability = _probability(trace, answer) if answered else None
    word, obstacle = _word(alarms, answer, probability), "" if answered else trace.obstacle
    return Verdict(word, probability, _reasons(trace, answer), trace.estimates, answered, alarms, obstacle)


def ask(image: np.ndarray, detectors: Sequence[Trained]) -> DetectorAnswer:
    """Return the answer of the detector that the image is nearest to, if it is in its domain."""
    near: list[tuple[float, int, np.ndarray]] = []
    for i, one in enumerate(detectors):
        features = one.features(image)
        if features is not None:
            near.append((one.domain.excess(features), i, features))
    if not near:
        return DetectorAnswer(None, None, f"none was trained on pictures of this size ({image.shape[2]} x {image.shape[1]})")
    _, i, features = min(near, key=lambda found: found[:2])
    return _answer(detectors[i], features)


def ask_of_jpeg(suspect: SuspectLuma, detectors: Sequence[Trained]) -> DetectorAnswer:
    """Return the answer of the detector for JPEGs of this quantization table, if the picture is in its domain."""
    suited = [one for one in detectors if one.scope.blocks(suspect.luma) is not None]
    if not suited:
        return DetectorAnswer(None, None, "none was trained on JPEGs of this size and quantization table")
    if suspect.unusable is not None:
        return DetectorAnswer(suited[0], None, f"it has {suspect.unusable}")
    if suspect.is_recompressed:
        return DetectorAnswer(suited[0], None, "it was compressed twice on one grid")
    if has_other_grid(suspect.luma):
        return DetectorAnswer(suited[0], None, "it was compressed before on another grid, as a crop of a JPEG is")
    found = [(one, one.jpeg_features(suspect.luma)) for one in suited]
    return _answer(*min(found, key=lambda near: near[0].domain.excess(near[1])))


def _answer(chosen: Trained, features: np.ndarray) -> DetectorAnswer:
    """Return the answer of a detector, if these features are in its domain."""
    if chosen.domain.excess(features) > 1:
        return DetectorAnswer(chosen, None, f"it is not like what {chosen.name} learned from")
    return DetectorAnswer(chosen, chosen.score(features))


def _probability(trace: Trace, answer: DetectorAnswer) -> float:
    odds = []
    if trace.score is not None:
        odds.append(_odds(trace.probability))
    if answer.detector is not None and answer.score is not None:
        odds.append(_odds(float(answer.detector.scope.calibration.probabilities(np.array(answer.score)))))
    mean = (sum(odds) + 2 - len(odds)) / 2
    return mean / (1 + mean)


def _odds(probability: float) -> float:
    return min(_CERTAIN, probability / max(1 - probability, 1 / _CERTAIN))


def _word(alarms: tuple[str, ...], answer: DetectorAnswer, probability: float | None) -> Word:
    if alarms:
        return "stego"
    if answer.score is None or probability is None:
        return "out of domain"
    return "cover" if probability <= CLEAR else "inconclusive"


def _reasons(trace: Trace, answer: DetectorAnswer) -> tuple[str, ...]:
    """Return the reasons of the two sides: first of the one with an alarm, then of the one that applies."""
    return tuple(text for _, text in sorted((_of_trace(trace), _of_answer(answer)), key=lambda found: found[0]))


def _of_trace(trace: Trace) -> tuple[int, str]:
    if trace.score is None:
        return 3, f"The attacks on {trace.attacks.target} do not apply: {trace.reason}."
    return (0, trace.seen) if trace.is_alarm else (2, f"No trace of {trace.attacks.target}.")


def _of_answer(answer: DetectorAnswer) -> tuple[int, str]:
    if answer.detector is None or answer.score is None:
        return 1, f"No trained detector applies: {answer.reason}."
    name = answer.detector.name
    if answer.is_alarm:
        return 0, f"The detector {name} finds changes of ±1 as embedding makes them."
    return 1, f"The detector {name} finds nothing above its threshold."
