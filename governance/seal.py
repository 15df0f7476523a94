"""Is this document still the one we wrote? A detached signature beside a file that is no picture."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from governance.errors import InvalidKey
from governance.signing import Signer, read_chain


def seal(document: bytes, signer: Signer) -> dict[str, str]:
    """algorithm, signature (base64) and chain (PEM, leaf first): plain JSON to keep beside the document."""
    signature = base64.b64encode(signer.sign(document)).decode()
    return {"algorithm": signer.algorithm, "signature": signature, "chain": signer.chain_pem}


def holds(document: bytes, sealed: Mapping[str, str]) -> bool:
    """Whether the signature is the leaf's over exactly this document. Whom the leaf belongs to is another question."""
    try:
        signature = base64.b64decode(sealed["signature"], validate=True)
        _verify(read_chain(sealed["chain"])[0].public_key(), signature, document, sealed["algorithm"])
    except (InvalidSignature, InvalidKey, KeyError, ValueError, IndexError, binascii.Error):
        return False
    return True


def _verify(key: object, signature: bytes, document: bytes, algorithm: str) -> None:
    if isinstance(key, Ed25519PublicKey):
        key.verify(signature, document)
    elif isinstance(key, EllipticCurvePublicKey):
        half = len(signature) // 2
        pair = encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))
        key.verify(pair, document, ECDSA(hashes.SHA256() if algorithm == "es256" else hashes.SHA384()))
    else:
        raise InvalidSignature
