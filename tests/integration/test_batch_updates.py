"""Many updates at once write what the same changes write one by one, and refuse what those refuse."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
import shapely
from django.db import connection
from django.test.utils import CaptureQueriesContext

from projects.actions.batches import apply_site_drafts
from projects.actions.chain import verify_chain
from projects.actions.drafts import PlanChangeDraft, ReportDraft
from projects.actions.errors import Conflict, Invalid
from projects.actions.sites import change_site
from projects.actions.siteupdates import SiteUpdate
from projects.models import AuditEntry, ChangeHead, Contribution, LightSpan, Site, SiteState
from projects.readmodels.invariants import broken_invariants
from projects.rules.vocabulary import Publication, Stage
from tests.factories import CUTOFF, START, World, anchor, database_content

pytestmark = pytest.mark.django_db

MANY = 60


def changes(world: World, number: int) -> dict[str, Any]:
    """Something different for each row: plain fields, states, plans, positions, contributions, all at once."""
    meal = world.indicators["03-meal"].pk
    piles = world.indicators["06-piles"].pk
    possible: list[dict[str, Any]] = [
        {"name": f"新名 {number}", "phone": "0574"},
        {"service": "closed_temporarily", "service_checked_on": CUTOFF},
        {"stage": "finished", "finished_on": dt.date(2024, 5, 1), "started_on": START},
        {
            "geometry": shapely.Point(121.551, 29.851),
            "source_x": 1.5,
            "source_y": 2.5,
            "source_datum": "gcj02",
        },
        {
            "geometry": shapely.LineString([(121.55, 29.85), (121.56, 29.86)]),
            "kind_id": world.kinds["road"].pk,
        },
        {"contributions": ((meal, Decimal(2)),)},
        {"contributions": ((piles, Decimal(3)), (meal, Decimal(1)))},
        {"contributions": ()},
        {"attributes": {"seats": 8}, "address": "新址"},
        {"baseline_finish": dt.date(2024, 3, 1)},
        {
            "geometry": shapely.Point(121.65, 29.85),
            "managed_by_id": world.counties["330212"].pk,
            "located_in_id": world.counties["330212"].pk,
        },
    ]
    return possible[number % len(possible)]


def sites(world: World, prefix: str) -> list[Site]:
    reschedule = PlanChangeDraft(dt.date(2024, 4, 1), START, dt.date(2024, 9, 30), "延期", "甬〔2024〕1 号")
    drafts = [
        world.planned(
            code=f"{prefix}{number:03d}",
            name=f"点 {number}",
            publication=Publication.DRAFT,
            reports=(ReportDraft(dt.date(2024, 3, 31), Decimal(20)),) if number % 2 else (),
            plan_changes=(reschedule,) if number % 3 == 0 else (),
            counts_for=(("03-meal", 1),) if number % 5 or number == 40 else (),
        )
        for number in range(MANY)
    ]
    return world.add(*drafts)


def written(rows: list[Site]) -> list[object]:
    """Everything that hangs on the sites, without keys, numbers and moments."""
    skip = {"id", "site_id", "code", "public_id", "changed_seq", "subject_key"}
    skip |= {"created_at", "updated_at", "recorded_at", "previous_hash", "hash", "seq", "subject_id"}

    def plain(values: Mapping[str, Any]) -> dict[str, Any]:
        found = {key: value for key, value in values.items() if key not in skip}
        if "superseded_at" in found:
            found["superseded_at"] = found["superseded_at"] is not None
            found["superseded_seq"] = found["superseded_seq"] is not None
        return found

    result: list[object] = []
    for site in rows:
        entry = AuditEntry.objects.get(subject_id=str(site.pk), action="site.change")
        payload = {key: value for key, value in entry.payload.items() if key != "rows"}
        result.append(plain(Site.objects.filter(pk=site.pk).values().get()))
        result.append([plain(row) for row in SiteState.objects.filter(site=site).order_by("pk").values()])
        result.append(
            [plain(row) for row in Contribution.objects.filter(site=site).order_by("indicator").values()]
        )
        order = ("valid_from", "superseded_at", "light")
        result.append([plain(row) for row in LightSpan.objects.filter(site=site).order_by(*order).values()])
        result.append((entry.division_id, entry.actor_id, payload))
    return result


def test_a_batch_writes_what_single_changes_write(world: World) -> None:
    one_by_one, together = sites(world, "O"), sites(world, "T")
    access = world.access("admin")
    anchor()
    for number, site in enumerate(one_by_one):
        change_site(
            access=access, site_id=site.pk, expected_version=1, changes=changes(world, number), reason="x"
        )
    updates = [SiteUpdate(site.pk, 1, changes(world, number)) for number, site in enumerate(together)]
    before = ChangeHead.objects.get().seq
    result = apply_site_drafts(access=access, updates=updates, reason="x")
    assert (result.updated, result.first_seq, result.last_seq) == (MANY, before + 1, before + MANY)
    assert written(one_by_one) == written(together)
    # One entry a site, in the order of the updates; the row carries its entry's number.
    entries = AuditEntry.objects.filter(seq__gt=before).order_by("seq").values_list("subject_id", "seq")
    assert list(entries) == [(str(site.pk), before + 1 + n) for n, site in enumerate(together)]
    numbers = dict(Site.objects.values_list("pk", "changed_seq"))
    assert [numbers[site.pk] for site in together] == [seq for _pk, seq in entries]
    assert verify_chain().bad_seq is None
    assert not list(broken_invariants())


def test_the_number_of_questions_does_not_grow_with_the_rows(world: World) -> None:
    rows = sites(world, "T")
    access = world.access("admin")
    counts = []
    for chosen in (rows[:1], rows[1:]):
        updates = [SiteUpdate(site.pk, 1, {"name": "新", "service": "open"}) for site in chosen]
        with CaptureQueriesContext(
            connection,
        ) as asked:
            apply_site_drafts(access=access, updates=updates, reason="x")
        counts.append(len(asked))
    assert counts[1] <= counts[0] + 12


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": ""}, "T040"),
        ({"phone": "1" * 41}, "T040"),
        ({"stage": "ready"}, "T040"),
        ({"finished_on": dt.date(2024, 5, 1)}, "T040.*已填实际完工日期"),
        (
            {"verified_on": START, "finished_on": CUTOFF, "stage": "verified"},
            "T040",
        ),  # only the database knows
        ({"baseline_start": dt.date(2025, 1, 1)}, "T040"),
    ],
)
def test_one_row_that_cannot_be_and_none_is_written(
    world: World, change: dict[str, Any], sentence: str
) -> None:
    rows = sites(world, "T")
    updates = [SiteUpdate(site.pk, 1, {"address": "新"}) for site in rows]
    updates[40] = SiteUpdate(rows[40].pk, 1, change)
    before = database_content()
    with pytest.raises(Invalid, match=sentence):
        apply_site_drafts(access=world.access("admin"), updates=updates, reason="x")
    assert database_content() == before


def test_a_site_that_changed_meanwhile_stops_the_batch(world: World) -> None:
    rows = sites(world, "T")
    updates = [SiteUpdate(site.pk, 1, {"address": "新"}) for site in rows]
    change_site(access=world.access("admin"), site_id=rows[7].pk, expected_version=1, changes={"name": "早"})
    before = database_content()
    with pytest.raises(Conflict):
        apply_site_drafts(access=world.access("admin"), updates=updates, reason="x")
    assert database_content() == before


def test_a_rehearsal_leaves_nothing_and_takes_no_number(world: World) -> None:
    rows = sites(world, "T")
    before, head = database_content(), ChangeHead.objects.get().seq
    drafts = [world.draft(code=f"N{n}", stage=Stage.FINISHED) for n in range(MANY)]
    updates = [SiteUpdate(site.pk, 1, changes(world, n)) for n, site in enumerate(rows)]
    with CaptureQueriesContext(connection) as asked:
        result = apply_site_drafts(
            access=world.access("admin"), publisher=world.access("publisher"),
            drafts=drafts, updates=updates, reason="x", is_rehearsal=True,
        )  # fmt: skip
    assert (result.created, result.updated) == (MANY, MANY)
    assert database_content() == before
    assert ChangeHead.objects.get().seq == head
    statements = [query["sql"] for query in asked.captured_queries if "projects_changehead" in query["sql"]]
    assert statements and not [sql for sql in statements if "FOR UPDATE" in sql or sql.startswith("UPDATE")]
