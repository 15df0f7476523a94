"""A signer that is away is no fault of the order; one that refuses says why. Before the first signature or after it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from governance.errors import SigningFailed
from governance.signing import CallbackSigner, Signer
from governance.signing_calls import SignerRefused
from gpu_worker.messages import RenderOrder
from tests.gpu_worker.bench import Bench

EXPIRED = SignerRefused("permit_expired", "the permit is over")
RETIRED = SignerRefused("key_retired", "the key is retired")


def trouble(cause: Exception) -> SigningFailed:
    """As the remote signer tells it."""
    failed = SigningFailed(f"the signer does not sign: {cause}")
    failed.__cause__ = cause
    return failed


class Away:
    """Nobody answers when the chain is asked for."""

    def __init__(self, cause: Exception) -> None:
        self.cause = cause

    def for_order(self, order: RenderOrder) -> Signer:
        raise trouble(self.cause)


class LeavesLater(Away):
    """The chain is there, and whoever signs is gone."""

    def __init__(self, cause: Exception, signer: Signer) -> None:
        super().__init__(cause)
        self.signer = signer

    def for_order(self, order: RenderOrder) -> Signer:
        def sign(data: bytes) -> bytes:
            raise trouble(self.cause)

        return CallbackSigner(sign, self.signer.chain_pem, self.signer.algorithm)


@pytest.mark.parametrize(
    ("cause", "outcome", "code"),
    [
        (ConnectionRefusedError("nobody"), "failed", "signer_away"),
        (TimeoutError("too slow"), "failed", "signer_away"),
        (EXPIRED, "refused", "permit_expired"),
        (RETIRED, "failed", "stamp_failed"),
    ],
)
@pytest.mark.parametrize("later", [False, True])
def test_how_the_order_ends(bench: Bench, cause: Exception, outcome: str, code: str, later: bool) -> None:
    signers = LeavesLater(cause, bench.signer) if later else Away(cause)
    report = replace(bench.shop, signers=signers).handle(bench.order())
    assert report is not None
    assert (report.outcome, report.error_code) == (outcome, code)
    assert bench.files() == {"report.json"}
