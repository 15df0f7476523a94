"""From an empty embedded Postgres to a database with both roles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from imprimatur.tenants.roles import APP, OWNER, make_database

if TYPE_CHECKING:
    from imprimatur.embedded.postgres import Postgres


@dataclass(frozen=True)
class Addresses:
    """Connection URLs: the app's, the owner's (migrations) and the superuser's."""

    app: str
    owner: str
    superuser: str


def create_database(server: Postgres, name: str, owner_password: str, app_password: str) -> Addresses:
    """Create roles and database where they are missing; set both passwords. The server must run."""
    make_database(server.url("postgres", server.password, "postgres"), name, owner_password, app_password)
    return Addresses(
        server.url(APP, app_password, name),
        server.url(OWNER, owner_password, name),
        server.url("postgres", server.password, name),
    )


def demo_people(addresses: Addresses) -> list[tuple[str, str, str]]:
    """Company, address and roles of the people of the demo companies (addresses end in `.example`)."""
    import psycopg

    if not addresses.superuser:
        return []
    question = (
        "SELECT t.name, u.email, array_to_string(m.roles, ', ') FROM tenants_membership m"
        " JOIN tenants_user u ON u.id = m.user_id JOIN tenants_tenant t ON t.id = m.tenant_id"
        " WHERE u.email LIKE '%.example' ORDER BY t.created_at, m.created_at"
    )
    with psycopg.connect(addresses.superuser) as connection:
        return connection.execute(question).fetchall()
