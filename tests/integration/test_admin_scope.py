"""Every address of staff x role x own or other object: nothing of another district is shown, nothing is written.

One world for the file; each test works inside a savepoint that is taken back. People open addresses without the
middleware (tests/integration/adminwalk.py), which must not be what keeps them apart; a few go through all of it.
"""

from collections.abc import Iterator
from itertools import chain
from typing import Any, Final

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import models, transaction
from django.test import Client

from projects.admin.base import ScopedAdmin
from projects.admin.forms import ScopedForm
from projects.admin.staffsite import StaffSite
from projects.models import ChangeHead, Site
from projects.readmodels import siteindex, siteshapes
from tests.factories import make_world
from tests.integration.adminforms import client_of, form_of
from tests.integration.adminpeople import Stage, fingerprint, head, more_people, questions
from tests.integration.adminrows import MARK, OTHER, OWN, scoped_rows
from tests.integration.adminwalk import (
    GENERIC,
    OF_THE_SITE,
    OURS,
    PUBLIC,
    STAFF,
    Address,
    Walker,
    addresses,
    outside,
    patterns,
    undeclared,
)

pytestmark = pytest.mark.django_db

#: Rows of the city that all staff may read; only administrators write them.
CITY: Final = frozenset(
    [
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
        "orderscheme",
    ]
)
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
#: Whose forms and lists of their own rows are looked through, too: the others are shown less of the same.
EDITORS: Final = ("haishu", "haishu-admin", "energy-haishu", "half-expired")
#: Who gets in nowhere. The first is sent to every address; it is one and the same door for the others.
UNKNOWN: Final = ("stranger", "superuser", "ended", "inactive", "no-staff", "anonymous")
#: Pages without a form of their own; one person sends one all the same. Lists have a test of their own.
ONLY_READ: Final = ("/history/", "/locate/", "/divergence/")
#: Sees the whole city, writes what the role is for.
CITYWIDE: Final = {
    "supervisor": ("/step/reschedule/", "/step/raise/", "/step/withdraw/", "/projects/feedback/"),
    "publisher": ("/step/publish/", "/step/withdraw/"),
    "verifier": (),
}
#: Their department works in every division, on its own rows: divisions and borders are all readable to them.
DEPARTMENTAL: Final = frozenset({"energy"})

MENU: Final = StaffSite.get_app_list


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[Stage]:
    """Written once; taken back at the end of the file."""
    from django.conf import settings

    with django_db_blocker.unblock(), transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "POINT_INDEX_DIR", tmp_path_factory.mktemp("scope") / "pointindex")
        patch.setattr(settings, "PUBLIC_CHECK_SECONDS", 0)
        # The menu is on every page: it has a test of its own, and the walk is a third faster without it.
        patch.setattr(StaffSite, "get_app_list", lambda *_arguments: [])
        world = make_world()
        more_people(world)
        people: dict[str, Walker] = {name: Walker(user) for name, user in world.users.items()}
        yield Stage(world, scoped_rows(world), {**people, "anonymous": Walker(None)})
        transaction.set_rollback(True)
    siteindex.forget()
    siteshapes.forget()


@pytest.fixture
def stage(built: Stage) -> Stage:
    """The same world for each test: what one does is taken back, as the mark of this file says."""
    return built


# -- what there is ---------------------------------------------------------------------------------------


def test_every_address_is_declared() -> None:
    assert undeclared() == [], "say in adminwalk.OURS what the address is filled with, and who may open it"
    assert outside() - PUBLIC - STAFF == set(), "say in adminwalk whether the address is public or for staff"
    assert not outside() - (outside() & (PUBLIC | STAFF))
    names = {each.name for each in patterns()}
    assert set(OURS) <= names and "view_on_site" not in names
    for model in admin.site._registry:
        assert {f"projects_{model._meta.model_name}_{view}" for view in GENERIC} <= names


def test_every_model_admin_is_scoped() -> None:
    assert len(admin.site._registry) >= 15
    for model, found in admin.site._registry.items():
        assert isinstance(found, ScopedAdmin), model
        assert issubclass(found.form, ScopedForm), "a restored draft must not pass as if it had been sent"
        assert not found.list_editable and not found.raw_id_fields, model


# -- reading ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", LIMITED)
def test_nothing_of_another_district_is_shown(who: str, stage: Stage) -> None:
    walker = stage.people[who]
    own = addresses(stage.rows.own, only="" if who in EDITORS else "plain")
    for each in chain(addresses(stage.rows.other, only="keyed"), own):
        answer = walker.get(each.path)
        assert answer.status in (200, 302, 400, 403, 404, 405), (each.path, answer.status)
        assert not answer.tells(MARK), each.path
        if who in DEPARTMENTAL and each.model in ("division", "boundary"):
            continue
        other = stage.rows.other.get(each.model)
        assert answer.status != 200 or not (each.keyed and f"/{other}/" in each.path), each.path


@pytest.mark.parametrize("who", UNKNOWN)
def test_who_has_no_role_gets_nowhere(who: str, stage: Stage) -> None:
    walker = stage.people[who]
    every = list(addresses(stage.rows.other))
    for each in every if who == UNKNOWN[0] else every[::25]:
        answer = walker.get(each.path)
        assert answer.status == 302 and answer.leads_to.startswith("/admin/login/"), each.path


@pytest.mark.parametrize("who", [*LIMITED, *UNKNOWN])
def test_words_in_the_address_open_nothing(who: str, stage: Stage) -> None:
    walker, other = stage.people[who], stage.rows.other
    for path in questions(stage):
        answer = walker.get(path)
        assert answer.status in (200, 302, 400, 403, 404), (path, answer.status)
        assert not answer.tells(MARK), path
        if who in UNKNOWN:
            assert answer.status in (302, 403, 404), path
        selected = f'<option value="{other["division"]}" selected'
        assert who in DEPARTMENTAL or selected not in answer.text, path


@pytest.mark.parametrize("who", LIMITED)
def test_look_ups_find_nothing_of_another_district(who: str, stage: Stage) -> None:
    """Every field of every model that Django's look-up would answer for."""
    walker, asked = stage.people[who], 0
    for model in apps.get_app_config("projects").get_models():
        for field in model._meta.get_fields():
            if not getattr(field, "remote_field", None) or field.auto_created:
                continue
            words = f"app_label=projects&model_name={model._meta.model_name}&field_name={field.name}"
            answer = walker.get(f"/admin/autocomplete/?term={MARK}&{words}")
            assert answer.status in (200, 403, 404), (model, field.name)
            assert not answer.tells(MARK), (model, field.name)
            asked += 1
    assert asked > 60


def test_no_list_answers_how_a_hidden_value_begins(stage: Stage) -> None:
    """A filter on another column, an order by one, is an oracle for it. Every field of every list."""
    walker = stage.people["admin"]
    for model, found in admin.site._registry.items():
        path = f"/admin/projects/{model._meta.model_name}/"
        for number, field in enumerate(model._meta.concrete_fields):
            lookup = ("startswith", "regex", "gt", "in")[number % 4]
            answer = walker.get(f"{path}?{field.name}__{lookup}=1")
            assert answer.status in (302, 400), (path, field.name, lookup)
        assert walker.get(f"{path}?recorded_by__password__startswith=p").status in (302, 400), path
        assert len(found.get_list_display(None)) < 30  # type: ignore[arg-type]


# -- writing ---------------------------------------------------------------------------------------------


def attacks(stage: Stage) -> list[tuple[Address, dict[str, str]]]:
    """Every address of the other district's rows with the form that an administrator would send there."""
    honest, found = stage.people["admin"], []
    for each in addresses(stage.rows.other):
        answer = honest.get(each.path)
        data: dict[str, str] = {}
        if answer.status == 200 and "text/html" in answer.headers.get("Content-Type", ""):
            form_id = f"{each.model}_form" if each.path.endswith(("/change/", "/add/")) else None
            data = form_of(answer.text, form_id)
        typed = {"name": f"{MARK}改", "reason": "x", "_save": "1", "approval_number": "1", "percent": "99",
                 "new_password1": "Long-enough-77", "new_password2": "Long-enough-77"}  # fmt: skip
        found.append((each, {**data, **typed}))
    return found


def test_nothing_of_another_district_is_written(stage: Stage) -> None:
    """What an administrator could post, posted by everybody else to the other district's rows."""
    forms = attacks(stage)
    assert sum(len(data) > 12 for _address, data in forms) >= 15  # real forms, filled in
    before, number = fingerprint(), head()
    for who, own_work in (dict.fromkeys((*LIMITED, *UNKNOWN), ()) | CITYWIDE).items():
        walker = stage.people[who]
        sent = [(each, data) for each, data in forms if who == "haishu" or not _only_read(each)]
        for each, data in sent[::25] if who in UNKNOWN[1:] else sent:
            if any(word in each.path for word in own_work):
                continue
            answer = walker.post(each.path, data)
            assert answer.status in (200, 302, 400, 403, 404, 405), (who, each.path)
            assert who in CITYWIDE or not _said_back(answer.text, data).count(MARK), (who, each.path)
            assert head() == number, (who, each.path)
        assert fingerprint() == before, who


def _only_read(each: Address) -> bool:
    return each.name.endswith("changelist") or each.path.endswith(ONLY_READ) or each.name in OF_THE_SITE


def _said_back(text: str, data: dict[str, str]) -> str:
    """The answer without what was typed into it."""
    for value in sorted({value for value in data.values() if MARK in value}, key=len, reverse=True):
        text = text.replace(value, "")
    return text


def test_a_form_of_ones_own_takes_nothing_of_another_district(stage: Stage) -> None:
    """One's own site, with the other's division, contribution, kind of row and site in its hidden fields."""
    own, other = stage.rows.own, stage.rows.other
    theirs = Site.objects.get(pk=other["site"]).contributions.get()
    path = f"/admin/projects/site/{own['site']}/change/"
    for who in ("haishu", "half-expired", "haishu-admin"):
        walker = stage.people[who]
        form = {**form_of(walker.get(path).text, "site_form"), "_save": "1"}
        before, number = fingerprint(), head()
        for typed in (
            {"managed_by": str(other["division"]), "confirm_cross": "on"},
            {"contributions-0-id": str(theirs.pk), "contributions-0-site": str(other["site"])},
            {"contributions-0-site": str(other["site"]), "contributions-0-quantity": "7"},
        ):
            answer = walker.post(path, {**form, **typed})
            assert not answer.tells(MARK) and head() == number, (who, typed)
        assert fingerprint() == before, who
        # Taking a row out takes out one's own, whatever number it carries.
        walker.post(path, {**form, "contributions-0-id": str(theirs.pk), "contributions-0-DELETE": "on"})
        theirs.refresh_from_db()


@pytest.mark.parametrize("who", [*LIMITED, "supervisor", "verifier"])
def test_steps_for_several_reach_ones_own_alone(who: str, stage: Stage) -> None:
    """Chosen by key, and "all of them": that is all of one's own."""
    site = stage.rows.other["site"]
    chosen: dict[str, Any] = {"_selected_action": [str(site), str(stage.rows.own["site"])], "index": "0"}
    actions = [
        name for name, _label in admin.site._registry[Site].get_action_choices(_as_admin(stage)) if name
    ]
    assert "submit_selected" in actions
    before = Site.objects.values().get(pk=site)
    for action in (*actions, "delete_selected"):
        for across in ("0", "1"):
            answer = stage.people[who].post(
                f"/admin/projects/site/?managed_by={OTHER}",
                {**chosen, "action": action, "select_across": across},
            )
            assert who in CITYWIDE or not answer.tells(MARK), (action, across)
    # As if the list could be edited in place: it cannot.
    edited = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": str(site), "form-0-name": "x"}
    stage.people[who].post("/admin/projects/site/", {**edited, "_save": "1"})
    assert Site.objects.values().get(pk=site) == before


def _as_admin(stage: Stage) -> Any:
    from django.test import RequestFactory

    request = RequestFactory().get("/admin/projects/site/")
    request.user = stage.world.users["admin"]
    return request


@pytest.mark.parametrize(
    "who", ["haishu", "haishu-supervisor", "haishu-publisher", "haishu-verifier", "energy"]
)
def test_the_citys_rows_are_only_read(who: str, stage: Stage) -> None:
    before = fingerprint()
    for each in addresses(stage.rows.own):
        if each.model not in CITY:
            continue
        status = stage.people[who].post(each.path, {"name_zh": "改", "_save": "1"}).status
        assert status == 403 or not each.path.endswith(("/add/", "/change/", "/delete/")), each.path
    assert fingerprint() == before


# -- one's own -------------------------------------------------------------------------------------------


def test_own_rows_are_shown(stage: Stage) -> None:
    walker = stage.people["haishu"]
    for model, pk in stage.rows.own.items():
        if model in ("user", "photo", "sample"):
            continue
        assert walker.get(f"/admin/projects/{model}/{pk}/change/").status == 200, model
        assert walker.get(f"/admin/projects/{model}/{pk}/history/").status == 200, model
    assert "本区点位" in walker.get("/admin/projects/site/").text


# -- through the middleware ------------------------------------------------------------------------------


@pytest.fixture
def menu(built: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pages as they are, with their menu."""
    monkeypatch.setattr(StaffSite, "get_app_list", MENU)


@pytest.mark.parametrize("path", ["/admin/", "/admin/projects/site/", "/en/admin/"])
@pytest.mark.usefixtures("menu")
def test_only_staff_with_a_role_get_in(path: str, stage: Stage) -> None:
    users = stage.world.users
    assert Client().get(path).status_code == 302
    for who in ("stranger", "superuser", "ended", "inactive", "no-staff"):
        assert client_of(users[who]).get(path).status_code == 302, who
    for who in ("haishu", "energy", "supervisor", "publisher", "admin", "haishu-verifier", "half-expired"):
        answer = client_of(users[who]).get(path)
        assert answer.status_code == 200, who
        assert who not in LIMITED or MARK not in answer.content.decode(), who


@pytest.mark.usefixtures("menu")
def test_the_list_asks_a_fixed_number_of_questions(stage: Stage, django_assert_max_num_queries: Any) -> None:
    client = client_of(stage.world.users["haishu"])
    client.get("/admin/projects/site/")
    stage.world.add(*[stage.world.planned(county=OWN) for _number in range(30)])
    with django_assert_max_num_queries(22):
        client.get("/admin/projects/site/")


def test_registering_an_unscoped_admin_is_refused() -> None:
    from django.core.exceptions import ImproperlyConfigured

    with pytest.raises(ImproperlyConfigured):
        admin.site.register(ChangeHead, admin.ModelAdmin)
    assert issubclass(ChangeHead, models.Model) and ChangeHead not in admin.site._registry
