"""May this person do this at all? Roles a lawyer can read; rights to a subject are `governance.policy`'s question."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from django.utils.translation import gettext_lazy as _


class Role(StrEnum):
    """What a member is for. A member may hold several."""

    OWNER = "owner"
    CREATOR = "creator"
    REVIEWER = "reviewer"
    RIGHTS_MANAGER = "rights_manager"
    AUDITOR = "auditor"


ROLE_LABELS: Final = {
    Role.OWNER: _("Owner"),
    Role.CREATOR: _("Creator"),
    Role.REVIEWER: _("Reviewer"),
    Role.RIGHTS_MANAGER: _("Rights manager"),
    Role.AUDITOR: _("Auditor"),
}


class Permission(StrEnum):
    """One thing a member may be allowed to do."""

    VIEW = "view"
    UPLOAD_REFERENCE = "upload_reference"
    EDIT_TEMPLATE = "edit_template"
    APPROVE_TEMPLATE = "approve_template"
    GENERATE = "generate"
    DECIDE = "decide"
    RELEASE = "release"
    MANAGE_RIGHTS = "manage_rights"
    VIEW_AUDIT = "view_audit"
    MANAGE_TENANT = "manage_tenant"


# `"text" in Enum` is an error before Python 3.12, hence the values by themselves.
ROLE_VALUES: Final = frozenset(role.value for role in Role)
PERMISSION_VALUES: Final = frozenset(permission.value for permission in Permission)

_ALL_MEMBERS: Final = frozenset({Permission.VIEW})

PERMISSIONS_OF: Final[dict[Role, frozenset[Permission]]] = {
    Role.OWNER: _ALL_MEMBERS
    | {
        Permission.MANAGE_TENANT,
        Permission.VIEW_AUDIT,
        Permission.APPROVE_TEMPLATE,
        Permission.RELEASE,
    },
    Role.CREATOR: _ALL_MEMBERS
    | {Permission.UPLOAD_REFERENCE, Permission.EDIT_TEMPLATE, Permission.GENERATE, Permission.RELEASE},
    Role.REVIEWER: _ALL_MEMBERS | {Permission.DECIDE, Permission.APPROVE_TEMPLATE},
    Role.RIGHTS_MANAGER: _ALL_MEMBERS | {Permission.MANAGE_RIGHTS, Permission.VIEW_AUDIT},
    Role.AUDITOR: _ALL_MEMBERS | {Permission.VIEW_AUDIT},
}


def permissions_of(roles: list[str]) -> frozenset[Permission]:
    """Everything the roles together allow. An unknown role allows nothing."""
    known = [Role(r) for r in roles if r in ROLE_VALUES]
    return frozenset().union(*(PERMISSIONS_OF[r] for r in known))
