"""Everybody who walks through the admin, and what a write by one of them would leave."""

import datetime as dt
from typing import Any, Final

from django.apps import apps

from projects.models import ChangeHead, Department, Membership, Site, User
from tests.factories import World
from tests.integration.adminrows import MARK, OTHER, OWN

#: Who may not see anything of 鄞州: (name, role, division, department, the same role ended or to come elsewhere).
LIMITED: Final = {
    "haishu": "district editor",
    "haishu-admin": "administrator of one district",
    "haishu-supervisor": "supervisor of one district",
    "haishu-publisher": "publisher of one district",
    "haishu-verifier": "verifier of one district",
    "half-expired": "editor of 海曙 today, of 鄞州 until yesterday and from tomorrow on",
    "energy": "department editor, whose department has nothing in 鄞州",
    "energy-haishu": "department editor within one district",
}
#: What is searched for: pages say what was typed, and must say no more of the mark than that.
PART: Final = MARK[:-1]
#: Whose forms and lists of their own rows are looked through, too: the others are shown less of the same.
EDITORS: Final = ("haishu", "haishu-admin", "energy-haishu", "half-expired")
#: Who gets in nowhere. The first is sent to every address; it is one and the same door for the others.
UNKNOWN: Final = ("stranger", "superuser", "ended", "inactive", "no-staff", "anonymous")
#: Pages without a form of their own; one person sends one all the same. Lists have a test of their own.
ONLY_READ: Final = ("/history/", "/locate/", "/divergence/")
#: Sees the whole city, writes what the role is for.
CITYWIDE: Final = {
    "supervisor": ("/step/reschedule/",),
    "publisher": ("/step/publish/", "/step/withdraw/"),
    "verifier": (),
}
#: Their department works in every division, on its own rows: divisions and borders are all readable to them.
DEPARTMENTAL: Final = frozenset({"energy"})


def more_people(world: World) -> None:
    """Besides the cast of the world: people of one district, of none, of yesterday."""
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
    counted["versions"] = list(
        Site.objects.order_by("pk").values_list("pk", "version", "publication", "name")
    )
    return counted


def head() -> int:
    return int(ChangeHead.objects.values_list("seq", flat=True).get())
