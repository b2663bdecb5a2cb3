"""Staged imports: handed in, proposed, checked, looked at, applied once, by whoever may."""

import datetime as dt
import io
import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from maps.datum import Datum
from projects.actions.batches import apply_site_drafts
from projects.actions.chain import verify_chain
from projects.actions.errors import ActionError, Conflict, Invalid, NotAllowed
from projects.actions.rows import save_row
from projects.actions.sites import change_site
from projects.exchange import stagedcheck, stagedprogress, stagedwork
from projects.exchange.options import ImportOptions, KindRule, WordRule
from projects.exchange.problems import Severity
from projects.exchange.stagedoptions import StagedOptions
from projects.exchange.stagedpages import problems_of, problems_page, rows_page
from projects.exchange.stagedprogress import progress_of, was_cut_off, working
from projects.exchange.stagedwork import AlreadyRunning, Work, apply, check, start_worker
from projects.exchange.staging import discard, one, propose, said_before, set_options, upload
from projects.models import AuditEntry, ImportBatch, Site, StagedImport, StagedProblem, StagedRow
from projects.models.storedfiles import path_of
from projects.permissions.access import Permission
from projects.readmodels.invariants import broken_invariants
from projects.rules.vocabulary import RowAction, Service, Stage, StagedState
from tests.factories import World, anchor, database_content
from tests.integration.importing import GOOD, HEAD, run, write

pytestmark = pytest.mark.django_db

OPTIONS = StagedOptions(
    ImportOptions(
        datum=Datum.WGS84, kind=KindRule(slug="meal-point"), code_column="code", source="places.csv"
    )
)


def hand_in(world: World, text: str = GOOD, *, who: str = "admin", name: str = "places.csv") -> StagedImport:
    access = world.access(who)
    staged = upload(access, [text.encode()], name)
    return set_options(access, staged.pk, OPTIONS)


def checked(world: World, text: str = GOOD, *, who: str = "admin") -> StagedImport:
    return check(hand_in(world, text, who=who).pk)


def test_from_a_file_to_a_batch(world: World) -> None:
    anchor()
    access = world.access("admin")
    staged = upload(access, [GOOD.encode()], "C:\\表\\places.csv")
    assert (staged.file_name, staged.state) == ("places.csv", "uploaded")
    proposal = propose(staged)
    assert not proposal.is_remembered and proposal.options.importing is None
    assert proposal.columns == {
        "code": "code", "name": "name", "lon": "lon", "lat": "lat", "division": "区县"
    }  # fmt: skip
    set_options(access, staged.pk, OPTIONS)
    before = database_content()
    staged = check(staged.pk)
    assert database_content() == before
    assert staged.state == StagedState.CHECKED and staged.can_apply
    assert {**staged.counts, "missing_sites": []} == {
        "rows": 2, "created": 2, "updated": 0, "unchanged": 0, "missing": 0, "fallbacks": 0,
        "errors": 0, "warnings": 0, "missing_sites": [],
    }  # fmt: skip
    page = rows_page(staged, RowAction.CREATE, limit=1)
    assert [(row.number, row.code, row.division) for row in page.rows] == [(2, "A1", "海曙区")]
    assert {c.title: (c.before, c.after) for c in page.rows[0].changes}["位置"] == (
        "",
        "121.550000, 29.850000",
    )
    assert page.next == 2
    assert [row.code for row in rows_page(staged, after=page.next).rows] == ["A2"]
    batch = apply(staged.pk, access)
    staged.refresh_from_db()
    assert (staged.state, staged.batch_id) == ("applied", batch.pk)
    assert (batch.created_count, batch.file_sha256, batch.recorded_by_id) == (
        2,
        staged.file_sha256,
        access.user_id,
    )
    assert set(Site.objects.values_list("code", flat=True)) == {"A1", "A2"}
    assert not list(broken_invariants()) and verify_chain().bad_seq is None
    # What a person answered for such columns is proposed for the next file that has them, in any order.
    again = upload(access, [("区县,lat,lon,name,code\n海曙区,29.85,121.55,x,B1\n").encode()], "新.csv")
    remembered = propose(again)
    assert remembered.is_remembered and remembered.options == OPTIONS
    assert not propose(upload(world.access("haishu"), [GOOD.encode()], "x.csv")).is_remembered


def test_it_writes_what_the_command_line_writes(world: World, tmp_path: Path) -> None:
    text = GOOD.replace("钟公庙", "下应")
    assert run(write(tmp_path, GOOD))[0] == 0
    status, answer = run(write(tmp_path, text), "--dry-run")
    staged = checked(world, text)
    names = ("rows", "created", "updated", "unchanged", "missing", "fallbacks", "errors", "warnings")
    assert status == 0 and {name: answer[name] for name in names} == {n: staged.counts[n] for n in names}
    assert answer["notes"] == staged.notes
    (row,) = rows_page(staged).rows
    assert [(c.field, c.title, c.before, c.after) for c in row.changes] == [
        ("name", "名称", "钟公庙助餐点", "下应助餐点")
    ]
    assert apply(staged.pk, world.access("admin")).updated_count == 1
    entry = AuditEntry.objects.filter(subject_type="site").latest("seq")
    assert entry.payload["changed"] == {"name": ["钟公庙助餐点", "下应助餐点"]}


def test_the_same_file_again_changes_nothing_and_says_when_it_came(world: World) -> None:
    first = checked(world)
    batch = apply(first.pk, world.access("admin"))
    again = checked(world)
    assert again.counts["unchanged"] == 2 and not again.can_apply
    said = said_before(again, world.access("admin"))
    assert f"批次 {batch.pk}" in said and "admin" in said
    assert said_before(again, world.access("yinzhou")) == "这个文件以前已由别人导入。"
    with pytest.raises(Invalid):
        apply(again.pk, world.access("admin"))
    # Twice the same: one batch, whoever clicks.
    assert apply(first.pk, world.access("admin")).pk == batch.pk
    start_worker(again.pk, Work.CHECK, access=world.access("admin"))
    assert ImportBatch.objects.count() == 1


def test_errors_are_kept_by_row_and_nothing_is_applied(world: World) -> None:
    text = HEAD + "A1,一,121.55,29.85,海曙区\nA2,二,abc,29.85,海曙区\nA1,三,121.65,29.85,海曙区\n"
    staged = checked(world, text)
    assert (staged.counts["errors"], staged.can_apply) == (2, False)
    errors = problems_page(staged, Severity.ERROR).problems
    assert [(problem.row, problem.column) for problem in errors] == [(3, "lon"), (4, "code")]
    assert problems_page(staged, limit=1).next == 1
    assert [problem.row for problem in problems_of(staged)][:2] == [3, 4]
    assert [row.number for row in rows_page(staged, RowAction.ERROR).rows] == [4]
    with pytest.raises(Invalid, match="还不能导入"):
        apply(staged.pk, world.access("admin"))
    assert not Site.objects.exists()


def test_a_file_that_cannot_be_read_says_why_and_may_be_tried_again(world: World) -> None:
    access = world.access("admin")
    bad = upload(access, [b"%PDF-1.4 ..."], "表.csv")
    assert bad.state == "failed" and "PDF" in bad.error
    staged = hand_in(world, "code,x\nA1,2\n")
    staged = check(staged.pk)
    assert staged.state == "failed" and "坐标" in staged.error
    assert check(staged.pk).state == "failed"
    with pytest.raises(Invalid, match="怎样读"):
        check(upload(access, [GOOD.encode()], "a.csv").pk)
    with pytest.raises(NotAllowed):
        upload(world.access("supervisor"), [GOOD.encode()], "a.csv")


def test_others_do_not_see_it_and_rows_outside_are_refused(world: World) -> None:
    staged = checked(world, who="haishu")
    assert [p.label for p in problems_page(staged, Severity.ERROR).problems] == ["钟公庙助餐点"]
    calls: list[Callable[[], Any]] = [
        lambda: one(world.access("yinzhou"), staged.pk),
        lambda: set_options(world.access("yinzhou"), staged.pk, OPTIONS),
        lambda: apply(staged.pk, world.access("yinzhou")),
        lambda: discard(world.access("yinzhou"), staged.pk),
        lambda: start_worker(staged.pk, Work.CHECK, access=world.access("yinzhou")),
        lambda: one(world.access("supervisor"), staged.pk),
        lambda: one(world.access("admin"), staged.pk + 99),
    ]
    said = set()
    for call in calls:
        with pytest.raises(NotAllowed) as refusal:
            call()
        said.add(str(refusal.value))
    assert len(said) == 1
    assert one(world.access("admin"), staged.pk) == staged


def test_nothing_is_said_of_somebody_elses_site(world: World) -> None:
    """Not what it is, by a preview of changing it; not whether the file agrees with it either."""
    apply(checked(world, HEAD + "A1,内部名称,121.55,29.85,海曙区\n").pk, world.access("admin"))
    energy = OPTIONS.importing and replace(OPTIONS.importing, indicator="06-piles")
    for name in ("内部名称", "猜的名称"):
        for who, importing in (("yinzhou", OPTIONS.importing), ("energy", energy)):
            staged = hand_in(world, HEAD + f"A1,{name},121.55,29.85,\n", who=who)
            set_options(world.access(who), staged.pk, replace(OPTIONS, importing=importing))
            staged = check(staged.pk)
            (problem,) = problems_page(staged, Severity.ERROR).problems
            assert "编码 A1 属于别处" in problem.sentence
            assert staged.counts["unchanged"] == staged.counts["updated"] == 0
            assert not StagedRow.objects.filter(staged=staged).exists()


def test_whoever_lost_the_right_meanwhile_writes_nothing(world: World) -> None:
    staged = checked(world, HEAD + "A1,一,121.55,29.85,海曙区\n", who="haishu")
    access = replace(world.access("haishu"), grants=world.access("yinzhou").grants)
    with pytest.raises(NotAllowed, match="A1"):
        apply(staged.pk, access)
    assert not Site.objects.exists()
    staged.refresh_from_db()
    assert (staged.state, staged.needs_check, staged.can_apply) == ("checked", True, False)


def test_a_site_that_changed_since_the_preview_stops_all_of_it(world: World) -> None:
    admin = world.access("admin")
    apply(checked(world).pk, admin)
    staged = checked(world, GOOD.replace("助餐点", "餐厅"))
    site = Site.objects.get(code="A2")
    change_site(
        access=admin, site_id=site.pk, expected_version=site.version, changes={"phone": "1"}, reason="x"
    )
    before = database_content()
    with pytest.raises(Conflict, match="A2"):
        apply(staged.pk, admin)
    assert database_content() == before
    staged.refresh_from_db()
    assert staged.needs_check and "A2" in staged.error and not staged.can_apply
    assert apply(check(staged.pk).pk, admin).updated_count == 2
    assert Site.objects.get(code="A2").phone == "1"


def test_ground_that_changed_since_the_preview_stops_it(world: World) -> None:
    staged = checked(world)
    kind = world.kinds["meal-point"]
    kind.name_zh = "老年助餐点"
    save_row(access=world.access("admin"), row=kind, permission=Permission.PROGRAMME_CHANGE)
    with pytest.raises(Conflict, match="重新检查"):
        apply(staged.pk, world.access("admin"))
    assert not Site.objects.exists()


def test_one_worker_at_a_time_and_a_dead_one_is_known(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stagedprogress, "_PAUSE", 0.0)
    staged = hand_in(world)
    attempt = stagedwork.begin(staged.pk, Work.CHECK)
    staged.refresh_from_db()
    assert progress_of(staged).is_running and not was_cut_off(staged)  # it is on its way
    with pytest.raises(AlreadyRunning):
        stagedwork.begin(staged.pk, Work.CHECK)
    with working(staged.pk, attempt) as teller:
        teller.begin("check", 200)
        teller.advance(50)
        progress = progress_of(staged)
        assert (progress.phase, progress.percent, progress.is_running) == ("check", 25, True)
        with pytest.raises(AlreadyRunning):
            check(staged.pk)
        with pytest.raises(Invalid, match="正在处理"):
            discard(world.access("admin"), staged.pk)
    # Its process is gone: the lock with it.
    assert was_cut_off(staged) and not progress_of(staged).is_running
    assert check(staged.pk).state == "checked"
    # What it writes late is refused.
    with pytest.raises(stagedcheck.Superseded), working(staged.pk, attempt) as teller:
        stagedcheck.check_now(staged.pk, attempt, world.access("admin"), teller, None)
    assert StagedRow.objects.filter(staged=staged).count() == 2


def test_a_late_worker_does_not_apply_a_second_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    staged = checked(world)
    attempt = stagedwork.begin(staged.pk, Work.APPLY)
    StagedImport.objects.filter(pk=staged.pk).update(attempt="another")
    with pytest.raises(stagedcheck.Superseded):
        stagedwork.run(staged.pk, Work.APPLY, attempt, world.access("admin"))
    original = apply_site_drafts

    def slow(**given: Any) -> Any:
        StagedImport.objects.filter(pk=staged.pk).update(attempt="yet another")
        return original(**given)

    monkeypatch.setattr(stagedwork, "apply_site_drafts", slow)
    with pytest.raises(stagedcheck.Superseded):
        stagedwork.run(staged.pk, Work.APPLY, "another", world.access("admin"))
    assert not Site.objects.exists() and not ImportBatch.objects.exists()


def test_letting_a_file_go(world: World) -> None:
    admin = world.access("admin")
    staged = checked(world, HEAD + "A1,一,121.55,29.85,海曙区\nA2,二,abc,29.85,\n")
    assert path_of(staged.file_sha256).exists()
    discard(admin, staged.pk)
    assert not path_of(staged.file_sha256).exists()
    assert not StagedRow.objects.exists() and not StagedProblem.objects.exists()
    with pytest.raises(Invalid):
        check(staged.pk)
    applied = checked(world)
    apply(applied.pk, admin)
    with pytest.raises(ActionError):
        discard(admin, applied.pk)
    other = hand_in(world)  # the very same content
    discard(admin, other.pk)
    assert path_of(applied.file_sha256).exists()  # it is evidence


def test_options_come_back_as_they_were(world: World) -> None:
    importing = ImportOptions(
        datum=Datum.GCJ02, fallback_datum=Datum.BD09, kind=KindRule(column="类", words={"甲": "road"}),
        code_column=None, source="源", mapping=MappingProxyType({"lon": "经"}), indicator="03-meal",
        division_from_column=True, allow_division_conflicts=True, border_tolerance_m=12.5,
        stage=Stage.BUILDING, service=Service.OPEN, name_template="站 {号}",
        words={"stage": WordRule("阶段", {"好": "finished"})},
    )  # fmt: skip
    options = StagedOptions(importing, sheet="表1", header_row=3, encoding="gb18030")
    assert StagedOptions.from_json(options.as_json()) == options


def test_tidying_keeps_what_is_evidence(world: World, settings: Any) -> None:
    admin = world.access("admin")
    applied = checked(world)
    apply(applied.pk, admin)
    old = checked(world, HEAD + "A9,一,121.55,29.85,海曙区\n")
    young = checked(world, HEAD + "A8,一,121.55,29.85,海曙区\n")
    long_ago = timezone.now() - dt.timedelta(days=40)
    StagedImport.objects.exclude(pk=young.pk).update(uploaded_at=long_ago)
    half = settings.PRIVATE_FILES_DIR / "incoming-abc"
    half.write_bytes(b"x")
    os.utime(half, (0, 0))
    out = io.StringIO()
    call_command("tidy_imports", "--json", "--dry-run", stdout=out)
    assert json.loads(out.getvalue()) == {"removed": 1, "plans": 1, "halves": 1}
    assert StagedImport.objects.count() == 3 and half.exists()
    call_command("tidy_imports", stdout=out)
    assert set(StagedImport.objects.values_list("pk", flat=True)) == {applied.pk, young.pk}
    assert {row.staged_id for row in StagedRow.objects.all()} == {young.pk}
    assert path_of(applied.file_sha256).exists() and not path_of(old.file_sha256).exists()
    assert not half.exists()


def test_a_worker_in_a_process_of_its_own_is_asked_for_once(
    world: World, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.IMPORT_WORKER = "process"
    started: list[list[str]] = []
    monkeypatch.setattr(subprocess, "Popen", lambda command, **given: started.append(command))
    staged = hand_in(world)
    admin = world.access("admin")
    for _click in range(2):
        start_worker(staged.pk, Work.CHECK, access=admin)
    (command,) = started
    out = io.StringIO()
    call_command(*command[2:], stdout=out)
    staged.refresh_from_db()
    assert staged.state == "checked" and out.getvalue().split()[1] == "checked"
    call_command("work_import", str(staged.pk), "apply", stdout=out)
    assert Site.objects.count() == 2
