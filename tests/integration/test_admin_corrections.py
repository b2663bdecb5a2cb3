"""At a form: refused because a month is closed, asked for as a correction, decided by another person."""

import datetime as dt
from decimal import Decimal

import pytest
from django.test import Client

from projects.models import (
    CorrectionRequest,
    FundingLine,
    FundingReport,
    Indicator,
    PeriodClosing,
    PublishedFigure,
    Site,
    SiteReport,
    TargetStatement,
)
from projects.rules.vocabulary import Publication
from tests.factories import CUTOFF, World, values
from tests.integration.adminforms import client_of, fetch_form, opened
from tests.integration.closedworld import CLOSED_DAY, close, figure_of, line_of, second_closer

pytestmark = pytest.mark.django_db

OFFER = 'name="_as_correction"'
REQUESTS = "/admin/projects/correctionrequest/"

#: Behind its plan on a closed day, and says why.
LATE_REPORT = {
    "as_of": CLOSED_DAY.isoformat(),
    "percent": "40",
    "problem": "雨季停工",
    "plan": "六月复工",
}


@pytest.fixture
def closer(world: World) -> Client:
    second_closer(world)
    return client_of(world.users["closer"])


def test_a_step_of_a_site(world: World, haishu: Client, closer: Client) -> None:
    site = world.add(world.planned())[0]
    close(world)
    url = f"/admin/projects/site/{site.pk}/step/report/"
    form = {**fetch_form(haishu, url), **LATE_REPORT}
    page = haishu.post(url, form).content.decode()
    assert "已关账至 2024-05-31" in page
    assert OFFER in page
    assert not CorrectionRequest.objects.exists()
    typed = {**form, "_as_correction": "1"}
    assert "请写明更正原因" in haishu.post(url, typed).content.decode()
    response = haishu.post(url, {**typed, "correction": "五月漏报"}, follow=True)
    request = CorrectionRequest.objects.get()
    assert f"更正申请第 {request.pk} 号" in response.content.decode()
    assert not SiteReport.objects.exists()
    # The one who asked sees it and cannot decide it.
    own = haishu.get(f"{REQUESTS}{request.pk}/change/").content.decode()
    assert "五月漏报" in own and "雨季停工" in own
    assert 'name="_approve"' not in own
    assert haishu.post(f"{REQUESTS}{request.pk}/decide/", {"_approve": "1"}).status_code == 403
    # The other person finds it on the start page, reads what would be written, and approves.
    assert f"{REQUESTS}?decision__exact=waiting" in closer.get("/admin/").content.decode()
    shown = closer.get(f"{REQUESTS}{request.pk}/change/").content.decode()
    assert 'name="_approve"' in shown and "40" in shown and "2024-05-15" in shown
    done = closer.post(f"{REQUESTS}{request.pk}/decide/", {"_approve": "1", "note": "同意"}, follow=True)
    assert "更正已写入" in done.content.decode()
    assert SiteReport.objects.get().percent == 40
    history = closer.get(f"{REQUESTS}{request.pk}/history/").content.decode()
    assert "批准更正" in history


def test_a_refusal_needs_a_note(world: World, haishu: Client, closer: Client) -> None:
    site = world.add(world.planned())[0]
    close(world)
    url = f"/admin/projects/site/{site.pk}/step/report/"
    form = {**fetch_form(haishu, url), **LATE_REPORT}
    haishu.post(url, {**form, "_as_correction": "1", "correction": "漏报"})
    request = CorrectionRequest.objects.get()
    page = closer.post(f"{REQUESTS}{request.pk}/decide/", {"_refuse": "1", "note": ""}, follow=True)
    assert "理由" in page.content.decode()
    closer.post(f"{REQUESTS}{request.pk}/decide/", {"_refuse": "1", "note": "没有依据"})
    request.refresh_from_db()
    assert (request.decision, request.note) == ("refused", "没有依据")


def test_the_form_of_a_site(world: World, haishu: Client, closer: Client) -> None:
    site = world.add(world.planned(publication=Publication.DRAFT))[0]
    close(world)
    url = f"/admin/projects/site/{site.pk}/change/"
    form = {**opened(haishu, site), "started_on": CLOSED_DAY.isoformat()}
    page = haishu.post(url, form).content.decode()
    assert OFFER in page and CLOSED_DAY.isoformat() in page
    haishu.post(url, {**form, "_as_correction": "1", "correction": "漏填"})
    request = CorrectionRequest.objects.get()
    closer.post(f"{REQUESTS}{request.pk}/decide/", {"_approve": "1"})
    assert Site.objects.get().started_on == CLOSED_DAY


def test_removing_a_public_site(world: World, admin_client: Client, closer: Client) -> None:
    site = world.add(world.planned())[0]
    close(world)
    url = f"/admin/projects/site/{site.pk}/delete/"
    form = {"reason": "重复", "version": "1"}
    assert OFFER in admin_client.post(url, form).content.decode()
    admin_client.post(url, {**form, "_as_correction": "1", "correction": "重复录入"})
    request = CorrectionRequest.objects.get()
    closer.post(f"{REQUESTS}{request.pk}/decide/", {"_approve": "1"})
    assert Site.objects.get().deleted_seq is not None


def test_targets_and_money(world: World, admin_client: Client, closer: Client) -> None:
    meal = world.indicators["03-meal"]
    url = "/admin/projects/targetstatement/add/"
    form = {
        **fetch_form(admin_client, url, "targetstatement_form"),
        "indicator": str(meal.pk),
        "effective_on": CLOSED_DAY.isoformat(),
        "target": "30",
        "source": "文件",
        "_save": "1",
    }
    assert admin_client.post(url, form).status_code == 302
    assert Indicator.objects.get(pk=meal.pk).target == 30
    line = line_of(world)
    close(world)
    page = admin_client.post(url, {**form, "target": "31"}).content.decode()
    assert OFFER in page
    admin_client.post(url, {**form, "target": "31", "_as_correction": "1", "correction": "登记错"})
    money = "/admin/projects/fundingreport/add/"
    form = {
        **fetch_form(admin_client, money, "fundingreport_form"),
        "line": str(line.pk),
        "as_of": CLOSED_DAY.isoformat(),
        "used": "5",
        "_save": "1",
    }
    admin_client.post(money, {**form, "_as_correction": "1", "correction": "漏报"})
    for request in CorrectionRequest.objects.all():
        closer.post(f"{REQUESTS}{request.pk}/decide/", {"_approve": "1"})
    assert Indicator.objects.get(pk=meal.pk).target == 31
    assert values(TargetStatement.objects.count(), FundingReport.objects.get().used) == (2, 5)


def test_closing_a_month(world: World, admin_client: Client, haishu: Client) -> None:
    url = "/admin/projects/periodclosing/add/"
    form = {**fetch_form(admin_client, url, "periodclosing_form"), "_save": "1"}
    assert (form["programme"], form["through"]) == (str(world.programme.pk), "2024/01/31")
    page = admin_client.post(url, {**form, "through": "2024-05-30"}).content.decode()
    assert "最后一天" in page
    assert admin_client.post(url, {**form, "through": "2024-05-31"}).status_code == 302
    assert PeriodClosing.objects.get().through == dt.date(2024, 5, 31)
    assert fetch_form(admin_client, url, "periodclosing_form")["through"] == "2024/06/30"
    assert haishu.get(url).status_code == 403


def test_a_new_line_and_its_amount(world: World, admin_client: Client) -> None:
    url = "/admin/projects/fundingline/add/"
    form = {
        **fetch_form(admin_client, url, "fundingline_form"),
        "programme": str(world.programme.pk),
        "source": "city",
        "name": "资金",
        "arranged": "100",
        "effective_on": "2024-03-01",
        "_save": "1",
    }
    assert admin_client.post(url, form).status_code == 302
    line = FundingLine.objects.get()
    first = line.arrangements.get()
    assert values(first.effective_on, first.arranged) == (dt.date(2024, 3, 1), 100)
    again = f"/admin/projects/fundingline/{line.pk}/change/"
    assert "arranged" not in fetch_form(admin_client, again, "fundingline_form")
    more = "/admin/projects/fundingarrangement/add/"
    form = {
        **fetch_form(admin_client, more, "fundingarrangement_form"),
        "line": str(line.pk),
        "effective_on": CUTOFF.isoformat(),
        "arranged": "120",
        "basis": "追加预算",
        "_save": "1",
    }
    assert admin_client.post(more, form).status_code == 302
    line.refresh_from_db()
    assert line.arranged == 120


def test_a_figure_is_corrected_on_a_form_that_starts_from_it(world: World, admin_client: Client) -> None:
    first = figure_of(world, CLOSED_DAY)
    first.save()
    page = admin_client.get(f"/admin/projects/publishedfigure/{first.pk}/change/").content.decode()
    assert f"/admin/projects/publishedfigure/add/?corrects={first.pk}" in page
    url = f"/admin/projects/publishedfigure/add/?corrects={first.pk}"
    form = fetch_form(admin_client, url, "publishedfigure_form")
    assert (form["key"], form["text"], form["corrects"]) == ("f", "15 个", str(first.pk))
    saved = admin_client.post(
        url, {**form, "text": "16 个", "value": "16", "correction_reason": "抄错", "_save": "1"}
    )
    assert saved.status_code == 302
    standing = PublishedFigure.objects.standing().get()
    assert (standing.text, standing.value, standing.corrects_id) == ("16 个", Decimal(16), first.pk)


def test_requests_of_others_are_not_listed(world: World, haishu: Client, closer: Client) -> None:
    site = world.add(world.planned())[0]
    close(world)
    url = f"/admin/projects/site/{site.pk}/step/report/"
    form = {**fetch_form(haishu, url), **LATE_REPORT}
    haishu.post(url, {**form, "_as_correction": "1", "correction": "漏报"})
    for who, seen in (("haishu", True), ("yinzhou", False), ("supervisor", False), ("admin", True)):
        listed = client_of(world.users[who]).get(REQUESTS).content.decode()
        assert ("漏报" in listed) is seen, who
