"""Several processes, their crashes and restarts, over one folder of files: each of them equals plain SQL."""

import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.conf import settings as django_settings
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from maps.pointindex import current
from maps.tiles import TileId
from projects.actions.programmes import save_programme
from projects.actions.sites import change_site
from projects.models import Site
from projects.readmodels import siteindex
from projects.readmodels.facets import facets
from projects.readmodels.indexfilters import compile_filter
from projects.readmodels.siteindex import SiteIndex, Snapshot
from projects.readmodels.sitelists import WORLD, list_sites
from projects.readmodels.sitequeries import SiteFilter
from projects.readmodels.sitetiles import tile_json
from projects.rules.vocabulary import Stage
from tests.factories import World
from tests.integration.test_siteindex import FILTERS, STEPS, act, sql

pytestmark = pytest.mark.django_db

PROCESSES = 2
#: Each turn: some edits, then who looks, then what befalls one of the processes or their files.
TURNS = st.lists(
    st.tuples(
        STEPS.map(lambda steps: steps[:3]),
        st.lists(st.integers(0, PROCESSES - 1), max_size=3),
        st.sampled_from([*[""] * 6, "restart", "rebuild", "truncated", "gone", "half written", "disk full"]),
    ),
    max_size=12,
)


@pytest.fixture(autouse=True)
def _fold_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(siteindex, "_COMPACT_FLOOR", 0)
    monkeypatch.setattr(siteindex, "_COMPACT_SHARE", 0.0)


def happen(event: str, folder: Path) -> None:
    """What may befall the files while processes use them."""
    newest = current(folder)
    if event == "gone":
        shutil.rmtree(folder, ignore_errors=True)
    elif event == "half written":
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f".draft-{os.getpid()}-killed"
        draft.mkdir(exist_ok=True)
        (draft / "x.npy").write_bytes(b"\x93NUMPY")
    elif newest is not None:
        victim = sorted(newest.glob("*.npy"))[0]
        # A writer never touches a published file: another one takes its name.
        data = victim.read_bytes()
        victim.unlink()
        victim.write_bytes(data[: len(data) // 2])


def agrees(held: Snapshot, *, staff: bool) -> None:
    for wanted in FILTERS:
        expected = sql(wanted, staff=staff)
        page = list_sites(wanted, limit=500, staff=staff, held=held)
        assert {row.pk for row in page.rows} == expected
        assert page.total == len(expected)
        assert facets(wanted, staff=staff, held=held).total == len(expected)
        if wanted.bbox is None and not staff:
            tile = tile_json(held, TileId(0, 0, 0), compile_filter(wanted, held), mix=True)
            assert sum(cluster[2] for cluster in tile["clusters"]) + len(tile["points"]) == len(expected)


@settings(max_examples=25)
@given(history=TURNS)
def test_every_process_equals_sql_whatever_befalls_it(world: World, history: list[Any]) -> None:
    processes = [SiteIndex() for _ in range(PROCESSES)]
    folder = Path(django_settings.POINT_INDEX_DIR)
    for steps, looks, event in history:
        for step in steps:
            act(world, step)
        for which in looks:
            held = processes[which].snapshot(fresh=True)
            assert held.index.ids_in_bbox(WORLD, limit=1_000).tolist() == sorted(
                sql(SiteFilter(), staff=True)
            )
        if event == "restart":
            processes[0] = SiteIndex()
        elif event == "rebuild":
            processes[1].rebuild()
        elif event == "disk full":
            shutil.rmtree(folder, ignore_errors=True)
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder.write_text("a file where the folder would be")
            processes[0].snapshot(fresh=True)
            folder.unlink()
        elif event:
            happen(event, folder)
    for process in processes:
        for staff in (False, True):
            agrees(process.snapshot(fresh=True), staff=staff)


def test_a_base_that_was_folded_before_an_edit_is_not_the_last_word(world: World) -> None:
    process = SiteIndex()
    for count in range(1, 6):
        world.site()
        assert len(process.snapshot(fresh=True).index) == count


def test_a_folded_base_is_taken_over_by_the_others(world: World) -> None:
    one, two = SiteIndex(), SiteIndex()
    world.site()
    one.snapshot(fresh=True)
    two.snapshot(fresh=True)
    for _ in range(4):
        world.site()
    one.snapshot(fresh=True)  # folds beside the requests
    folded = one.snapshot(fresh=True)
    assert folded.index.delta_size == 0
    two.snapshot(fresh=True)
    taken = two.snapshot(fresh=True)
    assert taken.index.delta_size == 0
    assert taken.index.base.ids.tolist() == folded.index.base.ids.tolist()
    assert len(list(Path(django_settings.POINT_INDEX_DIR).glob("segment-*"))) == 2


def test_words_are_read_again_only_when_they_change(world: World) -> None:
    process = SiteIndex()
    site = world.site(counts_for=(("03-meal", 1),))
    first = process.snapshot(fresh=True)
    compile_filter(SiteFilter(categories=frozenset({"elderly"})), first)
    change_site(
        access=world.access("admin"), site_id=site.pk, expected_version=site.version, changes={"name": "新名"}
    )
    second = process.snapshot(fresh=True)
    assert second.seq == first.seq + 1
    assert second.vocabulary is first.vocabulary
    assert second.word_tables is first.word_tables
    world.programme.refresh_from_db()
    world.programme.publishes_lights = False
    save_programme(access=world.access("admin"), row=world.programme)
    third = process.snapshot(fresh=True)
    assert not third.vocabulary.programmes[world.programme.pk].publishes_lights
    assert third.word_tables is not second.word_tables


def test_one_edit_costs_the_same_few_queries_in_any_database(world: World) -> None:
    process = SiteIndex()
    site = world.add(*(world.draft() for _ in range(30)))[0]
    process.snapshot(fresh=True)
    change_site(
        access=world.access("admin"),
        site_id=site.pk,
        expected_version=site.version,
        changes={"stage": Stage.BUILDING.value},
    )
    with CaptureQueriesContext(
        connection,
    ) as asked:
        process.snapshot(fresh=True)
    assert len(asked) == 6, [query["sql"][:80] for query in asked]
    with CaptureQueriesContext(connection) as asked:
        process.snapshot(fresh=True)
    assert len(asked) == 1, "nothing changed: the head alone"


def test_the_public_goes_on_for_a_moment_when_the_database_does_not_answer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = SiteIndex()
    world.site()
    held = process.snapshot()

    def silent() -> tuple[str, int]:
        raise DatabaseError("no answer")

    monkeypatch.setattr(siteindex, "_head", silent)
    assert process.snapshot() is held
    with pytest.raises(DatabaseError):
        process.snapshot(fresh=True)
    monkeypatch.setattr(siteindex, "PUBLIC_MAX_STALE_SECONDS", 0.0)
    with pytest.raises(DatabaseError):
        process.snapshot()


def test_more_areas_than_a_column_holds_lay_the_base_out_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers that no longer fit their column widen it; nothing is read from the database again."""
    process = SiteIndex()
    world.site()
    held = process.snapshot(fresh=True)
    narrow = {
        **held.index.base.schema,
        "standing": np.dtype(np.uint8),
    }
    index = type(held.index)(held.index.base.widened(narrow))
    for number in range(60):
        held.codes.combos.number((1_000_000 + number,))
    process._held = Snapshot(held.epoch, held.seq, index, held.codes, held.vocabulary)
    site = Site.objects.get()
    change_site(
        access=world.access("admin"), site_id=site.pk, expected_version=site.version, changes={"name": "新名"}
    )
    moved = process.snapshot(fresh=True)
    assert moved.index.base.schema["standing"] == np.dtype(np.uint16)
    agrees(moved, staff=True)
