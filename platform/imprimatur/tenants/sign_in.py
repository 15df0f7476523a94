"""How allauth behaves here: nobody signs up, people come by invitation; a forgotten password is replaced by mail."""

from __future__ import annotations

import logging
from smtplib import SMTPException
from threading import Thread
from typing import Any, Final

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context as allauth_context
from django.core.mail import EmailMessage
from django.http import Http404, HttpRequest, HttpResponse

logger: Final = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is untyped
    """Sign-in by e-mail and password only."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        """People come by an invitation of their company."""
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write the mail now and hand it over apart: how long an answer takes shall not tell who has an account."""
        request = allauth_context.request
        message = self.render_mail(template_prefix, email, {"request": request, "email": email, **context})
        Thread(target=_hand_over, args=(message,), name="mail").start()


def _hand_over(message: EmailMessage) -> None:
    try:
        message.send()
    except (SMTPException, OSError):
        logger.exception("a mail of the sign-in pages was not taken by the mail server")


def no_own_address(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a view's signature
    """In place of allauth's page for one's addresses: nobody proves that they own one, so nobody may take another's.

    Owners invite by address; whoever had taken it before would be let in.
    """
    raise Http404
