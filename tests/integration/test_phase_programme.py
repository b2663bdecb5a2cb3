"""A whole capital programme through the command: counted independently, imported twice, asked of the past."""

import datetime as dt
import io
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from projects.models import AuditEntry, Category, ImportBatch, LagPolicy, Phase, PhaseReport, Project
from tests.factories import CUTOFF, World
from tests.integration.phasefile import OPTIONS, count_by_hand, write_programme

KEY = "330200-2024"
DELAYED = ("late", "delayed", "finished_late", "overspent", "over_estimate")


@pytest.fixture(scope="module")
def programme_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("programme") / "capital.csv"
    write_programme(path)
    return path


def load(path: Path, *args: str) -> tuple[int, dict[str, Any]]:
    out = io.StringIO()
    status = 0
    try:
        call_command(
            "import_phases", str(path), "--programme", KEY, "--actor", "admin", "--json", *args, stdout=out
        )
    except SystemExit as stop:
        status = int(str(stop.code))
    return status, json.loads(out.getvalue())


def asked(*args: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command("phases", "--programme", KEY, "--json", *args, stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def use_three_months(world: World) -> None:
    """New York State's rule: delayed is three months or more past the planned date."""
    rules = {
        "schema": 1, "key": "new-york-state", "version": 1, "title": "NYS", "source": "comptroller",
        "against": "baseline", "overdue": [{"light": "red", "months": 3}],
    }  # fmt: skip
    world.programme.policy = LagPolicy.objects.create(
        key="new-york-state", name_zh="NYS", rules=rules, source="NYS", effective_from=CUTOFF
    )
    world.programme.save()


def test_a_whole_programme(world: World, programme_file: Path, tmp_path: Path) -> None:
    use_three_months(world)
    status, said = load(programme_file, *OPTIONS)
    assert (status, said["status"], said["errors"]) == (0, "applied", 0), said["problems"][:3]
    assert said["created"] == Phase.objects.count() == PhaseReport.objects.count() == 14_000
    assert said["projects_created"] == Project.objects.count() > 4_000
    assert Category.objects.get(slug="school-capital").projects.count() == said["projects_created"]
    for day in (CUTOFF, dt.date(2022, 2, 28)):
        by_hand = count_by_hand(programme_file, day, 3)
        answer = asked("--as-of", day.isoformat())
        assert answer["phases"] == by_hand.rows == 14_000
        for question in DELAYED:
            found = answer["counts"][question]
            if day < CUTOFF and question.startswith("over"):
                # Nothing had been said of money by then, and no figure is made of that.
                assert (found["count"], found["denominator"], found["missing"]) == (None, 0, 14_000)
                continue
            assert found["count"] == by_hand.yes[question] > 0, question
            assert found["denominator"] == by_hand.judged[question], question
            assert found["missing"] == by_hand.unknown[question], question
    # The same file again changes nothing.
    before = AuditEntry.objects.count()
    status, said = load(programme_file, *OPTIONS)
    assert (status, said["status"], said["unchanged"]) == (0, "unchanged", 14_000)
    assert (AuditEntry.objects.count(), ImportBatch.objects.count()) == (before, 1)
    # Half a year later: one phase was met, another's planned end moved.
    later = tmp_path / "later.csv"
    shutil.copy(programme_file, later)
