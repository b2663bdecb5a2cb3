"""The pages of supervision orders: from the list of late sites to the printed sheet, each in its scope."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from projects.actions.drafts import ReportDraft
from projects.actions.ordermatters import SubjectDraft
from projects.actions.orders import OrderDraft, issue_order
from projects.actions.reports import report_site
from projects.admin.overview import what_to_do
from projects.models import Photo, Site, SupervisionOrder
from tests.factories import CUTOFF, World
from tests.integration.adminforms import client_of, fetch_form
from tests.photographs import photo

pytestmark = pytest.mark.django_db

LIST: Final = "/admin/projects/supervisionorder/"
ISSUE: Final = f"{LIST}issue/"
NOW: Final = dt.datetime(2024, 7, 1, 9, tzinfo=dt.timezone(dt.timedelta(hours=8)))


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def late(world: World, **changes: Any) -> Site:
    site = world.add(world.planned(started_on=dt.date(2024, 1, 2), **changes))[0]
    report_site(access=world.access("admin"), site_id=site.pk, report=ReportDraft(CUTOFF, Decimal(20)))
    return site


def issue(world: World, site: Site) -> SupervisionOrder:
    draft = OrderDraft(SubjectDraft(site_id=site.pk), "七月底前完工")
    return issue_order(access=world.access("supervisor"), draft=draft)


def take(client: Client, order: SupervisionOrder, step: str, **typed: Any) -> str:
    """The step as the page offers it; returns the page that follows."""
    address = f"{LIST}{order.pk}/step/{step}/"
    form = fetch_form(client, address, "order-step-form")
    return client.post(address, {**form, **typed}, follow=True).content.decode()


def test_chosen_on_the_desk_previewed_and_issued(world: World) -> None:
    sites = [late(world, name=f"滞后 {number}") for number in range(3)]
    there = issue(world, sites[2])
    client = client_of(world.users["supervisor"])
    desk = client.get("/supervision/").content.decode()
    assert desk.count('form="order-sites"') == 2 and there.number in desk
    chosen = "&".join(f"site={site.pk}" for site in sites)
    address = f"{ISSUE}?{chosen}"
    page = client.get(address).content.decode()
    assert "滞后 0" in page and f"一事一单:{there.number}" in page
    ids = [str(site.pk) for site in sites[:2]]
    typed = {"site": ids, "grade": "orange", "requirement": "七月底前完工", "preview": "1"}
    assert "请写明理由" in client.post(ISSUE, typed).content.decode()
    typed["reason"] = "连续两月滞后"
    preview = client.post(ISSUE, typed).content.decode()
    assert "核对后发出 2 份" in preview and "反馈期限 2024-07-08" in preview
    assert SupervisionOrder.objects.count() == 1
    del typed["preview"]
    done = client.post(ISSUE, {**typed, "confirm": "1"}, follow=True).content.decode()
    assert "已发出 2 份:督〔2024〕2号、督〔2024〕3号" in done
    # Sent twice, it is issued once.
    again = client.post(ISSUE, {**typed, "confirm": "1"}).content.decode()
    assert "一事一单" in again and SupervisionOrder.objects.count() == 3


def test_from_the_start_page_to_the_printed_sheet(world: World) -> None:
    order = issue(world, late(world, name="南门助餐点"))
    editor, reviewer = client_of(world.users["haishu"]), client_of(world.users["supervisor"])
    tasks = {str(task.label): task for task in what_to_do(world.access("haishu"))[1]}
    assert tasks["督办单待签收"].count == 1 and tasks["督办单待反馈"].count == 0
    assert order.number in editor.get(tasks["督办单待签收"].url).content.decode()
    page = editor.get(f"{LIST}{order.pk}/change/").content.decode()
    assert "签收" in page and "撤销督办单" not in page and "落后 80 个百分点" in page
    assert "已签收" in take(editor, order, "sign")
    take(editor, order, "start", text="街道牵头")
    evidence = SimpleUploadedFile("a.jpg", photo(), "image/jpeg")
    take(editor, order, "report_back", text="已完工", photos=[evidence])
    assert Photo.objects.get().purpose == "rectification"
    tasks = {str(task.label): task for task in what_to_do(world.access("supervisor"))[1]}
    assert tasks["督办单待审核"].count == 1
    assert "errorlist" in take(reviewer, order, "return")
    assert "退回重办" in take(reviewer, order, "return", text="照片不清")
    take(editor, order, "report_back", text="补拍")
    assert "已销号" in take(reviewer, order, "close")
    sheet = reviewer.get(f"{LIST}{order.pk}/print/").content.decode()
    for words in (order.number, "七月底前完工", "照片不清", "签收人(签字)", "审计校验点"):
        assert words in sheet
    site = reviewer.get(f"/admin/projects/site/{order.site_id}/change/").content.decode()
    assert order.number in site and f"{ISSUE}?site={order.site_id}" in site
    history = reviewer.get(f"{LIST}{order.pk}/history/").content.decode()
    assert "退回重办" in history


def test_a_form_that_was_overtaken_changes_nothing(world: World) -> None:
    order = issue(world, late(world))
    editor = client_of(world.users["haishu"])
    form = fetch_form(editor, f"{LIST}{order.pk}/step/sign/", "order-step-form")
    take(editor, order, "sign")
    seq = SupervisionOrder.objects.get().changed_seq
    page = editor.post(f"{LIST}{order.pk}/step/sign/", form).content.decode()
    assert "已有新的办理记录" in page and SupervisionOrder.objects.get().changed_seq == seq


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", 2),
        ("?grade__exact=blue", 2),
        ("?grade__exact=red", 0),
        ("?state__exact=issued", 2),
        ("?division=330203", 1),
        ("?due=open", 2),
        ("?due=overdue", 0),
        ("?due=soon", 2),
        ("?todo=review", 0),
        ("?q=南门", 1),
        ("?q=督〔2024〕2号", 1),
        ("?q=[2024]7", 0),
    ],
)
def test_the_list_is_narrowed(world: World, query: str, shown: int) -> None:
    issue(world, late(world, name="南门助餐点"))
    issue(world, late(world, county="330212"))
    page = client_of(world.users["supervisor"]).get(f"{LIST}{query}").content.decode()
    assert page.count("field-number_shown") == shown


def test_a_district_sees_its_own_alone(world: World) -> None:
    other = issue(world, late(world, county="330212", name="别区点位"))
    client = client_of(world.users["haishu"])
    assert "别区点位" not in client.get(LIST).content.decode()
    for part in ("change/", "print/", "history/", "step/sign/"):
        answer = client.get(f"{LIST}{other.pk}/{part}", follow=True)
        assert "别区点位" not in answer.content.decode()
    assert client.get(ISSUE).status_code == 403
    assert client.post(ISSUE, {"site": other.site_id, "confirm": "1"}).status_code == 403
    assert 'form="order-sites"' not in client.get("/supervision/").content.decode()
    # Nothing of orders is public.
    assert other.number not in Client().get(f"/sites/{other.site.public_id}/").content.decode()  # type: ignore[union-attr]


def test_an_indicator_in_a_district_is_chosen_without_a_script(world: World) -> None:
    client = client_of(world.users["supervisor"])
    page = client.get(ISSUE).content.decode()
    assert "一个区县的一项指标" in page
    pair = {"indicator": world.indicators["06-piles"].pk, "division": world.counties["330203"].pk}
    assert "充电桩 · 海曙区" in client.get(ISSUE, pair).content.decode()
    typed = {**pair, "grade": "blue", "requirement": "补齐目标", "confirm": "1"}
    assert "督〔2024〕1号" in client.post(ISSUE, typed, follow=True).content.decode()
    for wrong in ({"indicator": "x"}, {"site": "9" * 30}, {"code": "\x00"}, {"indicator": "999999"}):
        assert client.get(ISSUE, wrong).status_code == 200
