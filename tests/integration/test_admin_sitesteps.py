"""Steps of a site in the admin: reports, plans, publishing, removal, the start page."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from projects.models import Site
from projects.rules.vocabulary import Publication
from tests.factories import World
from tests.integration.adminforms import (
    LIST,
    client_of,
    edit_url,
    form_of,
)

pytestmark = pytest.mark.django_db


def step(client: Client, site: Site, name: str, **typed: str) -> Any:
    url = f"{LIST}{site.pk}/step/{name}/"
    page = client.get(url)
    return client.post(url, {**form_of(page.content.decode()), **typed})


def test_publishing_takes_a_second_person(world: World, haishu: Client, admin_client: Client) -> None:
    site = world.add(world.draft(publication=Publication.DRAFT))[0]
    assert step(admin_client, site, "submit").status_code == 302
    assert step(admin_client, site, "publish").status_code == 403  # their own submission
    assert step(haishu, site, "publish").status_code == 403  # not theirs to publish
    site.refresh_from_db()
    assert site.publication == "submitted"
    publisher = client_of(world.users["publisher"])
    assert step(publisher, site, "publish").status_code == 302
    site.refresh_from_db()
    assert (site.publication, site.published_by) == ("published", world.users["publisher"])
    assert step(publisher, site, "withdraw").status_code == 200  # a reason is missing
    assert step(publisher, site, "withdraw", reason="图片有误").status_code == 302
    site.refresh_from_db()
    assert site.publication == "withdrawn"


def test_bulk_publishing_says_who_was_refused(world: World, admin_client: Client, haishu: Client) -> None:
    first, second = world.add(
        world.draft(publication=Publication.DRAFT), world.draft(publication=Publication.DRAFT)
    )
    chosen = {"_selected_action": [str(first.pk), str(second.pk)], "index": "0"}
    assert admin_client.get(f"{LIST}?todo=drafts").content.decode().count('name="_selected_action"') == 2
    step(haishu, first, "submit")
    step(admin_client, second, "submit")
    response = admin_client.post(LIST, {**chosen, "action": "publish_selected"}, follow=True)
    body = response.content.decode()
    assert "没有处理" in body and second.name in body
    states = dict(Site.objects.values_list("pk", "publication"))
    assert (states[first.pk], states[second.pk]) == ("published", "submitted")


def test_report_updates_percent_and_light(world: World, haishu: Client) -> None:
    site = world.add(world.planned())[0]
    response = step(haishu, site, "report", as_of="2024-06-30", percent="20", problem="用地", plan="七月完成")
    assert response.status_code == 302
    site.refresh_from_db()
    assert (site.percent, site.reported_on) == (Decimal(20), dt.date(2024, 6, 30))
    assert site.red_on is not None
    page = haishu.get(edit_url(site)).content.decode()
    assert "用地" in page and "七月完成" in page
    assert site.pk in {int(row["pk"]) for row in Site.objects.lagging(dt.date(2024, 6, 30)).values("pk")}
    late = haishu.get(f"{LIST}?todo=late").content.decode()
    assert site.name in late and "红灯" in late


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"percent": "101"}, "percent"),
        ({"percent": "-1"}, "percent"),
        ({"percent": "NaN"}, "percent"),
        ({"percent": ""}, "percent"),
        ({"as_of": "2999-01-01"}, "as_of"),
        ({"as_of": "昨天"}, "as_of"),
        ({"corrects": "999999"}, "corrects"),
    ],
)
def test_bad_reports_are_refused(world: World, haishu: Client, typed: dict[str, str], field: str) -> None:
    site = world.add(world.planned())[0]
    response = step(haishu, site, "report", **{"as_of": "2024-06-30", "percent": "20", **typed})
    assert response.status_code == 200
    assert field in response.context["form"].errors
    assert not site.reports.exists()


def test_reschedule_needs_a_supervisor(world: World, haishu: Client) -> None:
    site = world.add(world.planned())[0]
    typed = {"planned_finish": "2024-10-01", "reason": "汛期", "approval_number": "甬府 1 号"}
    assert step(haishu, site, "reschedule", **typed).status_code == 403
    supervisor = client_of(world.users["supervisor"])
    assert step(supervisor, site, "reschedule", **typed).status_code == 302
    site.refresh_from_db()
    assert site.planned_finish == dt.date(2024, 10, 1)
    assert site.baseline_finish == dt.date(2024, 6, 30)


def test_removal_keeps_the_row_and_wants_a_reason(world: World, admin_client: Client) -> None:
    site = world.site()
    url = f"{LIST}{site.pk}/delete/"
    page = form_of(admin_client.get(url).content.decode())
    assert admin_client.post(url, {**page, "reason": " "}).status_code == 200
    assert admin_client.post(url, {**page, "version": "77", "reason": "重复"}).status_code == 200
    assert Site.objects.live().filter(pk=site.pk).exists()
    assert admin_client.post(url, {**page, "reason": "重复"}).status_code == 302
    assert Site.objects.filter(pk=site.pk, deleted_seq__isnull=False).exists()
    assert admin_client.get(edit_url(site)).status_code == 302


# -- start page and look-ups --------------------------------------------------------------------------------


def test_start_page_counts_what_the_list_shows(world: World, haishu: Client, admin_client: Client) -> None:
    world.add(
        world.draft(publication=Publication.DRAFT),
        world.planned(),
        world.planned(county="330212"),
        world.draft(county="330212", publication=Publication.DRAFT),
    )
    for client in (haishu, admin_client, client_of(world.users["publisher"])):
        _day, tasks = client.get("/admin/").context["tasks"]
        for task in tasks:
            shown = client.get(task.url).context
            if "todo=" in task.url:
                assert shown["cl"].result_count == task.count, task.label
            elif "problems" in task.url:
                assert shown["count"] == task.count, task.label
    _day, tasks = haishu.get("/admin/").context["tasks"]
    counts = {str(task.label): task.count for task in tasks}
    assert (counts["滞后点位"], counts["草稿待提交"]) == (1, 1)
    assert "一个月未报进度" not in counts  # the month's round asks it, with a deadline


def test_locate(world: World, haishu: Client) -> None:
    url = f"{LIST}locate/"
    found = haishu.get(url, {"x": "121.55", "y": "29.85", "datum": "wgs84"}).json()
    assert (found["lon"], found["lat"], found["division"]["code"]) == (121.55, 29.85, "330203")
    shifted = haishu.get(url, {"text": "121.55,29.85", "datum": "gcj02"}).json()
    assert (shifted["lon"], shifted["lat"]) != (121.55, 29.85)
    for query in ({"x": "29.85", "y": "121.55", "datum": "wgs84"}, {"text": "x", "datum": "wgs84"}, {},
                  {"x": "nan", "y": "1", "datum": "wgs84"}, {"x": "121", "y": "29", "datum": "mars"}):  # fmt: skip
        answer = haishu.get(url, query)
        assert answer.status_code == 400 and answer.json()["error"], query
    assert haishu.get(url, {"x": "29.85", "y": "121.55", "datum": "wgs84"}).json()["other_order"]
    nowhere = haishu.get(url, {"x": "10", "y": "50", "datum": "wgs84"}).json()
    assert nowhere["division"] is None
    assert client_of(world.users["supervisor"]).get(url, {"x": "1", "y": "1"}).status_code == 403


def test_both_languages(haishu: Client) -> None:
    assert 'lang="zh-hans"' in haishu.get("/admin/").content.decode()
    assert 'lang="en"' in haishu.get("/en/admin/").content.decode()


def test_reports_may_not_be_dated_ahead(world: World, haishu: Client) -> None:
    site = world.add(world.planned())[0]
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    assert step(haishu, site, "report", as_of=tomorrow.isoformat(), percent="1").status_code == 200
