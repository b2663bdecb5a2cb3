"""Who may do what, where: pure functions over a frozen `Access`, one table, no database.

`models` builds an `Access` from a user's memberships; everything else asks the functions below. A division is
asked by the one that *manages* a row (`managed_by`), never by where it lies. Everything fails closed: no
grant, an inactive user, a target without the division or department that a grant is limited to, all mean no.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from projects.rules.vocabulary import CheckLevel, Role


class Permission(StrEnum):
    """Everything that can be allowed. A word that is not here raises ValueError wherever it is used."""

    SITE_VIEW_INTERNAL = "site.view_internal"  # drafts, lights, reasons and problems of sites
    SITE_ADD = "site.add"
    SITE_CHANGE = "site.change"
    SITE_DELETE = "site.delete"  # mark as deleted; rows are never removed
    SITE_SUBMIT = "site.submit"  # hand a draft over for publication
    SITE_PUBLISH = "site.publish"  # publish or withdraw; takes a second person: see may_publish
    SITE_REPORT = "site.report"  # report progress, stage and service of a site
    SITE_SELF_CHECK = "site.self_check"  # the district checks what it declared complete: see may_verify
    SITE_DEPARTMENT_CHECK = "site.department_check"  # the department does; never one's own report
    SITE_VERIFY = "site.verify"  # the city's spot check, and the re-visit after opening
    SAMPLE_VIEW = "sample.view"  # samples with their seed and results, within one's own scope
    SAMPLE_DRAW = "sample.draw"  # state a seed, draw, accept the round
    SITE_RESCHEDULE = "site.reschedule"  # record an approved change of plan
    INDICATOR_REPORT = "indicator.report"
    FUNDING_REPORT = "funding.report"
    ORDER_ISSUE = "order.issue"
    ORDER_REVIEW = "order.review"  # close an order or send it back; never what one reported back oneself
    ORDER_ANSWER = "order.answer"  # sign for an order and report back: only whom it was given to
    FEEDBACK_HANDLE = "feedback.handle"
    PROGRAMME_CHANGE = "programme.change"  # categories, indicators, targets, published figures
    PERIOD_CLOSE = "period.close"
    POLICY_CHANGE = "policy.change"
    DIVISION_CHANGE = "division.change"
    MEMBERSHIP_CHANGE = "membership.change"
    IMPORT_RUN = "import.run"  # every row is checked for its own division besides
    AUDIT_VIEW = "audit.view"
    PHOTO_ORIGINAL = "photo.original"  # a photo as it was handed in, and where it and its sender were
    AREA_STORE = "area.store"  # keep a drawn polygon to filter by; everybody who sees internal sites


_EDITING: Final = frozenset(
    {
        Permission.SITE_VIEW_INTERNAL,
        Permission.SITE_ADD,
        Permission.SITE_CHANGE,
        Permission.SITE_SUBMIT,
        Permission.SITE_REPORT,
        Permission.INDICATOR_REPORT,
        Permission.FUNDING_REPORT,
        Permission.IMPORT_RUN,
        Permission.FEEDBACK_HANDLE,
        Permission.AREA_STORE,
    }
)

ROLE_PERMISSIONS: Final[Mapping[Role, frozenset[Permission]]] = MappingProxyType(
    {
        Role.DISTRICT_EDITOR: _EDITING | {Permission.SITE_SELF_CHECK, Permission.ORDER_ANSWER},
        Role.DEPARTMENT_EDITOR: _EDITING | {Permission.SITE_DEPARTMENT_CHECK, Permission.ORDER_ANSWER},
        Role.VERIFIER: frozenset(
            {
                Permission.SITE_VIEW_INTERNAL,
                Permission.SITE_VERIFY,
                Permission.SAMPLE_VIEW,
                Permission.PHOTO_ORIGINAL,
                Permission.AREA_STORE,
            }
        ),
        Role.SUPERVISOR: frozenset(
            {
                Permission.SITE_VIEW_INTERNAL,
                Permission.SITE_RESCHEDULE,
                Permission.ORDER_ISSUE,
                Permission.ORDER_REVIEW,
                Permission.FEEDBACK_HANDLE,
                Permission.AUDIT_VIEW,
                Permission.PHOTO_ORIGINAL,
                Permission.AREA_STORE,
                Permission.SAMPLE_VIEW,
                Permission.SAMPLE_DRAW,
            }
        ),
        Role.PUBLISHER: frozenset(
            {Permission.SITE_VIEW_INTERNAL, Permission.SITE_PUBLISH, Permission.AREA_STORE}
        ),
        Role.ADMINISTRATOR: frozenset(Permission),
    }
)
"""The one table. A role grants these within the divisions and departments of its grant."""

LEVEL_PERMISSIONS: Final[Mapping[CheckLevel, Permission]] = MappingProxyType(
    {
        CheckLevel.SELF_CHECK: Permission.SITE_SELF_CHECK,
        CheckLevel.DEPARTMENT_CHECK: Permission.SITE_DEPARTMENT_CHECK,
        CheckLevel.SPOT_CHECK: Permission.SITE_VERIFY,
        CheckLevel.REVISIT: Permission.SITE_VERIFY,
    }
)
"""What each level of verification takes."""

OWN_PERMISSIONS: Final[Mapping[Role, frozenset[Permission]]] = MappingProxyType(
    {
        Role.DISTRICT_EDITOR: frozenset({Permission.SITE_DELETE}),
        Role.DEPARTMENT_EDITOR: frozenset({Permission.SITE_DELETE}),
    }
)
"""Allowed besides, but only on rows that the same person created (to take back a slip of one's own)."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One role, within divisions and departments (ids; None = not limited by it).

    `divisions` holds every division covered, descendants included: whoever builds it expands the tree. A
    district editor must be limited to divisions and a department editor to departments (ValueError
    otherwise), so that a forgotten limit never means the whole city. An unknown role raises ValueError.
    """

    role: Role
    divisions: frozenset[int] | None = None
    departments: frozenset[int] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "role", Role(self.role))
        if self.role is Role.DISTRICT_EDITOR and self.divisions is None:
            raise ValueError("a district editor's grant must name its divisions")
        if self.role is Role.DEPARTMENT_EDITOR and self.departments is None:
            raise ValueError("a department editor's grant must name its departments")


@dataclass(frozen=True, slots=True)
class Access:
    """What a person holds. With `user_id` None (nobody in particular) no grant counts."""

    user_id: int | None
    grants: tuple[Grant, ...] = ()
    is_active: bool = True


ANONYMOUS: Final = Access(user_id=None, grants=(), is_active=False)


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be acted on: the division that manages it, its departments (lead and co-), who created it.

    `Target()` stands for the city as a whole: only a grant that is not limited covers it.
    """

    division_id: int | None = None
    department_ids: frozenset[int] = frozenset()
    created_by: int | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """Rows that a grant reaches: in one of `divisions` AND of one of `departments` (None = any)."""

    divisions: frozenset[int] | None
    departments: frozenset[int] | None

    def covers(self, target: Target) -> bool:
        """Whether `target` lies within."""
        in_division = self.divisions is None or target.division_id in self.divisions
        return in_division and (
            self.departments is None or not self.departments.isdisjoint(target.department_ids)
        )


def scopes_for(access: Access, permission: Permission) -> tuple[Scope, ...]:
    """Where `access` holds `permission`: a row is allowed when any of these covers it; () is nowhere.

    This is the complete answer for querysets. It leaves out what is allowed on one's own rows only.
    """
    permission = Permission(permission)
    return tuple(
        Scope(grant.divisions, grant.departments)
        for grant in _grants(access)
        if permission in ROLE_PERMISSIONS[grant.role]
    )


def divisions_for(access: Access, permission: Permission) -> frozenset[int] | None:
    """Divisions all of whose rows `access` may treat so; None = everywhere, empty = nowhere.

    A grant that is limited to departments gives no whole division and adds nothing here: use `scopes_for`.
    """
    allowed: frozenset[int] = frozenset()
    for scope in scopes_for(access, permission):
        if scope.departments is not None:
            continue
        if scope.divisions is None:
            return None
        allowed |= scope.divisions
    return allowed


def departments_for(access: Access, permission: Permission) -> frozenset[int] | None:
    """Departments all of whose rows, in every division, `access` may treat so; None = all, empty = none."""
    allowed: frozenset[int] = frozenset()
    for scope in scopes_for(access, permission):
        if scope.divisions is not None:
            continue
        if scope.departments is None:
            return None
        allowed |= scope.departments
    return allowed


def holds(access: Access, permission: Permission) -> bool:
    """Whether `access` has `permission` anywhere at all: for showing a menu, never for allowing a write."""
    permission = Permission(permission)
    return any(
        permission in ROLE_PERMISSIONS[grant.role] or permission in _own(grant.role)
        for grant in _grants(access)
    )


def may(access: Access, permission: Permission, target: Target) -> bool:
    """Whether `access` may do `permission` to `target`. ValueError for an unknown permission.

    Publishing and verifying have a rule besides: ask `may_publish`, `may_verify`.
    """
    if any(scope.covers(target) for scope in scopes_for(access, permission)):
        return True
    own = access.user_id is not None and access.user_id == target.created_by
    return own and any(
        permission in _own(grant.role) and Scope(grant.divisions, grant.departments).covers(target)
        for grant in _grants(access)
    )


def may_publish(access: Access, submitted_by: int | None, target: Target | None = None) -> bool:
    """Whether `access` may publish what `submitted_by` handed over: publishing takes a second person.

    Nobody publishes their own submission, whatever their role, nor what no known person submitted. Without a
    `target` the city as a whole is meant.
    """
    if submitted_by is None or access.user_id == submitted_by:
        return False
    return may(access, Permission.SITE_PUBLISH, target or Target())


def may_verify(
    access: Access, reported_by: frozenset[int], target: Target, level: CheckLevel = CheckLevel.SPOT_CHECK
) -> bool:
    """Whether `access` may verify `target` on a level: nobody verifies what they reported themselves.

    Nor on two levels: whoever looked on another one is handed in with `reported_by`.
    """
    return access.user_id not in reported_by and may(access, LEVEL_PERMISSIONS[level], target)


def _grants(access: Access) -> tuple[Grant, ...]:
    return access.grants if access.is_active and access.user_id is not None else ()


def _own(role: Role) -> frozenset[Permission]:
    return OWN_PERMISSIONS.get(role, frozenset())
