"""A picture whose file is gone is drawn again exactly as it was asked for, and proven by its pixels."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from django.core.management import CommandError, call_command
from imprimatur import objects
from imprimatur.generations import services
from imprimatur.generations.models import Generation, Output
from imprimatur.generations.redrawing import proofs, redraw
from imprimatur.library.models import ReferenceImage
from imprimatur.tenants.errors import NotPermitted, RightsRefused
from imprimatur.tenants.models import Membership
from imprimatur.tenants.scope import tenant_scope

from tests.factories import World
from tests.imprimatur import drawn as studio
from tests.imprimatur.drawn import drawn, picture, worked


@pytest.fixture
def lost(world: World) -> Iterator[Output]:
    with tenant_scope(world.aozora.id):
        output, _ = drawn(world, count=2)
        objects.delete(output.object_key)
        yield output


def said(*arguments: str) -> str:
    out = io.StringIO()
    call_command("redraw_lost", *arguments, stdout=out, stderr=out)
    return out.getvalue()


def test_only_the_lost_picture_is_asked_for_and_only_once(world: World, lost: Output) -> None:
    before = Generation.objects.count()
    assert "is not drawn yet" in said("--tenant", "aozora")
    assert said("--tenant", "aozora").count(lost.public_id) == 1
    assert Generation.objects.count() == before + 1
    fresh = Generation.objects.order_by("-created_at").first()
    assert fresh is not None
    assert (fresh.spec, fresh.spec_digest) == (lost.generation.spec, lost.generation.spec_digest)
    assert fresh.requested_by == lost.generation.requested_by


def test_the_same_pixels_prove_it(world: World, lost: Output) -> None:
    fresh = redraw(lost)
    assert services.record_report(worked(fresh))
    assert [(p.lost, p.verdict) for p in proofs(world.aozora.id)] == [(lost.public_id, "same")]
    assert "proven the same" in said("--tenant", "aozora", "--prove")


def test_other_pixels_prove_nothing(world: World, lost: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = redraw(lost)
    monkeypatch.setattr(studio, "picture", lambda size, colour, seed=0: picture(size, "maroon", seed))
    assert services.record_report(worked(fresh))
    assert [p.verdict for p in proofs(world.aozora.id)] == ["differs"]
    assert "pixels differ" in said("--tenant", "aozora", "--prove")


def test_without_the_right_nothing_is_drawn(world: World, lost: Output) -> None:
    ReferenceImage.objects.update(own_work=False)
    before = Generation.objects.count()
    with pytest.raises(RightsRefused):
        redraw(lost)
    assert "cannot be drawn again" in said("--tenant", "aozora")
    assert Generation.objects.count() == before


def test_nor_for_somebody_who_left(world: World, lost: Output) -> None:
    Membership.objects.filter(user=world.alice).delete()
    with pytest.raises(NotPermitted):
        redraw(lost)


def test_the_company_must_be_known(world: World) -> None:
    with pytest.raises(CommandError, match="no company"):
        said("--tenant", "nobody")
