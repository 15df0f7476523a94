"""The tenant is entered once, at the edge. Outside, a query on a tenant's rows raises.

Two guards: the manager of `TenantModel` filters by the entered tenant, and Postgres' row-level security sees only the
rows of `app.tenant`, which lasts exactly as long as the scope that set it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import connection, transaction
from psycopg.pq import TransactionStatus

_current: ContextVar[uuid.UUID | None] = ContextVar("tenant", default=None)


class UnscopedQuery(RuntimeError):
    """A tenant's rows were queried outside `tenant_scope()`. Enter the scope at the edge: view, task or command."""


class ScopeMismatch(RuntimeError):
    """A second tenant's scope was entered inside the first one's."""


@contextmanager
def tenant_scope(tenant_id: uuid.UUID) -> Iterator[uuid.UUID]:
    """Open a transaction in which only this tenant's rows exist. Re-entering the same tenant nests a savepoint."""
    entered = _current.get()
    if entered is not None and entered != tenant_id:
        raise ScopeMismatch(f"scope of tenant {entered} is still open")
    inside_transaction = connection.in_atomic_block
    with transaction.atomic():
        token = _current.set(tenant_id)
        try:
            _set(str(tenant_id))
            yield tenant_id
            # Commit forgets the setting; an outer transaction would keep it, so it is taken back by hand.
            if inside_transaction and entered is None and _transaction_is_sound():
                _set("")
        finally:
            _current.reset(token)


def current_tenant_id() -> uuid.UUID:
    """The entered tenant; UnscopedQuery outside a scope."""
    tenant_id = _current.get()
    if tenant_id is None:
        raise UnscopedQuery("enter tenant_scope(tenant_id) before touching a tenant's rows")
    return tenant_id


def _transaction_is_sound() -> bool:
    return connection.connection.info.transaction_status == TransactionStatus.INTRANS and not connection.needs_rollback


def _set(value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.tenant', %s, true)", [value])
