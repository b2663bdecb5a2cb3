"""What somebody typed is not lost: after the log-in has ended, and while it is typed."""

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django.fixtures import Settings

from projects.actions.sites import change_site
from projects.models import AuditEntry, FormDraft, Site, SiteReport
from projects.rules.vocabulary import Publication
from tests.factories import PASSWORD, World
from tests.integration.adminforms import client_of, edit_url, form_of, new_site, opened
from tests.integration.loggingin import CODE, LOGIN, code_of, first_step, give_phone, log_in

pytestmark = pytest.mark.django_db
API = "/api/staff/v1/drafts/"
NOON = dt.datetime(2026, 3, 2, 4, 0, tzinfo=dt.UTC)
TYPED = "“晨光”助餐点 — 二期(改)<b>&"


@pytest.fixture(autouse=True)
def clock(settings: Settings) -> Iterator[time_machine.Traveller]:
    settings.IDLE_MINUTES = 30
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def site(world: World) -> Site:
    return world.add(world.planned(county="330203", publication=Publication.DRAFT))[0]


def typed_into(client: Client, site: Site) -> dict[str, str]:
    """The form with another name, another place and a row of contributions that a script added."""
    data = opened(client, site)
    data |= {
        "name": TYPED,
        "geometry": '{"type":"Point","coordinates":[121.551,29.851]}',
        "geometry_pairs": "",
    }
    row = "contributions-2-"
    data |= {
        "contributions-TOTAL_FORMS": "3",
        f"{row}id": "",
        f"{row}site": str(site.pk),
        f"{row}quantity": "7",
    }
    data[f"{row}indicator"] = data["contributions-0-indicator"]
    return data


def ended(client: Client, clock: time_machine.Traveller) -> None:
    clock.shift(dt.timedelta(minutes=31))


def kept_in(page: Any) -> str:
    return form_of(page.content.decode(), "login-form").get("kept", "")


# ------------------------------------------------------------------- a form that arrives after the end


def test_a_form_comes_back_with_everything(
    world: World, site: Site, settings: Settings, clock: time_machine.Traveller
) -> None:
    settings.TWO_FACTOR = "optional"
    key, _codes = give_phone(world.users["haishu"])
    client = log_in("haishu", key)
    sent = typed_into(client, site)
    ended(client, clock)
    page = client.post(edit_url(site), sent)
    assert page.status_code == 403 and "您刚才填写的内容没有丢" in page.content.decode()
    assert TYPED not in page.content.decode() and "no-store" in page["Cache-Control"]
    kept = kept_in(page)
    wrong = first_step(client, "haishu", "wrong", kept=kept)
    assert kept_in(wrong), "a slip does not lose it"
    assert first_step(client, "haishu", kept=kept_in(wrong))["Location"] == CODE
    back = client.post(CODE, {"code": code_of(key)})["Location"]
    assert back == f"{edit_url(site)}?draft=1"
    form = client.get(back)
    shown = form_of(form.content.decode(), "site_form")
    assert "还没有保存的内容" in form.content.decode()
    for name, value in sent.items():
        if not name.startswith("_"):
            assert shown[name] == value, name
    site.refresh_from_db()
    assert site.name != TYPED and not AuditEntry.objects.filter(action="site.change").exists(), (
        "nothing is saved"
    )
    saved = client.post(
        back, {**shown, "contributions-2-indicator": "", "contributions-2-quantity": "1", "_save": "1"}
    )
    assert saved.status_code == 302
    site.refresh_from_db()
    assert site.name == TYPED and not FormDraft.objects.exists(), "saved, so it is no draft any more"


def test_nobody_else_is_shown_it(world: World, site: Site, clock: time_machine.Traveller) -> None:
    client = log_in("haishu")
    sent = typed_into(client, site)
    ended(client, clock)
    kept = kept_in(client.post(edit_url(site), sent))
    answer = first_step(client, "admin", kept=kept, next=edit_url(site))
    assert answer["Location"] == "/admin/" and not FormDraft.objects.exists()
    page = client.get("/admin/").content.decode()
    assert "属于另一个账号" in page and TYPED not in page
    assert TYPED not in client.get(f"{edit_url(site)}?draft=1").content.decode()


def test_another_site_plants_nothing(world: World, site: Site, clock: time_machine.Traveller) -> None:
    client = Client(enforce_csrf_checks=True)
    token = form_of(client.get(LOGIN).content.decode(), "login-form")
    assert not token.get("csrfmiddlewaretoken"), "form_of leaves it out"
    held = client.cookies["csrftoken"].value
    assert (
        client.post(
            LOGIN, {"username": "haishu", "password": PASSWORD, "csrfmiddlewaretoken": held}
        ).status_code
        == 302
    )
    ended(client, clock)
    held = client.cookies["csrftoken"].value
    for wrong in ({}, {"csrfmiddlewaretoken": "x" * 32}):
        page = client.post(edit_url(site), {"name": TYPED, **wrong})
        assert (
            page.status_code == 403
            and "安全令牌" in page.content.decode()
            and "kept" not in page.content.decode()
        )
    page = client.post(edit_url(site), {"name": TYPED, "csrfmiddlewaretoken": held})
    assert kept_in(page), "the very same with its token is kept"
    # The token stays good for the same person's other tabs, and changes for anybody else.
    entered = {"username": "haishu", "password": PASSWORD, "csrfmiddlewaretoken": held}
    client.post(LOGIN, entered)
    assert client.cookies["csrftoken"].value == held
    client.post(LOGIN, {**entered, "username": "admin"})
    assert client.cookies["csrftoken"].value != held


def test_what_is_not_kept(world: World, site: Site, clock: time_machine.Traveller) -> None:
    client = log_in("admin")
    sent = {"username": "new", "password": "first-password-1", "reason": "新人"}
    ended(client, clock)
    file = SimpleUploadedFile("照片.jpg", b"not kept")
    page = client.post("/admin/projects/user/add/", {**sent, "photo": file})
    assert "密码要重新填写" in page.content.decode() and "照片.jpg" in page.content.decode()
    back = first_step(client, "admin", kept=kept_in(page))["Location"]
    content = FormDraft.objects.get().content()
    assert content is not None and dict(content.fields) == {"username": "new", "reason": "新人"}
    form = client.get(back).content.decode()
    assert form_of(form, "user_form")["username"] == "new" and "first-password-1" not in form
    ended(client, clock)
    for path in ("/admin/password_change/", f"/admin/projects/user/{world.users['haishu'].pk}/password/",
                 "/admin/two-factor/"):  # fmt: skip
        answer = client.post(path, {"new_password1": "secret-secret-1"})
        assert answer.status_code == 302 and answer["Location"].startswith(LOGIN), path
    assert Client().post(edit_url(site), {"name": TYPED})["Location"].startswith(LOGIN), (
        "a stranger has no draft"
    )
    client = log_in("admin")
    ended(client, clock)
    assert client.post(edit_url(site), {"name": "字" * 100_000}).status_code == 302, "too much to keep"
    clock.shift(dt.timedelta(hours=9))
    client.cookies.pop("sessionid")  # the browser has thrown it away after eight hours
    assert kept_in(client.post(edit_url(site), {"name": TYPED})), "whose it is, is still known"
    assert "登录已过期" in client.get(LOGIN).content.decode()


def test_a_new_row_and_a_step_come_back(world: World, site: Site, clock: time_machine.Traveller) -> None:
    client = log_in("haishu")
    report = f"/admin/projects/site/{site.pk}/step/report/"
    new = new_site(client, name=TYPED)
    step = {
        **form_of(client.get(report).content.decode()),
        "percent": "55",
        "problem": "管线没迁",
        "plan": "月底迁完",
    }
    ended(client, clock)
    page = client.post(report, step)
    back = first_step(client, "haishu", kept=kept_in(page))["Location"]
    assert back == f"{report}?draft=1"
    shown = form_of(client.get(back).content.decode())
    assert (shown["percent"], shown["problem"]) == ("55", "管线没迁") and not SiteReport.objects.exists()
    assert client.post(back, shown).status_code == 302 and SiteReport.objects.count() == 1
    ended(client, clock)
    page = client.post("/admin/projects/site/add/?kind_slug=meal-point", new)
    back = first_step(client, "haishu", kept=kept_in(page))["Location"]
    assert form_of(client.get(back).content.decode(), "site_form")["name"] == TYPED
    assert not Site.objects.filter(name=TYPED).exists()


# --------------------------------------------------------------------------- kept while it is typed


def keep(client: Client, address: str, fields: dict[str, str] | None = None, **more: Any) -> Any:
    body = {
        "address": address,
        "fields": [list(pair) for pair in (fields or {"name": TYPED}).items()],
        **more,
    }
    return client.post(API, json.dumps(body), content_type="application/json")


def test_a_draft_is_offered_where_the_form_is(
    world: World, site: Site, clock: time_machine.Traveller
) -> None:
    client = log_in("haishu")
    sent = typed_into(client, site)
    assert keep(client, f"{edit_url(site)}?_changelist_filters=q%3Dx", sent).status_code == 200
    clock.shift(60)
    page = client.get(edit_url(site)).content.decode()
    assert "您 03-02 12:00 有未保存的内容" in page and TYPED not in page
    assert form_of(page, "site_form")["name"] != TYPED, "not before it is asked for"
    english = client.get(f"/en{edit_url(site)}").content.decode()
    assert 'href="/en/admin/projects/site/' in english and "draft=1" in english
    shown = form_of(client.get(f"{edit_url(site)}?draft=1").content.decode(), "site_form")
    assert (shown["name"], shown["contributions-2-quantity"]) == (TYPED, "7")
    assert TYPED.split()[0] in client.get("/admin/drafts/").content.decode().replace("&quot;", '"')
    assert f"点位:{site}" in client.get("/admin/drafts/").content.decode()
    client.post("/admin/drafts/discard/", {"draft_address": f"{edit_url(site)}?draft=1"})
    assert (
        not FormDraft.objects.exists()
        and "data-draft-offer" not in client.get(edit_url(site)).content.decode()
    )


def test_the_row_has_changed_meanwhile(world: World, site: Site) -> None:
    client = log_in("haishu")
    keep(client, edit_url(site), typed_into(client, site))
    change_site(
        access=world.access("admin"),
        site_id=site.pk,
        expected_version=site.version,
        changes={"name": "别人改的"},
    )
    assert "此后这条记录已被修改" in client.get(edit_url(site)).content.decode()
    restored = client.get(f"{edit_url(site)}?draft=1").content.decode()
    assert (
        "别人刚改过这条记录" in restored
        and "别人改的" in restored
        and form_of(restored, "site_form")["name"] == TYPED
    )
    site.refresh_from_db()
    assert site.name == "别人改的"


def test_drafts_are_ones_own(world: World, site: Site) -> None:
    mine, other = log_in("haishu"), client_of(world.users["admin"])
    other.get("/admin/")
    keep(mine, edit_url(site))
    stored = FormDraft.objects.get()
    assert TYPED not in stored.sealed and "晨光" not in json.dumps(stored.sealed)
    theirs = log_in("admin")
    assert theirs.get(f"{API}?address={edit_url(site)}").json()["draft"] is None
    assert "data-draft-offer" not in theirs.get(edit_url(site)).content.decode()
    theirs.post("/admin/drafts/discard/", {"draft_address": edit_url(site)})
    keep(theirs, edit_url(site), discard=True)
    told = mine.get(f"{API}?address={edit_url(site)}").json()
    assert told["draft"]["fields"] == [["name", TYPED]] and told["user"] == world.users["haishu"].pk
    assert FormDraft.objects.count() == 1


def test_it_is_written_every_twenty_seconds_at_most(
    world: World, site: Site, clock: time_machine.Traveller
) -> None:
    client = log_in("haishu")
    assert keep(client, edit_url(site), {"name": "一"}).status_code == 200
    clock.shift(19)
    assert keep(client, edit_url(site), {"name": "二"}).status_code == 429
    assert keep(client, edit_url(site), {"name": "三"}, leaving=True).status_code == 200, "the page goes away"
    clock.shift(1)
    assert keep(client, edit_url(site), {"name": "四"}, leaving=True).status_code == 429
    clock.shift(20)
    assert keep(client, edit_url(site), {"name": "五"}).status_code == 200
    assert FormDraft.objects.count() == 1 and AuditEntry.objects.filter(subject_type="formdraft").count() == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("[]", 400),
        ("{", 400),
        ('{"address": 5}', 400),
        ('{"address": "/nearby/", "fields": []}', 400),
        ('{"address": "/admin/login/", "fields": []}', 400),
        ('{"address": "//evil.example/admin/", "fields": []}', 400),
        ('{"address": "/admin/x/", "fields": "x"}', 400),
        ('{"address": "/admin/x/", "fields": [["a", 5]]}', 400),
        ('{"address": "/admin/x/", "fields": [["a", "b", "c"]]}', 400),
        ('{"address": "/admin/x/", "fields": [["a", "' + "x" * 260_000 + '"]]}', 413),
        ('{"address": "/admin/x/", "fields": [["a", "' + "x" * 600_000 + '"]]}', 413),
        ('{"address": "/admin/x/", "fields": [["a", "\\ud800"], ["b", "\\u0000"]]}', 200),
    ],
    ids=range(12),
)
def test_bad_bodies_are_refused(world: World, body: str, status: int) -> None:
    response = log_in("haishu").post(API, body, content_type="application/json")
    assert response.status_code == status, response.content
    assert FormDraft.objects.exists() is (status == 200)


def test_half_a_character_breaks_no_page(world: World, site: Site) -> None:
    client = log_in("haishu")
    address = f"/admin/projects/site/{site.pk}/change/"
    body = json.dumps({"address": address, "fields": [["name", "\ud800x"]], "files": ["\udfff"]})
    assert client.post(API, body, content_type="application/json").status_code == 200
    for page in ("/admin/drafts/", f"{address}?draft=1", f"{API}?address={address}"):
        assert client.get(page).status_code == 200


def test_secrets_never_reach_the_database(world: World) -> None:
    client = log_in("admin")
    keep(
        client,
        "/admin/projects/user/add/",
        {"username": "a", "password": "geheim-77", "csrfmiddlewaretoken": "t"},
    )
    content = FormDraft.objects.get().content()
    assert content is not None and content.fields == (("username", "a"),) and content.secrets == ("password",)


def test_number_and_age_are_bounded(world: World, clock: time_machine.Traveller) -> None:
    client = log_in("haishu")
    for number in range(42):
        keep(client, f"/admin/projects/site/{number}/change/")
        clock.shift(1)
    kept = set(FormDraft.objects.values_list("address", flat=True))
    assert len(kept) == 40 and "/admin/projects/site/0/change/" not in kept
    clock.shift(dt.timedelta(days=7))
    client = log_in("haishu")
    address = "/admin/projects/site/41/change/"
    assert client.get(f"{API}?address={address}").json()["draft"] is None
    keep(client, "/admin/projects/site/1/change/")
    assert FormDraft.objects.count() == 1


def test_only_who_may_save_is_offered_one(world: World, site: Site) -> None:
    client = log_in("supervisor")
    keep(client, edit_url(site), {"name": TYPED})
    for path in (edit_url(site), f"{edit_url(site)}?draft=1"):
        page = client.get(path)
        assert page.status_code in (200, 403) and "data-keeps-draft" not in page.content.decode()
    site.refresh_from_db()
    assert site.name != TYPED


def test_it_takes_a_log_in_and_its_token(world: World, site: Site, clock: time_machine.Traveller) -> None:
    assert keep(Client(), edit_url(site)).status_code == 403
    client = log_in("haishu")
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    assert keep(strict, edit_url(site)).status_code == 403 and not FormDraft.objects.exists()
    ended(client, clock)
    assert keep(client, edit_url(site)).status_code == 401 and not FormDraft.objects.exists()
