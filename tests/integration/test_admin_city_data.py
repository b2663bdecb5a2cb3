"""What administrators keep: programmes, policies, kinds, divisions, people; and what nobody may do to them."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from projects.models import AuditEntry, Division, DivisionParent, LagPolicy, Membership, Programme, User
from tests.factories import World
from tests.integration.adminforms import fetch_form, form_of

pytestmark = pytest.mark.django_db


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def boss(world: World) -> Client:
    return client_of(world.users["admin"])


def opened(client: Client, model: str, pk: int | None = None, query: str = "") -> dict[str, str]:
    url = f"/admin/projects/{model}/{f'{pk}/change/' if pk else 'add/'}{query}"
    return {**fetch_form(client, url, f"{model}_form"), "_save": "1"}


def errors(response: Any) -> dict[str, list[str]]:
    return dict(response.context["adminform"].form.errors)


def test_programme_is_changed_with_an_entry(world: World, boss: Client) -> None:
    pk = world.programme.pk
    url = f"/admin/projects/programme/{pk}/change/"
    assert boss.post(url, {**opened(boss, "programme", pk), "cutoff": "2024-07-31"}).status_code == 302
    assert Programme.objects.get().cutoff == dt.date(2024, 7, 31)
    entry = AuditEntry.objects.get()
    assert entry.action == "programme.change"
    assert entry.payload["changed"] == {"cutoff": ["2024-06-30", "2024-07-31"]}
    # A second editor who opened the page before sees what happened.
    stale = {**opened(boss, "programme", pk), "seen_seq": "0", "source": "新来源"}
    response = boss.post(url, stale)
    assert response.status_code == 200 and response.context["conflict"].differences[0].name == "cutoff"
    assert form_of(response.content.decode(), "programme_form")["source"] == "新来源"


@pytest.mark.parametrize(
    ("typed", "field"),
    [({"period_end": "2023-01-01"}, "__all__"), ({"cutoff": ""}, "cutoff"), ({"policy": "999"}, "policy")],
)
def test_bad_programme(world: World, boss: Client, typed: dict[str, str], field: str) -> None:
    pk = world.programme.pk
    response = boss.post(
        f"/admin/projects/programme/{pk}/change/", {**opened(boss, "programme", pk), **typed}
    )
    assert field in errors(response)


def test_policy_in_use_is_read_only_and_gets_a_new_version(world: World, boss: Client) -> None:
    policy = LagPolicy.objects.get()
    assert boss.post(f"/admin/projects/lagpolicy/{policy.pk}/change/", {"name_zh": "改"}).status_code == 403
    data = opened(boss, "lagpolicy", query=f"?from={policy.pk}")
    assert data["version"] == "2"
    assert boss.post("/admin/projects/lagpolicy/add/", {**data, "rules": "{}"}).status_code == 200
    assert boss.post("/admin/projects/lagpolicy/add/", data).status_code == 302
    assert LagPolicy.objects.get(version=2).rules["version"] == 2


def test_subset_indicator_is_checked(world: World, boss: Client) -> None:
    meal, rural = world.indicators["03-meal"], world.indicators["06-piles-rural"]
    data = {**opened(boss, "indicator", meal.pk), "subset_of": str(rural.pk)}
    assert "subset_of" in errors(boss.post(f"/admin/projects/indicator/{meal.pk}/change/", data))


def test_kind_attributes_are_checked(world: World, boss: Client) -> None:
    kind = world.kinds["meal-point"]
    url = f"/admin/projects/facilitykind/{kind.pk}/change/"
    for bad in ('{"a": 1}', '[{"key": "A"}]', '[{"key": "a"}]', '[{"key":"a","label_zh":"甲","type":"float"}]',
                '[{"key":"a","label_zh":"甲"},{"key":"a","label_zh":"乙"}]', "[1]"):  # fmt: skip
        response = boss.post(url, {**opened(boss, "facilitykind", kind.pk), "attributes": bad})
        assert "attributes" in errors(response), bad
    good = '[{"key":"a","label_zh":"甲","type":"integer"}]'
    data = {**opened(boss, "facilitykind", kind.pk), "attributes": good}
    assert boss.post(url, data).status_code == 302


def test_division_moves_from_a_day_on(world: World, boss: Client) -> None:
    town = {**opened(boss, "division"), "code": "330203001", "name_zh": "某街道", "level": "township"}
    county = world.counties["330203"]
    town |= {"parent": str(county.pk), "parent_from": "2010-01-01"}
    assert boss.post("/admin/projects/division/add/", town).status_code == 302
    made = Division.objects.get(code="330203001")
    assert made in Division.objects.within(Division.objects.get(pk=county.pk))
    url = f"/admin/projects/division/{made.pk}/change/"
    moved = {
        **opened(boss, "division", made.pk),
        "parent": str(world.counties["330212"].pk),
        "parent_from": "",
    }
    assert "parent_from" in errors(boss.post(url, moved))
    assert boss.post(url, {**moved, "parent_from": "2020-01-01"}).status_code == 302
    assert DivisionParent.objects.filter(child=made).count() == 2
    double = {**town, "name_zh": "另一个"}
    assert "code" in errors(boss.post("/admin/projects/division/add/", double))


# -- people -----------------------------------------------------------------------------------------------


def new_user(client: Client, **typed: str) -> dict[str, str]:
    return {**opened(client, "user"), "username": "new", "password": "Long-enough-77", **typed}


def test_user_with_a_role(world: World, boss: Client) -> None:
    county = str(world.counties["330203"].pk)
    data = new_user(boss) | {"memberships-0-role": "district_editor", "memberships-0-division": county}
    assert boss.post("/admin/projects/user/add/", data).status_code == 302
    user = User.objects.get(username="new")
    assert user.check_password("Long-enough-77") and user.is_staff and not user.is_superuser
    assert user.memberships.get().role == "district_editor"
    entry = AuditEntry.objects.get()
    assert entry.action == "user.add" and "new" not in str(entry.payload)
    assert client_of(user).get("/admin/projects/site/").status_code == 200


@pytest.mark.parametrize(
    "typed",
    [
        {"password": "short"},
        {"memberships-0-role": "district_editor"},  # without a division
        {"memberships-0-role": "department_editor"},
        {"username": "haishu"},
    ],
)
def test_bad_user(boss: Client, typed: dict[str, str]) -> None:
    before = User.objects.count()
    response = boss.post("/admin/projects/user/add/", new_user(boss, **typed))
    assert response.status_code == 200
    assert User.objects.count() == before


def test_a_districts_administrator_stays_in_the_district(world: World) -> None:
    local = User.objects.create_user(username="local", password="x", is_staff=True)
    county, other = world.counties["330203"], world.counties["330212"]
    Membership.objects.create(user=local, role="administrator", division=county)
    client = client_of(local)
    listed = set(
        client.get("/admin/projects/user/").context["cl"].queryset.values_list("username", flat=True)
    )
    assert listed == {"haishu", "local"}
    for role, division in (("administrator", ""), ("supervisor", ""), ("district_editor", str(other.pk))):
        data = new_user(client) | {"memberships-0-role": role, "memberships-0-division": division}
        assert client.post("/admin/projects/user/add/", data).status_code == 200, role
    assert (
        client.post("/admin/projects/user/add/", new_user(client)).status_code == 200
    )  # no role: the city's
    data = new_user(client) | {"memberships-0-role": "verifier", "memberships-0-division": str(county.pk)}
    assert client.post("/admin/projects/user/add/", data).status_code == 302
    for name in ("admin", "yinzhou", "stranger"):
        url = f"/admin/projects/user/{world.users[name].pk}/password/"
        assert client.post(url, {"new_password1": "a", "new_password2": "a"}).status_code == 403, name


def test_a_new_password(world: World, boss: Client) -> None:
    user = world.users["haishu"]
    url = f"/admin/projects/user/{user.pk}/password/"
    assert boss.post(url, {"new_password1": "12345", "new_password2": "12345"}).status_code == 200
    typed = {"new_password1": "Long-enough-77", "new_password2": "Long-enough-77"}
    assert boss.post(url, typed).status_code == 302
    user.refresh_from_db()
    assert user.check_password("Long-enough-77")
    assert AuditEntry.objects.get().action == "user.password"
    own = boss.post(f"/admin/projects/user/{world.users['admin'].pk}/password/", typed)
    assert own["Location"] == "/admin/password_change/" and AuditEntry.objects.count() == 1


def test_nobody_locks_themselves_out(world: World, boss: Client) -> None:
    me = world.users["admin"]
    url = f"/admin/projects/user/{me.pk}/change/"
    data = opened(boss, "user", me.pk)
    without_role = {**data, "memberships-0-DELETE": "on"}
    inactive = {name: value for name, value in data.items() if name != "is_active"}
    for typed in (without_role, inactive):
        assert boss.post(url, typed).status_code == 200
    assert Membership.objects.filter(user=me).count() == 1
    assert User.objects.get(pk=me.pk).is_active


def test_a_superuser_flag_cannot_be_posted(world: World, boss: Client) -> None:
    user = world.users["haishu"]
    data = {**opened(boss, "user", user.pk), "is_superuser": "on", "last_name": "王"}
    assert boss.post(f"/admin/projects/user/{user.pk}/change/", data).status_code == 302
    user.refresh_from_db()
    assert not user.is_superuser and user.last_name == "王"
