"""The monthly round's table and the form at the site, as people send them."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from projects.actions.closing import close_period
from projects.actions.drafts import ReportDraft
from projects.actions.reports import report_site
from projects.admin.overview import what_to_do
from projects.models import CorrectionRequest, Photo, Site, SiteReport
from projects.rules.vocabulary import Stage
from tests.factories import CUTOFF, World
from tests.integration.adminforms import client_of, form_of
from tests.photographs import photo

pytestmark = pytest.mark.django_db

ROUND = "/admin/round/"
MAY = dt.date(2024, 5, 31)
JSON: dict[str, Any] = {"HTTP_ACCEPT": "application/json"}


@pytest.fixture
def sites(world: World) -> list[Site]:
    """Three due sites of 海曙, one of 鄞州; existing stock and a finished one are not due."""
    found = world.add(
        world.planned(code="A1", name="甲点"),
        world.planned(code="A2", name="乙点"),
        world.planned(code="A3", name="丙点"),
        world.planned(code="B1", name="外区点", county="330212"),
    )
    world.add(
        world.draft(code="S1", name="存量点"),
        world.planned(code="F1", name="去年完工", stage=Stage.FINISHED, finished_on=dt.date(2024, 3, 1)),
    )
    return found


def sent(client: Client, typed: dict[str, Any], *, button: str = "_save", url: str = ROUND) -> Any:
    """The page's own form, some cells filled in: `A1-percent` by the site's code."""
    page = client.get(url).content.decode()
    data: dict[str, Any] = dict(form_of(page))
    data["row"] = re.findall(r'name="row" value="(\d+)"', page)
    for name, value in typed.items():
        code, field = name.split("-")
        data[f"r-{Site.objects.get(code=code).pk}-{field}"] = value
    data.pop("_check", None), data.pop("_save", None)
    return client.post(url, {**data, button: "1"})


def cell(body: str, site: Site, field: str) -> str:
    """What a text field of a row holds."""
    found = re.search(rf'<textarea name="r-{site.pk}-{field}"[^>]*>([^<]*)<', body) or re.search(
        rf'name="r-{site.pk}-{field}"\s+value="([^"]*)"', body
    )
    return found[1] if found else ""


class TestTable:
    def test_lists_what_is_due_in_my_district(self, sites: list[Site], haishu: Client) -> None:
        body = haishu.get(ROUND).content.decode()
        assert [name in body for name in ("甲点", "乙点", "丙点", "外区点", "存量点", "去年完工")] == [
            True, True, True, False, False, False,
        ]  # fmt: skip
        assert "应报 3,已报 0,未报 3" in body and "2024-07-05" in body
        assert f'name="day" value="{CUTOFF}"' in body

    def test_what_was_typed_when_the_log_in_ended_is_there_again_and_not_saved(
        self, world: World, sites: list[Site], haishu: Client
    ) -> None:
        page = haishu.get(ROUND).content.decode()
        fields = [[name, value] for name, value in form_of(page).items() if name != "csrfmiddlewaretoken"]
        fields += [["row", str(site.pk)] for site in sites[:3]]
        fields = [pair for pair in fields if pair[0] not in ("row", f"r-{sites[1].pk}-percent")] + [
            ["row", str(sites[1].pk)], [f"r-{sites[1].pk}-percent", "44"],
        ]  # fmt: skip
        kept = haishu.post(
            "/api/staff/v1/drafts/", {"address": ROUND, "fields": fields}, content_type="application/json"
        )
        assert kept.status_code == 200, kept.content
        sent(haishu, {"A1-percent": "90"})
        again = haishu.get(f"{ROUND}?draft=1").content.decode()
        assert cell(again, sites[1], "percent") == "44" and "还没有保存的内容" in again
        assert form_of(again)["key"] != form_of(page)["key"], "another form: it cannot have arrived before"
        assert not SiteReport.objects.filter(site=sites[1]).exists()

    def test_one_save_for_all_and_blank_rows_stay_unreported(self, sites: list[Site], haishu: Client) -> None:
        response = sent(haishu, {
            "A1-percent": "100%", "A1-stage": "finished", "A1-stage_on": "2024-06-20",
            "A2-percent": "80", "A2-problem": "管线未迁改", "A2-plan": "七月底前完成",
        })  # fmt: skip
        assert response.status_code == 302
        assert sorted(SiteReport.objects.values_list("site__code", "percent", "as_of")) == [
            ("A1", Decimal(100), CUTOFF), ("A2", Decimal(80), CUTOFF),
        ]  # fmt: skip
        assert Site.objects.get(code="A1").stage == "finished"
        body = haishu.get(response["Location"]).content.decode()
        # Finished in the month: still part of it, and reported.
        assert "应报 3,已报 2,未报 1" in body and "已保存 2 个点位" in body
        assert "甲点" not in haishu.get(f"{ROUND}?show=unreported").content.decode()
        late = haishu.get(f"{ROUND}?show=late").content.decode()
        assert [name in late for name in ("甲点", "乙点", "丙点")] == [False, True, True]

    def test_errors_stand_beside_their_cells_and_nothing_is_lost(
        self, sites: list[Site], haishu: Client
    ) -> None:
        response = sent(haishu, {
            "A1-percent": "96", "A2-percent": "80", "A2-problem": "无", "A3-percent": "abc", "A3-plan": "八月完成",
        })  # fmt: skip
        body = response.content.decode()
        assert response.status_code == 200 and not SiteReport.objects.exists()
        first, second, third = sites[:3]
        assert cell(body, first, "percent") == "96" and cell(body, third, "percent") == "abc"
        assert cell(body, second, "problem") == "无" and cell(body, third, "plan") == "八月完成"
        assert "有 2 行要改" in body or "有 1 行要改" in body
        assert "“abc”不是数字" in body
        body = sent(haishu, {"A2-percent": "80", "A2-problem": "无"}).content.decode()
        assert "请写明堵点卡点" in body and "请写明推进方案" in body

    def test_check_says_the_light_and_writes_nothing(self, sites: list[Site], haishu: Client) -> None:
        body = sent(haishu, {"A1-percent": "96"}, button="_check").content.decode()
        assert "检查过了" in body and "light--green" in body and not SiteReport.objects.exists()
        assert cell(body, sites[0], "percent") == "96"
        page = haishu.get(ROUND).content.decode()
        data = {**form_of(page), "row": [str(sites[0].pk), str(sites[3].pk)]}
        data |= {f"r-{site.pk}-percent": "40" for site in sites}
        rows = haishu.post(f"{ROUND}preview/", data).json()["rows"]
        own, other = rows[str(sites[0].pk)], rows[str(sites[3].pk)]
        assert (own["light"], own["asks"]) == ("red", True) and set(own["errors"]) == {"problem", "plan"}
        assert other["light"] == "" and "外区点" not in str(rows)

    def test_a_faster_colleague_is_shown_beside_what_i_typed(
        self, world: World, sites: list[Site], haishu: Client
    ) -> None:
        page = haishu.get(ROUND).content.decode()
        data: dict[str, Any] = {**form_of(page), "row": re.findall(r'name="row" value="(\d+)"', page)}
        report = ReportDraft(dt.date(2024, 6, 10), Decimal(60), "同事填的")
        report_site(access=world.access("admin"), site_id=sites[0].pk, report=report)
        data |= {f"r-{sites[0].pk}-percent": "97", f"r-{sites[1].pk}-percent": "98", "_save": "1"}
        body = haishu.post(ROUND, data).content.decode()
        assert "别人改过或报过" in body and "同事填的" in body and "97" in body
        assert cell(body, sites[1], "percent") == "98"
        assert SiteReport.objects.count() == 1

    def test_nothing_of_another_district_by_post(self, sites: list[Site], haishu: Client) -> None:
        other = sites[3]
        data = {**form_of(haishu.get(ROUND).content.decode()), "row": [str(other.pk)]}
        data |= {f"r-{other.pk}-percent": "96", f"r-{other.pk}-version": "1", "_save": "1"}
        response = haishu.post(ROUND, data)
        assert "外区点" not in response.content.decode() and not SiteReport.objects.exists()
        for query in (f"add={other.pk}", "division=330212", "q=外区点", "township=330212"):
            body = haishu.get(f"{ROUND}?{query}").content.decode().replace('value="外区点"', "")
            assert "外区点" not in body, query

    def test_a_row_of_nonsense_is_none(self, sites: list[Site], haishu: Client) -> None:
        rows = ["9" * 5000, "9" * 25, "²", "-1"]
        for url in ("/admin/round/", "/admin/round/preview/"):
            assert haishu.post(url, {"day": "2024-06-30", "row": rows}).status_code == 200

    def test_photos_of_a_refused_form_are_kept(self, world: World, sites: list[Site], haishu: Client) -> None:
        pk = sites[0].pk
        page = haishu.get(ROUND).content.decode()
        data: dict[str, Any] = {**form_of(page), "row": [str(pk)], f"r-{pk}-percent": "200", "_save": "1"}
        files = {f"r-{pk}-photos": [SimpleUploadedFile("a.jpg", photo())]}
        body = haishu.post(ROUND, {**data, **files}).content.decode()
        assert "0 到 100" in body and "已收到的 1 张" in body
        again = {**form_of(body), "row": [str(pk)], f"r-{pk}-percent": "96", "_save": "1"}
        assert haishu.post(ROUND, again).status_code == 302
        assert Photo.objects.get().report == SiteReport.objects.get()
        # Somebody else's photos are not taken: the note is signed for one person.
        other = client_of(world.users["admin"])
        stolen = {**data, f"r-{pk}-kept": again[f"r-{pk}-kept"], f"r-{pk}-percent": "96"}
        assert "已过期" in other.post(f"{ROUND}?division=330203", stolen).content.decode()

    def test_a_closed_month_offers_a_correction(
        self, world: World, sites: list[Site], haishu: Client
    ) -> None:
        close_period(access=world.access("admin"), programme=world.programme, through=MAY)
        url = f"{ROUND}?day={MAY}"
        body = sent(haishu, {"A1-percent": "96"}, url=url).content.decode()
        assert "作为更正提交" in body and cell(body, sites[0], "percent") == "96"
        data = {**form_of(body), "row": [str(sites[0].pk)], "correction": "五月漏报", "_as_correction": "1"}
        assert haishu.post(url, data).status_code == 302
        asked = CorrectionRequest.objects.get()
        assert asked.action == "report_round" and not SiteReport.objects.exists()
        page = client_of(world.users["admin"]).get(f"/admin/projects/correctionrequest/{asked.pk}/change/")
        assert "甲点" in page.content.decode() and "96" in page.content.decode()

    def test_a_double_click_records_once(self, sites: list[Site], haishu: Client) -> None:
        page = haishu.get(ROUND).content.decode()
        pk = sites[0].pk
        data = {**form_of(page), "row": [str(pk)], f"r-{pk}-percent": "96", "_save": "1"}
        assert haishu.post(ROUND, data).status_code == haishu.post(ROUND, data).status_code == 302
        assert SiteReport.objects.count() == 1

    def test_a_site_that_is_not_due_can_be_added(self, sites: list[Site], haishu: Client) -> None:
        finished = Site.objects.get(code="F1")
        body = haishu.get(f"{ROUND}?q=去年完工").content.decode()
        assert f"add={finished.pk}" in body
        added = haishu.get(f"{ROUND}?add={finished.pk}").content.decode()
        assert f'name="r-{finished.pk}-percent"' in added


class TestProgress:
    def test_a_supervisor_sees_every_district_and_writes_nothing(
        self, world: World, sites: list[Site], haishu: Client
    ) -> None:
        sent(haishu, {"A1-percent": "96"})
        supervisor = client_of(world.users["supervisor"])
        body = supervisor.get(ROUND).content.decode()
        rows = re.sub(r"<[^>]+>|\s+", " ", body)
        assert re.search(r"海曙区\s+3\s+1\s+2", rows) and re.search(r"鄞州区\s+1\s+0\s+1", rows)
        table = supervisor.get(f"{ROUND}?division=330203").content.decode()
        assert "甲点" in table and 'name="row"' not in table and "_save" not in table
        pk = sites[1].pk
        data = {
            "row": [str(pk)],
            f"r-{pk}-percent": "96",
            f"r-{pk}-version": "1",
            "day": str(CUTOFF),
            "_save": "1",
        }
        supervisor.post(f"{ROUND}?division=330203", data)
        assert SiteReport.objects.count() == 1
        assert supervisor.post(f"{ROUND}preview/", data).status_code == 403

    def test_the_start_page_counts_what_is_to_come(
        self, world: World, sites: list[Site], haishu: Client
    ) -> None:
        def counts(who: str) -> dict[str, int]:
            return {str(task.label): task.count for task in what_to_do(world.access(who))[1]}

        assert counts("haishu")["本月应报未报"] == 3
        assert counts("supervisor")["未报完的区县"] == 2
        sent(haishu, {"A1-percent": "96"})
        assert counts("haishu")["本月应报未报"] == 2
        assert "本月应报未报" in haishu.get("/admin/").content.decode()

    def test_questions_do_not_grow_with_the_rows(
        self, world: World, sites: list[Site], haishu: Client, django_assert_max_num_queries: Any
    ) -> None:
        world.add(*(world.planned() for _number in range(30)))
        with django_assert_max_num_queries(45):
            haishu.get(ROUND)


class TestVisit:
    def url(self, site: Site) -> str:
        return f"/admin/projects/site/{site.pk}/visit/"

    def form(self, client: Client, site: Site, **typed: Any) -> dict[str, Any]:
        data = form_of(client.get(self.url(site)).content.decode())
        return {**data, "day": str(CUTOFF), **{f"r-{site.pk}-{name}": value for name, value in typed.items()}}

    def test_a_report_with_photo_and_position(self, sites: list[Site], haishu: Client) -> None:
        site = sites[0]
        data = self.form(haishu, site, percent="96", photos=[SimpleUploadedFile("a.jpg", photo())])
        data |= {"device_lon": "121.5501", "device_lat": "29.8501", "device_accuracy": "12.5"}
        data |= {"device_at": "2024-06-30T02:00:00.000Z"}
        answer = haishu.post(self.url(site), data, **JSON).json()
        assert answer["ok"] and str(site.pk) in answer["url"]
        stored = Photo.objects.get()
        assert stored.report == SiteReport.objects.get()
        assert (stored.device_lon, stored.device_accuracy_m) == (121.5501, 12.5)
        # The answer was lost on the way, and the phone sends again.
        assert haishu.post(self.url(site), data | {f"r-{site.pk}-photos": []}, **JSON).json()["ok"]
        assert SiteReport.objects.count() == 1

    @pytest.mark.parametrize("lie", [{"device_lon": "NaN"}, {"device_lat": "95"}, {"device_accuracy": "-1"}])
    def test_a_position_that_cannot_be_is_none(
        self, sites: list[Site], haishu: Client, lie: dict[str, str]
    ) -> None:
        site = sites[0]
        data = self.form(haishu, site, percent="96", photos=[SimpleUploadedFile("a.jpg", photo())])
        data |= {"device_lon": "121.55", "device_lat": "29.85", "device_accuracy": "12", **lie}
        assert haishu.post(self.url(site), data).status_code == 302
        assert Photo.objects.get().device_lon is None

    def test_refusals_go_beside_the_fields_for_script_and_page(
        self, sites: list[Site], haishu: Client
    ) -> None:
        data = self.form(haishu, sites[0], percent="40", problem="用地未批")
        answer = haishu.post(self.url(sites[0]), data, **JSON).json()
        assert not answer["ok"] and set(answer["errors"]) == {"plan"} and not answer["is_page"]
        body = haishu.post(self.url(sites[0]), data).content.decode()
        assert "请写明推进方案" in body and "用地未批" in body
        assert not SiteReport.objects.exists()

    def test_only_who_may_report(self, world: World, sites: list[Site], haishu: Client) -> None:
        assert haishu.get(self.url(sites[3])).status_code == 302
        assert client_of(world.users["supervisor"]).get(self.url(sites[0])).status_code == 403

    def test_the_nearest_first(self, world: World, haishu: Client) -> None:
        west, east = world.add(world.planned(lon=121.51, name="西点"), world.planned(lon=121.59, name="东点"))
        world.add(world.planned(county="330212", name="外区点"))
        body = haishu.get(f"{ROUND}nearest/?lon=121.58&lat=29.85").content.decode()
        assert body.index("东点") < body.index("西点") and "外区点" not in body
        sent(haishu, {f"{east.code}-percent": "96"})
        assert "东点" not in haishu.get(f"{ROUND}nearest/?lon=121.58&lat=29.85").content.decode()
        for nonsense in ("lon=x&lat=1", "lon=NaN&lat=1", "lon=1", ""):
            assert haishu.get(f"{ROUND}nearest/?{nonsense}").status_code == 200
        assert client_of(world.users["supervisor"]).get(f"{ROUND}nearest/").status_code == 403
        assert west.pk
