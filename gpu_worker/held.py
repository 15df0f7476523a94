"""Which orders does this worker hold, and does anybody still want them?"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from gpu_worker.messages import RenderOrder
from gpu_worker.outcomes import Canceled, Stopping


@dataclass(eq=False)
class HeldOrder:
    """One order between its acceptance and its report."""

    order: RenderOrder
    canceled: threading.Event = field(default_factory=threading.Event)
    stopping: threading.Event = field(default_factory=threading.Event)

    def check_wanted(self) -> None:
        """Raise Canceled or Stopping; asked before every denoising step."""
        if self.canceled.is_set():
            raise Canceled
        if self.stopping.is_set():
            raise Stopping


class Held:
    """Every order of this process; read by the heartbeat, written by the tasks."""

    def __init__(self) -> None:
        """Empty."""
        self._orders: set[HeldOrder] = set()
        self._lock = threading.Lock()
        self._stopping = False

    def add(self, order: RenderOrder) -> HeldOrder:
        """Hold it from now on."""
        held = HeldOrder(order)
        with self._lock:
            if self._stopping:
                held.stopping.set()
            self._orders.add(held)
        return held

    def remove(self, held: HeldOrder) -> None:
        """It was reported."""
        with self._lock:
            self._orders.discard(held)

    def orders(self) -> list[RenderOrder]:
        """What is held now."""
        with self._lock:
            return [held.order for held in self._orders]

    def cancel(self, generation_id: str, attempt: int) -> bool:
        """Stop that attempt before its next step; False if it is not here."""
        with self._lock:
            found = [h for h in self._orders if (h.order.generation_id, h.order.attempt) == (generation_id, attempt)]
        for held in found:
            held.canceled.set()
        return bool(found)

    @property
    def is_stopping(self) -> bool:
        """Whether the worker is being switched off: what still arrives belongs to another."""
        return self._stopping

    def stop_all(self) -> None:
        """The worker is being switched off: give everything back."""
        with self._lock:
            self._stopping = True
            for held in self._orders:
                held.stopping.set()
