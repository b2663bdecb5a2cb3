"""A whole capital programme through the command: counted independently, imported twice, asked of the past."""

import datetime as dt
from pathlib import Path

import pytest

from projects.models import AuditEntry, Category, ImportBatch, Phase, PhaseReport, Project
from tests.factories import CUTOFF, World
from tests.integration.phasefile import OPTIONS, count_by_hand, write_programme
from tests.integration.phases import asked, load, run, use_three_months

pytestmark = pytest.mark.django_db

ROWS = 14_000
QUESTIONS = ("late", "delayed", "finished_late", "overspent", "over_estimate")


def test_a_whole_programme(world: World, tmp_path: Path) -> None:
    use_three_months(world)
    path = tmp_path / "capital.csv"
    write_programme(path, ROWS)
    said = load(path, *OPTIONS, shape=())
    assert said["created"] == Phase.objects.count() == PhaseReport.objects.count() == ROWS
    assert said["projects_created"] == Project.objects.count() > ROWS // 4
    assert Category.objects.get(slug="school-capital").projects.count() == said["projects_created"]
    for day in (CUTOFF, dt.date(2022, 2, 28)):
        by_hand = count_by_hand(path, day, 3)
        answer = asked("--as-of", day.isoformat())
        assert answer["phases"] == by_hand.rows == ROWS
        for question in QUESTIONS:
            found = answer["counts"][question]
            if day < CUTOFF and question.startswith("over"):
                # Nothing had been said of money by then, and no figure is made of that.
                assert (found["count"], found["denominator"], found["missing"]) == (None, 0, ROWS)
                continue
            assert found["count"] == by_hand.yes[question] > 0, question
            assert found["denominator"] == by_hand.judged[question], question
            assert found["missing"] == by_hand.unknown[question], question
    # The same file again changes nothing.
    before = AuditEntry.objects.count()
    status, again = run(path, *OPTIONS, shape=())
    assert (status, again["status"], again["unchanged"]) == (0, "unchanged", ROWS)
    assert (AuditEntry.objects.count(), ImportBatch.objects.count()) == (before, 1)
