"""A person who takes their word back is not looked at any more: their photograph is hidden like the pictures of it."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from imprimatur.audit.selectors import events
from imprimatur.library import services as library
from imprimatur.library.models import ReferenceImage
from imprimatur.rights import selectors as right_selectors
from imprimatur.rights import services as rights
from imprimatur.rights.models import ConsentRecord
from imprimatur.tenants.errors import InvalidInput
from imprimatur.tenants.scope import tenant_scope
from imprimatur.withdrawal import cascade
from imprimatur.withdrawal.models import Withdrawal
from PIL import Image

from tests.factories import World
from tests.imprimatur.drawn import photograph
from tests.imprimatur.generations.asked import ask, likeness
from tests.imprimatur.rights.test_rights import terms
from tests.imprimatur.withdrawal.made import bring_about, now_of, revoke

WHY = "The person in this photograph has revoked their consent"
Told = list[tuple[str, list[str]]]


def shown(client: Client, public_id: str) -> set[int]:
    """How every address that gives away something of the picture answers."""
    api = f"/api/v1/references/{public_id}"
    addresses = (f"{api}/content", f"{api}/content?size=320", f"{api}/quality")
    pages = (f"/references/{public_id}/content", f"/references/{public_id}/thumbnail")
    return {client.get(address).status_code for address in (*addresses, *pages)}


@pytest.mark.parametrize("who", ["alice", "gordon"])
def test_a_photograph_goes_out_of_sight_with_its_consent(world: World, told: Told, who: str) -> None:
    reference, record = likeness(world)
    client = world.client(getattr(world, who))
    assert shown(client, reference.public_id) == {200}
    revoke(world, record)
    bring_about()
    assert shown(client, reference.public_id) == {423}
    assert WHY in client.get(f"/api/v1/references/{reference.public_id}/content").json()["detail"]
    page = client.get(f"/references/{reference.public_id}").content.decode()
    assert WHY in page and "/content" not in page and "Photo coach" not in page
    assert client.get(f"/api/v1/references/{reference.public_id}").status_code == 200


def test_a_new_consent_shows_it_again_and_pictures_can_be_made(world: World, told: Told) -> None:
    reference, record = likeness(world)
    revoke(world, record)
    bring_about()
    assert now_of(world, reference).quarantined_at is not None
    with tenant_scope(world.aozora.id):
        terms = replace(right_selectors.terms_of(record), status="draft")
        again = rights.draft_consent(
            world.actor(world.alice), title="Again", kind="likeness", terms=terms, evidence=b"%PDF again"
        )
        rights.verify_record(world.actor(world.gordon), again)
    bring_about()
    assert now_of(world, reference).quarantined_at is None
    assert shown(world.client(world.alice), reference.public_id) == {200}
    assert ask(world, reference=reference)


def test_another_consent_in_force_keeps_it_in_sight(world: World, told: Told) -> None:
    reference, record = likeness(world)
    with tenant_scope(world.aozora.id):
        author, terms = world.actor(world.alice), right_selectors.terms_of(record)
        other = rights.draft_consent(author, title="Other", kind="likeness", terms=terms, evidence=b"%PDF other")
        rights.verify_record(world.actor(world.gordon), other)
    revoke(world, record)
    bring_about()
    assert now_of(world, reference).quarantined_at is None


def test_a_suspension_hides_no_photograph(world: World, told: Told) -> None:
    reference, record = likeness(world)
    with tenant_scope(world.aozora.id):
        rights.suspend(world.actor(world.gordon), record)
    bring_about()
    assert now_of(world, reference).quarantined_at is None


def under(world: World, name: str, data: bytes) -> ReferenceImage:
    """The photograph of a person, taken in under a subject of that name."""
    with tenant_scope(world.aozora.id):
        alice = world.actor(world.alice)
        subject = library.add_subject(alice, library.add_brand(alice, name), name, "person", "woman")
        return library.take_in(alice, subject, data, source="photograph", shows_person=True)


def agreed(world: World, *references: ReferenceImage) -> ConsentRecord:
    """A consent in force that names these pictures."""
    named = frozenset(reference.pixel_sha256 for reference in references)
    with tenant_scope(world.aozora.id):
        author, said = world.actor(world.alice), terms(reference_digests=named)
        record = rights.draft_consent(author, title="Mika", kind="likeness", terms=said, evidence=b"%PDF mika")
        return rights.verify_record(world.actor(world.gordon), record)


def smaller(data: bytes) -> bytes:
    """The same picture, resized and saved anew."""
    buffer = io.BytesIO()
    Image.open(io.BytesIO(data)).convert("RGB").resize((300, 300)).save(buffer, "JPEG")
    return buffer.getvalue()


def is_hidden(world: World, reference: ReferenceImage) -> bool:
    return now_of(world, reference).quarantined_at is not None


def as_before_the_upgrade(world: World, *references: ReferenceImage) -> None:
    """Brought about by a version that hid no photograph."""
    with tenant_scope(world.aozora.id):
        ReferenceImage.objects.filter(pk__in=[r.pk for r in references]).update(quarantined_at=None)
        Withdrawal.objects.update(photographs_at=None)


@pytest.mark.parametrize("guise", [bytes, smaller], ids=["same bytes", "resized"])
@pytest.mark.parametrize("who", ["alice", "gordon"])
def test_a_revoked_photograph_does_not_come_back_under_another_name(
    world: World, told: Told, guise: Any, who: str
) -> None:
    data = photograph(901)
    record = agreed(world, under(world, "Mika", data))
    revoke(world, record)  # not brought about yet: what counts is the record
    with pytest.raises(InvalidInput) as caught:
        under(world, f"Another {who}", guise(data))
    assert caught.value.code == "upload_revoked"
    assert not is_hidden(world, under(world, "Somebody else", photograph(902)))


def cropped(image: Image.Image) -> Image.Image:
    """Seven tenths of the width and three quarters of the height, off the middle."""
    width, height = image.size
    return image.crop((round(width * 0.2), round(height * 0.05), round(width * 0.9), round(height * 0.8)))


MOVED: dict[str, Callable[[Image.Image], Image.Image]] = {
    "cropped": cropped,
    "turned left": lambda image: image.transpose(Image.Transpose.ROTATE_90),
    "upside down": lambda image: image.transpose(Image.Transpose.ROTATE_180),
    "turned right": lambda image: image.transpose(Image.Transpose.ROTATE_270),
    "mirrored": lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "all of it": lambda image: cropped(image).transpose(Image.Transpose.TRANSVERSE),
}


def changed(data: bytes, change: Callable[[Image.Image], Image.Image]) -> bytes:
    buffer = io.BytesIO()
    change(Image.open(io.BytesIO(data)).convert("RGB")).save(buffer, "JPEG", quality=75)
    return buffer.getvalue()


def test_no_part_and_no_turn_of_a_revoked_photograph_comes_back(world: World, told: Told) -> None:
    data, others = photograph(921), [photograph(922), photograph(923)]
    first, kept = under(world, "Mika", data), under(world, "Jun", others[0])
    revoke(world, agreed(world, first, kept))
    agreed(world, kept)
    for name, change in MOVED.items():
        with pytest.raises(InvalidInput) as caught:
            under(world, name, changed(data, change))
        assert caught.value.code == "upload_revoked"
    for number, (other, change) in enumerate(zip(others, MOVED.values(), strict=False)):
        assert under(world, f"Somebody else {number}", changed(other, change)).pk


@pytest.mark.parametrize("guise", [bytes, smaller], ids=["same bytes", "resized"])
def test_every_guise_that_is_here_goes_out_of_sight_and_comes_back(world: World, told: Told, guise: Any) -> None:
    data = photograph(903)
    first, other = under(world, "Mika", data), under(world, "Unrelated", photograph(904))
    copy = under(world, "Model 7", guise(data))
    revoke(world, agreed(world, first))
    bring_about()
    assert [is_hidden(world, r) for r in (first, copy, other)] == [True, True, False]
    agreed(world, first)
    bring_about()
    assert [is_hidden(world, r) for r in (first, copy)] == [False, False]


def test_a_consent_that_names_the_copy_keeps_it_in_sight(world: World, told: Told) -> None:
    data = photograph(905)
    first, copy = under(world, "Mika", data), under(world, "Model 7", smaller(data))
    agreed(world, copy)
    revoke(world, agreed(world, first))
    bring_about()
    assert [is_hidden(world, r) for r in (first, copy)] == [True, False]


def test_what_was_revoked_before_the_upgrade_is_hidden_once(world: World, told: Told) -> None:
    data = photograph(906)
    first, copy, kept = (
        under(world, "Mika", data),
        under(world, "Model", smaller(data)),
        under(world, "K", photograph(7)),
    )
    revoke(world, agreed(world, first))
    revoke(world, agreed(world, kept))
    agreed(world, kept)
    bring_about()
    as_before_the_upgrade(world, first, copy)
    assert cascade.judge_photographs() == 2
    assert [is_hidden(world, r) for r in (first, copy, kept)] == [True, True, False]
    assert cascade.judge_photographs() == 0
    with tenant_scope(world.aozora.id):
        said = events(world.aozora.id, event="reference.quarantined").values_list("subject", "actor")
        assert set(said) >= {(first.public_id, "system"), (copy.public_id, "system")}


def test_the_upgrade_goes_on_where_it_was_cut_off(
    world: World, told: Told, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    both = [under(world, "Mika", photograph(907)), under(world, "Jun", photograph(908))]
    for reference in both:
        revoke(world, agreed(world, reference))
    bring_about()
    as_before_the_upgrade(world, *both)
    judged, tried = cascade.steps.judge_references, []

    def once(row: Withdrawal, *rest: Any) -> None:
        tried.append(row.pk)
        if len(tried) == 1:
            raise RuntimeError("the file store is away")
        judged(row, *rest)

    monkeypatch.setattr(cascade.steps, "judge_references", once)
    assert cascade.judge_photographs() == 1
    assert "the file store is away" in caplog.text
    assert sorted(is_hidden(world, reference) for reference in both) == [False, True]
    assert cascade.judge_photographs() == 1
    assert all(is_hidden(world, reference) for reference in both)
    assert sorted(set(tried)) == sorted(tried[:2]) and tried[2] == tried[0]


def test_a_photograph_that_slipped_in_while_the_record_fell_is_found(world: World, told: Told) -> None:
    data = photograph(909)
    first = under(world, "Mika", data)
    record = agreed(world, first)
    late = under(world, "Model 7", smaller(data))
    revoke(world, record)
    bring_about()
    with tenant_scope(world.aozora.id):
        ReferenceImage.objects.filter(pk=late.pk).update(quarantined_at=None)  # as if committed a moment later
        row = Withdrawal.objects.latest("created_at")
        assert cascade.steps.slipped_through(row, record, row.finished_at or row.created_at)
        ReferenceImage.objects.filter(pk=late.pk).update(quarantined_at=row.finished_at)
        assert not cascade.steps.slipped_through(row, record, row.finished_at or row.created_at)


def test_a_draft_that_nobody_signed_hides_nothing_when_it_is_given_up(world: World, told: Told) -> None:
    data = photograph(911)
    first = under(world, "Mika", data)
    with tenant_scope(world.aozora.id):
        said = terms(reference_digests=frozenset({first.pixel_sha256}))
        draft = rights.draft_consent(world.actor(world.alice), title="Mistaken", kind="likeness", terms=said)
    revoke(world, draft)
    bring_about()
    assert not is_hidden(world, first)
    assert under(world, "Model 7", smaller(data)).pk


def test_a_lost_file_keeps_nothing_in_sight_and_no_withdrawal_waiting(world: World, told: Told) -> None:
    data = photograph(912)
    first, copy = under(world, "Mika", data), under(world, "Model 7", smaller(data))
    record = agreed(world, first)
    with tenant_scope(world.aozora.id):
        lost = {"160": {"key": f"{first.object_key}.lost", "sha256": "0" * 64, "mime": "image/jpeg"}}
        ReferenceImage.objects.filter(pk=first.pk).update(thumbnails=lost)
    revoke(world, record)
    bring_about()
    assert [is_hidden(world, r) for r in (first, copy)] == [True, True]
    with tenant_scope(world.aozora.id):
        row = Withdrawal.objects.latest("created_at")
        assert (row.step, row.trouble) == ("done", "")
