"""Every admin address x role x own or other object: nothing of another district is shown, nothing is written."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.test import Client
from django.urls import URLPattern, URLResolver

from projects.admin.base import ScopedAdmin
from projects.admin.forms import ScopedForm
from projects.models import (
    ChangeHead,
    Membership,
    Site,
    User,
)
from tests.factories import World
from tests.integration.adminforms import form_of
from tests.integration.adminrows import MARK, OWN, Rows, scoped_rows

pytestmark = pytest.mark.django_db

#: Log-in, log-out and one's own password are everybody's.
EVERYBODYS = {"login", "login_code", "login_phone", "logout", "password_change", "password_change_done",
              "jsi18n"}  # fmt: skip
#: Rows of the city that all staff may read; only administrators write them.
CITY = {
    "programme",
    "category",
    "project",
    "phase",
    "phasereport",
    "indicator",
    "publishedfigure",
    "facilitykind",
    "lagpolicy",
    "holidaytable",
    "department",
    "periodclosing",
    "checklist",
    "verificationscheme",
}
#: The city's rounds: seen by who verifies and who draws, each within the own scope.
ROUNDS = {"sample"}


@pytest.fixture
def rows(world: World) -> Rows:
    return scoped_rows(world)


@pytest.fixture
def people(world: World) -> dict[str, User | None]:
    """The cast; besides, an administrator and a supervisor of 海曙 alone, and a superuser without a role."""
    county = world.counties[OWN]
    for name, role in (("haishu-admin", "administrator"), ("haishu-supervisor", "supervisor"),
                       ("haishu-publisher", "publisher"), ("haishu-verifier", "verifier")):  # fmt: skip
        user = User.objects.create_user(username=name, password="x", is_staff=True)
        Membership.objects.create(user=user, role=role, division=county)
        world.users[name] = user
    world.users["superuser"] = User.objects.create_superuser(username="root", password="x")
    return {**world.users, "anonymous": None}


#: Who may not see anything of 鄞州.
LIMITED = ["haishu", "haishu-admin", "haishu-supervisor", "haishu-publisher", "haishu-verifier", "energy",
           "stranger", "superuser", "anonymous"]  # fmt: skip
UNKNOWN = ["stranger", "superuser", "anonymous"]


def client_of(user: User | None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def patterns() -> Iterator[tuple[str, str]]:
    """(name, template of the address) of every admin address, found by walking the patterns."""
    resolvers, _app, _namespace = admin.site.urls

    def walk(found: Any, prefix: str) -> Iterator[tuple[str, str]]:
        for each in found:
            route = prefix + str(each.pattern)
            if isinstance(each, URLResolver):
                yield from walk(each.url_patterns, route)
            elif isinstance(each, URLPattern):
                yield each.name or "", route
        return

    yield from walk(resolvers, "/admin/")


def addresses(found: dict[str, int]) -> Iterator[tuple[str, str]]:
    """Every address filled with the rows of one side; (model, address)."""
    for name, route in patterns():
        if name in EVERYBODYS or "(?P<url>" in route:
            continue
        model = route.removeprefix("/admin/projects/").split("/")[0]
        route = route.replace("^(?P<app_label>projects)/$", "projects/")
        pk = str(found.get(model, 1))
        for word in ("<path:object_id>", "<int:object_id>", "<int:user_id>"):
            route = route.replace(word, pk)
        if "<int:photo_id>" in route:
            route = route.replace("<int:photo_id>", str(found.get("photo", 1)))
            for part in ("thumbnail", "picture", "original", "decide"):
                yield model, route.replace("<slug:part>", part)
            continue
        if "<slug:step>" in route:
            for step in ("report", "reschedule", "submit", "publish", "withdraw", "nonsense"):
                yield model, route.replace("<slug:step>", step)
        else:
            assert "<" not in route and "^" not in route, route
            yield model, route


def fingerprint() -> dict[str, Any]:
    """Everything that a write would leave: counts, the sequence, every value of users and roles."""
    counted: dict[str, Any] = {model.__name__: model.objects.count() for model in _tables()}
    counted["head"] = list(ChangeHead.objects.values_list("seq", "entry_hash"))
    counted["users"] = list(User.objects.order_by("pk").values("pk", "username", "password", "is_active"))
    counted["roles"] = list(Membership.objects.order_by("pk").values())
    counted["versions"] = list(
        Site.objects.order_by("pk").values_list("pk", "version", "publication", "name")
    )
    return counted


def _tables() -> list[Any]:
    return list(apps.get_app_config("projects").get_models())


def test_every_model_admin_is_scoped() -> None:
    assert len(admin.site._registry) >= 15
    for model, found in admin.site._registry.items():
        assert isinstance(found, ScopedAdmin), model
        assert issubclass(found.form, ScopedForm), "a restored draft must not pass as if it had been sent"
        assert not found.list_editable and not found.raw_id_fields, model
        assert all(hasattr(inline, "parent_admin") for inline in found.inlines), model


def test_walk_finds_the_addresses(rows: Rows) -> None:
    names = {name for name, _route in patterns()}
    assert {"projects_site_change", "projects_site_locate", "projects_user_password", "autocomplete"} <= names
    assert "view_on_site" not in names
    assert len(list(addresses(rows.own))) > 100


@pytest.mark.parametrize("who", LIMITED)
def test_nothing_of_another_district_is_shown(who: str, rows: Rows, people: dict[str, User | None]) -> None:
    client = client_of(people[who])
    for model, address in addresses(rows.other):
        response = client.get(address)
        assert response.status_code in (200, 302, 400, 403, 404, 405), (address, response.status_code)
        assert MARK not in response.content.decode(), address
        assert MARK not in response.get("Location", ""), address
        if who in UNKNOWN:
            assert response.status_code == 302, address
        if who == "energy" and model in ("division", "boundary"):
            continue  # a department's people work in every division, on their own rows
        if model in rows.other and f"/{rows.other[model]}/" in address:
            assert response.status_code != 200, address
    assert who in UNKNOWN or MARK not in client.get("/admin/").content.decode()


@pytest.mark.parametrize("who", LIMITED)
def test_lists_searches_and_choices_stay_inside(who: str, rows: Rows, people: dict[str, User | None]) -> None:
    client = client_of(people[who])
    other = rows.other
    for address in (
        f"/admin/projects/site/?q={MARK}",
        "/admin/projects/site/?managed_by=330212",
        f"/admin/projects/site/?managed_by__id__exact={other['division']}",
        "/admin/projects/site/?todo=late",
        "/admin/projects/site/?todo=drafts",
        f"/admin/projects/site/add/?kind_slug=meal-point&managed_by={other['division']}&name=x",
        f"/admin/projects/sitereport/add/?site={other['site']}&corrects={other['sitereport']}",
        f"/admin/projects/indicatorreport/add/?division={other['division']}",
        f"/admin/projects/fundingreport/add/?line={other['fundingline']}",
        f"/admin/projects/sitereport/?q={MARK}",
        f"/admin/projects/auditentry/?q={other['site']}",
        f"/admin/autocomplete/?term={MARK}&app_label=projects&model_name=sitereport&field_name=site",
        f"/admin/autocomplete/?term={MARK}&app_label=projects&model_name=sitereport&field_name=corrects",
        f"/admin/r/1/{other['site']}/",
        "/admin/projects/user/?memberships__role__exact=district_editor",
    ):
        response = client.get(address, follow=True)
        body = response.content.decode().replace(f'value="{MARK}"', "")
        assert MARK not in body, address
        selected = f'<option value="{other["division"]}" selected'
        assert who == "energy" or selected not in body, address


def test_nothing_of_another_district_is_written(rows: Rows, people: dict[str, User | None]) -> None:
    """What an administrator could post, posted by everybody else to the other district's rows."""
    attacks = list(_attacks(client_of(people["admin"]), rows))
    assert sum(len(data) > 12 for _address, data in attacks) >= 15  # real forms, filled in
    own_work = {"supervisor": ("/step/reschedule/",), "publisher": ("/step/publish/", "/step/withdraw/")}
    for who in (*LIMITED, "supervisor", "publisher"):
        before = fingerprint()
        client = client_of(people[who])
        for address, data in attacks:
            if any(word in address for word in own_work.get(who, ())):
                continue
            response = client.post(address, data)
            assert response.status_code in (200, 302, 400, 403, 404, 405), (who, address)
            assert ChangeHead.objects.values_list("seq", flat=True).get() == before["head"][0][0], (
                who,
                address,
            )
        assert fingerprint() == before, who
        chosen = {"_selected_action": [str(rows.other["site"])], "index": "0", "select_across": "1"}
        for action in ("submit_selected", "publish_selected", "delete_selected"):
            client.post("/admin/projects/site/", {**chosen, "action": action})
            # "All of them" means all of one's own.
            other = Site.objects.get(pk=rows.other["site"])
            assert (other.publication, other.deleted_seq) == ("draft", None), (who, action)


def _attacks(honest: Client, rows: Rows) -> Iterator[tuple[str, dict[str, str]]]:
    """Every address of the other district's rows with the form that an administrator would send."""
    for model, address in addresses(rows.other):
        response = honest.get(address)
        data: dict[str, str] = {}
        if response.status_code == 200 and "text/html" in response["Content-Type"]:
            form_id = f"{model}_form" if address.endswith(("/change/", "/add/")) else None
            data = form_of(response.content.decode(), form_id)
        typed = {"name": f"{MARK}改", "reason": "x", "_save": "1", "approval_number": "1", "percent": "99"}
        typed |= {"new_password1": "Long-enough-77", "new_password2": "Long-enough-77"}
        yield address, {**data, **typed}


@pytest.mark.parametrize(
    "who", ["haishu", "haishu-supervisor", "haishu-publisher", "haishu-verifier", "energy"]
)
def test_the_citys_rows_are_only_read(who: str, rows: Rows, people: dict[str, User | None]) -> None:
    client = client_of(people[who])
    before = fingerprint()
    for model, address in addresses(rows.own):
        if model not in CITY:
            continue
        status = client.post(address, {"name_zh": "改", "_save": "1"}).status_code
        assert status == 403 or not address.endswith(("/add/", "/change/", "/delete/")), address
    assert fingerprint() == before


def test_own_rows_are_shown(rows: Rows, people: dict[str, User | None]) -> None:
    client = client_of(people["haishu"])
    for model, pk in rows.own.items():
        if model in ("user", "photo", *ROUNDS):
            continue
        assert client.get(f"/admin/projects/{model}/{pk}/change/").status_code == 200, model
        assert client.get(f"/admin/projects/{model}/{pk}/history/").status_code == 200, model
    assert "本区点位" in client.get("/admin/projects/site/").content.decode()


@pytest.mark.parametrize("path", ["/admin/", "/admin/projects/site/", "/en/admin/"])
def test_only_staff_with_a_role_get_in(path: str, people: dict[str, User | None]) -> None:
    for who in UNKNOWN:
        assert client_of(people[who]).get(path).status_code == 302, who
    for who in ("haishu", "energy", "supervisor", "publisher", "admin", "haishu-verifier"):
        assert client_of(people[who]).get(path).status_code == 200, who


def test_an_ended_role_no_longer_opens(people: dict[str, User | None], world: World) -> None:
    Membership.objects.filter(user=world.users["haishu"]).update(valid_to=dt.date(2020, 1, 1))
    assert client_of(world.users["haishu"]).get("/admin/").status_code == 302


def test_lookups_across_relations_are_refused(rows: Rows, people: dict[str, User | None]) -> None:
    """A filter on another table's column would be an oracle for it."""
    client = client_of(people["haishu"])
    for query in ("submitted_by__password__startswith=x", "reports__recorded_by__email__startswith=a"):
        response = client.get(f"/admin/projects/site/?{query}")
        assert response.status_code in (302, 400), query


def test_the_list_asks_a_fixed_number_of_questions(
    world: World, rows: Rows, people: dict[str, User | None], django_assert_max_num_queries: Any
) -> None:
    client = client_of(people["haishu"])
    client.get("/admin/projects/site/")
    world.add(*[world.planned(county=OWN) for _number in range(30)])
    with django_assert_max_num_queries(22):
        client.get("/admin/projects/site/")


def test_anonymous_user_has_no_access() -> None:
    from django.test import RequestFactory

    request = RequestFactory().get("/admin/")
    request.user = AnonymousUser()
    assert not admin.site.has_permission(request)


def test_registering_an_unscoped_admin_is_refused() -> None:
    from django.core.exceptions import ImproperlyConfigured

    from projects.models import ChangeHead as Unregistered

    with pytest.raises(ImproperlyConfigured):
        admin.site.register(Unregistered, admin.ModelAdmin)
    assert issubclass(Unregistered, models.Model) and Unregistered not in admin.site._registry
