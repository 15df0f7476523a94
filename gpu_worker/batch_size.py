"""How many pictures at once does this machine draw best? Measured with the loaded model before orders come.

A GPU that one picture leaves half idle draws several in little more time; a CPU saves overhead only. What is measured
are pictures a second, and a larger batch has to be worth its company: pictures that share a batch wait for each other.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageDraw

from generation.spec import GenerationSpec, MaskDials

if TYPE_CHECKING:
    from generation.pipeline import DrawRequest, RealCustomPipeline

logger = logging.getLogger(__name__)

TRIED: Final = (1, 2, 4)
BUDGET_SECONDS: Final = 20.0  # for all of them; a step of seconds is not tried in larger batches
WORTH: Final = 1.05  # times the pictures a second of the next smaller batch
STEPS: Final = 4  # half of them with a new mask
_OUT_OF_MEMORY: Final = {"OutOfMemoryError", "MemoryError"}


@dataclass(frozen=True)
class Measured:
    """best: pictures at once. rates: pictures of STEPS steps a second, by pictures at once."""

    best: int
    rates: dict[int, float]

    def __str__(self) -> str:
        """For the log."""
        tried = ", ".join(f"{count} at once: {rate:.2f}/s" for count, rate in self.rates.items())
        return f"draws {self.best} at once ({tried})"


def is_out_of_memory(error: BaseException) -> bool:
    """Told by its name, so that torch need not be loaded to ask."""
    return any(kind.__name__ in _OUT_OF_MEMORY for kind in type(error).__mro__)


def measure(pipeline: RealCustomPipeline, clock: Callable[[], float] = time.perf_counter) -> Measured:
    """Draw a few steps in each size of batch, as long as the budget allows; what does not fit in memory ends it."""
    rates: dict[int, float] = {}
    spent, last = 0.0, 0.0
    for count in TRIED:
        if spent + 2 * last > BUDGET_SECONDS:
            break
        try:
            last = _seconds(pipeline, count, clock)
        except Exception as error:
            if not is_out_of_memory(error) or count == 1:
                raise
            break
        spent += last
        rates[count] = count / max(last, 1e-9)
    return Measured(_best(rates), rates)


def _best(rates: dict[int, float]) -> int:
    best = 1
    for count, rate in rates.items():
        if rate >= rates[best] * WORTH:
            best = count
    return best


def _seconds(pipeline: RealCustomPipeline, count: int, clock: Callable[[], float]) -> float:
    """Of STEPS steps; before the first ones the same untimed, since first runs make buffers and choose kernels."""
    if count == 1:
        _run(pipeline, [_request(pipeline, 0)])
    requests = [_request(pipeline, place) for place in range(count)]
    started = clock()
    _run(pipeline, requests)
    return clock() - started


def _request(pipeline: RealCustomPipeline, seed: int) -> DrawRequest:
    spec = GenerationSpec(
        profile=pipeline.profile.name,
        prompt="a bottle on a table",
        word="bottle",
        seed=seed,
        reference_digests=("",),
        steps=STEPS,
        mask=MaskDials(stop_step=STEPS // 2),
    )
    return pipeline.prepare(spec, [_reference()])


def _run(pipeline: RealCustomPipeline, requests: list[DrawRequest]) -> None:
    """All steps; the last one's number comes to the host, so the device is done."""
    while not requests[0].done:
        pipeline.step_together(requests)


def _reference() -> Image.Image:
    image = Image.new("RGB", (256, 256), (230, 235, 240))
    pen = ImageDraw.Draw(image)
    pen.rectangle((88, 40, 168, 230), fill=(200, 30, 40), outline=(40, 0, 0))
    pen.ellipse((104, 110, 152, 158), fill=(250, 220, 60))
    return image
