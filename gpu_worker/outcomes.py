"""How an order may end other than well, and what the person is told: one exception for each way."""

from __future__ import annotations

from typing import Final

from gpu_worker.messages import Outcome


class OrderEnded(Exception):
    """The order ends here. `code` is stable, the message says what to do."""

    outcome: Outcome = "failed"

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Failed(OrderEnded):
    """It could not be drawn, stamped or stored."""


class Refused(OrderEnded):
    """It must not be drawn: the permit or a digest does not hold."""

    outcome: Outcome = "refused"


class Canceled(OrderEnded):
    """Somebody does not want it any more."""

    outcome: Outcome = "canceled"

    def __init__(self) -> None:
        super().__init__("canceled", "canceled while it was drawn")


class Stopping(Failed):
    """This worker is being switched off: somebody else should draw it."""

    def __init__(self) -> None:
        super().__init__("worker_stopping", "the worker is switched off: the order is drawn elsewhere")


class DoesNotFit(Failed):
    """One picture alone is too much for this machine's memory."""

    def __init__(self) -> None:
        super().__init__(
            "out_of_memory",
            "the picture does not fit into the drawing machine's memory, even alone: ask for a smaller one or for "
            "fewer subjects, or let the worker run with IMPRIMATUR_OFFLOAD=1",
        )


class PermitUsedBefore(Exception):
    """The same order came twice; whoever came first reports."""


# What `generation` and torch raise, by class name, so that this table loads no torch.
_CODES: Final[dict[str, str]] = {
    "InvalidSpec": "order_invalid",
    "UnusableReference": "order_invalid",
    "WordNotInPrompt": "word_missing",
    "WordBeyondLimit": "word_missing",
    "NonFiniteLatent": "not_finite",
    "OutOfMemoryError": "out_of_memory",
    "MemoryError": "out_of_memory",
    "UnknownProfile": "model_missing",
    "ModelUnavailable": "model_missing",
    "FileNotFoundError": "model_missing",
}


def failure_of(error: BaseException) -> OrderEnded:
    """The way an order ends by what the engine raised."""
    if isinstance(error, OrderEnded):
        return error
    for kind in type(error).__mro__:
        if kind.__name__ in _CODES:
            return Failed(_CODES[kind.__name__], str(error))
    return Failed("draw_failed", f"{type(error).__name__}: {error}")
