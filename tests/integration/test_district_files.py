"""The files of a district: who may keep them, what they say of gaps and of the demo, what they keep back."""

import csv
import io
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.test import Client

from projects.actions.drafts import ReportDraft
from projects.actions.promises import set_target
from projects.models import FundingArrangement, FundingLine, FundingReport, TargetStatement
from projects.models.access import system_access
from tests.factories import CUTOFF, START, World
from tests.integration.test_district_pages import MAY, page, publish, some_sites, table_rows, text_of

pytestmark = pytest.mark.django_db

CSV, XLSX = "/districts/330203/figures.csv", "/districts/330203/figures.xlsx"


def rows(client: Client, query: str = "", path: str = CSV) -> list[list[str]]:
    response = client.get(path + query)
    assert response.status_code == 200, response.content
    body = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    assert body.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))


def book(client: Client, query: str = "") -> Any:
    return openpyxl.load_workbook(io.BytesIO(client.get(XLSX + query).content))


@pytest.mark.parametrize(
    ("path", "kind", "name"),
    [
        (CSV, "text/csv; charset=utf-8", "330203_2024-06-30.csv"),
        (f"{CSV}?table=categories", "text/csv; charset=utf-8", "330203_2024-06-30_categories.csv"),
        (
            f"{XLSX}?as_of=2024-05-31",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "330203_2024-05-31.xlsx",
        ),
    ],
)
def test_files_may_be_kept_by_anybody(client: Client, world: World, path: str, kind: str, name: str) -> None:
    some_sites(world)
    client.force_login(world.users["admin"])
    response = client.get(path)
    assert response.status_code == 200
    assert response["Content-Type"] == kind
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    assert response["Cache-Control"].startswith("public, max-age=")
    assert not response.cookies
    assert "Cookie" not in response.get("Vary", "")
    assert client.get(path, headers={"if-none-match": response["ETag"]}).status_code == 304
    assert client.post(path).status_code == 405
    assert client.get("/en" + path)["ETag"] == response["ETag"]


@pytest.mark.parametrize("path", [CSV, XLSX])
@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("as_of=gestern", "参数“as_of”须是日期"),
        ("as_of=2023-12-31", "2024-01-01 至 2024-12-31"),
        ("known_at=2999-01-01", "known_at"),
        ("programme=x", "可选:330200-2024"),
        ("tabel=categories", "没有名为“tabel”的参数;可用的有:as_of, known_at, programme"),
        ("table=x&as_of=2024-06-30", None),
    ],
)
def test_bad_words_are_refused_by_name(
    client: Client, world: World, path: str, query: str, words: str | None
) -> None:
    some_sites(world)
    response = client.get(f"{path}?{query}")
    assert response.status_code == 400
    seen = response.content.decode()
    known = "没有名为“x”的表;可用的有:total, categories" if path == CSV else "没有名为“table”的参数"
    assert (words or known) in seen
    assert "Cache-Control" not in response.headers


@pytest.mark.parametrize("path", ["/districts/339999/figures.csv", "/districts/x/figures.xlsx"])
def test_unknown_areas_have_no_files(client: Client, world: World, path: str) -> None:
    page(client, path, 404)


def test_an_unpublished_programme_has_no_files(client: Client, world: World) -> None:
    some_sites(world)
    publish(world, publishes_progress=False)
    for path in (CSV, XLSX):
        page(client, path, 404)


def test_a_hostile_name_is_text(client: Client, world: World) -> None:
    """What a district typed must not run on the desk of whoever opens the file."""
    world.add(
        world.planned(
            name="=HYPERLINK(1)",
            baseline_finish=MAY,
            reports=(ReportDraft(MAY, Decimal(1), "＝1+1", "\t@SUM(A1)"),),
        )
    )
    header, row = rows(client, "?table=late")
    found = dict(zip(header, row, strict=True))
    assert (found["名称"], found["堵点卡点"]) == ("'=HYPERLINK(1)", "'＝1+1")
    assert found["推进方案"].lstrip("'").strip() == "@SUM(A1)"
    assert found["推进方案"].startswith("'")
    sheets = book(client).worksheets
    assert not [
        cell.value
        for sheet in sheets
        for line in sheet.iter_rows()
        for cell in line
        if cell.data_type == "f" or (isinstance(cell.value, str) and cell.value[:1] in "=+-@\t\r＝＋－＠")
        if cell.value
    ]


def test_why_a_site_is_late(client: Client, world: World) -> None:
    world.add(
        world.planned(name="甲", reports=(ReportDraft(MAY, Decimal(40), "缺人手", "增派"),)),
        world.planned(name="乙", baseline_finish=MAY),
    )
    header, *found = rows(client, "?table=late")
    first, second = (dict(zip(header, row, strict=True)) for row in found)
    assert (first["名称"], first["形象进度(%)"], first["差距(百分点)"]) == ("乙", "未上报", "–")
    assert (second["计划进度(%)"], second["形象进度(%)"], second["差距(百分点)"]) == ("100.0", "40.0", "60.0")
    assert second["亮灯原因"] == "进度严重滞后"
    assert second["亮灯规则"] == "银川 2025 v1"
    assert second["对照"] == "基线"
    seen = text_of(page(client, "/districts/330203/"))
    assert "进度严重滞后: 计划 100.0%,实际 40.0%,差 60.0 个百分点" in seen.replace(":", ": ").replace(
        ":  ", ": "
    )
    assert "计划 100.0%,实际未上报,按没有进展评定" in seen
    assert "银川 2025 第 1 版" in seen
    publish(world, publishes_reasons=False)
    header, *_rest = rows(client, "?table=late")
    assert not {"亮灯原因", "堵点卡点", "推进方案"} & set(header)
    seen = text_of(page(client, "/districts/330203/"))
    assert "进度严重滞后" not in seen
    assert "差 60.0 个百分点" in seen


def test_lights_that_are_internal_are_in_no_file(client: Client, world: World) -> None:
    some_sites(world)
    publish(world, publishes_lights=False)
    whole = rows(client)
    assert not [row for row in whole if "黄灯、红灯" in row or row[:1] == ["落后的点位"]]
    assert client.get(f"{CSV}?table=late").status_code == 400
    assert "落后的点位" not in book(client).sheetnames
    after = rows(client, "?as_of=2024-09-30&table=total")
    assert "黄灯、红灯" not in after[0]


def test_gaps_are_words(client: Client, world: World) -> None:
    some_sites(world)
    header, *found = rows(client, "?table=indicators")
    by_code = {row[2]: dict(zip(header, row, strict=True)) for row in found}
    meal, piles = by_code["03-meal"], by_code["06-piles"]
    assert (meal["目标"], meal["点位统计:已完成"], meal["上报"], meal["完成率(%)"]) == (
        "无目标",
        "1",
        "未上报",
        "–",
    )
    assert (piles["点位统计:已完成"], piles["点位统计:列入"]) == ("无点位", "无点位")
    assert rows(client, "?table=funds")[1][0] == "未公布"
    assert rows(client, "?table=history", "/districts/330211/figures.csv")[1][3] == "–"


def test_the_explanation_names_the_pair_of_clocks(client: Client, world: World) -> None:
    some_sites(world)
    about = {row[0].value: row[1].value for row in book(client)["说明"].iter_rows(min_row=2)}
    assert about["区划"] == "海曙区 330203"
    assert about["截至日期(as_of)"].date() == CUTOFF
    assert about["已登记到(known_at)"].endswith("Z")
    assert about["网址"].startswith("http://testserver/districts/330203/?as_of=2024-06-30&known_at=")
    assert "完成率 = " in about["算法"]
    assert "演示数据" not in about
    # Asked again with that pair, whatever has been recorded since, it says the same.
    same = f"?as_of=2024-06-30&known_at={about['已登记到(known_at)']}"
    before = rows(client, f"{same}&table=categories")
    world.add(world.planned())
    assert rows(client, "?table=categories") != before
    assert rows(client, f"{same}&table=categories") == before


def test_english_files(client: Client, world: World) -> None:
    some_sites(world)
    late = rows(client, "?table=late", "/en" + CSV)
    assert late[0][:4] == ["Site id", "Name", "Address", "Light"]
    assert late[1][3] == "Red"
    total = rows(client, "?table=total", "/en" + CSV)
    assert total[1][0] == "Haishu"


class TestFunds:
    """Money is shown where it names the district, and read by both clocks."""

    @pytest.fixture
    def line(self, world: World) -> FundingLine:
        some_sites(world)
        lines = [
            FundingLine.objects.create(
                programme=world.programme, source=source, name=name, division=division, arranged=arranged
            )
            for source, name, division, arranged in (
                ("city", "全市", None, Decimal(100)),
                ("district", "海曙养老", world.counties["330203"], Decimal(3_000_000)),
            )
        ]
        for line in lines:
            FundingArrangement.objects.create(
                line=line, effective_on=START, arranged=line.arranged, basis="预算"
            )
        return lines[1]

    def test_not_published(self, client: Client, world: World, line: FundingLine) -> None:
        found = table_rows(page(client, "/districts/330203/"), 'id="funds-title"')
        assert found[1:] == [
            ["海曙养老", "区(县、市)", "3,000,000", "未公布", "未公布", "–"],
            ["合计", "", "3,000,000", "未公布", "未公布", "–"],
        ]
        other = text_of(page(client, "/districts/330212/"))
        assert "没有公布按这个区划分列的资金" in other
        city = table_rows(page(client, "/districts/330200/"), 'id="funds-title"')
        assert [row[0] for row in city[1:]] == ["全市", "海曙养老", "合计"]

    def test_used(self, client: Client, world: World, line: FundingLine) -> None:
        for day, used in (("2024-03-31", 600_000), ("2024-06-30", 1_758_000)):
            FundingReport.objects.create(line=line, as_of=day, used=used)
        found = table_rows(page(client, "/districts/330203/"), 'id="funds-title"')
        assert found[1][2:] == ["3,000,000", "1,758,000", "58.6%", "超前 8.6 个百分点"]
        found = table_rows(page(client, "/districts/330203/?as_of=2024-04-30"), 'id="funds-title"')
        assert found[2] == ["合计", "", "3,000,000", "600,000", "20.0%", "落后 13.3 个百分点"]
        assert rows(client, "?table=funds")[1][:7] == [
            *("海曙养老", "区(县、市)", "–", "3000000", "1758000", "58.6", "8.6")
        ]


def test_targets_of_the_district(client: Client, world: World) -> None:
    some_sites(world)
    seen = text_of(page(client, "/districts/330203/"))
    assert "3 个指标在这里都没有公布目标(无目标)" in seen
    set_target(
        access=system_access(),
        row=TargetStatement(
            indicator=world.indicators["03-meal"],
            division=world.counties["330203"],
            target=4,
            effective_on=MAY,
            source="分解方案",
        ),
    )
    html = page(client, "/districts/330203/")
    assert "3 个指标在这里都没有公布目标" in text_of(page(client, "/districts/330203/?as_of=2024-04-30"))
    assert "3 个指标里 1 个在这里有目标" in text_of(html)
    found = {row[0]: row[1:] for row in table_rows(html, 'id="indicators-title"')}
    assert found["助餐服务点"] == ["个", "4", "1", "2", "未上报", "25.0%", "0"]


def test_the_first_month_has_nothing_to_compare_with(client: Client, world: World) -> None:
    some_sites(world)
    html = page(client, "/districts/330203/?as_of=2024-01-31")
    assert "没有上月可比" in text_of(html)
    assert "只有一天的数字,还连不成线" in text_of(html)
    assert "table=changes" not in html
    assert client.get(f"{CSV}?as_of=2024-01-31&table=changes").status_code == 400
    assert client.get("/api/v1/divisions/330203/progress/?as_of=2024-01-31").json()["change"] is None


def test_late_sites_beyond_what_a_workbook_holds(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projects.pages.districtfiles.WORKBOOK_LATE_SITES", 3)
    monkeypatch.setattr("projects.exchange.latetable._CHUNK", 2)
    world.add(*(world.planned(name=f"晚 {n}", baseline_finish=MAY) for n in range(5)))
    sheet = list(book(client)["落后的点位"].iter_rows(values_only=True))
    assert [row[1] for row in sheet[1:4]] == ["晚 0", "晚 1", "晚 2"]
    assert sheet[4][0] == "落后的点位共 5 个,这里只有前 3 个;CSV 文件里有全部。"
    assert [row[1] for row in rows(client, "?table=late")[1:]] == [f"晚 {n}" for n in range(5)]
