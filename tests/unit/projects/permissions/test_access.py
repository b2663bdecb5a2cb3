"""Role by permission, one table; scope, second person, and everything that must be refused."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from projects.permissions.access import (
    ANONYMOUS,
    ROLE_PERMISSIONS,
    Access,
    Grant,
    Permission,
    Scope,
    Target,
    departments_for,
    divisions_for,
    holds,
    may,
    may_publish,
    may_verify,
    scopes_for,
)
from projects.rules.vocabulary import CheckLevel, Role

ZHENHAI, CIXI = 11, 82
TRANSPORT, HEALTH = 1, 2
SITE = Target(division_id=ZHENHAI, department_ids=frozenset({TRANSPORT}), created_by=7)

# One letter a role: D district editor, P department editor, V verifier, S supervisor, A administrator,
# U publisher.
# D and P may delete only what they created themselves.
TABLE = {
    "site.view_internal": "DPVSAU",
    "site.add": "DPA",
    "site.change": "DPA",
    "site.delete": "A",
    "site.submit": "DPA",
    "site.publish": "AU",
    "site.report": "DPA",
    "site.self_check": "DA",
    "site.department_check": "PA",
    "site.verify": "VA",
    "sample.view": "VSA",
    "sample.draw": "SA",
    "site.reschedule": "SA",
    "indicator.report": "DPA",
    "funding.report": "DPA",
    "order.issue": "SA",
    "order.review": "SA",
    "order.answer": "DPA",
    "feedback.handle": "DPSA",
    "programme.change": "A",
    "period.close": "A",
    "policy.change": "A",
    "division.change": "A",
    "membership.change": "A",
    "import.run": "DPA",
    "audit.view": "SA",
    "photo.original": "VSA",
    "area.store": "DPVSAU",
}
LETTERS = {
    "D": Role.DISTRICT_EDITOR,
    "P": Role.DEPARTMENT_EDITOR,
    "V": Role.VERIFIER,
    "S": Role.SUPERVISOR,
    "A": Role.ADMINISTRATOR,
    "U": Role.PUBLISHER,
}


def member(role: Role, user_id: int = 1) -> Access:
    """Somebody with that role in 镇海 (a department editor: for transport)."""
    if role is Role.DEPARTMENT_EDITOR:
        return Access(user_id, (Grant(role, None, frozenset({TRANSPORT})),))
    return Access(user_id, (Grant(role, frozenset({ZHENHAI})),))


def test_the_table_is_complete() -> None:
    assert set(TABLE) == {permission.value for permission in Permission}
    assert set(LETTERS.values()) == set(Role) == set(ROLE_PERMISSIONS)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("permission", Permission)
def test_role_by_permission(role: Role, permission: Permission) -> None:
    allowed = role in {LETTERS[letter] for letter in TABLE[permission]}
    assert may(member(role), permission, SITE) is allowed
    elsewhere = Target(division_id=CIXI, department_ids=frozenset({HEALTH}))
    assert may(member(role), permission, elsewhere) is False
    assert may(ANONYMOUS, permission, SITE) is False


@pytest.mark.parametrize("role", [Role.DISTRICT_EDITOR, Role.DEPARTMENT_EDITOR])
def test_one_may_take_back_what_one_created(role: Role) -> None:
    assert may(member(role, user_id=7), Permission.SITE_DELETE, SITE)
    assert not may(member(role, user_id=8), Permission.SITE_DELETE, SITE)
    moved = Target(division_id=CIXI, department_ids=frozenset({HEALTH}), created_by=7)
    assert not may(member(role, user_id=7), Permission.SITE_DELETE, moved)
    assert holds(member(role), Permission.SITE_DELETE)
    assert divisions_for(member(role, user_id=7), Permission.SITE_DELETE) == frozenset()


@pytest.mark.parametrize(
    "access",
    [
        ANONYMOUS,
        Access(1, ()),
        Access(1, (Grant(Role.ADMINISTRATOR),), is_active=False),
        Access(None, (Grant(Role.ADMINISTRATOR),)),
    ],
    ids=["anonymous", "no grant", "inactive", "nobody"],
)
@pytest.mark.parametrize("permission", Permission)
def test_without_a_live_grant_nothing_is_allowed(access: Access, permission: Permission) -> None:
    assert not may(access, permission, SITE)
    assert not may(access, permission, Target())
    assert not holds(access, permission)
    assert divisions_for(access, permission) == departments_for(access, permission) == frozenset()
    assert not may_publish(access, submitted_by=5)


def test_an_unknown_word_raises() -> None:
    unknown: Any = "site.chnage"
    for ask in (
        lambda: may(ANONYMOUS, unknown, SITE),
        lambda: divisions_for(ANONYMOUS, unknown),
        lambda: departments_for(ANONYMOUS, unknown),
        lambda: holds(ANONYMOUS, unknown),
        lambda: Grant(unknown),
    ):
        with pytest.raises(ValueError, match=r"site\.chnage"):
            ask()


def test_a_forgotten_limit_is_not_the_whole_city() -> None:
    with pytest.raises(ValueError, match="divisions"):
        Grant(Role.DISTRICT_EDITOR)
    with pytest.raises(ValueError, match="departments"):
        Grant(Role.DEPARTMENT_EDITOR, divisions=frozenset({ZHENHAI}))


def test_what_belongs_nowhere_is_covered_by_an_unlimited_grant_only() -> None:
    assert not may(member(Role.DISTRICT_EDITOR), Permission.SITE_CHANGE, Target())
    assert not may(member(Role.DEPARTMENT_EDITOR), Permission.SITE_CHANGE, Target())
    assert may(Access(1, (Grant(Role.ADMINISTRATOR),)), Permission.SITE_CHANGE, Target())


def test_a_grant_limited_both_ways_needs_both() -> None:
    both = Access(1, (Grant(Role.DEPARTMENT_EDITOR, frozenset({ZHENHAI}), frozenset({TRANSPORT})),))
    assert may(both, Permission.SITE_CHANGE, SITE)
    assert not may(both, Permission.SITE_CHANGE, Target(ZHENHAI, frozenset({HEALTH})))
    assert not may(both, Permission.SITE_CHANGE, Target(CIXI, frozenset({TRANSPORT})))
    assert (
        divisions_for(both, Permission.SITE_CHANGE)
        == departments_for(both, Permission.SITE_CHANGE)
        == frozenset()
    )


@pytest.mark.parametrize(
    ("grants", "divisions"),
    [
        ((), frozenset()),
        ((Grant(Role.DISTRICT_EDITOR, frozenset({ZHENHAI})),), frozenset({ZHENHAI})),
        (
            (
                Grant(Role.DISTRICT_EDITOR, frozenset({ZHENHAI})),
                Grant(Role.DISTRICT_EDITOR, frozenset({CIXI})),
            ),
            frozenset({ZHENHAI, CIXI}),
        ),
        # A role without the permission adds nothing.
        ((Grant(Role.DISTRICT_EDITOR, frozenset({ZHENHAI})), Grant(Role.SUPERVISOR)), frozenset({ZHENHAI})),
        # A department's rows are no whole division: never widened to "everywhere".
        ((Grant(Role.DEPARTMENT_EDITOR, None, frozenset({TRANSPORT})),), frozenset()),
        ((Grant(Role.ADMINISTRATOR),), None),
        ((Grant(Role.DISTRICT_EDITOR, frozenset({CIXI})), Grant(Role.ADMINISTRATOR)), None),
    ],
)
def test_divisions_for_a_queryset(grants: tuple[Grant, ...], divisions: frozenset[int] | None) -> None:
    assert divisions_for(Access(1, grants), Permission.SITE_CHANGE) == divisions


def test_departments_for_a_queryset() -> None:
    access = member(Role.DEPARTMENT_EDITOR)
    assert departments_for(access, Permission.SITE_CHANGE) == frozenset({TRANSPORT})
    assert scopes_for(access, Permission.SITE_CHANGE) == (Scope(None, frozenset({TRANSPORT})),)
    assert departments_for(Access(1, (Grant(Role.ADMINISTRATOR),)), Permission.SITE_CHANGE) is None


@pytest.mark.parametrize(
    ("user_id", "submitted_by", "allowed"),
    [
        (1, 2, True),
        (1, 1, False),  # publishing takes a second person
        (1, None, False),  # nobody known handed it over
    ],
)
@pytest.mark.parametrize("role", [Role.PUBLISHER, Role.ADMINISTRATOR])
def test_publishing_takes_a_second_person(
    role: Role, user_id: int, submitted_by: int | None, allowed: bool
) -> None:
    assert may_publish(Access(user_id, (Grant(role),)), submitted_by) is allowed
    assert may_publish(member(role, user_id), submitted_by, SITE) is allowed
    # Who publishes for one division does not publish for the city, nor for another.
    assert not may_publish(member(role, user_id), submitted_by)
    assert not may_publish(member(role, user_id), submitted_by, Target(division_id=CIXI))


def test_an_editor_publishes_nothing() -> None:
    assert not may_publish(member(Role.DISTRICT_EDITOR), 2, SITE)


def test_nobody_verifies_what_they_reported() -> None:
    verifier = member(Role.VERIFIER, user_id=3)
    assert may_verify(verifier, frozenset({4, 5}), SITE)
    assert not may_verify(verifier, frozenset({3, 4}), SITE)
    assert not may_verify(member(Role.DISTRICT_EDITOR), frozenset(), SITE)


@pytest.mark.parametrize("level", CheckLevel)
@pytest.mark.parametrize("role", Role)
def test_each_level_of_verification_has_its_roles(role: Role, level: CheckLevel) -> None:
    lookers = {
        CheckLevel.SELF_CHECK: {Role.DISTRICT_EDITOR},
        CheckLevel.DEPARTMENT_CHECK: {Role.DEPARTMENT_EDITOR},
        CheckLevel.SPOT_CHECK: {Role.VERIFIER},
        CheckLevel.REVISIT: {Role.VERIFIER},
    }[level] | {Role.ADMINISTRATOR}
    assert may_verify(member(role), frozenset({9}), SITE, level) is (role in lookers)
    assert not may_verify(member(role), frozenset({1}), SITE, level)


ids = st.integers(1, 4)
limits = st.none() | st.frozensets(ids)
grants = st.one_of(
    st.builds(
        Grant,
        st.sampled_from(sorted(set(Role) - {Role.DISTRICT_EDITOR, Role.DEPARTMENT_EDITOR})),
        limits,
        limits,
    ),
    st.builds(Grant, st.just(Role.DISTRICT_EDITOR), st.frozensets(ids), limits),
    st.builds(Grant, st.just(Role.DEPARTMENT_EDITOR), limits, st.frozensets(ids)),
)
accesses = st.builds(Access, st.none() | ids, st.lists(grants, max_size=3).map(tuple), st.booleans())
targets = st.builds(Target, st.none() | ids, st.frozensets(ids), st.none() | ids)


@given(accesses, st.sampled_from(Permission), targets)
def test_querysets_never_reach_further_than_may(
    access: Access, permission: Permission, target: Target
) -> None:
    allowed = may(access, permission, target)
    divisions = divisions_for(access, permission)
    if divisions is None or target.division_id in divisions:
        assert allowed
    departments = departments_for(access, permission)
    if departments is None or departments & target.department_ids:
        assert allowed
    if any(scope.covers(target) for scope in scopes_for(access, permission)):
        assert allowed


@given(accesses, grants, st.sampled_from(Permission), targets)
def test_a_further_grant_never_takes_anything_away(
    access: Access, grant: Grant, permission: Permission, target: Target
) -> None:
    wider = Access(access.user_id, (*access.grants, grant), access.is_active)
    assert may(wider, permission, target) or not may(access, permission, target)
