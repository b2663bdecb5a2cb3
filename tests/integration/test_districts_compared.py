"""The districts side by side: sorted by any column, shaded by any measure, of any year."""

import datetime as dt
import json
import re
from decimal import Decimal

import pytest
from django.test import Client

from projects.actions.drafts import ReportDraft
from projects.models import Category, Indicator, Programme
from projects.rules.vocabulary import Publication, Stage
from tests.factories import World, square
from tests.integration.test_district_pages import MAY, page, publish, some_sites, table_rows, text_of

pytestmark = pytest.mark.django_db


def names(client: Client, query: str) -> list[str]:
    return [row[0] for row in table_rows(page(client, f"/districts/{query}"), 'id="table-title"')[1:-1]]


def shades(html: str) -> dict[str, int]:
    config = re.search(r'id="districts-map-config"[^>]*>(.*?)</script>', html, flags=re.S)
    assert config is not None
    layers = json.loads(config[1])["layers"]
    found: dict[str, int] = next(row["shades"] for row in layers if row["type"] == "districts")
    return found


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("", "海曙区 北仑区 镇海区 鄞州区"),
        ("?sort=code", "海曙区 北仑区 镇海区 鄞州区"),
        ("?sort=-code", "鄞州区 镇海区 北仑区 海曙区"),
        # Equals stay in the order of their codes, whichever way; gaps come last, whichever way.
        ("?sort=sites", "北仑区 镇海区 鄞州区 海曙区"),
        ("?sort=-sites", "海曙区 鄞州区 北仑区 镇海区"),
        ("?sort=completion", "海曙区 鄞州区 北仑区 镇海区"),
        ("?sort=-completion", "鄞州区 海曙区 北仑区 镇海区"),
        ("?sort=-late", "海曙区 北仑区 镇海区 鄞州区"),
        ("?sort=change&as_of=2024-05-31", "海曙区 鄞州区 北仑区 镇海区"),
    ],
)
def test_sorted_by_a_column(client: Client, world: World, sort: str, expected: str) -> None:
    some_sites(world)
    assert names(client, sort) == expected.split()


def test_heads_are_links_that_sort_and_say_so(client: Client, world: World) -> None:
    some_sites(world)
    html = page(client, "/districts/?sort=-overdue&as_of=2024-06-30&view=large")
    assert re.findall(r'aria-sort="(\w+)"', html) == ["descending"]
    assert 'href="/districts/?sort=overdue&amp;as_of=2024-06-30&amp;view=large#table-title"' in html
    assert 'href="/districts/?sort=-late&amp;as_of=2024-06-30&amp;view=large#table-title"' in html
    assert 'href="/districts/330203/?as_of=2024-06-30&amp;view=large"' in html
    assert "按您选的列排序;本年度不公布排名,先后不是名次" in text_of(html)


def test_places_are_shared_by_equal_figures(client: Client, world: World) -> None:
    some_sites(world)
    world.add(world.planned(county="330206", stage=Stage.FINISHED))
    publish(world, publishes_rankings=True)
    rows = table_rows(page(client, "/districts/"), 'id="table-title"')
    assert [row[:2] for row in rows[1:5]] == [
        ["北仑区", "1"],
        ["鄞州区", "1"],
        ["海曙区", "3"],
        ["镇海区", "–"],
    ]
    # Sorted by something else every district keeps its place.
    rows = table_rows(page(client, "/districts/?sort=code"), 'id="table-title"')
    assert [row[:2] for row in rows[1:3]] == [["海曙区", "3"], ["北仑区", "1"]]


def test_shaded_by_a_measure(client: Client, world: World) -> None:
    some_sites(world)
    done = shades(page(client, "/districts/"))
    assert done["330203"] < done["330212"]
    overdue = page(client, "/districts/?measure=overdue")
    assert shades(overdue)["330203"] > shades(overdue)["330212"] > 0
    assert shades(overdue)["330211"] == 0
    assert "逾期占比(颜色越深越高)" in text_of(overdue)
    assert overdue.count("swatch swatch--") == 6
    english = page(client, "/en/districts/?measure=change&as_of=2024-05-31")
    assert "Completion since last month (the darker, the higher)" in text_of(english)
    assert "pp" in text_of(english)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("measure=beauty", "measure”的值“beauty”不能用;可用的有:completion, due, overdue, late, change。"),
        ("sort=beauty", "sort”的值“beauty”不能用;可用的有:code, -code, sites, -sites, finished"),
        ("sort=code&sort=sites", "只能出现一次"),
        ("measure=change&as_of=2024-01-31", "completion, due, overdue, late。"),
        ("sort=change&as_of=2024-01-31", "sort”的值“change”不能用"),
        ("measure=late&as_of=2024-09-30", "completion, due, overdue, change。"),
        ("programme=330200-1999", "没有可看的年度“330200-1999”;可选:330200-2024。"),
        ("known_at=2999-01-01", "known_at"),
        ("measure=%00", "measure"),
    ],
)
def test_what_cannot_be_shown_is_refused_by_name(
    client: Client, world: World, query: str, words: str
) -> None:
    some_sites(world)
    seen = page(client, f"/districts/?{query}", 400)
    assert words in seen.replace("&quot;", '"')
    assert page(client, f"/en/districts/?{query}", 400)


def test_lights_are_no_measure_where_they_are_internal(client: Client, world: World) -> None:
    some_sites(world)
    publish(world, publishes_lights=False)
    html = page(client, "/districts/")
    assert "measure=late" not in html
    assert "sort=-late" not in html
    for word in ("measure=late", "sort=late", "sort=-late"):
        page(client, f"/districts/?{word}", 400)


def another_city(world: World) -> Programme:
    """绍兴, of the same year, with one county and one site."""
    from projects.models import Boundary, Division

    city = Division.objects.create(
        code="330600", name_zh="绍兴市", name_en="Shaoxing", level="city", tree_left=20, tree_right=21
    )
    county = Division.objects.create(
        code="330602", name_zh="越城区", name_en="Yuecheng", level="county", tree_left=21, tree_right=21
    )
    Boundary.objects.create(
        division=county, geom=square(120.5, 30.0), valid_from=dt.date(2000, 1, 1), source="t", licence="CC0"
    )
    programme = Programme.objects.create(
        key="330600-2024",
        name_zh="绍兴市 2024 年民生实事",
        name_en="Shaoxing 2024",
        division=city,
        year=2024,
        period_start=dt.date(2024, 1, 1),
        period_end=dt.date(2024, 12, 31),
        cutoff=dt.date(2024, 6, 30),
        policy=world.programme.policy,
        publication=Publication.PUBLISHED.value,
        publishes_progress=True,
    )
    category = Category.objects.create(programme=programme, number=1, slug="sx", name_zh="绍兴类")
    world.indicators["sx-1"] = Indicator.objects.create(
        category=category, code="sx-1", name_zh="绍兴指标", unit_zh="个", counting="sites"
    )
    world.counties["330602"] = county
    return programme


def test_two_cities_of_one_year(client: Client, world: World) -> None:
    another_city(world)
    some_sites(world)
    html = page(client, "/districts/")
    assert "宁波市合计" in html
    assert 'href="/districts/?programme=330600-2024"' in html
    other = page(client, "/districts/?programme=330600-2024")
    assert "绍兴市合计" in other
    assert names(client, "?programme=330600-2024") == ["越城区"]
    assert 'href="/districts/330602/?programme=330600-2024"' in other
    # A county's page offers the years of its own city only.
    assert "year-choice" not in page(client, "/districts/330203/")
    page(client, "/districts/330203/?programme=330600-2024", 400)


def test_an_older_year_is_chosen(client: Client, world: World) -> None:
    some_sites(world)
    Programme.objects.create(
        key="330200-2023",
        name_zh="宁波市 2023 年民生实事",
        division=world.city,
        year=2023,
        period_start=dt.date(2023, 1, 1),
        period_end=dt.date(2023, 12, 31),
        cutoff=dt.date(2023, 12, 31),
        policy=world.programme.policy,
        publication=Publication.PUBLISHED.value,
    )
    html = page(client, "/districts/330203/?programme=330200-2023")
    assert "截至 2023-12-31" in text_of(html)
    # The API speaks of the newest programme: no link from here.
    assert "/api/v1/divisions/330203/progress/" not in html
    assert "/api/v1/divisions/330203/progress/" in page(client, "/districts/330203/")
    assert "figures.xlsx?programme=330200-2023" in html


def test_a_correction_changes_the_present_and_not_what_was_known(client: Client, world: World) -> None:
    (site,) = world.add(
        world.planned(name="迟", baseline_finish=MAY, reports=(ReportDraft(MAY, Decimal(1)),))
    )
    first = page(client, "/districts/330203/")
    address = re.search(r'<a href="(/districts/330203/[^"]+)" rel="nofollow">http://testserver', first)
    assert address is not None
    lasting = address[1].replace("&amp;", "&")
    assert "known_at=" in lasting
    before = table_rows(page(client, lasting), 'id="categories-title"')
    assert before == table_rows(first, 'id="categories-title"')

    from projects.actions.reports import report_site
    from projects.models.access import system_access

    report_site(
        access=system_access(), site_id=site.pk, report=ReportDraft(dt.date(2024, 6, 29), Decimal(100))
    )
    after = page(client, "/districts/330203/")
    assert "落后的点位(0 个)" in text_of(after)
    again = page(client, lasting)
    assert table_rows(again, 'id="categories-title"') == before
    assert "落后的点位(1 个)" in text_of(again)
    assert "之后的补报和更正没有算进来" in text_of(again)
