"""What is kept for how long? What helps for a while only is cleared away once an hour by the leader.

| what | kept for | variable |
|---|---|---|
| answers to requests with an Idempotency-Key | 24 hours, as the API promises | |
| sessions of people who signed in | until they run out | |
| workers that said hello once | 7 days | IMPRIMATUR_KEEP_WORKERS_DAYS |
| messages nobody fetched from the folder broker, and halves of messages | 1 hour | IMPRIMATUR_KEEP_MESSAGES_HOURS |
| mails written to HOME/mail, where no mail server is set | 30 days | IMPRIMATUR_KEEP_MAIL_DAYS |
| checkpoints between the last ones of each day | 30 days | IMPRIMATUR_KEEP_CHECKPOINTS_DAYS |

0 is for ever. What was a company's is named by number in its audit trail; the trail itself is never shortened, and
records, pictures, decisions and evidence stay. Files that no row names are cleared away by `manage.py clean_up` alone.
"""

from __future__ import annotations

import logging
import os
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

from django.conf import settings
from django.core.management import call_command

from gpu_worker import folder
from gpu_worker.messages import CONTROL_QUEUE
from imprimatur.audit import checkpoints
from imprimatur.audit import services as audit
from imprimatur.audit.thinning import thin
from imprimatur.generations.clock import database_now
from imprimatur.generations.models import WorkerSeen
from imprimatur.tenants.everywhere import everywhere
from imprimatur.tenants.models import IdempotentAnswer
from imprimatur.tenants.rest.idempotency import KEPT_FOR

logger = logging.getLogger(__name__)

EVENT: Final = "retention.cleared"
_DEFAULTS: Final = {
    "IMPRIMATUR_KEEP_WORKERS_DAYS": 7.0,
    "IMPRIMATUR_KEEP_MESSAGES_HOURS": 1.0,
    "IMPRIMATUR_KEEP_MAIL_DAYS": 30.0,
    "IMPRIMATUR_KEEP_CHECKPOINTS_DAYS": 30.0,
}


@dataclass(frozen=True)
class Kept:
    """How long each is kept; None is for ever."""

    workers: timedelta | None
    messages: timedelta | None
    mail: timedelta | None
    checkpoints: timedelta | None

    @classmethod
    def from_environment(cls, env: Mapping[str, str] = os.environ) -> Kept:
        """Raises ValueError for what is no number, or less than 0."""
        workers, messages, mail, points = (_number(env, name) for name in _DEFAULTS)
        return cls(
            workers=timedelta(days=workers) or None,
            messages=timedelta(hours=messages) or None,
            mail=timedelta(days=mail) or None,
            checkpoints=timedelta(days=points) or None,
        )


def clear_everywhere(kept: Kept | None = None) -> dict[str, int]:
    """Clear away what has had its time; how many of each. Nothing is where a variable says nonsense: see the log."""
    try:
        kept = kept or Kept.from_environment()
    except ValueError as error:
        logger.error("nothing is cleared away: %s", error)
        return {}
    tenants = [tenant_id for tenant_id, _ in checkpoints.ends()]
    cleared = {"idempotent_answers": everywhere(tenants, _clear_answers, "its answers could not be cleared away")}
    if kept.checkpoints is not None:
        work = partial(_thin_checkpoints, kept.checkpoints)
        cleared["checkpoints"] = everywhere(tenants, work, "its checkpoints could not be thinned out")
    call_command("clearsessions")
    if kept.workers is not None:
        gone, _ = WorkerSeen.objects.filter(seen_at__lt=database_now() - kept.workers).delete()
        cleared["workers"] = gone
    if kept.messages is not None and settings.BROKER_URL.startswith("filesystem:"):
        messages = Path(settings.BROKER_FOLDER) / "messages"
        cleared["messages"] = folder.clear_away(messages, kept.messages.total_seconds(), keep=[CONTROL_QUEUE])
    if kept.mail is not None:
        cleared["mails"] = _clear_mail(kept.mail)
    if any(cleared.values()):
        logger.info("cleared away: %s", ", ".join(f"{count} {what}" for what, count in cleared.items() if count))
    return cleared


def _clear_answers(tenant_id: uuid.UUID) -> int:
    """Needs the tenant's scope."""
    count, _ = IdempotentAnswer.objects.filter(created_at__lt=database_now() - KEPT_FOR).delete()
    if count:
        audit.record(tenant_id, "system", EVENT, "", {"idempotent_answers": count})
    return count


def _thin_checkpoints(kept: timedelta, tenant_id: uuid.UUID) -> int:
    """Needs the tenant's scope."""
    count = thin(tenant_id, database_now() - kept)
    if count:
        audit.record(tenant_id, "system", EVENT, "", {"checkpoints": count})
    return count


def _clear_mail(kept: timedelta) -> int:
    """Files of the mail folder that is used where no mail server is set."""
    place = Path(getattr(settings, "EMAIL_FILE_PATH", "") or os.devnull)
    before, count = time.time() - kept.total_seconds(), 0
    for path in place.glob("*.log"):
        try:
            if path.stat().st_mtime < before:
                path.unlink()
                count += 1
        except OSError as error:
            logger.warning("%s could not be cleared away: %s", path, error)
    return count


def _number(env: Mapping[str, str], name: str) -> float:
    text = env.get(name) or str(_DEFAULTS[name])
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < 36500:
        raise ValueError(f"{name} is {text!r}: give a number from 0 (for ever) on")
    return number
