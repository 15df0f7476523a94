"""How a state looks: an icon and a tone beside its word, never a colour alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from imprimatur.generations.models import GenerationState as G
from imprimatur.prompts.models import VersionStatus as V
from imprimatur.releases.verification import Verdict as W
from imprimatur.review.states import OutputState as O
from imprimatur.rights.models import RightStatus as R
from imprimatur.webhooks.states import Progress, Standing
from imprimatur.withdrawal.models import Cause


@dataclass(frozen=True)
class Look:
    """One state as people see it. `tone` is one of the CSS classes `tone-*`, or empty for neutral."""

    icon: str
    tone: str
    label: str | Promise


LOOKS: Final[dict[str, dict[str, Look]]] = {
    "generation": {
        G.QUEUED: Look("hourglass", "", G.QUEUED.label),
        G.PREPARING: Look("player-play", "info", G.PREPARING.label),
        G.DRAWING: Look("brush", "info", G.DRAWING.label),
        G.STAMPING: Look("rubber-stamp", "info", G.STAMPING.label),
        G.READY: Look("circle-check", "success", G.READY.label),
        G.FAILED: Look("alert-triangle", "error", G.FAILED.label),
        G.REFUSED: Look("shield-x", "error", G.REFUSED.label),
        G.CANCELED: Look("ban", "", G.CANCELED.label),
    },
    "output": {
        O.HELD: Look("shield-exclamation", "warning", O.HELD.label),
        O.PENDING: Look("circle-dashed", "", O.PENDING.label),
        O.CLAIMED: Look("eye", "info", O.CLAIMED.label),
        O.APPROVED_1: Look("check", "info", O.APPROVED_1.label),
        O.APPROVED: Look("checks", "success", O.APPROVED.label),
        O.CHANGES_REQUESTED: Look("arrow-back-up", "warning", O.CHANGES_REQUESTED.label),
        O.REJECTED: Look("circle-x", "error", O.REJECTED.label),
        O.RELEASED: Look("rosette-discount-check", "success", O.RELEASED.label),
        O.WITHDRAWN: Look("ban", "error", O.WITHDRAWN.label),
        O.QUARANTINED: Look("lock", "error", O.QUARANTINED.label),
    },
    "right": {
        R.DRAFT: Look("file-text", "", R.DRAFT.label),
        R.SENT: Look("clock", "info", R.SENT.label),
        R.SIGNED: Look("file-certificate", "info", R.SIGNED.label),
        R.VERIFIED: Look("check", "info", R.VERIFIED.label),
        R.ACTIVE: Look("shield-check", "success", R.ACTIVE.label),
        R.SUSPENDED: Look("lock", "warning", R.SUSPENDED.label),
        R.REVOKED: Look("shield-x", "error", R.REVOKED.label),
        R.EXPIRED: Look("clock-exclamation", "error", R.EXPIRED.label),
    },
    "version": {
        V.DRAFT: Look("file-text", "", V.DRAFT.label),
        V.SUBMITTED: Look("hourglass", "info", V.SUBMITTED.label),
        V.APPROVED: Look("circle-check", "success", V.APPROVED.label),
        V.REJECTED: Look("circle-x", "error", V.REJECTED.label),
        V.RETIRED: Look("ban", "", V.RETIRED.label),
    },
    "light": {
        "green": Look("shield-check", "success", _("Allowed")),
        "amber": Look("shield-exclamation", "warning", _("Allowed, take note")),
        "red": Look("shield-x", "error", _("Not allowed")),
    },
    "manifest": {
        "trusted": Look("rosette-discount-check", "success", _("Signed and trusted")),
        "valid": Look("circle-check", "info", _("Signed")),
        "invalid": Look("alert-triangle", "error", _("Changed since signing")),
        "none": Look("circle-dashed", "", _("Not signed")),
    },
    "cause": {
        Cause.REVOKED: Look("shield-x", "error", Cause.REVOKED.label),
        Cause.EXPIRED: Look("clock-exclamation", "error", Cause.EXPIRED.label),
        Cause.SUSPENDED: Look("lock", "warning", Cause.SUSPENDED.label),
        Cause.CHANGED: Look("versions", "warning", Cause.CHANGED.label),
        Cause.RESTORED: Look("shield-check", "success", Cause.RESTORED.label),
    },
    "verdict": {
        W.GENUINE: Look("rosette-discount-check", "success", W.GENUINE.label),
        W.CHANGED: Look("alert-triangle", "error", W.CHANGED.label),
        W.RECOGNISED: Look("zoom-check", "warning", W.RECOGNISED.label),
        W.WITHDRAWN: Look("ban", "error", W.WITHDRAWN.label),
        W.NOT_OURS: Look("user-question", "", W.NOT_OURS.label),
        W.NONE: Look("circle-dashed", "", W.NONE.label),
    },
    "webhook": {
        Standing.ACTIVE: Look("circle-check", "success", Standing.ACTIVE.label),
        Standing.TRYING: Look("clock-exclamation", "warning", Standing.TRYING.label),
        Standing.PAUSED: Look("player-pause", "", Standing.PAUSED.label),
        Standing.STOPPED: Look("alert-triangle", "error", Standing.STOPPED.label),
    },
    "delivery": {
        Progress.TAKEN: Look("circle-check", "success", Progress.TAKEN.label),
        Progress.SENDING: Look("send", "info", Progress.SENDING.label),
        Progress.AGAIN: Look("clock-exclamation", "warning", Progress.AGAIN.label),
        Progress.WAITS: Look("hourglass", "", Progress.WAITS.label),
        Progress.NOT_TAKEN: Look("circle-x", "error", Progress.NOT_TAKEN.label),
    },
    "quality": {
        "good": Look("circle-check", "success", _("Good")),
        "fair": Look("info-circle", "warning", _("Could be better")),
        "poor": Look("alert-triangle", "error", _("Poor")),
        "unknown": Look("help", "", _("Cannot tell")),
    },
    "decision": {
        "approve": Look("check", "success", _("Approved")),
        "request_changes": Look("arrow-back-up", "warning", _("Asked for changes")),
        "reject": Look("circle-x", "error", _("Rejected")),
    },
}

UNKNOWN: Final = Look("circle-dashed", "", "")


def look(kind: str, value: str) -> Look:
    """The look of a state; an unknown one shows its own name rather than nothing."""
    return LOOKS[kind].get(str(value)) or Look(UNKNOWN.icon, UNKNOWN.tone, str(value))
