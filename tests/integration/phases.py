"""Running import_phases and phases in tests: a small file, the commands, what they answered."""

import io
import json
from pathlib import Path
from typing import Any

from django.core.management import call_command

from projects.models import AuditEntry, Category, ImportBatch, LagPolicy, Phase, PhaseReport, Project
from tests.factories import CUTOFF, World

KEY = "330200-2024"
HEAD = "项目,阶段,状态,现计划完成,实际开工,实际完成,预算,已支出\n"
GOOD = HEAD + (
    '"东街小学, ""新""楼",设计,完成,2024-03-31,2024-01-02,2024-03-20,100,80\n'
    '"东街小学, ""新""楼",施工,在建,2024-05-31,2024-04-01,,"1,000","1,200.50"\n'
    "西门小学,设计,未开工,2024-12-31,,,300,\n"
)
SHAPE = ("--project-from", "项目", "--category", "schools=学校")


def write(folder: Path, text: str, name: str = "phases.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


def run(path: Path, *args: str, actor: str = "admin", shape: tuple[str, ...] = SHAPE) -> tuple[int, Any]:
    """Exit status and the answer as a machine reads it."""
    out = io.StringIO()
    status = 0
    try:
        call_command(
            "import_phases", str(path), "--programme", KEY, "--actor", actor, "--json", *shape, *args, stdout=out
        )  # fmt: skip
    except SystemExit as stop:
        status = int(str(stop.code))
    return status, json.loads(out.getvalue())


def load(path: Path, *args: str, shape: tuple[str, ...] = SHAPE) -> Any:
    """An import that must be applied."""
    status, said = run(path, *args, shape=shape)
    assert (status, said["errors"]) == (0, 0), said["problems"][:3]
    return said


def asked(*args: str) -> Any:
    """What `phases` answers."""
    out = io.StringIO()
    call_command("phases", "--programme", KEY, "--json", *args, stdout=out)
    return json.loads(out.getvalue())


def written() -> tuple[int, ...]:
    """Everything that an import could write, in numbers."""
    tables = (Category, Project, Phase, PhaseReport, AuditEntry, ImportBatch)
    return tuple(table.objects.count() for table in tables)


def use_three_months(world: World) -> None:
    """New York State's rule: delayed is three months or more past the planned date."""
    rules = {
        "schema": 1, "key": "three-months", "version": 1, "title": "NYS", "source": "comptroller",
        "against": "baseline", "overdue": [{"light": "red", "months": 3}],
    }  # fmt: skip
    world.programme.policy = LagPolicy.objects.create(
        key="three-months", name_zh="三个月", rules=rules, source="NYS", effective_from=CUTOFF
    )
    world.programme.save()
