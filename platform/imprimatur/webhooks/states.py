"""How an address and a delivery stand, as people see it: derived, never stored."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from imprimatur.webhooks.models import Delivery, Endpoint, Stopped

PATIENCE: Final = timedelta(minutes=1)  # a try without an answer for that long was lost with its process


class Standing(models.TextChoices):
    """Of an address."""

    ACTIVE = "active", _("Active")
    TRYING = "trying", _("Trying again")
    PAUSED = "paused", _("Paused")
    STOPPED = "stopped", _("Stopped by itself")


class Progress(models.TextChoices):
    """Of a delivery."""

    TAKEN = "taken", _("Taken")
    SENDING = "sending", _("On its way")
    AGAIN = "again", _("To be tried again")
    WAITS = "waits", _("Waits")
    NOT_TAKEN = "not_taken", _("Not taken")


def standing(endpoint: Endpoint) -> Standing:
    """Of the row as it is."""
    if endpoint.disabled_because:
        return Standing.PAUSED if endpoint.disabled_because == Stopped.PAUSED else Standing.STOPPED
    return Standing.TRYING if endpoint.failures else Standing.ACTIVE


def progress(delivery: Delivery, now: datetime) -> Progress:
    """What becomes of it next: what a person asked for is tried once, the rest until it is taken."""
    if delivery.taken_at is not None:
        return Progress.TAKEN
    if _is_under_way(delivery, now):
        return Progress.SENDING
    if delivery.by_hand:
        return Progress.NOT_TAKEN
    if delivery.endpoint.disabled_because:
        return Progress.WAITS
    return Progress.AGAIN if delivery.endpoint.next_at > now else Progress.SENDING


def _is_under_way(delivery: Delivery, now: datetime) -> bool:
    if delivery.tried_at is None:
        return True
    return not delivery.trouble and delivery.tried_at > now - PATIENCE
