"""An output of ours, uploaded again as a reference."""

from __future__ import annotations

from typing import Any

from imprimatur.generations import selectors
from imprimatur.generations.models import Output
from imprimatur.library import services as library
from imprimatur.library.models import ReferenceImage
from imprimatur.tenants.scope import tenant_scope

from tests.factories import World


def derived_reference(world: World, output: Output, **declared: Any) -> ReferenceImage:
    """Told by its manifest, it stands under the rights of the reference it was drawn from."""
    facts = {"source": "generated", "shows_person": True, "declared_marks": [], "own_work": False} | declared
    with tenant_scope(world.aozora.id):
        actor = world.actor(world.alice)
        data, _mime = selectors.content(output)
        subject = output.generation.subject_reference.subject
        taken = library.take_in(actor, subject, data, **facts)
    assert taken.derived_from_id is not None
    return taken
