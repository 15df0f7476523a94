"""A small world for tests, walked up by the real services, so that no test starts from an impossible row.

aozora: alice (creator), rita and ravi (reviewers), olive (owner), gordon (rights manager), ada (auditor).
northwind: charlie, an outsider to aozora who may do everything at home.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.test import Client
from imprimatur.tenants.actor import Actor, actor_for, actor_for_key, system_actor
from imprimatur.tenants.models import ApiKey, Tenant, User
from imprimatur.tenants.permissions import Permission, Role
from imprimatur.tenants.scope import tenant_scope
from imprimatur.tenants.services import add_member, create_api_key, provision_tenant

KEY_SCOPES = [Permission.VIEW, Permission.UPLOAD_REFERENCE, Permission.GENERATE, Permission.RELEASE]


@dataclass(frozen=True)
class World:
    """Two companies and their people."""

    password: str
    aozora: Tenant
    northwind: Tenant
    alice: User
    rita: User
    ravi: User
    olive: User
    gordon: User
    ada: User
    charlie: User

    def actor(self, user: User) -> Actor:
        """The person acting at home (charlie in northwind, everybody else in aozora)."""
        home = self.northwind if user == self.charlie else self.aozora
        with tenant_scope(home.id):
            return actor_for(user, home.id)

    def client(self, user: User) -> Client:
        """A browser in which the person is signed in."""
        client = Client()
        client.force_login(user)
        return client

    def key(self, scopes: list[Permission] | None = None, owner: User | None = None) -> tuple[ApiKey, str]:
        """An API key of aozora and its secret, made by a member who is owner and creator."""
        maker = owner or self.keymaker()
        with tenant_scope(self.aozora.id):
            return create_api_key(actor_for(maker, self.aozora.id), "Campaign tool", scopes or KEY_SCOPES)

    def key_actor(self, scopes: list[Permission] | None = None) -> Actor:
        """A key, acting."""
        key, _ = self.key(scopes)
        with tenant_scope(self.aozora.id):
            return actor_for_key(key)

    def keymaker(self) -> User:
        """A member who may make keys and generate."""
        return member(self.aozora, "kenji", [Role.OWNER, Role.CREATOR], self.password)


def member(tenant: Tenant, name: str, roles: list[Role], password: str, language: str = "en") -> User:
    """One more person in the company (or the one of that name, if there already)."""
    email = f"{name}@{tenant.slug}.example"
    with tenant_scope(tenant.id):
        known = User.objects.filter(email=email).first()
        if known is not None:
            return known
        return add_member(system_actor(tenant.id), tenant, email, password, name.title(), roles, language=language).user


def build_world(password: str) -> World:
    """Provision both companies and their people."""
    aozora = provision_tenant("aozora", "Aozora Tea")
    northwind = provision_tenant("northwind", "Northwind Optics")
    every_role = [Role.OWNER, Role.CREATOR, Role.REVIEWER, Role.RIGHTS_MANAGER]
    return World(
        password=password,
        aozora=aozora,
        northwind=northwind,
        alice=member(aozora, "alice", [Role.CREATOR], password),
        rita=member(aozora, "rita", [Role.REVIEWER], password, "ja"),
        ravi=member(aozora, "ravi", [Role.REVIEWER], password),
        olive=member(aozora, "olive", [Role.OWNER], password),
        gordon=member(aozora, "gordon", [Role.RIGHTS_MANAGER], password),
        ada=member(aozora, "ada", [Role.AUDITOR], password),
        charlie=member(northwind, "charlie", every_role, password),
    )
