from __future__ import annotations

import pytest
from imprimatur.generations import orders

from tests.factories import World
from tests.imprimatur.withdrawal.made import Shelf, shelf


@pytest.fixture
def made(world: World) -> Shelf:
    """One picture at each stage under one consent."""
    return shelf(world)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[str]]]:
    """What workers were told to forget; there is no broker here."""
    said: list[tuple[str, list[str]]] = []

    def forget(tenant_id: object, digests: list[str]) -> bool:
        said.append((str(tenant_id), digests))
        return True

    monkeypatch.setattr(orders, "forget", forget)
    return said
