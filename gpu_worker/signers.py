"""Who signs what this worker draws? A signer for each order: each tenant has its own key, and it need not be here."""

from __future__ import annotations

from typing import Protocol

from governance.signing import Signer
from gpu_worker.messages import RenderOrder


class Signers(Protocol):
    """Where an order's signer comes from."""

    def for_order(self, order: RenderOrder) -> Signer:
        """The signer of the order's tenant. Raises SigningFailed where it cannot be had."""


class OwnKey:
    """One key in this process, for every tenant: a configured PEM chain, or the development one."""

    def __init__(self, signer: Signer) -> None:
        """`signer` is shared by threads."""
        self._signer = signer

    def for_order(self, order: RenderOrder) -> Signer:  # noqa: ARG002 - the same for every order
        """The one there is."""
        return self._signer
