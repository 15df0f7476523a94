"""What can go wrong with rights and evidence. The message of every error says what to do.

Each class has a stable `code`: an API may answer with it, a page may translate it.
"""

from __future__ import annotations


class GovernanceError(Exception):
    """Something about rights or evidence is wrong."""

    code = "governance"


class InvalidTerms(GovernanceError, ValueError):
    """A consent or licence contradicts itself; the message names the field and what it must be."""

    code = "invalid_terms"


class InvalidKey(GovernanceError, ValueError):
    """A key or certificate file cannot be used; the message names the file and the format it must have."""

    code = "invalid_key"


class PermitError(GovernanceError):
    """A permit does not allow this drawing."""

    code = "permit_invalid"


class PermitMalformed(PermitError):
    """The text is not a permit at all."""

    code = "permit_malformed"


class PermitForged(PermitError):
    """The permit was signed with a key that is not ours."""

    code = "permit_forged"


class PermitAltered(PermitError):
    """The permit claims our key but its content is not what was signed."""

    code = "permit_altered"


class PermitExpired(PermitError):
    """The permit's time is over: ask for a new attempt."""

    code = "permit_expired"


class PermitNotYetValid(PermitError):
    """The permit starts in the future: compare the clocks of the two machines."""

    code = "permit_not_yet_valid"


class PermitMismatch(PermitError):
    """The permit is genuine but was given for something else; `field` names what differs."""

    code = "permit_mismatch"

    def __init__(self, field: str, expected: object, found: object) -> None:
        """`expected` is what the order asks for, `found` what the permit allows."""
        super().__init__(f"the permit is for {field} {found}, not for {field} {expected}: ask for a new attempt")
        self.field = field


class UnreadableUpload(GovernanceError, ValueError):
    """An upload cannot become a reference; `reason` is stable, `sentence(language)` is for the person."""

    code = "unreadable_upload"

    def __init__(self, reason: str, english: str, japanese: str) -> None:
        """`reason` is one of the keys of `governance.intake.REFUSALS`."""
        super().__init__(english)
        self.reason = reason
        self._sentences = {"en": english, "ja": japanese}

    def sentence(self, language: str = "en") -> str:
        """The sentence in English or Japanese ("ja", "ja-JP")."""
        return self._sentences["ja" if language.startswith("ja") else "en"]


class SigningFailed(GovernanceError):
    """The picture could not be signed; `__cause__` holds what the signer raised."""

    code = "signing_failed"


class ManifestRejected(GovernanceError):
    """A manifest is absent, or not as good as the caller demands; the message names the state found."""

    code = "manifest_rejected"


class LedgerBroken(GovernanceError):
    """The audit chain does not hold; the message names the first bad row."""

    code = "ledger_broken"


class CheckpointRefused(GovernanceError, ValueError):
    """A checkpoint file proves nothing: it is none, was changed, or was signed with another key."""

    code = "checkpoint_refused"


class InvalidRules(GovernanceError, ValueError):
    """A rule table contradicts itself; the message names the rule."""

    code = "invalid_rules"


class LabelTooLarge(GovernanceError, ValueError):
    """The picture is too small for the label it must carry: release it larger."""

    code = "label_too_large"
