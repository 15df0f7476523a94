"""Make a company with its first owner, or add a person to a company that is there: operators' work."""

from __future__ import annotations

import secrets
import uuid
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from imprimatur.tenants import selectors, services
from imprimatur.tenants.actor import system_actor
from imprimatur.tenants.errors import DomainError
from imprimatur.tenants.models import User
from imprimatur.tenants.permissions import Role
from imprimatur.tenants.scope import tenant_scope


class Command(BaseCommand):
    """All or nothing: a company never stays behind without its owner."""

    help = (
        "Make the company SLUG with its first owner. If the company is there already, add the person to it. "
        "The password of a new account is printed once; an account that exists keeps its own."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The company, the person, their roles."""
        parser.add_argument("slug", help="short name: small letters, digits, hyphens")
        parser.add_argument("email", help="the person's address")
        parser.add_argument("--name", default="", help="the company's full name; needed for a new company")
        parser.add_argument("--person", default="", help="the person's name")
        parser.add_argument(
            "--role", action="append", choices=[r.value for r in Role], help="repeatable; owner if none"
        )
        parser.add_argument("--language", default="en", choices=["en", "ja"])

    def handle(self, *_: Any, **options: Any) -> None:
        """Provision, add, say the password once."""
        new_account = not User.objects.filter(email__iexact=options["email"]).exists()
        password = secrets.token_urlsafe(18)
        try:
            with transaction.atomic():
                company = _let_in(_company(options["slug"], options["name"]), password, options)
        except DomainError as refused:
            raise CommandError(_sentences(refused)) from refused
        self.stdout.write(f"{company}: {options['email']} may sign in.")
        if new_account:
            self.stdout.write(f"Password, shown this once: {password}")


def _company(slug: str, name: str) -> uuid.UUID:
    if present := selectors.tenant_id_of_slug(slug):
        return present
    if not name.strip():
        raise CommandError(f"There is no company {slug!r} yet: give its full name with --name.")
    return services.provision_tenant(slug, name.strip()).id


def _let_in(tenant_id: uuid.UUID, password: str, options: dict[str, Any]) -> str:
    roles, person = options["role"] or [Role.OWNER], options["person"] or options["email"].partition("@")[0]
    with tenant_scope(tenant_id):
        tenant = selectors.tenant()
        services.add_member(
            system_actor(tenant_id), tenant, options["email"], password, person, roles, options["language"]
        )
        return tenant.name


def _sentences(refused: DomainError) -> str:
    details = [str(error["message"]) for error in getattr(refused, "errors", [])]
    return " ".join(details) or str(refused)
