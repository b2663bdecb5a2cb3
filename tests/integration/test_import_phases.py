"""Files of phases: all or nothing, by row and column; the same file twice; what a later file changes."""

import csv
import datetime as dt
import io
import shlex
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from projects.actions.programmes import save_programme
from projects.exchange import phasejob
from projects.exchange.phaseplan import plan_phases
from projects.models import AuditEntry, Category, ImportBatch, LagPolicy, Phase, PhaseReport, Project
from projects.readmodels.clocks import as_text
from tests.factories import CUTOFF, World
from tests.integration.phases import GOOD, HEAD, KEY, SHAPE, asked, load, run, write, written
from tests.unit.projects.exchange.strangefiles import workbook

pytestmark = pytest.mark.django_db


def test_phases_projects_and_a_category(world: World, tmp_path: Path) -> None:
    said = load(write(tmp_path, GOOD))
    assert (said["status"], said["created"], said["projects_created"]) == ("applied", 3, 2)
    assert [row.name_zh for row in Project.objects.order_by("pk")] == ['东街小学, "新"楼', "西门小学"]
    assert Category.objects.get(slug="schools").name_zh == "学校"
    phase = Phase.objects.get(name_zh="施工")
    assert (phase.order, phase.currency, phase.status) == (2, "CNY", "在建")
    # The first planned date is the baseline, and stays it.
    assert (phase.baseline_due, phase.planned_due) == (dt.date(2024, 5, 31), dt.date(2024, 5, 31))
    assert (phase.budget, phase.spent) == (Decimal(1000), Decimal("1200.5"))
    # Without --as-of the file speaks of the cut-off.
    assert {row.as_of for row in PhaseReport.objects.all()} == {CUTOFF}
    batch = ImportBatch.objects.get()
    assert (batch.created_count, batch.rows, batch.options["currency"]) == (3, 3, "CNY")
    # One entry for the category, each project and each phase, and one for the file.
    assert AuditEntry.objects.count() == 7 == batch.changed_seq == (batch.last_seq or 0) + 1


def test_the_same_file_again_changes_nothing(world: World, tmp_path: Path) -> None:
    load(write(tmp_path, GOOD))
    before = written()
    status, said = run(write(tmp_path, GOOD))
    assert (status, said["status"], said["unchanged"]) == (0, "unchanged", 3)
    # Of another day it says the same: nothing is repeated.
    assert run(write(tmp_path, GOOD), "--as-of", "2024-07-31")[1]["status"] == "unchanged"
    assert written() == before


def test_a_changed_row_is_a_new_report_and_the_baseline_stays(world: World, tmp_path: Path) -> None:
    load(write(tmp_path, GOOD))
    later = GOOD.replace("2024-05-31,2024-04-01,,", "2024-09-30,2024-04-01,2024-07-15,")
    said = load(write(tmp_path, later), "--as-of", "2024-07-31")
    assert (said["updated"], said["unchanged"]) == (1, 2)
    phase = Phase.objects.get(name_zh="施工")
    assert (phase.baseline_due, phase.planned_due) == (dt.date(2024, 5, 31), dt.date(2024, 9, 30))
    assert phase.reports.count() == 2
    rows = {row["name_zh"]: row for row in asked("--rows", "--as-of", "2024-07-31")["rows"]}
    # Rescheduled is not on time.
    assert (rows["施工"]["finished_late"], rows["施工"]["days_late"]) == ("yes", 45)
    entry = AuditEntry.objects.get(action="phase.change")
    assert entry.payload["changed"]["met_on"] == [None, "2024-07-15"]


def test_a_past_day_and_a_past_moment_give_the_same_answer_again(world: World, tmp_path: Path) -> None:
    load(write(tmp_path, GOOD))
    with_first = AuditEntry.objects.order_by("seq").last()
    assert with_first is not None
    moment = as_text(with_first.recorded_at)
    pair = ("--as-of", "2024-06-30", "--known-at", moment, "--rows")
    before = asked(*pair)
    assert before["counts"]["late"]["count"] == 1
    # The same day corrected: it had been met in time, and had cost less.
    corrected = GOOD.replace('2024-04-01,,"1,000","1,200.50"', "2024-04-01,2024-05-30,1000,900")
    load(write(tmp_path, corrected))
    assert asked("--as-of", "2024-06-30")["counts"]["late"]["count"] == 0
    assert asked("--as-of", "2024-06-30")["counts"]["overspent"]["count"] == 0
    assert asked(*pair) == before
    # Another rule judges delay from now on; what was known then was judged by the rule of then.
    call_command("load_policy", "new-york-comptroller", "--actor", "admin", stdout=io.StringIO())
    world.programme.policy = LagPolicy.objects.get(key="new-york-comptroller")
    save_programme(access=world.access("admin"), row=world.programme)
    assert asked(*pair) == before
    assert asked("--as-of", "2024-06-30")["policy"]["key"] == "new-york-comptroller"
    # Before the file was there, nothing was known.
    empty = asked("--known-at", as_text(with_first.recorded_at - dt.timedelta(days=1)))
    assert empty["phases"] == 0


def test_a_baseline_that_becomes_known_later_was_not_known_before(world: World, tmp_path: Path) -> None:
    words = ("--blank", "TBD=unknown")
    load(write(tmp_path, HEAD + "A,设计,,TBD,,,,\n"), *words)
    first = AuditEntry.objects.order_by("seq").last()
    assert first is not None
    load(write(tmp_path, HEAD + "A,设计,,2024-02-01,,,,\n"), *words)
    assert asked()["counts"]["late"] | {"formula": ""} == {
        "count": 1, "denominator": 1, "outside": 0, "missing": 0, "missing_by_reason": {},
        "missing_by_word": [], "formula": "",
    }  # fmt: skip
    then = asked("--known-at", as_text(first.recorded_at))["counts"]["late"]
    assert (then["count"], then["missing_by_word"]) == (
        None, [{"reason": "no_due", "word": "TBD", "count": 1}],
    )  # fmt: skip


BAD_CELLS = [
    ("A,设计,,FTK,,,,\n", "现计划完成", "FTK", "--blank 'FTK=not_started'"),
    ("A,设计,,,,,TBD,\n", "预算", "TBD", "--blank 'TBD=not_started'"),
    ("A,设计,,03/04/2024,,,,\n", "现计划完成", "03/04/2024", "--date-format"),
    ("A,设计,,2024-02-30,,,,\n", "现计划完成", "2024-02-30", ""),
    ("A,设计,,,,,-5,\n", "预算", "-5", "--allow negative"),
    ("A,设计,,,,,12x,\n", "预算", "12x", ""),
    ("A,设计,,,2024-05-01,2024-04-30,,\n", "实际完成", "2024-04-30", "--allow order"),
    ("A,设计,,,2999-01-01,,,\n", "实际开工", "2999-01-01", ""),
    ("A,设计,,,2126-01-01,,,\n", "实际开工", "2126-01-01", "--allow future"),
    ("A,,,,,,,\n", "阶段", "", ""),
    (",设计,,,,,,\n", "项目", "", ""),
    (f"A,{'长' * 201},,,,,,\n", "阶段", "长" * 59 + "…", ""),
]


@pytest.mark.parametrize(("row", "column", "found", "allowed"), BAD_CELLS)
def test_one_bad_cell_stops_the_whole_file(
    world: World, tmp_path: Path, row: str, column: str, found: str, allowed: str
) -> None:
    before = written()
    status, said = run(write(tmp_path, GOOD + row))
    assert (status, said["status"]) == (1, "refused")
    problem = next(each for each in said["problems"] if each["severity"] == "error")
    assert (problem["row"], problem["column"], problem["found"]) == (5, column, found)
    assert allowed in problem["allowed"]
    assert written() == before


def test_contradictions_are_taken_when_allowed(world: World, tmp_path: Path) -> None:
    rows = HEAD + "A,设计,,,2024-05-01,2024-04-30,100,-5\nA,施工,,,2126-01-01,,1,2\n"
    said = load(write(tmp_path, rows), "--allow", "order,future,negative")
    assert said["warnings"] == 3
    found = {row["name_zh"]: row for row in asked("--rows")["rows"]}
    assert (found["设计"]["met_on"], found["设计"]["spent"]) == ("2024-04-30", None)
    assert found["设计"]["gaps"]["spent"] == {"meaning": "unknown", "word": "-5"}
    # What begins in a hundred years has not begun.
    assert found["施工"]["state"] == "not_started"


def test_two_rows_of_one_phase_are_refused_by_name_or_numbered(world: World, tmp_path: Path) -> None:
    rows = HEAD + "A,设计,,2024-01-01,,,1,\nB,设计,,,,,,\nA,设计,,2024-01-01,,,1,\nA,设计,,2024-02-01,,,1,\n"
    status, said = run(write(tmp_path, rows))
    assert status == 1
    first, second = (each["sentence"] for each in said["problems"])
    assert "第 2 行" in first and "完全相同" in first
    assert "第 2 行" in second and "内容不同" in second
    assert all("--duplicates number" in each["allowed"] for each in said["problems"])
    numbered = load(write(tmp_path, rows), "--duplicates", "number")
    assert (numbered["created"], numbered["warnings"]) == (4, 2)
    assert sorted(code[-2:] for code in Phase.objects.values_list("code", flat=True) if "#" in code) == [
        "#2",
        "#3",
    ]
    assert run(write(tmp_path, rows), "--duplicates", "number")[1]["status"] == "unchanged"
    # Or a code that tells them apart.
    assert run(write(tmp_path, rows), "--code", "项目,现计划完成")[0] == 1


def test_status_words_that_mean_finished_leave_doubt_not_blame(world: World, tmp_path: Path) -> None:
    rows = HEAD + "A,设计,Complete ,2024-01-31,2024-01-02,,,\nA,施工,In-Progress,2024-01-31,,,,\n"
    load(write(tmp_path, rows), "--done-status", "complete")
    late = asked()["counts"]["late"]
    assert (late["count"], late["denominator"]) == (1, 1)
    assert late["missing_by_word"] == [{"reason": "met_unknown", "word": "Complete", "count": 1}]


def test_a_changed_baseline_column_is_refused(world: World, tmp_path: Path) -> None:
    shape = (*SHAPE, "--map", "baseline_due=到期")
    load(write(tmp_path, "项目,阶段,到期\nA,设计,2024-01-31\n"), shape=shape)
    status, said = run(write(tmp_path, "项目,阶段,到期\nA,设计,2024-03-31\n"), shape=shape)
    assert status == 1
    assert "--map planned_due=到期" in said["problems"][0]["allowed"]
    assert "2024-01-31" in said["problems"][0]["sentence"]


def test_columns_that_a_later_file_lacks_stay_as_they_were(world: World, tmp_path: Path) -> None:
    load(
        write(tmp_path, HEAD + "A,设计,在办,2024-01-31,2024-01-02,PNS,100,120\n"),
        "--blank",
        "PNS=not_started",
    )
    load(write(tmp_path, "项目,阶段,已支出\nA,设计,130\n"), "--as-of", "2024-07-31")
    row = asked("--rows", "--as-of", "2024-07-31")["rows"][0]
    assert (row["budget"], row["spent"], row["status"]) == ("100.0000", "130.0000", "在办")
    assert row["gaps"]["met_on"]["word"] == "PNS"


def test_currency_never_changes(world: World, tmp_path: Path) -> None:
    load(write(tmp_path, GOOD), "--currency", "USD")
    status, said = run(write(tmp_path, GOOD))
    assert status == 1 and "USD" in said["problems"][0]["sentence"]


def test_a_category_is_named_never_guessed(world: World, tmp_path: Path) -> None:
    path = write(tmp_path, "项目,阶段,类别\nA,设计,学校\nB,设计,医院\nC,设计,charging\n")
    before = written()
    for args in ((), ("--category", "no-such")):
        with pytest.raises(CommandError) as refused:
            run(path, shape=("--project-from", "项目", *args))
        assert refused.value.returncode == 2
        assert "elderly(养老暖心)" in str(refused.value)
    assert written() == before
    said = load(path, shape=("--project-from", "项目", "--category", "类别"))
    assert said["categories_created"] == 2
    assert any("新建类:学校" in note for note in said["notes"])
    by_code = {row.code: row.category.name_zh for row in Project.objects.select_related("category")}
    assert by_code == {"A": "学校", "B": "医院", "C": "充电设施"}
    # Again by the same words: the same categories.
    assert run(path, shape=("--project-from", "项目", "--category", "类别"))[1]["status"] == "unchanged"


def test_a_project_is_of_one_category_and_has_one_name(world: World, tmp_path: Path) -> None:
    path = write(tmp_path, "项目,阶段,类别,名称\nA,设计,学校,甲\nA,施工,医院,甲\n")
    status, said = run(path, shape=("--project-from", "项目", "--category", "类别"))
    assert (status, said["problems"][0]["row"]) == (1, 3)
    assert "第 2 行" in said["problems"][0]["sentence"] and "学校" in said["problems"][0]["sentence"]
    path = write(tmp_path, "项目,阶段,名称\nA,设计,甲\nA,施工,乙\n")
    said = load(path, "--map", "project=名称")
    assert any("取第一行的" in note for note in said["notes"])
    assert Project.objects.get().name_zh == "甲"


def test_phases_of_an_indicator_need_no_project(world: World, tmp_path: Path) -> None:
    path = write(tmp_path, "阶段,现计划完成\n选址,2024-03-01\n建设,2024-12-01\n")
    load(path, shape=("--indicator", "03-meal"))
    load(path, shape=("--indicator", "06-piles"))
    assert {row.indicator.code for row in Phase.objects.all() if row.indicator} == {"03-meal", "06-piles"}
    assert Phase.objects.count() == 4 and not Project.objects.exists()
    with pytest.raises(CommandError, match="07-none"):
        run(path, shape=("--indicator", "07-none"))


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--project-from", "没有"), "没有"),
        ((*SHAPE, "--indicator", "03-meal"), "--indicator"),
        ((*SHAPE, "--map", "nonsense=阶段"), "nonsense"),
        ((*SHAPE, "--blank", "PNS"), "--blank"),
        ((*SHAPE, "--date-format", "MM/YY"), "--date-format"),
        ((*SHAPE, "--currency", "Yuan"), "--currency"),
        ((*SHAPE, "--allow", "all"), "--allow"),
        ((*SHAPE, "--as-of", "2126-01-01"), "--as-of"),
        ((*SHAPE, "--code", "没有"), "--code"),
        ((*SHAPE, "--report", "nowhere/x.txt"), "--report"),
    ],
)
def test_what_cannot_be_run(world: World, tmp_path: Path, args: tuple[str, ...], said: str) -> None:
    with pytest.raises(CommandError) as refused:
        run(write(tmp_path, GOOD), shape=args)
    assert refused.value.returncode == 2
    assert said in str(refused.value)


def test_no_such_programme_file_or_format(world: World, tmp_path: Path) -> None:
    for command in (
        (
            "import_phases",
            str(write(tmp_path, GOOD)),
            "--programme",
            "330200-1999",
            "--actor",
            "admin",
            *SHAPE,
        ),
        ("import_phases", str(tmp_path / "gone.csv"), "--programme", KEY, "--actor", "admin", *SHAPE),
        (
            "import_phases",
            str(write(tmp_path, "PK", "a.et")),
            "--programme",
            KEY,
            "--actor",
            "admin",
            *SHAPE,
        ),
        ("phases", "--programme", "330200-1999"),
        ("phases", "--programme", KEY, "--known-at", "2126-01-01"),
        ("phases", "--programme", KEY, "--policy", "no-such"),
        ("export_phases", str(tmp_path / "x.xlsx"), "--programme", KEY),
    ):
        with pytest.raises(CommandError) as refused:
            call_command(*command, stdout=io.StringIO())
        assert refused.value.returncode == 2, command


@pytest.mark.parametrize("actor", ["haishu", "energy", "supervisor", "publisher", "stranger", "nobody"])
def test_only_who_may_change_programmes(world: World, tmp_path: Path, actor: str) -> None:
    before = written()
    with pytest.raises(CommandError) as refused:
        run(write(tmp_path, GOOD), actor=actor)
    assert refused.value.returncode == 2
    assert written() == before


def test_a_dry_run_says_what_it_would_do_and_writes_nothing(world: World, tmp_path: Path) -> None:
    before = written()
    status, said = run(write(tmp_path, GOOD), "--dry-run")
    assert (status, said["status"], said["created"], said["batch"]) == (0, "clean", 3, None)
    assert written() == before


def test_a_report_of_all_problems(world: World, tmp_path: Path) -> None:
    report = tmp_path / "problems.csv"
    assert run(write(tmp_path, GOOD + "A,设计,,FTK,,,DOES,\n"), "--report", str(report))[0] == 1
    rows = list(csv.reader(report.open(encoding="utf-8-sig")))
    assert len(rows) == 3
    assert [row[4] for row in rows[1:]] == ["FTK", "DOES"]


def test_the_spoken_answer_counts_the_words(world: World, tmp_path: Path) -> None:
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command(
            "import_phases", str(write(tmp_path, GOOD + "A,设计,,FTK,,,,\nA,施工,,FTK,,,,\n")), "--programme", KEY,
            "--actor", "admin", *SHAPE, stdout=out,
        )  # fmt: skip
    assert "没有声明的词:“FTK”在列“现计划完成”有 2 格。" in out.getvalue()
    assert "没有写入任何数据" in out.getvalue()


def test_what_is_exported_is_read_back_unchanged(world: World, tmp_path: Path) -> None:
    rows = GOOD + "=危险,设计,,PNS,TBD,,/,\n"
    load(write(tmp_path, rows), "--blank", "PNS=not_started", "--blank", "TBD,/=unknown", "--currency", "USD")
    out = tmp_path / "out.csv"
    answer = io.StringIO()
    call_command("export_phases", str(out), "--programme", KEY, stdout=answer)
    spoken = answer.getvalue().split("--actor USER ")[1]
    options = tuple(shlex.split(spoken))
    assert "'=危险" in out.read_text("utf-8-sig")
    before = written()
    status, said = run(out, shape=options[2:])
    assert (status, said["status"], said["unchanged"]) == (0, "unchanged", 4)
    assert written() == before


def test_an_import_meanwhile_is_noticed(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(write(tmp_path, GOOD))
    later = GOOD.replace("1,200.50", "1,300")

    def while_another_writes(*args: Any) -> Any:
        made = plan_phases(*args)
        Phase.objects.filter(name_zh="施工").update(changed_seq=999)
        return made

    monkeypatch.setattr(phasejob, "plan_phases", while_another_writes)
    status, said = run(write(tmp_path, later))
    assert (status, said["status"]) == (1, "refused")
    assert PhaseReport.objects.count() == 3


def test_a_workbook_of_phases(world: World, tmp_path: Path) -> None:
    table = [["2024年学校建设进度表"], *csv.reader(GOOD.splitlines())]
    before = written()
    status, answer = run(workbook(tmp_path / "a.xlsx", table), "--header-row", "2", "--dry-run")
    expected = run(write(tmp_path, GOOD), "--dry-run")[1]
    assert status == 0 and answer["created"] == expected["created"] > 0
    assert written() == before
