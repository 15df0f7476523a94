"""The page computes what came after the last checkpoint; a button computes everything, and the trail remembers it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from imprimatur.audit import checkpoints, selectors
from imprimatur.audit.models import AuditEvent
from imprimatur.audit.services import record, verify_whole
from imprimatur.embedded.database import Addresses
from imprimatur.tenants.scope import tenant_scope

from tests.factories import World
from tests.imprimatur.audit.test_checkpoints import REHASH, some_rows, touch


@pytest.fixture(autouse=True)
def own_place(settings: Any, tmp_path: Path) -> Iterator[None]:
    """A place for checkpoints that no other test writes to."""
    kept = {k: v for k, v in settings.STORAGES.items() if not k.startswith("checkpoints-")}
    options = {"BACKEND": "imprimatur.objects.FolderStorage", "OPTIONS": {"url": (tmp_path / "place").as_uri()}}
    settings.STORAGES = kept | {"checkpoints-0": options}
    yield


@pytest.mark.django_db
def test_only_what_came_after_the_checkpoint_is_read(world: World, django_assert_max_num_queries: Any) -> None:
    tenant = some_rows(world)
    with tenant_scope(tenant):
        taken = checkpoints.take(tenant)
        assert taken is not None
        whole = selectors.verify(tenant)
        assert selectors.verify_since_checkpoint(tenant) == selectors.ChainCheck(
            whole.rows, whole.head, "", taken, taken.seq
        )
        record(tenant, "user:1", "reference.added", "ref_9", {})
        since = selectors.verify_since_checkpoint(tenant)
        assert (since.intact, since.rows, since.after) == (True, taken.seq + 1, taken.seq)
        assert since.head == selectors.verify(tenant).head


@pytest.mark.django_db
def test_without_a_checkpoint_everything_is_read(world: World) -> None:
    tenant = some_rows(world)
    with tenant_scope(tenant):
        found = selectors.verify_since_checkpoint(tenant)
        assert (found.intact, found.after, found.checkpoint) == (True, 0, None)
        assert found == selectors.verify(tenant)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE audit_auditevent SET actor = 'user:2' WHERE seq = 1 + (SELECT max(seq) - 1 FROM audit_auditevent"
        " WHERE tenant_id = '{tenant}') AND tenant_id = '{tenant}'",
        "DELETE FROM audit_auditevent WHERE tenant_id = '{tenant}' AND subject = 'ref_late'",
        "DELETE FROM audit_auditevent WHERE tenant_id = '{tenant}' AND subject = 'ref_3'",
    ],
    ids=["edited since", "a row since is gone", "the checkpoint's row is gone"],
)
def test_what_was_touched_is_told(committed_world: World, addresses: Addresses, harm: str) -> None:
    tenant = some_rows(committed_world)
    with tenant_scope(tenant):
        assert checkpoints.take(tenant) is not None
        for subject in ("ref_late", "ref_last"):
            record(tenant, "user:1", "reference.added", subject, {})
    touch(addresses, tenant, harm)
    with tenant_scope(tenant):
        assert not selectors.verify_since_checkpoint(tenant).intact


@pytest.mark.django_db(transaction=True)
def test_a_trail_written_anew_is_told_by_its_checkpoint(committed_world: World, addresses: Addresses) -> None:
    tenant = some_rows(committed_world)
    with tenant_scope(tenant):
        assert checkpoints.take(tenant) is not None
    touch(addresses, tenant, "UPDATE audit_auditevent SET actor = 'user:2' WHERE tenant_id = '{tenant}'", REHASH)
    with tenant_scope(tenant):
        found = selectors.verify_since_checkpoint(tenant)
        assert (found.intact, found.after) == (False, 0)  # all of it was read then


@pytest.mark.django_db(transaction=True)
def test_an_edit_before_the_checkpoint_is_for_the_full_check(committed_world: World, addresses: Addresses) -> None:
    tenant = some_rows(committed_world)
    with tenant_scope(tenant):
        assert checkpoints.take(tenant) is not None
    touch(addresses, tenant, "UPDATE audit_auditevent SET actor = 'user:2' WHERE seq = 2 AND tenant_id = '{tenant}'")
    with tenant_scope(tenant):
        assert selectors.verify_since_checkpoint(tenant).intact
        assert not verify_whole(tenant, "system").intact
        remembered = selectors.last_full_check(tenant)
        assert remembered is not None
        assert not remembered.intact
    assert "It was broken then." in committed_world.client(committed_world.ada).get("/audit").content.decode()


@pytest.mark.django_db
def test_the_button_checks_everything_and_the_page_says_when(world: World) -> None:
    tenant = some_rows(world)
    ada = world.client(world.ada)
    assert "Never checked whole here." in ada.get("/audit").content.decode()
    done = ada.post("/audit/check", follow=True).content.decode()
    assert "the chain is unbroken" in done
    assert "Last checked whole on" in done
    with tenant_scope(tenant):
        assert AuditEvent.objects.filter(event=selectors.FULL_CHECK).count() == 1
        assert selectors.verify(tenant).intact
    assert world.client(world.alice).post("/audit/check").status_code == 403
    assert ada.get("/audit/check").status_code == 405
