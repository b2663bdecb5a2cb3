"""Lists of the admin: every page once by its links, the same sites as SQL by every filter, counts that are right."""

import re
from html import unescape

import pytest
from django.test import Client, RequestFactory

from projects.actions.publishing import submit_site
from projects.admin.overview import QUESTIONS, as_of
from projects.admin.paging import Place
from projects.admin.sites import SiteAdmin
from projects.models import AuditEntry, Site
from projects.readmodels import staffsites
from projects.readmodels.facets import facets
from projects.readmodels.siteindex import snapshot
from projects.readmodels.sitequeries import SiteFilter
from projects.rules.vocabulary import Publication, Stage
from tests.factories import World
from tests.integration.adminforms import client_of

pytestmark = pytest.mark.django_db

LIST = "/admin/projects/site/"
FILTERS = (
    "",
    "todo=drafts",
    "todo=publish",
    "todo=late",
    "todo=unreported",
    "light=red",
    "stage__exact=building",
    "stage__exact=suspended",
    "publication__exact=draft",
    "service__exact=open",
    "kind=ev-charging",
    "managed_by=330212",
    "managed_by=330200",
    "light=red,yellow",
    "light=none&light=green",
    "stage=building,suspended&stage=planned",
    "stage=nonsense",
    "kind=meal-point,ev-charging",
    "managed_by=330212,330203",
    "managed_by=330212&managed_by=330211",
    "indicator=06-piles",
    "indicator=03-meal,06-piles",
    "department=energy",
    "department=energy,civil&stage=finished",
    "report=never",
    "problem=any",
    "problem=apart,undated&stage=finished",
    "problem=apart&q=试点",
    "report=month",
    "cross=1",
    "is_demo__exact=1",
    "is_demo__exact=0&stage__exact=finished",
    "q=试点",
    "q=试点 1",
    "kind=meal-point&managed_by=330203&publication__exact=published",
)


@pytest.fixture
def many(world: World) -> World:
    """Sites of every sort, in two districts and across them."""
    drafts = []
    for number in range(14):
        county = "330203" if number % 2 else "330212"
        drafts += [
            world.planned(county=county),
            world.draft(county=county, publication=Publication.DRAFT),
            world.draft(county=county, kind="ev-charging", counts_for=(("06-piles", 2),), is_demo=number < 3),
            world.draft(county="330203", managed_by="330212", stage=Stage.SUSPENDED),
            world.planned(county=county, publication=Publication.DRAFT),
        ]
    rows = world.add(*drafts)
    for site in [row for row in rows if row.publication == "draft"][::3]:
        submit_site(access=world.access("admin"), site_id=site.pk, expected_version=site.version)
    return world


def pages(client: Client, address: str, *, word: str = "next") -> list[list[int]]:
    """The keys on each page, going from link to link as a person does."""
    found = []
    while address:
        text = client.get(address).content.decode()
        found.append([int(pk) for pk in re.findall(r'name="_selected_action" value="(\d+)"', text)])
        link = re.search(rf'<a href="([^"]+)" rel="{word}"', text)
        address = unescape(link[1]) if link else ""
        if address.startswith("?"):
            address = LIST + address
        assert len(found) < 50
    return found


@pytest.mark.parametrize("who", ["admin", "haishu", "energy", "supervisor", "publisher", "stranger"])
def test_every_filter_lists_what_sql_finds(many: World, who: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SiteAdmin, "list_per_page", 9)
    monkeypatch.setattr(SiteAdmin, "list_max_show_all", 0)
    client = client_of(many.users[who])
    # Scope is one test of the index, the same for every filter: some of them for each, all for two.
    for words in FILTERS if who in ("haishu", "energy") else FILTERS[::4]:
        answer = client.get(f"{LIST}?{words}")
        if who == "stranger":
            assert answer.status_code == 302
            continue
        changelist = answer.context["cl"]
        expected = list(changelist.queryset.order_by("-pk").values_list("pk", flat=True))
        listed = [site.pk for page in _walk(client, f"{LIST}?{words}") for site in page] if expected else []
        assert listed == expected, words
        assert changelist.result_count == len(expected), words


def _walk(client: Client, address: str) -> list[list[Site]]:
    found = []
    while address:
        changelist = client.get(address).context["cl"]
        found.append(list(changelist.result_list))
        address = LIST + changelist.next_url if changelist.next_url else ""
    return found


def test_there_and_back_by_the_links_of_the_page(many: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SiteAdmin, "list_per_page", 9)
    client = client_of(many.users["admin"])
    down = pages(client, f"{LIST}?managed_by=330212")
    assert len(down) > 3 and [len(page) for page in down[:-1]] == [9] * (len(down) - 1)
    last = client.get(f"{LIST}?managed_by=330212&after={down[-2][-1]}").context["cl"]
    up = pages(client, LIST + last.previous_url, word="prev")
    assert up == down[:-1][::-1]
    # The address names a row: the page stays what it was when newer sites come.
    address = f"{LIST}?managed_by=330212&after={down[0][-1]}"
    many.add(many.draft(county="330212"))
    assert pages(client, address)[0] == down[1]


@pytest.mark.parametrize(
    "place", ["after=x", "after=-1", "after=99999999999999999999", "before=99999999", "p=7"]
)
def test_a_place_that_is_none_is_the_top(many: World, place: str) -> None:
    client = client_of(many.users["admin"])
    answer = client.get(f"{LIST}?{place}")
    assert answer.status_code == 200
    top = client.get(LIST).context["cl"].result_list
    assert [site.pk for site in answer.context["cl"].result_list] == [site.pk for site in top]


def test_few_sites_can_be_put_in_order_and_many_not(many: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_of(many.users["admin"])
    few = f"{LIST}?stage__exact=suspended"
    names = [site.name for site in client.get(f"{few}&o=1").context["cl"].result_list]
    assert names == sorted(names) and len(names) == 14
    assert "sortable" in client.get(few).content.decode()
    monkeypatch.setattr(SiteAdmin, "list_max_show_all", 10)
    answer = client.get(f"{few}&o=1")
    assert [site.pk for site in answer.context["cl"].result_list] == sorted(
        (site.pk for site in answer.context["cl"].result_list), reverse=True
    )
    assert "sortable" not in answer.content.decode()


def test_counts_say_what_sql_counts(many: World) -> None:
    held = snapshot(fresh=True)
    for who in ("admin", "haishu", "energy", "publisher", "stranger"):
        access = many.access(who)
        for question in QUESTIONS:
            total = staffsites.total(question.asked(access, as_of(), held), held)
            assert (total.count, total.at_least) == (question.rows(access, as_of()).count(), False), (
                who,
                question,
            )
    counts = facets(SiteFilter(), staff=True)
    for word, column in (
        ("kind", "kind__slug"),
        ("stage", "stage"),
        ("service", "service"),
        ("light", "light"),
    ):
        expected: dict[str, int] = {}
        for value in Site.objects.live().values_list(column, flat=True):
            expected[value] = expected.get(value, 0) + 1
        assert dict(counts.by[word]) == expected
    assert counts.total == Site.objects.live().count()


def test_a_page_that_looks_in_vain_goes_on_from_there(many: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staffsites, "LOOKED_AT", 5)
    client = client_of(many.users["admin"])
    listed = [site.pk for page in _walk(client, f"{LIST}?is_demo__exact=1") for site in page]
    assert listed == list(Site.objects.filter(is_demo=True).order_by("-pk").values_list("pk", flat=True))
    assert client.get(f"{LIST}?is_demo__exact=1").context["cl"].count_words.endswith("以上")


def test_the_audit_list_and_a_history_page_by_key(many: World) -> None:
    client = client_of(many.users["admin"])
    address, seen = "/admin/projects/auditentry/", []
    while address:
        changelist = client.get(address).context["cl"]
        seen += [entry.pk for entry in changelist.result_list]
        address = "/admin/projects/auditentry/" + changelist.next_url if changelist.next_url else ""
    assert seen == list(AuditEntry.objects.order_by("-pk").values_list("pk", flat=True))
    site = Site.objects.earliest("pk")
    text = client.get("/admin/projects/auditentry/", {"q": site.code}).context["cl"].result_list
    assert {entry.subject_id for entry in text} == {str(site.pk)}
    assert client.get(f"{LIST}{site.pk}/history/?after=1").status_code == 200


def test_a_place_is_read_strictly() -> None:
    request = RequestFactory().get("/", {"after": "7", "before": "9"})
    assert Place.of(request.GET) == Place(7, None)
    assert Place.of(RequestFactory().get("/", {"before": "9"}).GET) == Place(None, 9)
