"""People who verify, and short ways through the levels, for tests of verification."""

import datetime as dt
from decimal import Decimal
from typing import Any, Final

from projects.actions.drafts import VisitDraft
from projects.actions.verification import verify_site
from projects.models import Membership, Site, User, Verification, VerificationScheme
from projects.permissions.access import Access
from projects.readmodels.verifying import checklist_of
from projects.rules.checklists import YES, Item, ItemType
from projects.rules.vocabulary import CheckLevel, CheckResult, Role, Stage
from tests.factories import World

SELF, DEPARTMENT, SPOT, REVISIT = CheckLevel
PASSED, RETURNED, UNREACHABLE, USABLE, UNUSABLE = CheckResult
VISITED: Final = dt.date(2024, 6, 10)

#: Name, role, county, department.
PEOPLE: Final = (
    ("haishu2", Role.DISTRICT_EDITOR, "330203", None),
    ("civil", Role.DEPARTMENT_EDITOR, None, "civil"),
    ("verifier", Role.VERIFIER, None, None),
    ("verifier2", Role.VERIFIER, None, None),
    ("verifier-yinzhou", Role.VERIFIER, "330212", None),
)
#: Who looks on which level.
LOOKS: Final = {SELF: "haishu2", DEPARTMENT: "civil", SPOT: "verifier", REVISIT: "verifier2"}


def add_people(world: World) -> None:
    for name, role, county, department in PEOPLE:
        user = User.objects.create_user(username=name, password="x", is_staff=True)
        Membership.objects.create(
            user=user,
            role=role.value,
            division=world.counties[county] if county else None,
            department=world.departments[department] if department else None,
        )
        world.users[name] = user


def finished(world: World, **changes: Any) -> Site:
    """Counts towards a target, finished on 2024-06-01, planned until the end of June."""
    return world.add(
        world.planned(
            **{
                "stage": Stage.FINISHED,
                "started_on": dt.date(2024, 1, 5),
                "finished_on": dt.date(2024, 6, 1),
                **changes,
            }
        )
    )[0]


def good(item: Item) -> str:
    """An answer that lets a site pass."""
    return {ItemType.YES_NO: YES, ItemType.NUMBER: "1"}.get(item.type, "有")


def visit(
    access: Access,
    site: Site,
    level: CheckLevel,
    result: CheckResult = PASSED,
    day: dt.date = VISITED,
    **values: Any,
) -> Verification:
    if result in (RETURNED, UNUSABLE, UNREACHABLE):
        values.setdefault("reasons", "与上报不符")
    if values.get("stage_after") is Stage.BUILDING:
        values.setdefault("percent", Decimal(60))
    newest = checklist_of(site)
    if newest is not None and "checklist_id" not in values and result in (PASSED, USABLE):
        values |= {
            "checklist_id": newest.pk,
            "answers": {item.key: good(item) for item in newest.read_items()},
        }
    return verify_site(
        access=access,
        site_id=site.pk,
        expected_version=Site.objects.get(pk=site.pk).version,
        visit=VisitDraft(level, result, day, **values),
    )


def through(world: World, site: Site, *levels: CheckLevel, day: dt.date = VISITED) -> Site:
    """Passed on these levels by the people who look on them."""
    for level in levels:
        visit(world.access(LOOKS[level]), site, level, day=day)
    return Site.objects.get(pk=site.pk)


def scheme(world: World, **values: Any) -> VerificationScheme:
    return VerificationScheme.objects.create(programme=world.programme, **values)
