"""How allauth behaves here: nobody signs up; an owner adds people."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import Http404, HttpRequest, HttpResponse


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is untyped
    """Sign-in by e-mail and password only."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        """People are added by an owner of their company."""
        return False


def no_own_address(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - a view's signature
    """In place of allauth's page for one's addresses: nobody proves that they own one, so nobody may take another's.

    An owner adds people by address; whoever had taken it before would be let in.
    """
    raise Http404
