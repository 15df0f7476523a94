"""Whom do we believe about what? One PEM text in two parts: roots that vouch for signers; below a line, roots that
vouch for the time alone.

A time authority's root often vouches for many other people's certificates too. Above the line it would let every one of
them sign pictures as ours. A root above the line vouches for the time as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from governance.signing import pem_of, read_chain

TIME_ONLY: Final = "# --- for time stamps alone ---"


@dataclass(frozen=True)
class Anchors:
    """signers, time: PEM text, "" for none."""

    signers: str
    time: str = ""

    @classmethod
    def of(cls, text: str) -> Self:
        """Both parts of one text; without the line all of it vouches for signers."""
        signers, _, time = text.partition(TIME_ONLY)
        return cls(signers.strip(), time.strip())

    @property
    def text(self) -> str:
        """Both parts as one text, each certificate in one of them. Raises InvalidKey for a part that is no PEM text."""
        known = set(read_chain(self.signers)) if self.signers and self.time else set()
        of_time = pem_of(c for c in read_chain(self.time) if c not in known) if self.time else ""
        return f"{self.signers.rstrip()}\n{TIME_ONLY}\n{of_time}" if of_time else self.signers
