"""A signing key that never leaves AWS KMS: the claim is sent there, or its digest where it is larger than KMS takes.

The key's policy needs `kms:Sign` for the control side's role, and nothing for workers. Region and credentials are found
as boto3 finds them.
"""

from __future__ import annotations

import hashlib
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from governance.errors import InvalidKey
from governance.signing import Algorithm, CallbackSigner, read_chain

MAX_RAW = 4096  # bytes that KMS hashes itself
PATIENCE = 5.0  # seconds for each of three attempts: people wait for a signature
_ALGORITHMS: dict[str, tuple[Algorithm, str, Any]] = {
    "secp256r1": ("es256", "ECDSA_SHA_256", hashlib.sha256),
    "secp384r1": ("es384", "ECDSA_SHA_384", hashlib.sha384),
}


def kms_signer(key: str, chain_pem: str, *, region: str | None = None, endpoint: str | None = None) -> CallbackSigner:
    """Signs by the KMS key (id, ARN or alias) that the chain's leaf was issued for. Raises InvalidKey for a chain whose
    leaf is not on P-256 or P-384."""
    public = read_chain(chain_pem)[0].public_key()
    curve = public.curve.name if isinstance(public, EllipticCurvePublicKey) else "none"
    if curve not in _ALGORITHMS:
        raise InvalidKey(f"the leaf certificate's curve is {curve}: a KMS key must be on P-256 or P-384")
    algorithm, name, digest = _ALGORITHMS[curve]
    import boto3  # type: ignore[import-untyped]  # half a second that only its users wait for
    from botocore.config import Config  # type: ignore[import-untyped]

    patience = Config(connect_timeout=PATIENCE, read_timeout=PATIENCE, retries={"mode": "standard", "max_attempts": 3})
    client = boto3.client("kms", region_name=region, endpoint_url=endpoint, config=patience)

    def sign(data: bytes) -> bytes:
        message, kind = (data, "RAW") if len(data) <= MAX_RAW else (digest(data).digest(), "DIGEST")
        answer = client.sign(KeyId=key, Message=message, MessageType=kind, SigningAlgorithm=name)
        return bytes(answer["Signature"])

    return CallbackSigner(sign, chain_pem, algorithm)
