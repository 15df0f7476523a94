"""The one module that knows c2pa-python: bytes and a definition in, bytes or JSON out. Written against 0.38.1.

A Context belongs to one process and consumes its Signer; making one costs about a quarter of a millisecond, so every
call makes its own: nothing is shared by threads and nothing outlives a fork. Sources and destinations are always
separate buffers, remote manifests are never fetched, thumbnails (which would embed the reference) are never made.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import c2pa

from governance.anchors import Anchors
from governance.errors import SigningFailed
from governance.signing import Signer

SPEC_VERSION = "2.4.0"
OWN_ANCHORS = "[user_anchors]"  # in the explanation of signingCredential.trusted: a root for signers vouches
_ALGORITHMS = {
    "es256": c2pa.C2paSigningAlg.ES256,
    "es384": c2pa.C2paSigningAlg.ES384,
    "ed25519": c2pa.C2paSigningAlg.ED25519,
}


@dataclass(frozen=True, kw_only=True)
class Ingredient:
    """A picture this one was made from. `label` is what actions refer to it by."""

    data: bytes
    mime: str
    relationship: str
    label: str
    title: str


class _KeptCause:
    """Signs, and keeps what the signer raised: the library only says that the signature is invalid."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer
        self.error: Exception | None = None

    def __call__(self, data: bytes) -> bytes:
        try:
            return self._signer.sign(data)
        except Exception as error:
            self.error = error
            raise


def embed(
    definition: dict[str, Any], data: bytes, mime: str, signer: Signer, ingredients: tuple[Ingredient, ...] = ()
) -> bytes:
    """`data` with a signed manifest. Raises SigningFailed; its `__cause__` is what the signer raised, if it did."""
    callback = _KeptCause(signer)
    try:
        with _signing_context(signer, callback) as context, c2pa.Builder(definition, context=context) as builder:
            for ingredient in ingredients:
                builder.add_ingredient(_ingredient_json(ingredient), ingredient.mime, io.BytesIO(ingredient.data))
            signed = io.BytesIO()
            builder.sign(mime, io.BytesIO(data), signed)
    except c2pa.C2paError as error:
        cause = callback.error or error
        raise SigningFailed(f"the picture could not be signed: {cause}") from cause
    return signed.getvalue()


def extract(data: bytes, mime: str, anchors: str) -> dict[str, Any] | None:
    """The manifest store as JSON, its validation included; None without one. Raises c2pa's errors as ValueError.

    anchors: text of `governance.anchors.Anchors`. Whoever only a root for time stamps vouches for is trusted here too:
    `OWN_ANCHORS` tells them apart.
    """
    try:
        with c2pa.Context.from_dict(_settings(anchors)) as context:
            reader = c2pa.Reader.try_create(mime, io.BytesIO(data), context=context)
            if reader is None:
                return None
            with reader:
                store: dict[str, Any] = json.loads(reader.json())
                return store
    except c2pa.C2paError as error:
        raise ValueError(str(error)) from error


def _signing_context(signer: Signer, callback: _KeptCause) -> c2pa.Context:
    native = c2pa.Signer.from_callback(callback, _ALGORITHMS[signer.algorithm], signer.chain_pem, signer.time_authority)
    hosts = [urlsplit(signer.time_authority).hostname] if signer.time_authority else []
    return c2pa.Context.from_dict(_settings(signer.issuers_pem, hosts), signer=native)


def _settings(anchors: str, hosts: list[str | None] | None = None) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "version": 1,
        "core": {"allowed_network_hosts": hosts or []},
        "verify": {
            "remote_manifest_fetch": False,
            "ocsp_fetch": False,
            "verify_after_sign": True,
            "verify_trust": True,
            "verify_timestamp_trust": True,  # a stamp that no anchor vouches for prolongs nothing
        },
        "builder": {"thumbnail": {"enabled": False}},
    }
    believed = Anchors.of(anchors)
    trust = {"user_anchors": believed.signers, "trust_anchors": believed.time}
    if any(trust.values()):
        settings["trust"] = {name: pem for name, pem in trust.items() if pem}
    return settings


def _ingredient_json(ingredient: Ingredient) -> dict[str, str]:
    return {
        "title": ingredient.title,
        "format": ingredient.mime,
        "relationship": ingredient.relationship,
        "label": ingredient.label,
    }
