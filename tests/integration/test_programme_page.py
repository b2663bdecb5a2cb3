"""The programme's page: published words as printed, money to the digit, demo counts apart."""

import csv
import json
import re
from decimal import Decimal
from html import unescape
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client

from projects.actions.programmes import (
    save_funding_line,
    save_programme,
    save_published_figure,
)
from projects.actions.records import add_funding_report
from projects.models import Division, FundingLine, FundingReport, Programme, PublishedFigure
from projects.models.access import system_access
from tests.factories import CUTOFF, World
from tests.integration.test_district_pages import page, some_sites, table_rows, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def headline(world: World) -> World:
    """The published figures of mid-2024 that a test needs, written as they were printed."""
    access = system_access()
    for source, arranged, used in (
        ("city", "652000000", "382000000"),
        ("district", "2176000000", None),
        ("other", "1188000000", None),
    ):
        line = save_funding_line(
            access=access,
            row=FundingLine(
                programme=world.programme, source=source, name=source, arranged=Decimal(arranged)
            ),
        )
        if used:
            add_funding_report(access=access, row=FundingReport(line=line, as_of=CUTOFF, used=Decimal(used)))
    meal = world.indicators["03-meal"]
    for order, (key, label, text, value, unit, qualifier, indicator) in enumerate(
        (
            ("mean-categories", "平均进度(15 类)", "15 类,平均进度 77.7%", "77.7", "%", "", None),
            ("mean-projects", "平均进度(15 类 37 项)", "15 类 37 项,平均进度 77.7%", "77.7", "%", "", None),
            ("funds-used", "资金使用", "22.47 亿", "22.47", "亿元", "", None),
            ("03-meal", "助餐服务点", "助餐点 8000余个", "8000", "个", "余", meal),
        )
    ):
        save_published_figure(
            access=access,
            row=PublishedFigure(
                programme=world.programme,
                indicator=indicator,
                category=indicator.category if indicator else None,
                key=key,
                order=order,
                label_zh=label,
                text=text,
                value=Decimal(value),
                unit=unit,
                qualifier=qualifier,
                as_of=CUTOFF,
                source="年中公布",
            ),
        )
    return world


def test_the_money_comes_out_to_the_printed_digit(client: Client, headline: World) -> None:
    rows = table_rows(page(client, "/programmes/330200-2024/"), 'id="funds-title"')
    assert [row[:5] for row in rows[1:]] == [
        ["市本级", "6.52", "3.82", "58.6%", "超前 8.6 个百分点"],
        ["区(县、市)", "21.76", "未公布", "未公布", "–"],
        ["其他", "11.88", "未公布", "未公布", "–"],
        ["其余来源合起来(合计减去已知)", "33.64", "18.65", "55.4%", "超前 5.4 个百分点"],
        ["合计", "40.16", "22.47", "56.0%", "超前 6.0 个百分点"],
    ]
    answer = client.get("/api/v1/programmes/330200-2024/headline/").json()["computed"]
    assert round(answer["funds_total"]["percent"], 1) == 56.0
    assert answer["funds_total"]["used_is_published"] is True
    assert answer["funds_rest"]["used"] == "1865000000.00"
    assert [row["used"] for row in answer["funds"]] == ["382000000.00", None, None]


def test_money_before_anything_was_reported(client: Client, headline: World) -> None:
    rows = table_rows(page(client, "/programmes/330200-2024/?as_of=2024-06-29"), 'id="funds-title"')
    assert [row[2] for row in rows[1:]] == ["未公布"] * 4
    assert "41.7%" in page(client, "/programmes/330200-2024/?as_of=2024-06-29")  # five closed months


def test_published_words_stay_as_printed(client: Client, headline: World) -> None:
    seen = text_of(page(client, "/programmes/330200-2024/"))
    for words in ("15 类,平均进度 77.7%", "15 类 37 项,平均进度 77.7%", "助餐点 8000余个", "22.47 亿"):
        assert words in seen
    rows = {
        row[0]: row[1:] for row in table_rows(page(client, "/programmes/330200-2024/"), "by-category-title")
    }
    assert rows["助餐服务点"] == ["助餐点 8000余个", "无目标"]
    assert rows["充电桩"] == ["未公布", "无目标"]


def test_demo_counts_stand_apart_from_computed_ones(client: Client, headline: World) -> None:
    headline.add(
        headline.draft(is_demo=True, counts_for=(("03-meal", 1),)),
        headline.draft(kind="ev-charging", counts_for=(("06-piles", 8),)),
    )
    rows = table_rows(page(client, "/programmes/330200-2024/"), "by-category-title")
    assert rows[0] == ["指标", "公布(原文)", "目标", "计算:点位统计", "演示:点位统计"]
    cells = {row[0]: row[3:] for row in rows if len(row) == 5}
    assert cells["助餐服务点"] == ["–", "1 个"]
    assert cells["充电桩"] == ["8 个", "–"]


def test_english(client: Client, headline: World) -> None:
    some_sites(headline)
    assert "Ningbo livelihood projects 2024" in page(client, "/en/programmes/330200-2024/")
    html = page(client, "/en/districts/330203/")
    assert "Haishu" in html
    assert 'lang="en"' in html


class TestAddresses:
    def test_newest(self, client: Client, world: World) -> None:
        response = client.get("/programmes/")
        assert (response.status_code, response.headers["Location"]) == (302, "/programmes/330200-2024/")

    def test_bare_year(self, client: Client, world: World) -> None:
        response = client.get("/en/programmes/2024/?view=large")
        assert response.headers["Location"] == "/en/programmes/330200-2024/?view=large"

    def test_a_year_of_two_cities_is_a_choice(self, client: Client, world: World) -> None:
        other = Division.objects.create(
            code="330300", name_zh="温州市", level="city", tree_left=90, tree_right=91
        )
        twin = Programme.objects.get(pk=world.programme.pk)
        twin.pk, twin.key, twin.division, twin.name_zh = None, "330300-2024", other, "温州市 2024"
        twin._state.adding = True
        save_programme(access=system_access(), row=twin)
        html = page(client, "/programmes/2024/")
        assert "/programmes/330200-2024/" in html
        assert "/programmes/330300-2024/" in html


class TestTwoClocks:
    def test_the_printed_pair_gives_the_page_again(self, client: Client, headline: World) -> None:
        before = page(client, "/programmes/330200-2024/")
        pair = re.search(r'cite__address"><a href="([^"]+)"', before)
        assert pair is not None
        address = unescape(pair[1])
        line = FundingLine.objects.get(source="city")
        first = FundingReport.objects.get(line=line)
        add_funding_report(
            access=system_access(),
            row=FundingReport(
                line=line,
                as_of=CUTOFF,
                used=Decimal("300000000"),
                corrects=first,
                correction_reason="多计",
            ),
        )
        now = page(client, "/programmes/330200-2024/")
        then = page(client, address)
        assert "46.0%" in text_of(now) and "58.6%" not in str(money(now))
        assert money(then) == money(before)
        assert "之前已录入的数据" in text_of(then)
        assert "看现在的数据" in text_of(then)
        # The day form keeps the moment, and the link to now keeps the day.
        assert 'name="known_at"' in then and 'name="known_at"' not in now
        assert page(client, address) == then

    def test_a_difference_is_said(self, client: Client, headline: World) -> None:
        seen = text_of(page(client, "/programmes/330200-2024/"))
        assert "四舍五入后与公布一致" not in seen
        save_published_figure(
            access=system_access(),
            row=PublishedFigure(
                programme=headline.programme,
                key="funds-used-city-percent",
                label_zh="市本级使用率",
                text="60.0%",
                value=Decimal("60.0"),
                unit="%",
                as_of=CUTOFF,
                source="年中公布",
            ),
        )
        seen = text_of(page(client, "/programmes/330200-2024/"))
        assert "58.59%" in seen
        assert "与公布不一致,相差 -1.4 个百分点" in seen, re.findall("与公布.{12}", seen)

    @pytest.mark.parametrize(
        "query", ["known_at=2999-01-01", "known_at=x", "as_of=2023-12-31", "as_of=2024-02-30"]
    )
    def test_bad_words(self, client: Client, headline: World, query: str) -> None:
        for path in ("/programmes/330200-2024/", "/programmes/330200-2024/figures.csv"):
            assert client.get(f"{path}?{query}").status_code == 400
        response = client.get(f"/api/v1/programmes/330200-2024/headline/?{query}")
        assert response.status_code == 400
        assert response.json()["parameter"] == query.partition("=")[0]

    def test_the_command_says_what_the_api_says(self, client: Client, headline: World) -> None:
        out = StringIO()
        call_command("headline", "--programme", "330200-2024", "--json", stdout=out)
        told = json.loads(out.getvalue())
        assert told == client.get("/api/v1/programmes/330200-2024/headline/").json()
        again = StringIO()
        call_command(
            "headline", "--programme", "330200-2024", "--json", "--as-of", told["as_of"],
            "--known-at", told["known_at"], stdout=again,
        )  # fmt: skip
        assert json.loads(again.getvalue()) == told


class TestFile:
    def rows(self, client: Client, path: str = "/programmes/330200-2024/figures.csv") -> list[list[str]]:
        response = client.get(path)
        assert response.status_code == 200
        assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert response.headers["Cache-Control"].startswith("public")
        assert not response.cookies
        text = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
        return list(csv.reader(StringIO(text)))

    def test_every_figure_is_labelled(self, client: Client, headline: World) -> None:
        rows = self.rows(client)
        assert {len(row) for row in rows} == {14}
        assert {row[1] for row in rows[1:]} <= {"公布", "计算", "上报", "登记"}
        by_key = {row[2]: row for row in rows[1:]}
        assert by_key["city.percent"][4].startswith("58.588957")
        assert by_key["district.used"][4] == ""
        assert by_key["mean-categories"][10] == "15 类,平均进度 77.7%"
        assert by_key["total.used"][4] == "2247000000"

    def test_no_cell_is_a_formula(self, client: Client, headline: World) -> None:
        save_published_figure(
            access=system_access(),
            row=PublishedFigure(
                programme=headline.programme,
                key="evil",
                label_zh='=HYPERLINK("http://x")',
                text="@SUM(A1)",
                as_of=CUTOFF,
                source="+1",
            ),
        )
        row = next(row for row in self.rows(client) if row[2] == "evil")
        assert (row[3], row[10], row[11]) == ('\'=HYPERLINK("http://x")', "'@SUM(A1)", "'+1")

    def test_a_draft_has_none(self, client: Client, world: World) -> None:
        Programme.objects.update(publication="draft")
        save_programme(access=system_access(), row=Programme.objects.get())
        assert client.get("/programmes/330200-2024/figures.csv").status_code == 404


def money(html: str) -> list[list[str]]:
    return table_rows(html, 'id="funds-title"')
