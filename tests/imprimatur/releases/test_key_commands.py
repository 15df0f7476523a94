"""Operators rotate keys and install the trust list by commands; owners see when their certificate ends."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings
from django.core.management import CommandError, call_command
from imprimatur import keys
from imprimatur.audit.models import AuditEvent
from imprimatur.tenants.scope import tenant_scope

from governance.key_book import key_id
from tests.factories import World
from tests.governance.samples import leaf_signer


def told(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def bundle(days: float) -> tuple[bytes, str]:
    """Key and chain of a leaf that ends in so many days, and its id."""
    key = ec.generate_private_key(ec.SECP256R1())
    signer = leaf_signer(settings.PKI_FOLDER, key, datetime.now(UTC) + timedelta(days=days))
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem + signer.chain_pem.encode(), key_id(signer)


def test_a_key_is_shown_rotated_and_recorded(world: World) -> None:
    shown = told("signing_key", "show", "aozora")
    assert "Aozora Tea" in shown
    assert "development, trusted by nobody outside" in shown
    rotated = told("signing_key", "rotate", "aozora")
    assert rotated != shown
    with tenant_scope(world.aozora.id):
        event = AuditEvent.objects.get(event="signing_key.replaced")
    assert json.loads(event.payload)["key"] in rotated
    assert "PRIVATE" not in rotated + event.payload


def test_a_key_is_installed_or_refused(world: World, tmp_path: Path) -> None:
    pem, name = bundle(200)
    (tmp_path / "new.pem").write_bytes(pem)
    assert name in told("signing_key", "install", "aozora", str(tmp_path / "new.pem"))
    with tenant_scope(world.aozora.id):
        assert key_id(keys.signer_for(world.aozora.id)) == name
    (tmp_path / "bad.pem").write_text("nothing")
    for arguments in (("aozora", str(tmp_path / "bad.pem")), ("aozora", str(tmp_path / "none.pem")), ("nobody", "x")):
        with pytest.raises(CommandError):
            told("signing_key", "install", *arguments)


def test_owners_see_when_the_certificate_ends(world: World) -> None:
    page = world.client(world.olive).get("/settings").content.decode()
    assert "data-certificate" in page
    assert "It ends soon" not in page
    pem, name = bundle(6)
    keys.key_book(world.aozora.id).install(pem)
    page = world.client(world.olive).get("/settings").content.decode()
    assert name in page
    assert "It ends soon" in page
    assert world.client(world.olive).get("/readyz").json()["signing_certificates_due"] >= 1
    assert "data-certificate" not in world.client(world.alice).get("/settings").content.decode()
    with tenant_scope(world.aozora.id):
        keys.key_book(world.aozora.id).rotate()
