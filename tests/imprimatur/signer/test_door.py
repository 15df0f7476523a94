"""The signer's door, before anybody has proven anything: what is sent there costs it neither memory nor patience."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from imprimatur.signer import application
from imprimatur.signer.application import MAX_BODY, Application

from governance.signing_calls import NONCE, PROOF, TIME

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
WITHIN = 5.0


def answered(receive: Receive, headers: dict[str, str] | None = None) -> int:
    """The status that the application answers with, in good time."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in (headers or {}).items()]
    scope = {"type": "http", "method": "POST", "path": "/sign", "headers": raw}
    asyncio.run(asyncio.wait_for(Application()(scope, receive, send), WITHIN))
    return int(sent[0]["status"])


def test_a_body_without_end_is_refused_as_soon_as_it_is_too_large() -> None:
    taken = itertools.count()

    async def receive() -> Message:
        next(taken)
        return {"type": "http.request", "body": bytes(64 * 1024), "more_body": True}

    assert answered(receive) == 400
    assert next(taken) <= MAX_BODY // (64 * 1024) + 2


def test_a_body_that_trickles_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "BODY_SECONDS", 0.2)

    async def receive() -> Message:
        await asyncio.sleep(0.05)
        return {"type": "http.request", "body": b"x", "more_body": True}

    assert answered(receive) == 400


@pytest.mark.parametrize("proof", ["", "0" * 64, "\xe9" * 64])
@pytest.mark.parametrize("moment", ["", "nan", "yesterday"])
def test_what_is_not_proven_learns_nothing(proof: str, moment: str) -> None:
    async def receive() -> Message:
        return {"type": "http.request", "body": b"{}"}

    assert answered(receive, {PROOF: proof, TIME: moment, NONCE: "n"}) == 401
