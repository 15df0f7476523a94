"""Hand a message to the mail server while somebody waits, who is told when it is not taken.

What nobody waits for is written down first, and tried until it is taken: `rights.mails`.
"""

from __future__ import annotations

from smtplib import SMTPException

from django.core.mail import EmailMessage
from django.utils.translation import gettext_lazy as _

from imprimatur.tenants.errors import DomainError


class MailNotTaken(DomainError):
    """The mail server did not take the message."""

    def __init__(self) -> None:
        sentence = _("The mail server did not take the message, so nothing was changed. Try again later.")
        super().__init__("mail_not_taken", sentence, 503)


def send_now(subject: str, text: str, address: str) -> None:
    """For somebody who waits. MailNotTaken undoes their transaction, too, so send it last."""
    try:
        EmailMessage(subject, text, to=[address]).send()
    except (SMTPException, OSError) as error:
        raise MailNotTaken from error
