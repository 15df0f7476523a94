"""Who was given a picture is for rights managers and owners to read; other members read how many."""

from __future__ import annotations

from tests.factories import World
from tests.imprimatur.withdrawal.made import Shelf


def test_recipients_are_named_to_rights_managers_and_owners_only(world: World, made: Shelf) -> None:
    api, page = f"/api/v1/releases/{made.released.public_id}/recipients", f"/releases/{made.released.public_id}"
    alice = world.client(world.alice)
    said = {"name": "Kiosk Press", "email": "desk@kiosk.example"}
    assert alice.post(api, said, content_type="application/json").status_code == 201
    for person, may in ((world.alice, False), (world.rita, False), (world.gordon, True), (world.olive, True)):
        client = world.client(person)
        assert client.get(api).status_code == (200 if may else 403)
        assert ("desk@kiosk.example" in client.get(page).content.decode()) is may
