"""The district pages and the programme's page: what they say, and what they keep to themselves."""

import datetime as dt
import json
import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries, Settings

from projects.actions.drafts import ReportDraft
from projects.actions.programmes import (
    save_programme,
)
from projects.actions.records import report_indicator
from projects.models import (
    Boundary,
    Division,
    IndicatorReport,
    Programme,
)
from projects.models.access import system_access
from projects.rules.vocabulary import Publication, Stage
from tests.factories import CUTOFF, World

pytestmark = pytest.mark.django_db

MAY = dt.date(2024, 5, 31)
LIGHT_WORDS = ("黄灯", "红灯", "light--", "late-list")


def page(client: Client, url: str, status: int = 200) -> str:
    response = client.get(url)
    assert response.status_code == status, (url, response.status_code)
    return response.content.decode()


def text_of(html: str) -> str:
    """What a reader sees, roughly: without tags and without runs of space."""
    body = re.sub(r"<script.*?</script>", " ", html, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def table_rows(html: str, heading: str) -> list[list[str]]:
    """The cells of the table that follows a heading."""
    table = re.search(r"<table.*?</table>", html[html.index(heading) :], flags=re.S)
    assert table is not None
    rows = re.findall(r"<tr.*?</tr>", table[0], flags=re.S)
    return [
        [text_of(cell).strip() for cell in re.findall(r"<t[hd].*?</t[hd]>", row, flags=re.S)] for row in rows
    ]


def publish(world: World, **changes: Any) -> None:
    programme = Programme.objects.get(pk=world.programme.pk)
    for name, value in changes.items():
        setattr(programme, name, value)
    save_programme(access=system_access(), row=programme, reason="test")


def some_sites(world: World) -> None:
    world.add(
        world.planned(
            name="拖后的助餐点", baseline_finish=MAY, reports=(ReportDraft(MAY, Decimal(1), "缺人手"),)
        ),
        world.planned(stage=Stage.FINISHED, baseline_finish=MAY),
        world.planned(county="330212", stage=Stage.VERIFIED),
        world.planned(county="330212", stage=Stage.CANCELLED),
    )


def test_the_table_of_districts(client: Client, world: World) -> None:
    some_sites(world)
    html = page(client, "/districts/")
    rows = table_rows(html, 'id="table-title"')
    assert rows[0] == [
        *["区县", "列入点位", "已完成", "完成率", "应完成", "逾期未完成", "黄灯、红灯", "比上月末"]
    ]
    assert rows[1:] == [
        ["海曙区", "2", "1", "50.0%", "2", "1", "1", "0 (0.0)"],
        ["北仑区", "0", "0", "–", "0", "0", "0", "0 (–)"],
        ["镇海区", "0", "0", "–", "0", "0", "0", "0 (–)"],
        ["鄞州区", "1", "1", "100.0%", "1", "0", "0", "0 (0.0)"],
        ["合计", "3", "2", "66.7%", "3", "1", "1", "0 (0.0)"],
    ]
    seen = text_of(html)
    assert "截至 2024-06-30" in seen
    assert "按行政区划代码排列,不排名次" in seen
    assert "到这一天计划应完成 3 个点位,其中 1 个逾期未完成 。" in seen
    assert "按管理区划计" in seen
    assert "演示" not in seen.replace("本站运行在演示模式,带“演示”标记的点位不是真实数据。", "")


def test_rankings_only_where_published(client: Client, world: World) -> None:
    some_sites(world)
    assert "名次" not in page(client, "/districts/").replace("不排名次", "")
    publish(world, publishes_rankings=True)
    rows = table_rows(page(client, "/districts/"), 'id="table-title"')
    assert [row[:2] for row in rows[:3]] == [["区县", "名次"], ["鄞州区", "1"], ["海曙区", "2"]]


def test_the_shades_and_links_of_the_map(client: Client, world: World) -> None:
    some_sites(world)
    html = page(client, "/en/districts/?view=large")
    config = json.loads(re.search(r'id="districts-map-config"[^>]*>(.*?)</script>', html, flags=re.S)[1])  # type: ignore[index]
    layer = next(row for row in config["layers"] if row["type"] == "districts")
    assert layer["links"]["330203"] == "/en/districts/330203/?view=large"
    assert set(layer["shades"]) == {"330203", "330206", "330211", "330212"}
    assert (layer["shades"]["330206"], layer["shades"]["330203"] < layer["shades"]["330212"]) == (0, True)
    answer = client.get(layer["url"]).json()
    assert {row["properties"]["code"] for row in answer["features"]} == set(layer["shades"])
    assert html.count("swatch swatch--") == 6


def test_a_border_without_review_is_not_drawn_outside_the_demo(
    client: Client, world: World, settings: Settings
) -> None:
    some_sites(world)
    assert "示意,未经地图审核" in page(client, "/districts/")
    settings.DEMO = False
    html = page(client, "/districts/")
    assert "districts-map" not in html
    assert "边界没有审图号" in html
    assert table_rows(html, 'id="table-title"')[1][0] == "海曙区"
    Boundary.objects.update(review_number="浙S(2024)1号")
    assert "浙S(2024)1号" in page(client, "/districts/")


def test_a_district(client: Client, world: World) -> None:
    some_sites(world)
    html = page(client, "/districts/330203/")
    seen = text_of(html)
    assert table_rows(html, 'id="categories-title"')[1:] == [
        ["3. 养老暖心", "2", "1", "50.0%", "2", "1", "1"],
        ["合计", "2", "1", "50.0%", "2", "1", "1"],
    ]
    assert "没有列入点位的类: 6. 充电设施" in seen.replace(":", ": ").replace("  ", " ")
    assert "落后的点位(1 个)" in seen
    for words in ("拖后的助餐点", "红灯", "2024-05-31", "已过 30 天", "同基线", "缺人手", "2024-05-31 上报"):
        assert words in seen, words
    assert 'href="/?show=all&amp;division=330203"' in html
    assert re.findall(r"#stage-(\w+)", html[html.index("按建设阶段") :])[:7] == [
        "planned",
        "sited",
        "building",
        "finished",
        "verified",
        "suspended",
        "cancelled",
    ]


def test_indicators_never_read_nought_for_a_gap(client: Client, world: World) -> None:
    some_sites(world)
    rows = {
        row[0]: row[1:] for row in table_rows(page(client, "/districts/330203/"), 'id="indicators-title"')
    }
    assert rows["助餐服务点"] == ["个", "无目标", "1", "2", "未上报", "–", "0"]
    assert rows["充电桩"] == ["个", "无目标", "无点位", "未上报", "–", "–"]
    report_indicator(
        access=system_access(),
        row=IndicatorReport(
            indicator=world.indicators["03-meal"],
            division=world.counties["330203"],
            as_of=CUTOFF,
            actual=7,
        ),
    )
    rows = {
        row[0]: row[1:] for row in table_rows(page(client, "/districts/330203/"), 'id="indicators-title"')
    }
    assert rows["助餐服务点"] == ["个", "无目标", "1", "2", "7", "–", "0"]


def test_city_and_province_stand_for_everything(client: Client, world: World) -> None:
    Division.objects.filter(pk=world.city.pk).update(tree_left=1, tree_right=5)
    Division.objects.create(code="330000", name_zh="浙江省", level="province", tree_left=0, tree_right=6)
    some_sites(world)
    for code in ("330200", "330000"):
        rows = table_rows(page(client, f"/districts/{code}/"), 'id="categories-title"')
        assert rows[-1] == ["合计", "3", "2", "66.7%", "3", "1", "1"]
        assert "/districts/330212/" in page(client, f"/districts/{code}/")


def test_a_district_without_sites(client: Client, world: World) -> None:
    seen = text_of(page(client, "/districts/330211/"))
    assert "这里没有列入计划的点位" in seen
    assert "0%" not in seen


@pytest.mark.parametrize(
    ("day", "row"),
    [
        ("2024-01-31", ["合计", "3", "0", "0.0%", "0", "0", "3"]),
        ("2024-03-31", ["合计", "3", "0", "0.0%", "0", "0", "0", "0 (0.0)"]),
        ("2024-05-31", ["合计", "3", "2", "66.7%", "1", "1", "1", "+2 (+66.7)"]),
        ("2024-06-30", ["合计", "3", "2", "66.7%", "3", "1", "1", "0 (0.0)"]),
        ("", ["合计", "3", "2", "66.7%", "3", "1", "1", "0 (0.0)"]),
    ],
)
def test_a_past_day(client: Client, world: World, day: str, row: list[str]) -> None:
    world.add(
        world.planned(baseline_finish=MAY, reports=(ReportDraft(dt.date(2024, 3, 31), Decimal(60)),)),
        *(
            world.planned(
                stage=Stage.FINISHED,
                started_on=dt.date(2024, 2, 1),
                finished_on=dt.date(2024, 5, 1),
                reports=(ReportDraft(dt.date(2024, 3, 31), Decimal(60)),),
            )
            for _ in range(2)
        ),
    )
    assert table_rows(page(client, f"/districts/?as_of={day}"), 'id="table-title"')[-1] == row


@pytest.mark.parametrize("path", ["/districts/", "/districts/330203/", "/programmes/330200-2024/"])
@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("as_of=gestern", "参数“as_of”须是日期"),
        ("as_of=2024-02-30", "参数“as_of”须是日期"),
        ("as_of=2023-12-31", "2024-01-01 至 2024-12-31"),
        ("as_of=2025-01-01", "2024-01-01 至 2024-12-31"),
        ("as_of=2024-06-30&as_of=2024-05-31", "只能出现一次"),
        ("as_of=%00", "参数“as_of”须是日期"),
        ("as_of=" + "9" * 5000, "参数“as_of”须是日期"),
    ],
)
def test_a_bad_day_is_a_sentence(client: Client, world: World, path: str, query: str, words: str) -> None:
    response = client.get(f"{path}?{query}")
    assert response.status_code == 400
    assert words in response.content.decode()
    assert "Cache-Control" not in response.headers


def test_after_the_cut_off_it_warns_and_keeps_lights_back(client: Client, world: World) -> None:
    some_sites(world)
    html = page(client, "/districts/330203/?as_of=2024-09-30")
    assert "晚于数据截止日 2024-06-30" in html
    assert "落后的点位" not in html
    assert client.get("/api/v1/divisions/330203/progress/?as_of=2024-09-30").json()["late"] is None


@pytest.mark.parametrize("word", ["x", "0", "-1", "1e9", "99999999999"])
def test_a_bad_page_of_late_sites(client: Client, world: World, word: str) -> None:
    some_sites(world)
    assert client.get(f"/districts/330203/?page={word}").status_code == 400


def test_late_sites_in_pages(client: Client, world: World) -> None:
    world.add(*(world.planned(name=f"晚 {n:02}", baseline_finish=MAY) for n in range(23)))
    seen = [
        re.findall(r"晚 \d\d", page(client, f"/districts/330203/?page={n}&view=large")) for n in (1, 2, 3)
    ]
    assert [len(set(found)) for found in seen] == [10, 10, 3]
    assert len(set().union(*seen)) == 23
    html = page(client, "/districts/330203/?page=2&as_of=2024-06-30")
    assert 'href="/districts/330203/?page=3&amp;as_of=2024-06-30#late"' in html
    assert "没有更多了" in page(client, "/districts/330203/?page=9")


class TestPublication:
    """Whatever a programme has not decided to publish is nowhere."""

    def test_lights(self, client: Client, world: World) -> None:
        some_sites(world)
        publish(world, publishes_lights=False)
        for url in ("/districts/", "/districts/330203/", "/programmes/330200-2024/"):
            html = page(client, url)
            assert [word for word in LIGHT_WORDS if word in html.split("page-settings")[0]] == [], url
            assert "缺人手" not in html
        answer = client.get("/api/v1/divisions/330203/progress/").json()
        assert answer["late"] is None
        assert {row["late"] for row in answer["categories"]} == {None}

    def test_reasons(self, client: Client, world: World) -> None:
        some_sites(world)
        publish(world, publishes_reasons=False)
        html = page(client, "/districts/330203/")
        assert "拖后的助餐点" in html
        assert "缺人手" not in html
        assert "堵点卡点" not in html

    def test_progress(self, client: Client, world: World) -> None:
        some_sites(world)
        publish(world, publishes_progress=False)
        for url in ("/districts/", "/districts/330203/", "/programmes/330200-2024/"):
            seen = text_of(page(client, url))
            assert "宁波市 2024 年民生实事”的进度尚未公布" in seen, url
            assert "完成率" not in seen
            assert "缺人手" not in seen
        assert client.get("/api/v1/divisions/330203/progress/").status_code == 404
        assert client.get("/api/v1/programmes/330200-2024/headline/").status_code == 404

    @pytest.mark.parametrize("publication", [Publication.DRAFT, Publication.SUBMITTED, Publication.WITHDRAWN])
    def test_programme(self, client: Client, world: World, publication: Publication) -> None:
        some_sites(world)
        publish(world, publication=publication.value)
        assert "还没有公布的年度民生实事" in page(client, "/districts/")
        assert "还没有公布的年度民生实事" in page(client, "/districts/330203/")
        assert "还没有公布的年度民生实事" in page(client, "/programmes/")
        for key in ("330200-2024", "2024"):
            assert "宁波市 2024" not in page(client, f"/programmes/{key}/", 404)


@pytest.mark.parametrize("path", ["/districts/339999/", "/districts/x/", "/programmes/330200-1999/"])
def test_unknown_is_not_found(client: Client, world: World, path: str) -> None:
    page(client, path, 404)
    page(client, f"/en{path}", 404)


def test_an_empty_system(client: Client, db: None) -> None:
    assert "还没有公布的年度民生实事" in page(client, "/districts/")
    assert "还没有公布的年度民生实事" in page(client, "/programmes/")


@pytest.mark.parametrize("path", ["/districts/", "/districts/330203/", "/programmes/330200-2024/"])
def test_pages_may_be_kept_by_anybody(client: Client, world: World, path: str) -> None:
    some_sites(world)
    client.force_login(world.users["admin"])
    response = client.get(path)
    assert response.headers["Cache-Control"].startswith("public, max-age=")
    assert not response.cookies
    vary = response.headers.get("Vary", "")
    assert "Cookie" not in vary
    assert "Accept-Language" not in vary
    assert "admin" not in text_of(response.content.decode())
    assert client.post(path).status_code == 405


@pytest.mark.parametrize(
    ("path", "most"), [("/districts/", 16), ("/districts/330203/", 32), ("/programmes/330200-2024/", 18)]
)
def test_queries_do_not_grow_with_sites(
    client: Client,
    world: World,
    path: str,
    most: int,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    world.add(*(world.planned(baseline_finish=MAY) for _ in range(30)))
    client.get("/api/v1/sites/facets/")  # reads the index
    with django_assert_max_num_queries(most):
        client.get(path)
