"""Which sites are late or at risk, by what is asked; every light judged again equals the stored one."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from projects.actions.drafts import PlanChangeDraft, ReportDraft
from projects.actions.reports import change_plan, report_site
from projects.actions.sites import change_site, remove_site
from projects.models import Site
from projects.models.access import system_access
from projects.readmodels import siteindex
from projects.readmodels.clocks import Clocks
from projects.readmodels.explanations import explanations
from projects.readmodels.latefacets import late_facets
from projects.readmodels.latequeries import Found, find_late, late_page, read_late_query, read_paging
from projects.readmodels.laterows import late_rows
from projects.readmodels.sitequeries import FilterError
from projects.rules.vocabulary import Publication, Stage
from tests.factories import CUTOFF, START, World, make_world

pytestmark = pytest.mark.django_db

MARCH, MAY = dt.date(2024, 3, 31), dt.date(2024, 5, 31)
AUGUST = dt.date(2024, 8, 31)


def found(world: World, words: str = "", who: str = "supervisor") -> Found:
    held = siteindex.snapshot(fresh=True)
    return find_late(read_late_query(QueryDict(words), held), world.access(who), held)


def names(world: World, words: str = "", who: str = "supervisor") -> list[str]:
    """In the order of the list."""
    query = QueryDict(words)
    sort = query.get("sort", "light")
    kept = query.copy()
    kept.pop("sort", None)
    result = found(world, kept.urlencode(), who)
    page = late_page(result, read_paging(QueryDict(f"sort={sort}")))
    rows = late_rows(page.places.tolist(), result, world.access(who), siteindex.snapshot(fresh=True))
    return [row.row.name for row in rows]


@pytest.fixture
def few(world: World) -> World:
    """One red, one yellow, one about to be due, one that turns yellow, and several that are neither."""
    world.add(
        world.planned(
            name="红", baseline_finish=MAY, reports=(ReportDraft(MARCH, Decimal(10), "缺人", "增派"),)
        ),
        world.planned(name="黄", county="330212", reports=(ReportDraft(CUTOFF, Decimal(85)),)),
        world.planned(
            name="将到期",
            baseline_finish=dt.date(2024, 7, 20),
            reports=(ReportDraft(CUTOFF, Decimal(99)),),
            counts_for=(("06-piles-rural", 4),),
            kind="ev-charging",
        ),
        world.planned(
            name="将变黄", baseline_finish=dt.date(2024, 12, 31), reports=(ReportDraft(CUTOFF, Decimal(45)),)
        ),
        world.planned(
            name="远", baseline_finish=dt.date(2025, 12, 31), reports=(ReportDraft(START, Decimal(30)),)
        ),
        world.planned(name="好", stage=Stage.FINISHED),
        world.planned(name="取消", stage=Stage.CANCELLED),
        world.draft(name="存量"),
    )
    return world


def test_late_before_at_risk_and_nothing_else(few: World) -> None:
    assert names(few) == ["红", "黄", "将到期", "将变黄"]
    assert names(few, "due=0") == ["红", "黄"]
    assert names(few, "due=10") == ["红", "黄"]
    assert names(few, "show=late") == ["红", "黄"]
    assert names(few, "show=risk") == ["将到期", "将变黄"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("light=red", ["红"]),
        ("light=green", ["将到期", "将变黄"]),
        ("division=330212", ["黄"]),
        ("managed_by=330203&show=late", ["红"]),
        ("kind=ev-charging", ["将到期"]),
        ("category=charging", ["将到期"]),
        ("indicator=06-piles", ["将到期"]),
        ("department=energy,civil&show=late", ["红", "黄"]),
        ("department=energy", ["将到期"]),
        ("reason=far_behind", ["红"]),
        ("reason=behind,tolerated,on_schedule", ["黄", "将到期", "将变黄"]),
        ("stage=building&light=yellow", ["黄"]),
        ("publication=draft", []),
        ("q=将到", ["将到期"]),
        ("q=没有", []),
        ("programme=330200-2024&light=red", ["红"]),
        ("as_of=2024-03-31&show=late", ["红", "黄", "将变黄", "将到期"]),
    ],
)
def test_words_narrow(few: World, words: str, expected: list[str]) -> None:
    assert sorted(names(few, words)) == sorted(expected)


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("light", ["红", "黄", "将到期", "将变黄"]),
        ("overdue", ["红", "黄", "将到期", "将变黄"]),
        ("gap", ["红", "黄", "将变黄", "将到期"]),
        ("reported", ["黄", "将到期", "将变黄", "红"]),
        ("silent", ["红", "黄", "将到期", "将变黄"]),
    ],
)
def test_orders(few: World, sort: str, expected: list[str]) -> None:
    assert names(few, f"sort={sort}") == expected


@pytest.mark.parametrize(
    "words",
    [
        "colour=red",
        "light=orange",
        "show=everything",
        "due=-1",
        "due=999",
        "due=1&due=2",
        "reason=bored",
        "programme=330200-2024&programme=330200-1999",
        "as_of=2023-01-01",
        "known_at=2999-01-01",
        "area=aaaaaaaaaaaaaaaa",
        "division=000000",
        "reason=" + ",".join(f"r{n}" for n in range(10_000)),
    ],
)
def test_unknown_words_and_values_are_refused(world: World, words: str) -> None:
    with pytest.raises(FilterError):
        found(world, words)


@pytest.mark.parametrize("cursor", ["1", "a.b.c", "1.2", "1.2.3.4", "9" * 40 + ".0.1", "１.２.３"])
def test_a_cursor_that_is_none_is_refused(cursor: str) -> None:
    with pytest.raises(FilterError):
        read_paging(QueryDict(f"after={cursor}"))


def test_counts_are_those_of_the_lists_they_lead_to(few: World) -> None:
    for words in ("", "light=red,yellow", "division=330203&show=late", "category=elderly"):
        result = found(few, words)
        facets = late_facets(result, siteindex.snapshot(fresh=True))
        assert facets.total == result.total == len(names(few, words))
        for word, counts in facets.by.items():
            for value, count in counts.items():
                query = QueryDict(words, mutable=True)
                query[word] = value
                assert found(few, query.urlencode()).total == count, (words, word, value)


def test_pages_go_forth_and_back_over_every_row_once(few: World) -> None:
    result = found(few)
    whole = late_page(result, read_paging(QueryDict(""))).places.tolist()
    seen: list[int] = []
    cursor, backwards = "", ""
    while True:
        page = late_page(result, read_paging(QueryDict(f"limit=1&after={cursor}")))
        seen += page.places.tolist()
        if page.older is None:
            break
        cursor, backwards = page.older, page.newer or ""
    assert seen == whole
    before = late_page(result, read_paging(QueryDict(f"limit=1&before={page.newer}")))
    assert before.places.tolist() == whole[-2:-1]
    assert backwards
    beyond = late_page(result, read_paging(QueryDict("after=999999999999.0.1")))
    assert (beyond.places.tolist(), beyond.older) == ([], None)


def test_the_board_follows_every_change(few: World) -> None:
    access = system_access()
    red = Site.objects.get(name="红")
    assert names(few, "show=late") == ["红", "黄"]
    report_site(access=access, site_id=red.pk, report=ReportDraft(CUTOFF, Decimal(100)))
    assert names(few, "show=late") == ["黄"]
    yellow = Site.objects.get(name="黄")
    change_site(access=access, site_id=yellow.pk, expected_version=yellow.version, changes={"name": "改了名"})
    assert names(few, "show=late") == ["改了名"]
    few.add(few.planned(name="新来的", baseline_finish=MARCH))
    assert names(few, "show=late") == ["新来的", "改了名"]
    yellow.refresh_from_db()
    remove_site(access=access, site_id=yellow.pk, expected_version=yellow.version, reason="重复")
    assert names(few, "show=late") == ["新来的"]


def test_what_was_known_then_is_answered_again(few: World) -> None:
    seq = siteindex.snapshot(fresh=True).seq
    red = Site.objects.get(name="红")
    report_site(access=system_access(), site_id=red.pk, report=ReportDraft(CUTOFF, Decimal(100)))
    held = siteindex.snapshot(fresh=True)
    query = read_late_query(QueryDict("show=late"), held)
    then = find_late(
        type(query)(query.programme, Clocks(CUTOFF, None, seq), query.sites, "late"),
        few.access("supervisor"),
        held,
    )
    rows = late_rows(
        late_page(then, read_paging(QueryDict(""))).places.tolist(), then, few.access("supervisor"), held
    )
    assert [(row.row.name, row.why.agrees) for row in rows] == [("红", True), ("黄", True)]
    assert rows[0].why.actual == 10
    assert names(few, "show=late") == ["黄"]


def test_each_role_sees_its_own(few: World) -> None:
    few.add(few.planned(name="草稿滞后", publication=Publication.DRAFT, baseline_finish=MARCH))
    assert names(few, "show=late") == ["草稿滞后", "红", "黄"]
    assert names(few, "show=late", "haishu") == ["草稿滞后", "红"]
    assert names(few, "", "yinzhou") == ["黄"]
    assert names(few, "", "energy") == ["将到期"]
    assert names(few, "", "stranger") == []
    result = found(few, "", "yinzhou")
    facets = late_facets(result, siteindex.snapshot(fresh=True))
    assert facets.by["division"] == {"330212": 1}
    assert facets.by["publication"] == {"published": 1}


class EveryLightIsExplained(TestCase):
    """Judged again from what is recorded, a light is the stored one, on any day, as known then and now."""

    def setUp(self) -> None:
        self.world = make_world()

    @settings(max_examples=15)
    @given(
        percents=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 100)), max_size=4),
        moves=st.lists(st.tuples(st.integers(0, 200), st.integers(30, 300), st.booleans()), max_size=2),
        asked=st.lists(st.integers(0, 300), min_size=1, max_size=4),
    )
    def test_any_history(
        self, percents: list[tuple[int, int]], moves: list[tuple[int, int, bool]], asked: list[int]
    ) -> None:
        siteindex.forget()
        access = system_access()
        site = self.world.site(
            stage=Stage.BUILDING, baseline_start=START, baseline_finish=CUTOFF, counts_for=(("03-meal", 1),)
        )
        for day, percent in percents:
            draft = ReportDraft(START + dt.timedelta(days=day), Decimal(percent))
            report_site(access=access, site_id=site.pk, report=draft)
        middle = siteindex.snapshot(fresh=True).seq
        for day, length, approved in moves:
            change = PlanChangeDraft(
                START + dt.timedelta(days=day),
                START,
                START + dt.timedelta(days=length),
                "改期",
                "甬 1 号" if approved else "",
            )
            change_plan(access=access, site_id=site.pk, change=change)
        held = siteindex.snapshot(fresh=True)
        programme = next(iter(held.vocabulary.programmes.values()))
        for offset in asked:
            for seq in (None, middle):
                clocks = Clocks(START + dt.timedelta(days=offset), None, seq)
                why: Any = explanations([site.pk], programme, clocks)[site.pk]
                assert why.agrees, (clocks, why)
