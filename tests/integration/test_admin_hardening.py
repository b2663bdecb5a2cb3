"""What a signed-in person may not do with an address or a form: each of these once worked."""

import time

import pytest
from django.test import Client

from projects.actions.errors import Invalid, NotAllowed
from projects.actions.publishing import publish_site, submit_site
from projects.actions.sites import add_site, change_site, remove_site
from projects.models import Site
from projects.rules.vocabulary import Publication
from tests.factories import World, database_content
from tests.integration.adminforms import edit_url, fetch_form, new_site

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "address",
    [
        "/admin/projects/site/?geom__within=POINT(1e308 1e308)",
        "/admin/projects/site/?location__exact=POINT(1e308 1e308)",
        "/admin/projects/site/?geom=POINT(1 1)",
        "/admin/projects/site/?name__regex=^(([^x])%2B)%2Bx$",
        "/admin/projects/site/?name__startswith=试",
        "/admin/projects/site/?id__in=1,2,3",
        "/admin/projects/site/?created_at__year=99999",
        "/admin/projects/site/?attributes__contains={",
        "/admin/projects/boundary/?geom__within=POINT(1e308 1e308)",
        "/admin/projects/user/?password__startswith=pbkdf2",
        "/admin/projects/user/?password=x",
        "/admin/projects/user/?is_active__regex=(",
    ],
)
def test_lists_are_filtered_by_their_own_filters_alone(admin_client: Client, address: str) -> None:
    assert admin_client.get(address).status_code == 400


@pytest.mark.parametrize(
    "address",
    [
        "/admin/projects/site/?stage__exact=building",
        "/admin/projects/site/?todo=late",
        "/admin/projects/site/?light=red",
        "/admin/projects/sitereport/?as_of__gte=2024-06-01&as_of__lt=2024-07-01",
        "/admin/projects/user/?is_active__exact=1",
        "/admin/projects/user/?memberships__role__exact=supervisor",
    ],
)
def test_their_own_filters_work(admin_client: Client, address: str) -> None:
    assert admin_client.get(address).status_code == 200


@pytest.mark.parametrize("key", ["NaN", "9" * 5000, "9" * 25, "²", "\0"])
def test_a_choice_that_is_no_key_is_none(haishu: Client, key: str) -> None:
    address = "/admin/projects/indicatorreport/add/"
    assert haishu.get(address, {"corrects": key}).status_code == 200
    assert haishu.post(address, {"corrects": key}).status_code == 200


@pytest.mark.parametrize("address", ["/admin/projects/site/?kind=%00", "/admin/round/?township=%00"])
def test_what_no_column_holds_is_no_error_of_the_server(haishu: Client, address: str) -> None:
    """PostgreSQL takes no NUL."""
    assert haishu.get(address).status_code in (200, 302, 400)


def test_a_search_of_two_thousand_words_is_cut(haishu: Client) -> None:
    assert haishu.get("/admin/projects/site/", {"q": "a " * 2000}).status_code == 200


@pytest.mark.parametrize(
    "quantity", ["1e999999999", "1e100000000", "9" * 5000, "NaN", "1e999999999999999999"]
)
def test_a_quantity_of_a_thousand_million_digits_costs_nothing(
    world: World, haishu: Client, quantity: str
) -> None:
    site = world.add(world.planned())[0]
    form = fetch_form(haishu, edit_url(site), "site_form")
    pairs = [(world.indicators["03-meal"].pk, 2)]
    change_site(
        access=world.access("admin"), site_id=site.pk, expected_version=1, changes={"contributions": pairs}
    )
    started = time.monotonic()
    answer = haishu.post(edit_url(site), {**form, "contributions-0-quantity": quantity, "_save": "1"})
    assert answer.status_code == 200
    # Not a matter of speed: it took more than a minute and two gigabytes, or did not end.
    assert time.monotonic() - started < 30


def test_a_stale_form_gives_back_no_role_and_no_access(world: World, admin_client: Client) -> None:
    user = world.users["publisher"]
    address = f"/admin/projects/user/{user.pk}/change/"
    stale = {**fetch_form(admin_client, address, "user_form"), "_save": "1"}
    blocked = {name: value for name, value in stale.items() if name != "is_active"}
    assert admin_client.post(address, blocked).status_code == 302
    user.refresh_from_db()
    assert not user.is_active
    answer = admin_client.post(address, {**stale, "email": "new@example.com"})
    assert answer.status_code == 200, "the form is shown again with what the other changed"
    user.refresh_from_db()
    assert not user.is_active


def test_milestones_of_a_baseline_are_typed_saved_and_edited(world: World, haishu: Client) -> None:
    site = world.add(world.planned(publication=Publication.DRAFT))[0]
    form = fetch_form(haishu, edit_url(site), "site_form")
    typed = {**form, "baseline_milestones": "2024-03-31 25\n2024-05-31 80", "_save": "1"}
    assert haishu.post(edit_url(site), typed).status_code == 302
    site.refresh_from_db()
    assert site.baseline_milestones == [["2024-03-31", "25"], ["2024-05-31", "80"]]
    again = fetch_form(haishu, edit_url(site), "site_form")
    assert haishu.post(edit_url(site), {**again, "phone": "0574-1", "_save": "1"}).status_code == 302
    site.refresh_from_db()
    assert (site.phone, len(site.baseline_milestones)) == ("0574-1", 2)


@pytest.mark.parametrize("percent", ["1e-999999999999999999", "0." + "1" * 100_000])
def test_a_percentage_of_many_digits_is_refused(world: World, haishu: Client, percent: str) -> None:
    site = world.add(world.planned(publication=Publication.DRAFT))[0]
    form = fetch_form(haishu, edit_url(site), "site_form")
    typed = {**form, "baseline_milestones": f"2024-03-31 {percent}", "_save": "1"}
    assert haishu.post(edit_url(site), typed).status_code == 200


def test_a_new_site_takes_milestones(haishu: Client) -> None:
    typed = new_site(
        haishu,
        baseline_start="2024-01-01",
        baseline_finish="2024-06-30",
        baseline_milestones="2024-03-31 25",
    )
    answer = haishu.post("/admin/projects/site/add/?kind_slug=meal-point", typed)
    assert "baseline_milestones" not in answer.context["adminform"].form.errors


def test_an_edit_takes_a_submitted_site_back(world: World) -> None:
    """Who publishes must not publish their own words under somebody else's submission."""
    site = world.site(publication=Publication.DRAFT)
    submitted = submit_site(access=world.access("haishu"), site_id=site.pk, expected_version=1)
    edited = change_site(
        access=world.access("admin"),
        site_id=site.pk,
        expected_version=submitted.version,
        changes={"name": "改"},
    )
    assert edited.publication == Publication.DRAFT
    with pytest.raises(NotAllowed):
        publish_site(access=world.access("admin"), site_id=site.pk, expected_version=edited.version)


def test_an_editor_takes_back_a_draft_of_their_own_but_nothing_public(world: World) -> None:
    access = world.access("haishu")
    own = add_site(access=access, draft=world.draft(publication=Publication.DRAFT))
    submitted = submit_site(access=access, site_id=own.pk, expected_version=1)
    published = publish_site(
        access=world.access("publisher"), site_id=own.pk, expected_version=submitted.version
    )
    before = database_content()
    with pytest.raises(NotAllowed):
        remove_site(access=access, site_id=own.pk, expected_version=published.version, reason="错了")
    assert database_content() == before
    slip = add_site(access=access, draft=world.draft(publication=Publication.DRAFT))
    with pytest.raises(Invalid):
        remove_site(access=access, site_id=slip.pk, expected_version=1, reason=" ")
    remove_site(access=access, site_id=slip.pk, expected_version=1, reason="错了")
    assert not Site.objects.live().filter(pk=slip.pk).exists()


@pytest.mark.parametrize("path", ["//evil.example/", "/en//evil.example/", "/%5cevil.example/"])
def test_error_pages_link_to_no_other_host(client: Client, world: World, path: str) -> None:
    body = client.get(path).content.decode()
    assert 'href="//evil' not in body
    assert 'href="/\\' not in body


def test_the_page_for_a_new_password_is_kept_by_nobody(admin_client: Client) -> None:
    assert "no-store" in admin_client.get("/admin/password_change/").headers["Cache-Control"]


@pytest.mark.parametrize("rules", ['{"version": ' + "9" * 5000 + "}", "[" * 100_000, '{"key": "\\ud800"}'])
def test_json_that_cannot_be_kept_is_refused(admin_client: Client, rules: str) -> None:
    form = {"key": "k", "version": 1, "name_zh": "n", "rules": rules, "effective_from": "2024-01-01"}
    answer = admin_client.post("/admin/projects/lagpolicy/add/", form)
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors["rules"]
