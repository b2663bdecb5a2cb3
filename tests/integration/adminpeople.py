"""Who walks through the addresses of staff, in which world, and what they ask in the address."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.apps import apps

from projects.models import ChangeHead, Department, Feedback, Membership, Site, User
from tests.factories import World
from tests.integration.adminrows import MARK, OTHER, OWN, Rows
from tests.integration.adminwalk import Walker

#: What is searched for: pages say what was typed, and must say no more of the mark than that.
PART: Final = MARK[:-1]


@dataclass(frozen=True)
class Stage:
    """The world, its rows, and who walks through it."""

    world: World
    rows: Rows
    people: dict[str, Walker]


def more_people(world: World) -> None:
    own, other = world.counties[OWN], world.counties[OTHER]
    energy = Department.objects.get(code="energy")
    yesterday, tomorrow = dt.date.today() - dt.timedelta(1), dt.date.today() + dt.timedelta(1)
    cast: tuple[tuple[str, list[dict[str, Any]]], ...] = (
        ("haishu-admin", [{"role": "administrator", "division": own}]),
        ("haishu-supervisor", [{"role": "supervisor", "division": own}]),
        ("haishu-publisher", [{"role": "publisher", "division": own}]),
        ("haishu-verifier", [{"role": "verifier", "division": own}]),
        ("energy-haishu", [{"role": "department_editor", "division": own, "department": energy}]),
        ("verifier", [{"role": "verifier"}]),
        ("half-expired", [{"role": "district_editor", "division": own},
                          {"role": "district_editor", "division": other, "valid_to": yesterday},
                          {"role": "supervisor", "division": other, "valid_from": tomorrow}]),
        ("ended", [{"role": "district_editor", "division": other, "valid_to": yesterday}]),
        ("inactive", [{"role": "administrator"}]),
        ("no-staff", [{"role": "administrator"}]),
    )  # fmt: skip
    for name, roles in cast:
        user = User.objects.create_user(
            username=name, password="x", is_staff=name != "no-staff", is_active=name != "inactive"
        )
        for role in roles:
            Membership.objects.create(user=user, **role)
        world.users[name] = user
    world.users["superuser"] = User.objects.create_superuser(username="root", password="x")


def fingerprint() -> dict[str, Any]:
    """Everything that a write would leave: counts, the sequence, every value of users and roles."""
    counted: dict[str, Any] = {
        model.__name__: model._default_manager.count()
        for model in apps.get_app_config("projects").get_models()
    }
    counted["head"] = list(ChangeHead.objects.values_list("seq", "entry_hash"))
    counted["users"] = list(User.objects.order_by("pk").values("pk", "username", "password", "is_active"))
    counted["roles"] = list(Membership.objects.order_by("pk").values())
    counted["feedback"] = list(Feedback.objects.order_by("pk").values())
    counted["versions"] = list(
        Site.objects.order_by("pk").values_list("pk", "version", "publication", "name")
    )
    return counted


def head() -> int:
    return int(ChangeHead.objects.values_list("seq", flat=True).get())


def questions(stage: Stage) -> Iterator[str]:
    """Addresses with words that ask for the other district."""
    other = stage.rows.other
    site, division = other["site"], other["division"]
    public_id = Site.objects.values_list("public_id", flat=True).get(pk=site)
    listing = "/admin/projects/site/"
    yield from (
        f"{listing}?q={PART}",
        f"{listing}?managed_by={OTHER}",
        f"{listing}?managed_by__id__exact={division}",
        f"{listing}?todo=late",
        f"{listing}?todo=drafts",
        f"{listing}?o=1.-2.3&q=",
        f"{listing}?after={site + 1}",
        f"{listing}?before={site - 1}",
        f"{listing}?_popup=1&_to_field=id",
        f"{listing}{site}/change/?_to_field=public_id&_popup=1",
        f"{listing}{public_id}/change/?_to_field=public_id",
        f"{listing}{stage.rows.own['site']}/change/?_changelist_filters=q%3D{MARK[:0]}managed_by%3D{OTHER}",
        f"{listing}add/?kind_slug=meal-point&managed_by={division}&name=x&indicators={site}",
        f"/admin/projects/sitereport/add/?site={site}&corrects={other['sitereport']}",
        f"/admin/projects/indicatorreport/add/?division={division}&corrects={other['indicatorreport']}",
        f"/admin/projects/fundingreport/add/?line={other['fundingline']}&corrects={other['fundingreport']}",
        f"/admin/projects/targetstatement/add/?division={division}&corrects={other['targetstatement']}",
        f"/admin/projects/sitereport/?q={PART}",
        f"/admin/projects/auditentry/?q={site}",
        f"/admin/projects/auditentry/?subject_type=site&q={site}",
        f"/admin/r/1/{site}/",
        "/admin/projects/user/?memberships__role__exact=district_editor",
        f"/supervision/?managed_by={OTHER}&due=365",
        f"/supervision/?q={PART}",
        "/supervision/late.csv?due=365",
        "/supervision/late.xlsx?due=365",
        "/api/staff/v1/supervision/late/?due=365&limit=200",
        f"/api/staff/v1/supervision/late/{public_id}/?due=365",
        f"/api/staff/v1/supervision/facets/?managed_by={OTHER}&due=365",
        "/api/staff/v1/supervision/tiles/15/27456/13583.json?due=365",
        "/api/staff/v1/supervision/subjects/",
        "/api/staff/v1/supervision/divergence/",
    )
