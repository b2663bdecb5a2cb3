"""The index equals plain SQL after any history of edits; its files are shared, rebuilt and never believed."""

import datetime as dt
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.db.models import F, Q
from hypothesis import given, settings
from hypothesis import strategies as st

from maps.tiles import BBox, TileId
from projects.actions.drafts import ReportDraft
from projects.actions.programmes import save_programme
from projects.actions.publishing import publish_site, submit_site, withdraw_site
from projects.actions.reports import report_site
from projects.actions.sites import change_site, remove_site
from projects.models import ChangeHead, Division, LagPolicy, LightSpan, Site
from projects.readmodels import siteindex
from projects.readmodels.facets import facets
from projects.readmodels.indexfilters import compile_filter
from projects.readmodels.invariants import broken_invariants
from projects.readmodels.sitecolumns import COLUMNS
from projects.readmodels.siteindex import snapshot
from projects.readmodels.sitelists import list_sites
from projects.readmodels.sitequeries import SiteFilter
from projects.readmodels.sitetiles import tile_json
from projects.rules.policy import YINCHUAN_2025
from projects.rules.vocabulary import Publication, Service, Stage
from tests.factories import World

pytestmark = pytest.mark.django_db

STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["add", "stage", "service", "move", "hand over", "remove", "publish", "withdraw", "forget"]
        ),
        st.integers(0, 10_000),
        st.sampled_from(list(Stage)),
        st.sampled_from(list(Service)),
        st.sampled_from(["330203", "330212", "330211"]),
    ),
    max_size=14,
)


def act(world: World, step: tuple[Any, ...]) -> None:
    """One edit, chosen by chance, through the actions alone."""
    what, number, stage, service, county = step
    admin, publisher = world.access("admin"), world.access("publisher")
    if what == "forget":
        siteindex.forget()
        return
    if what == "add":
        world.site(
            county=county,
            stage=stage,
            service=service,
            publication=Publication.PUBLISHED if number % 3 else Publication.DRAFT,
            counts_for=((("03-meal", 1),) if number % 2 else ()),
        )
        return
    sites = list(Site.objects.live().order_by("pk"))
    if not sites:
        return
    site = sites[number % len(sites)]
    key = {"site_id": site.pk, "expected_version": site.version}
    if what == "stage":
        change_site(access=admin, changes={"stage": stage.value}, **key)
    elif what == "service":
        change_site(access=admin, changes={"service": service.value}, **key)
    elif what == "move":
        draft = world.draft(county=county)
        moved = {"geometry": draft.geometry, "located_in_id": draft.located_in_id}
        change_site(access=admin, changes=moved, **key)
    elif what == "hand over":
        change_site(access=admin, changes={"managed_by_id": world.counties[county].pk}, **key)
    elif what == "remove":
        remove_site(access=admin, reason="x", **key)
    elif what == "publish" and site.publication in ("draft", "withdrawn"):
        submitted = submit_site(access=admin, **key)
        publish_site(access=publisher, site_id=site.pk, expected_version=submitted.version)
    elif what == "withdraw" and site.publication == "published":
        withdraw_site(access=publisher, reason="x", **key)


def sql(wanted: SiteFilter, *, staff: bool) -> set[int]:
    """The oracle: the same question in plain SQL, sharing nothing with the index."""
    rows = Site.objects.filter(deleted_seq__isnull=True)
    if not staff:
        rows = rows.filter(publication="published")
    for values, column in (
        (wanted.kinds, "kind__slug"),
        (wanted.stages, "stage"),
        (wanted.services, "service"),
        (wanted.divisions, "located_in__code"),
        (wanted.managers, "managed_by__code"),
        (wanted.categories, "contributions__indicator__category__slug"),
    ):
        if values:
            rows = rows.filter(**{f"{column}__in": list(values)})
    if wanted.bbox:
        west, south, east, north = wanted.bbox.as_tuple()
        inside = [
            row.pk for row in rows if west <= row.location.x <= east and south <= row.location.y <= north
        ]
        rows = rows.filter(Q(pk__in=inside))
    return set(rows.values_list("pk", flat=True))


FILTERS = (
    SiteFilter(),
    SiteFilter(stages=frozenset({Stage.BUILDING, Stage.FINISHED})),
    SiteFilter(services=frozenset({Service.OPEN})),
    SiteFilter(divisions=frozenset({"330212"})),
    SiteFilter(managers=frozenset({"330212", "330211"})),
    SiteFilter(categories=frozenset({"elderly"})),
    SiteFilter(kinds=frozenset({"meal-point"}), bbox=BBox(121.6, 29.8, 121.7, 29.9)),
    SiteFilter(
        stages=frozenset({Stage.PLANNED}),
        categories=frozenset({"elderly"}),
        bbox=BBox(121.5, 29.8, 121.6, 30),
    ),
)


@settings(max_examples=20)
@given(history=STEPS)
def test_every_question_equals_sql_after_any_history(world: World, history: list[tuple[Any, ...]]) -> None:
    for step in history:
        act(world, step)
    for staff in (False, True):
        for wanted in FILTERS:
            expected = sql(wanted, staff=staff)
            page = list_sites(wanted, limit=500, staff=staff)
            assert {row.pk for row in page.rows} == expected
            assert page.total == len(expected)
            near = list_sites(wanted, limit=500, centre=(121.55, 29.85), staff=staff)
            assert {row.pk for row in near.rows} == expected
            counts = facets(wanted, staff=staff)
            stages = Counter(Site.objects.filter(pk__in=expected).values_list("stage", flat=True))
            assert (counts.total, dict(counts.by["stage"])) == (len(expected), dict(stages))
            if wanted.bbox is None and not staff:
                held = snapshot()
                tile = tile_json(held, TileId(0, 0, 0), compile_filter(wanted, held), mix=True)
                shown = sum(cluster[2] for cluster in tile["clusters"]) + len(tile["points"])
                assert shown == tile["total"] == len(expected)


def spans_on_the_cutoff(world: World) -> Counter[str]:
    """The oracle: lights of the current spans on the cut-off."""
    world.programme.refresh_from_db()
    day = world.programme.cutoff
    return Counter(
        LightSpan.objects.filter(
            superseded_at__isnull=True, valid_from__lte=day, valid_to__gt=day
        ).values_list("light", flat=True)
    )


def test_lights_equal_the_spans_whatever_happens_later(world: World) -> None:
    """Reports and finishing after the cut-off, another cut-off, another policy, next year's draft."""
    sites = world.add(
        *(
            world.planned(baseline_start=start, baseline_finish=finish, stage=Stage.PLANNED)
            for start in (dt.date(2024, 1, 1), dt.date(2024, 5, 1), dt.date(2024, 6, 20))
            for finish in (dt.date(2024, 10, 1), dt.date(2024, 12, 1))
        ),
        world.planned(stage=Stage.VERIFIED),
        world.planned(stage=Stage.CANCELLED),
    )
    admin, programme = world.access("admin"), world.programme
    expected = spans_on_the_cutoff(world)
    assert dict(facets(SiteFilter()).by["light"]) == dict(expected)
    assert expected["red"] >= 2

    july = dt.date(2024, 7, 15)
    change = {"stage": "finished", "finished_on": july}
    change_site(access=admin, site_id=sites[0].pk, expected_version=1, changes=change, effective_on=july)
    report_site(access=admin, site_id=sites[1].pk, report=ReportDraft(july, Decimal(100)))
    assert dict(facets(SiteFilter()).by["light"]) == dict(expected), "what came later says nothing of the day"

    programme.cutoff = dt.date(2024, 7, 31)
    save_programme(access=admin, row=programme)
    moved = spans_on_the_cutoff(world)
    assert dict(facets(SiteFilter()).by["light"]) == dict(moved)
    lights = dict(Site.objects.values_list("pk", "light"))
    assert (lights[sites[0].pk], lights[sites[1].pk]) == ("green", "green"), "both were put right by then"

    rules = YINCHUAN_2025.to_json()
    lag = {"basis": "percentage_points", "bands": [{"light": "red", "more_than": "0"}]}
    rules["sites"] = {"lag": lag}
    rules["key"] = "stricter"
    programme.policy = LagPolicy.objects.create(
        key="stricter", name_zh="更严", rules=rules, source="x", effective_from=dt.date(2024, 1, 1)
    )
    save_programme(access=admin, row=programme)
    stricter = spans_on_the_cutoff(world)
    assert dict(facets(SiteFilter()).by["light"]) == dict(stricter)
    assert set(
        LightSpan.objects.filter(superseded_at__isnull=True).values_list("policy__key", flat=True)
    ) == {"stricter"}
    assert list(broken_invariants()) == []


def test_a_policy_that_judges_months_gives_no_light_by_days(world: World) -> None:
    """瓯海 2020: a month met or missed; a site has no light of a day under it."""
    world.programme.policy.rules = {
        "schema": 1,
        "key": "ouhai-2020",
        "version": 1,
        "title": "瓯海 2020",
        "source": "x",
        "against": "baseline",
        "months": {"missed": "red", "made_good": "yellow", "running": [], "outputs": []},
    }
    world.programme.policy.save()
    world.add(world.planned())
    assert dict(facets(SiteFilter()).by["light"]) == {"none": 1}


def test_facets_by_division_equal_the_filter_below_a_county(world: World) -> None:
    county = world.counties["330203"]
    Division.objects.filter(tree_left__gt=county.tree_left).update(
        tree_left=F("tree_left") + 1, tree_right=F("tree_right") + 1
    )
    Division.objects.filter(pk=county.pk).update(tree_right=county.tree_left + 1)
    Division.objects.filter(pk=world.city.pk).update(tree_right=F("tree_right") + 1)
    town = Division.objects.create(
        code="330203001",
        name_zh="某街道",
        level="township",
        tree_left=county.tree_left + 1,
        tree_right=county.tree_left + 1,
    )
    world.add(world.draft(), world.draft(located_in_id=town.pk), world.draft(county="330212"))
    counts = facets(SiteFilter()).by["division"]
    assert dict(counts) == {"330203": 2, "330212": 1}
    for code, count in counts.items():
        assert facets(SiteFilter(divisions=frozenset({code}))).total == count


def test_another_process_sees_an_edit_through_the_shared_base(world: World, settings: Any) -> None:
    world.add(*(world.draft() for _ in range(5)))
    first = snapshot()
    siteindex.forget()
    world.site(county="330212")
    second = snapshot()
    assert second.index.base.ids.size == 5  # the files of the first, and the edit on top of them
    assert len(second.index) == 6
    assert second.seq == first.seq + 1


@pytest.mark.parametrize("damage", ["truncate", "garbage", "foreign epoch", "other schema", "token"])
def test_files_that_do_not_belong_are_rebuilt(world: World, damage: str) -> None:
    world.add(*(world.draft() for _ in range(5)))
    snapshot()
    siteindex.forget()
    folder = max(Path(django_settings.POINT_INDEX_DIR).glob("segment-*"))
    files = sorted(folder.glob("*.npy"))
    manifest = next(path for path in folder.iterdir() if path.suffix == ".json")
    if damage == "truncate":
        files[0].write_bytes(files[0].read_bytes()[:-8])
    elif damage == "garbage":
        files[0].write_bytes(b"nothing that numpy knows")
    elif damage == "foreign epoch":
        ChangeHead.objects.update(epoch=uuid4())
    elif damage == "token":
        manifest.write_text(json.dumps({"token": "x"}))
    else:
        manifest.write_text(manifest.read_text().replace('"kind', '"kinder'))
    assert len(snapshot().index) == 5
    assert set(snapshot().index.base.columns) == set(COLUMNS)


def test_a_restored_backup_throws_the_cache_away(world: World) -> None:
    world.add(*(world.draft() for _ in range(3)))
    assert facets(SiteFilter()).total == 3
    Site.objects.update(deleted_seq=1)
    assert facets(SiteFilter()).total == 3  # nothing in the sequence says so
    ChangeHead.objects.update(epoch=uuid4())
    assert facets(SiteFilter()).total == 0


def test_many_changes_are_folded_into_a_new_base(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(siteindex, "_COMPACT_FLOOR", 3)
    world.site()
    snapshot()
    for _ in range(5):
        world.site()
        snapshot()
    held = snapshot()
    assert held.index.delta_size <= 3
    assert len(held.index) == 6
