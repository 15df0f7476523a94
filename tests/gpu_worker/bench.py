"""A workshop in a folder: real store, real keys, real tiny model, real broker; no control side."""

from __future__ import annotations

import base64
import io
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from celery import Celery
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image

from generation.pipeline import RealCustomPipeline
from generation.spec import Box, GenerationSpec, MaskDials, SubjectSpec
from governance.permit import Permit, generate_permit_keys, sign_permit
from governance.pki import development_anchors, development_signer
from governance.provenance import IntakeFacts, OutputFacts, sign_reference
from governance.signing import Signer
from gpu_worker.broker import broker_settings
from gpu_worker.engine import Engine
from gpu_worker.messages import RenderOrder, StoredObject
from gpu_worker.permits import PermitDesk
from gpu_worker.sender import Sender
from gpu_worker.signers import OwnKey
from gpu_worker.storage import ObjectStore
from gpu_worker.workshop import Workshop
from tests.generation import dummy

TENANT = str(uuid.UUID(int=7))
WATERMARK_KEY = b"a key of the tests, not a secret"


@dataclass
class Bench:
    """Everything a test of one worker process needs."""

    folder: Path
    key: Ed25519PrivateKey
    shop: Workshop
    app: Celery
    signer: Signer

    @property
    def anchors(self) -> str:
        """What the pictures are checked against."""
        return development_anchors(self.folder / "pki")

    def reference(self, name: str = "r", picture: Image.Image | None = None) -> StoredObject:
        """A signed reference, stored as intake stores it."""
        buffer = io.BytesIO()
        (picture or dummy.reference()).save(buffer, "PNG")
        signed = sign_reference(
            buffer.getvalue(), "image/png", IntakeFacts(reference_id=f"ref_{name}", origin="drawing"), self.signer
        )
        return self.shop.store.put(f"tenants/{TENANT}/references/{name}/original.png", signed, "image/png")

    def order(self, *, permit: dict[str, Any] | None = None, steps: int = 4, **changes: Any) -> RenderOrder:
        """A permitted order; `permit` changes the permit's fields, the rest the order's."""
        reference = self.reference()
        spec = GenerationSpec(
            profile=dummy.PROFILE.name,
            prompt="a bottle on the beach",
            word="bottle",
            seed=7,
            reference_digests=(reference.sha256,),
            steps=steps,
            mask=MaskDials(stop_step=min(2, steps)),
        )
        order = RenderOrder(
            generation_id="gen_test",
            tenant_id=TENANT,
            attempt=1,
            attempt_secret="s3cret",
            spec=spec,
            references=(reference,),
            permit="",
            manifest=OutputFacts(generation_id="gen_test", spec_digest=spec.digest(), prompt=spec.prompt).to_json(),
            output_prefix=f"tenants/{TENANT}/outputs/o/1/",
        )
        return replace(order, **({"permit": self.permit(order, **(permit or {}))} | changes))

    def order_of_two(self, *, permit: dict[str, Any] | None = None, **changes: Any) -> RenderOrder:
        """A permitted order of a bottle from two views, and of a mug in a place of its own."""
        front, side = self.reference("front"), self.reference("side", dummy.reference().rotate(90))
        mug = self.reference("mug", dummy.reference().rotate(180))
        alone = self.order(permit=permit)
        place = Box(left=0.5, top=0.0, right=1.0, bottom=1.0)
        spec = replace(
            alone.spec,
            prompt="a bottle and a mug on the beach",
            reference_digests=(front.sha256, side.sha256),
            others=(SubjectSpec(word="mug", reference_digests=(mug.sha256,), box=place),),
        )
        manifest = alone.manifest | {"spec_digest": spec.digest(), "prompt": spec.prompt}
        order = replace(alone, spec=spec, references=(front, side, mug), manifest=manifest)
        return replace(order, **({"permit": self.permit(order, **(permit or {}))} | changes))

    def permit(self, order: RenderOrder, **changes: Any) -> str:
        """A token for the order."""
        now = datetime.now(UTC)
        values: dict[str, Any] = {
            "id": uuid.uuid4().hex,
            "tenant_id": order.tenant_id,
            "generation_id": order.generation_id,
            "attempt": order.attempt,
            "spec_digest": order.spec.digest(),
            "reference_digests": tuple(d for subject in order.spec.subjects for d in subject.reference_digests),
            "terms_digests": (),
            "issued_at": now,
            "expires_at": now + timedelta(minutes=5),
        }
        return sign_permit(Permit(**(values | changes)), self.key)

    def sent(self) -> list[tuple[str, dict[str, Any]]]:
        """Task name and message of everything in the broker's folder, oldest first."""
        found = []
        for path in sorted((self.folder / "broker" / "messages").glob("*.msg")):
            envelope = json.loads(path.read_text())
            body = json.loads(_body(envelope))
            found.append((envelope["headers"]["task"], body[0][0]))
        return found

    def files(self) -> set[str]:
        """Names under the order's prefix."""
        return {p.name for p in (self.folder / "objects" / "tenants" / TENANT / "outputs").rglob("*") if p.is_file()}


def _body(envelope: dict[str, Any]) -> str:
    return base64.b64decode(envelope["body"]).decode()


def make_bench(folder: Path, load: Callable[[str], RealCustomPipeline] | None = None) -> Bench:
    """`load`: another pipeline than the tiny one."""
    private, public = generate_permit_keys()
    app, signer = Celery("bench", fixups=[]), development_signer(folder / "pki")
    app.conf.update(**broker_settings("filesystem://", folder / "broker"))
    shop = Workshop(
        worker="bench",
        desk=PermitDesk(public),
        store=ObjectStore((folder / "objects").as_uri()),
        engine=Engine(load or (lambda _: dummy.pipeline()), step_seconds=60, load_seconds=120),
        signers=OwnKey(signer),
        watermark_key=WATERMARK_KEY,
        sender=Sender(app, "bench"),
    )
    return Bench(folder, private, shop, app, signer)
