"""Whoever holds every role in one company reaches nothing of another's, by any address and any method."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import get_resolver
from imprimatur.audit.models import AuditEvent
from imprimatur.generations.models import Output, Screening
from imprimatur.library import marks
from imprimatur.library.models import MarkPicture
from imprimatur.rights import blocklist, services
from imprimatur.tenants.invitations import invite
from imprimatur.tenants.models import Membership
from imprimatur.tenants.scope import tenant_scope
from imprimatur.webhooks import services as webhooks
from imprimatur.withdrawal.models import Withdrawal

from tests.factories import World
from tests.imprimatur.drawn import picture
from tests.imprimatur.withdrawal.made import bring_about, shelf

METHODS = ("get", "post", "put", "delete")
OF = {
    **{"jobs": "gen", "generations": "gen", "review": "out", "reviews": "out", "outputs": "out", "library": "out"},
    **{
        "releases": "rel",
        "references": "ref",
        "templates": "tpl",
        "subjects": "sub",
        "consents": "cns",
        "rights": "cns",
    },
    "webhooks": "whk",
    **{"withdrawals": "wdr", "screenings": "scr", "blocklist": "blk", "api-keys": "key", "invitations": "inv"},
}
BY_NAME = {
    "entry": "blk",
    "mark": "mkp",
    "held": "scr",
    "wdr": "wdr",
    "member": "mbr",
    "key": "key",
    "invitation": "inv",
    "webhook": "whk",
    "delivery": "dlv",
}
WORDS = {"number": "1", "act": "verify", "kind": "csv", "token": "x"}


@pytest.fixture
def theirs(world: World, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An id of everything that aozora has, by prefix."""
    monkeypatch.setattr("imprimatur.generations.orders.forget", lambda *_: True)
    made = shelf(world)
    key, _secret = world.key()
    with tenant_scope(world.aozora.id):
        gordon, olive = world.actor(world.gordon), world.actor(world.olive)
        Screening.objects.create(tenant=world.aozora, output=made.pending, findings=[{"code": "x", "params": {}}])
        webhook = webhooks.add(olive, "https://hooks.example.com/")
        rows: list[Any] = [
            *(made.reference, made.reference.subject, made.reference.subject.brand, made.record, made.queued),
            *(made.pending, made.released, made.queued.template_version, made.queued.template_version.template, key),
            *(blocklist.add(gordon, "Umbra"), marks.register(gordon, "FAN", picture(300, "red"))),
            *(Screening.objects.get(), Membership.objects.first()),
            invite(olive, "new@aozora.example", ["creator"], language="en", base_url="https://x.example")[0],
            *(webhook, webhooks.test(olive, webhook)),
        ]
        services.suspend(gordon, made.record)
    bring_about()
    with tenant_scope(world.aozora.id):
        rows.append(Withdrawal.objects.get())
        Output.objects.update(quarantined_at=None)
        return {row.PREFIX: row.public_id for row in rows}


def addresses(ids: dict[str, str]) -> Iterator[str]:
    """Every address that names a thing, with their id of such a thing in its place."""
    patterns = [str(p.pattern) for p in get_resolver("imprimatur.dashboard.urls").url_patterns]
    api = next(p for p in get_resolver("imprimatur.urls").url_patterns if str(p.pattern) == "api/v1/")
    patterns += [f"api/v1/{p.pattern}" for p in api.url_patterns]  # type: ignore[union-attr]  # it is a resolver
    for pattern in patterns:
        names = re.findall(r"<\w+:(\w+)>", pattern)
        if set(names) - WORDS.keys():
            kind = OF.get(pattern.removeprefix("api/v1/").partition("/")[0], "cns")
            chosen = {name: WORDS.get(name) or ids.get(BY_NAME.get(name, kind), ids["cns"]) for name in names}
            yield "/" + re.sub(r"<\w+:\w+>", "{}", pattern).format(*(chosen[name] for name in names))


def test_no_address_and_no_method_reaches_another_company(world: World, theirs: dict[str, str]) -> None:
    with tenant_scope(world.aozora.id):
        before = AuditEvent.objects.filter(tenant_id=world.aozora.id).count()
    charlie, reached, tried = world.client(world.charlie), [], 0
    for address in addresses(theirs):
        for method in METHODS:
            said = {} if method == "get" else {"data": {}, "content_type": "application/json"}
            answer = getattr(charlie, method)(address, **said)
            tried += 1
            if answer.status_code < 300:  # a refusal may lead back with a sentence; the trail below tells of any deed
                reached.append(f"{method} {address}: {answer.status_code}")
    with tenant_scope(world.aozora.id):
        after = AuditEvent.objects.filter(tenant_id=world.aozora.id).count()
        assert MarkPicture.objects.exists()
    assert tried > 300
    assert (reached, after) == ([], before)
