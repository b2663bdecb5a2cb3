"""The pages of projects and indicators, their API and downloads: what is shown, to whom, of which moment."""

import csv
import datetime as dt
import io
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from projects.actions.programmes import save_funding_line
from projects.actions.promises import set_target
from projects.actions.records import add_funding_report, report_indicator
from projects.api.answers import kept_answers
from projects.models import (
    AuditEntry,
    FundingLine,
    FundingReport,
    Indicator,
    IndicatorReport,
    Phase,
    Project,
    PublishedFigure,
    TargetStatement,
)
from projects.models.access import system_access
from projects.readmodels import siteindex
from projects.readmodels.clocks import as_text
from projects.rules.vocabulary import Stage
from tests.factories import CUTOFF, START, World
from tests.integration.phases import GOOD, KEY, load, use_three_months, write

pytestmark = pytest.mark.django_db


def forget() -> None:
    """After a change that did not go through an action."""
    siteindex.forget()
    kept_answers.clear()


def promise(world: World, target: str, county: str = "") -> None:
    """A target of the meal points from the first day on, of one county or of the whole city."""
    row = TargetStatement(
        indicator=world.indicators["03-meal"],
        division=world.counties[county] if county else None,
        effective_on=START,
        target=Decimal(target),
        source="票决结果",
    )
    set_target(access=system_access(), row=row)


@pytest.fixture
def project(world: World) -> Project:
    """养老一项: the meal points, with a lead and a co-department, a due date."""
    row = Project.objects.create(
        category=world.indicators["03-meal"].category,
        number=1,
        name_zh="老年助餐",
        name_en="Meals for the elderly",
        due_date=dt.date(2024, 11, 30),
        lead_department=world.departments["civil"],
    )
    row.co_departments.set([world.departments["energy"]])
    Indicator.objects.filter(code="03-meal").update(project=row)
    promise(world, "4")
    forget()
    return row


def text(path: str, status: int = 200) -> str:
    answer = Client().get(path)
    assert answer.status_code == status, path
    return answer.content.decode()


def api(path: str, status: int = 200) -> Any:
    answer = Client().get(path)
    assert answer.status_code == status, path
    return json.loads(answer.content)


def meals(world: World) -> None:
    """Two of three done in 海曙, one in 鄞州; targets 2 and none; the city manages one more."""
    world.add(
        world.planned(stage=Stage.FINISHED),
        world.planned(stage=Stage.FINISHED),
        world.planned(),
        world.planned(county="330212", stage=Stage.FINISHED),
        world.planned(managed_by="330211", stage=Stage.PLANNED),
    )
    access = system_access()
    meal = world.indicators["03-meal"]
    for county, target in (("330203", "1"), ("330211", "3")):
        promise(world, target, county)
    for place, actual in (("330203", 5), ("", 7)):
        division = world.counties[place] if place else None
        row_ = IndicatorReport(
            indicator=meal, division=division, as_of=dt.date(2024, 5, 31), actual=actual, problem="选址有争议"
        )
        report_indicator(access=access, row=row_)


def test_the_matrix_says_what_there_is_and_what_is_missing(world: World, project: Project) -> None:
    meals(world)
    for path in ("/api/v1/indicators/03-meal/progress/", f"/api/v1/projects/{project.pk}/progress/"):
        said = api(path)
        own = said["indicators"][0]
        rows = {row["division"] or row["place"]: row for row in own["matrix"]}
        assert list(rows) == ["330203", "330206", "330211", "330212", "total"]
        haishu = rows["330203"]
        assert (haishu["target"], haishu["counted"], haishu["reported"], haishu["listed"]) == (1, 2, 5, 3)
        assert (haishu["percent"], haishu["percent_uncapped"], haishu["state"]) == (100, 200, "measured")
        assert (rows["330212"]["target"], rows["330212"]["counted"], rows["330212"]["percent"]) == (
            None,
            1,
            None,
        )
        assert rows["330212"]["state"] == "no_target"
        # A site is listed there and none is done: a nought that was counted, not a gap.
        assert (rows["330211"]["counted"], rows["330211"]["percent"]) == (0, 0)
        assert (rows["330206"]["counted"], rows["330206"]["reported"]) == (None, None)
        assert rows["330206"]["state"] == "not_reported"
        assert (rows["total"]["target"], rows["total"]["counted"], rows["total"]["reported"]) == (4, 3, 7)
        assert rows["total"]["percent"] == 75
        # Parts add up to the whole.
        assert sum(row["counted"] or 0 for key, row in rows.items() if key != "total") == 3
        assert (own["districts_without_target"], own["districts_not_reported"]) == (2, 1)
        assert said["as_of"] == "2024-06-30"


def test_what_no_county_manages_has_a_row_of_its_own(world: World, project: Project) -> None:
    draft = world.draft(stage=Stage.FINISHED, counts_for=(("03-meal", 1),))
    world.add(replace(draft, managed_by_id=world.city.pk))
    promise(world, "1")
    rows = api("/api/v1/indicators/03-meal/progress/")["indicators"][0]["matrix"]
    rest = next(row for row in rows if row["place"] == "elsewhere")
    assert (rest["name_zh"], rest["name_en"] != "", rest["target"], rest["counted"]) == (
        "市本级及其他", True, None, 1,
    )  # fmt: skip
    assert "市本级及其他" in text("/indicators/03-meal/")


def test_the_page_of_a_project(world: World, project: Project) -> None:
    meals(world)
    page = text(f"/projects/{project.pk}/")
    for words in ("老年助餐", "民政局", "能源局", "2024-11-30", "当年完成", "无目标", "未上报", "超额完成 200.0%",
                  "截至 2024-06-30", f"project={project.pk}", "/nearby/?show=all", "选址有争议"):  # fmt: skip
        assert words in page, words
    english = text(f"/en/projects/{project.pk}/")
    assert "Meals for the elderly" in english and "老年助餐" not in english
    assert 'href="/en/indicators/03-meal/' in english
    large = text(f"/projects/{project.pk}/?view=large")
    assert "/indicators/03-meal/?view=large" in large


def test_construction_started_is_said(world: World) -> None:
    Indicator.objects.filter(code="03-meal").update(completion_type="construction_started")
    assert "开工即算 100%,这时市民还不能使用" in text("/indicators/03-meal/")


def test_a_subset_stands_behind_its_whole(world: World) -> None:
    world.add(
        world.draft(kind="ev-charging", counts_for=(("06-piles-rural", 3),)),
        world.draft(kind="ev-charging", counts_for=(("06-piles", 2),)),
    )
    said = api("/api/v1/indicators/06-piles/progress/")
    totals = {each["code"]: each["matrix"][-1]["counted"] for each in said["indicators"]}
    assert totals == {"06-piles": 5, "06-piles-rural": 3}
    assert "其中农村地区" in text("/indicators/06-piles/")


def test_another_day_and_words_that_cannot_be(world: World, project: Project) -> None:
    meals(world)
    early = api("/api/v1/indicators/03-meal/progress/?as_of=2024-05-01")
    assert early["indicators"][0]["matrix"][-1]["reported"] is None
    assert "2024-05-01" in text("/indicators/03-meal/?as_of=2024-05-01")
    for query, word in (("as_of=2023-01-01", "as_of"), ("as_of=x", "as_of"), ("known_at=2126-01-01", "known_at"),
                        ("nonsense=1", "nonsense")):  # fmt: skip
        for path in ("/api/v1/indicators/03-meal/progress/", f"/api/v1/projects/{project.pk}/progress/",
                     f"/api/v1/programmes/{KEY}/phases/"):  # fmt: skip
            assert api(f"{path}?{query}", 400)["parameter"] == word
    assert api(f"/api/v1/programmes/{KEY}/phases/?status=tardy", 400)["parameter"] == "status"
    text("/indicators/03-meal/?as_of=x", 400)
    text(f"/programmes/{KEY}/projects/?show=x", 400)


def test_numbers_lead_to_codes(world: World) -> None:
    pk = world.indicators["03-meal"].pk
    answer = Client().get(f"/indicators/{pk}/?view=large")
    assert (answer.status_code, answer["Location"]) == (302, "/indicators/03-meal/?view=large")


def test_drafts_and_strangers_look_alike(world: World, project: Project, tmp_path: Path) -> None:
    load(write(tmp_path, GOOD))
    addresses = (
        f"/projects/{project.pk}/", f"/projects/{project.pk}/matrix.csv", "/indicators/03-meal/",
        "/indicators/03-meal/matrix.csv", f"/programmes/{KEY}/projects/", "/api/v1/indicators/03-meal/progress/",
        f"/api/v1/projects/{project.pk}/progress/", f"/api/v1/programmes/{KEY}/phases/",
    )  # fmt: skip
    for address in addresses:
        answer = Client().get(address)
        assert answer.status_code == 200, address
        assert "public" in answer["Cache-Control"] and not answer.cookies, address
    for address in ("/projects/999999/", "/indicators/no-such/", "/indicators/999999/", "/api/v1/projects/999999/progress/",
                    "/api/v1/projects/-1/progress/", "/api/v1/indicators/none/progress/"):  # fmt: skip
        assert Client().get(address).status_code == 404, address
    world.programme.publication = "draft"
    world.programme.save()
    forget()
    for address in addresses:
        assert Client().get(address).status_code == 404, address


def test_progress_only_where_it_is_published(world: World, project: Project, tmp_path: Path) -> None:
    load(write(tmp_path, GOOD))
    world.programme.publishes_progress = False
    world.programme.save()
    forget()
    page = text("/indicators/03-meal/")
    assert "尚未公布" in page and "分区县" not in page and "助餐服务点" in page
    for address in ("/indicators/03-meal/matrix.csv", "/api/v1/indicators/03-meal/progress/",
                    f"/api/v1/programmes/{KEY}/phases/", f"/programmes/{KEY}/projects/"):  # fmt: skip
        assert Client().get(address).status_code == 404, address


def test_reports_newest_first_and_corrections_as_corrections(world: World) -> None:
    access = system_access()
    meal = world.indicators["03-meal"]
    first = report_indicator(
        access=access,
        row=IndicatorReport(indicator=meal, as_of=dt.date(2024, 5, 31), actual=9, problem="资金没有到位"),
    )
    before = AuditEntry.objects.order_by("seq").last()
    assert before is not None
    report_indicator(
        access=access,
        row=IndicatorReport(
            indicator=meal, as_of=dt.date(2024, 5, 31), actual=6, corrects=first, correction_reason="重复计数"
        ),
    )
    page = text("/indicators/03-meal/")
    for words in ("已被更正", "更正 ", "原因:重复计数", "资金没有到位", "录入于 "):
        assert words in page, words
    assert page.index("<strong>6</strong>") < page.index("<strong>9</strong>")
    # Before it was recorded there was no correction.
    then = text(f"/indicators/03-meal/?known_at={as_text(before.recorded_at)}")
    assert "已被更正" not in then and "<strong>9</strong>" in then
    world.programme.publishes_reasons = False
    world.programme.save()
    forget()
    assert "资金没有到位" not in text("/indicators/03-meal/")


def test_reports_page_by_page(world: World) -> None:
    meal = world.indicators["03-meal"]
    IndicatorReport.objects.bulk_create(
        IndicatorReport(indicator=meal, as_of=START + dt.timedelta(days=day), actual=day) for day in range(45)
    )
    first, last = text("/indicators/03-meal/"), text("/indicators/03-meal/?page=3")
    assert first.count("timeline__entry") == 20 and last.count("timeline__entry") == 5
    assert "page=2#reports" in first and 'rel="next"' not in last


def test_funds_of_its_lines(world: World) -> None:
    access = system_access()
    meal = world.indicators["03-meal"]
    lines = [
        save_funding_line(
            access=access,
            row=FundingLine(
                programme=world.programme,
                indicator=meal,
                source=source,
                name=name,
                arranged=Decimal(arranged),
            ),
        )
        for source, name, arranged in (("city", "市补助", 1000), ("district", "区配套", 3000))
    ]
    add_funding_report(access=access, row=FundingReport(line=lines[0], as_of=START, used=Decimal(500)))
    said = api("/api/v1/indicators/03-meal/progress/")
    assert [row["used"] for row in said["funds"]] == ["500.00", None]
    # Part of a sum is no figure.
    assert said["funds_total"] == {"arranged": "4000.00", "used": None, "percent": None}
    page = text("/indicators/03-meal/")
    assert "未公布" in page and "50.0%" in page and "区配套" in page


def test_published_statements(world: World) -> None:
    PublishedFigure.objects.create(
        programme=world.programme, indicator=world.indicators["03-meal"], key="meal", label_zh="助餐点",
        text="助餐点 374 个余", as_of=CUTOFF, source="年报",
    )  # fmt: skip
    assert "助餐点 374 个余" in text("/indicators/03-meal/")
    assert "助餐点 374 个余" not in text("/indicators/03-meal/?as_of=2024-05-31")


def test_the_matrix_as_csv(world: World, project: Project) -> None:
    meals(world)
    answer = Client().get(f"/projects/{project.pk}/matrix.csv?as_of=2024-06-30")
    assert f'filename="project-{project.pk}-2024-06-30.csv"' in answer["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    by_name = {row["区划"]: row for row in rows}
    assert (by_name["海曙区"]["目标"], by_name["海曙区"]["点位统计"], by_name["海曙区"]["未封顶(%)"]) == (
        "1", "2", "200.00",
    )  # fmt: skip
    assert (by_name["鄞州区"]["目标"], by_name["鄞州区"]["说明"]) == ("", "无目标")
    assert by_name["合计"]["完成率(%)"] == "75.00"


def test_links_lead_here(world: World, project: Project) -> None:
    site = world.add(world.planned())[0]
    assert 'href="/indicators/03-meal/"' in text(f"/sites/{site.public_id}/")
    headline = text(f"/programmes/{KEY}/")
    assert 'href="/indicators/03-meal/?as_of=2024-06-30"' in headline
    assert f'href="/programmes/{KEY}/projects/?as_of=2024-06-30"' in headline and "1 个项目" in headline
    listed = text(f"/nearby/?show=all&project={project.pk}")
    assert site.name in listed
    assert "老年助餐" in listed and f'name="project" value="{project.pk}"' in listed
    assert "老年助餐" in text(f"/?show=all&project={project.pk}")


# ------------------------------------------------------------------------------------------- phases


def test_a_project_lists_its_phases(world: World, tmp_path: Path) -> None:
    use_three_months(world)
    load(write(tmp_path, GOOD.replace("西门小学,设计,未开工,2024-12-31", "西门小学,设计,未开工,PNS")),
         "--blank", "PNS=not_started")  # fmt: skip
    east, west = Project.objects.order_by("pk")
    page = text(f"/projects/{east.pk}/")
    for words in ("2024-05-31", "原文:在建", "1,200.5", "200.5", ">30<", "CNY", "逾期未完成 1/2"):
        assert words in page, words
    assert "PNS(未开工)" in text(f"/projects/{west.pk}/")
    # On an earlier day it was not late yet, and nothing had been said of money.
    early = text(f"/projects/{east.pk}/?as_of=2024-05-31")
    assert ">30<" not in early and "1,200.5" not in early
    said = api(f"/api/v1/projects/{east.pk}/progress/")
    assert [row["name_zh"] for row in said["phases"]] == ["设计", "施工"]
    assert said["phases"][1]["over_budget"] == "200.5000"


def test_the_list_of_projects_counts_and_narrows(world: World, tmp_path: Path) -> None:
    use_three_months(world)
    load(write(tmp_path, GOOD))
    page = text(f"/programmes/{KEY}/projects/")
    assert "东街小学" in page and "西门小学" in page and "3 个阶段" in page
    late = text(f"/programmes/{KEY}/projects/?show=late")
    assert "东街小学" in late and "西门小学" not in late
    assert "没有这样的项目" in text(f"/programmes/{KEY}/projects/?show=delayed")


def test_phases_by_api_in_pages(world: World, tmp_path: Path) -> None:
    load(write(tmp_path, GOOD))
    address = f"/api/v1/programmes/{KEY}/phases/"
    seen, following = [], f"{address}?limit=2"
    while following:
        said = api(following)
        seen += [row["name_zh"] for row in said["rows"]]
        following = said["next"]
    assert seen == ["设计", "施工", "设计"]
    assert (said["phases"], said["total"]) == (3, 3)
    overspent = api(f"{address}?status=overspent,late&limit=1")
    assert [row["over_budget"] for row in overspent["rows"]] == ["200.5000"]
    assert (overspent["total"], overspent["next"]) == (1, None)
    assert overspent["counts"]["overspent"]["denominator"] == 2
    assert overspent["counts"]["overspent"]["missing_by_reason"] == {"no_spent": 1}
    Phase.objects.filter(name_zh="施工").update(deleted_seq=1)
    forget()
    assert api(address)["phases"] == 2
