"""Phases by hand: the forms, the baseline that stays, corrections, a closed period, the wrong person."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from projects.actions.closing import close_period
from projects.actions.errors import Invalid, NotAllowed, PeriodClosed
from projects.actions.phasereports import report_phase, save_phase
from projects.models import AuditEntry, CorrectionRequest, Phase, PhaseReport
from projects.models.access import system_access
from projects.readmodels.invariants import broken_invariants
from tests.factories import CUTOFF, START, World
from tests.integration.adminforms import fetch_form
from tests.integration.phases import GOOD, load, run, write, written

pytestmark = pytest.mark.django_db

JUNE = dt.date(2024, 6, 1)


@pytest.fixture
def phase(world: World) -> Phase:
    row = Phase(
        programme=world.programme,
        indicator=world.indicators["03-meal"],
        code="build",
        name_zh="施工",
        baseline_due=dt.date(2024, 5, 31),
    )
    return save_phase(access=system_access(), row=row)


def report(phase: Phase, **values: Any) -> PhaseReport:
    row = PhaseReport(**{"phase": phase, "as_of": JUNE, **values})
    return report_phase(access=system_access(), row=row)


def opened(client: Client, model: str, pk: int | None = None) -> tuple[str, dict[str, str]]:
    url = f"/admin/projects/{model}/{f'{pk}/change/' if pk else 'add/'}"
    return url, {**fetch_form(client, url, f"{model}_form"), "_save": "1"}


def test_a_phase_and_a_report_by_form(world: World, admin_client: Client) -> None:
    url, form = opened(admin_client, "phase")
    form |= {
        "programme": str(world.programme.pk), "indicator": str(world.indicators["03-meal"].pk), "code": "p1",
        "name_zh": "设计", "order": "1", "currency": "CNY", "baseline_start": "2024-01-01",
    }  # fmt: skip
    assert admin_client.post(url, form).status_code == 302
    row = Phase.objects.get(code="p1")
    assert (row.baseline_start, row.baseline_due) == (dt.date(2024, 1, 1), None)
    assert row.created_seq == row.baseline_start_seq == row.changed_seq == AuditEntry.objects.count()
    url, form = opened(admin_client, "phasereport")
    form |= {
        "phase": str(row.pk), "as_of": "2024-06-01", "planned_due": "2024-08-01", "started_on": "2024-01-05",
        "budget": "100", "spent": "120", "status": "在建",
    }  # fmt: skip
    assert admin_client.post(url, form).status_code == 302
    row.refresh_from_db()
    # The first planned date is the baseline; the copy is of the newest report.
    assert (row.baseline_due, row.spent, row.status) == (dt.date(2024, 8, 1), Decimal(120), "在建")
    assert row.baseline_due_seq == row.changed_seq == AuditEntry.objects.count()
    listed = admin_client.get("/admin/projects/phase/?q=p1").content.decode()
    assert "助餐服务点" in listed and "在建" in listed


def test_a_known_baseline_is_no_field_and_no_way_round(
    world: World, phase: Phase, admin_client: Client
) -> None:
    url, form = opened(admin_client, "phase", phase.pk)
    assert "baseline_due" not in form and "baseline_start" in form
    assert (
        admin_client.post(url, {**form, "baseline_due": "2030-01-01", "name_zh": "建造"}).status_code == 302
    )
    phase.refresh_from_db()
    assert (phase.name_zh, phase.baseline_due) == ("建造", dt.date(2024, 5, 31))
    phase.baseline_due = dt.date(2030, 1, 1)
    with pytest.raises(Invalid, match="基线"):
        save_phase(access=system_access(), row=phase)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"as_of": dt.date(2126, 1, 1)}, "as_of"),
        ({"met_on": dt.date(2126, 1, 1)}, "met_on"),
        ({"started_on": JUNE, "met_on": START}, "met_on"),
        ({"planned_start": JUNE, "planned_due": START}, "planned_due"),
        ({"spent": Decimal(-1)}, "spent"),
        ({"budget": Decimal("NaN")}, "budget"),
    ],
)
def test_bad_reports(phase: Phase, values: dict[str, Any], field: str) -> None:
    before = written()
    with pytest.raises(Invalid) as refused:
        report(phase, **values)
    assert field in refused.value.errors
    assert written() == before


def test_a_correction_replaces_and_says_why(phase: Phase) -> None:
    first = report(phase, spent=Decimal(900))
    with pytest.raises(Invalid, match="原因"):
        report(phase, spent=Decimal(90), corrects=first)
    report(phase, spent=Decimal(90), corrects=first, correction_reason="多写了一个零")
    phase.refresh_from_db()
    assert phase.spent == Decimal(90)
    with pytest.raises(Invalid):
        report(phase, spent=Decimal(80), corrects=first, correction_reason="再改")
    other = save_phase(
        access=system_access(),
        row=Phase(programme=phase.programme, indicator=phase.indicator, code="other", name_zh="采购"),
    )
    with pytest.raises(Invalid, match="不属于"):
        report(other, corrects=PhaseReport.objects.latest("pk"), correction_reason="错了")


def test_a_report_about_an_earlier_day_leaves_the_newest(phase: Phase) -> None:
    report(phase, spent=Decimal(500))
    report(phase, as_of=START, spent=Decimal(1))
    phase.refresh_from_db()
    assert (phase.spent, phase.reported_on) == (Decimal(500), JUNE)


def test_a_closed_period_takes_corrections_only(
    world: World, phase: Phase, admin_client: Client, tmp_path: Path
) -> None:
    close_period(access=system_access(), programme=world.programme, through=CUTOFF)
    with pytest.raises(PeriodClosed):
        report(phase, spent=Decimal(5))
    before = written()
    status, said = run(write(tmp_path, GOOD))
    assert (status, said["status"]) == (1, "refused")
    assert "已关账" in said["problems"][0]["sentence"]
    assert written() == before
    load(write(tmp_path, GOOD), "--as-of", "2024-07-31")
    # By the form it can be asked for as a correction.
    url, form = opened(admin_client, "phasereport")
    form |= {"phase": str(phase.pk), "as_of": "2024-06-01", "spent": "5"}
    assert "作为更正提交" in admin_client.post(url, form).content.decode()
    admin_client.post(url, {**form, "_as_correction": "1", "correction": "漏报"})
    assert CorrectionRequest.objects.count() == 1
    assert not PhaseReport.objects.filter(phase=phase).exists()


@pytest.mark.parametrize("who", ["haishu", "energy", "supervisor", "publisher", "stranger"])
def test_nobody_else_writes(world: World, phase: Phase, who: str) -> None:
    before = written()
    with pytest.raises(NotAllowed):
        report_phase(access=world.access(who), row=PhaseReport(phase=phase, as_of=JUNE))
    phase.name_zh = "改"
    with pytest.raises(NotAllowed):
        save_phase(access=world.access(who), row=phase)
    assert written() == before


def test_of_one_programme(world: World, phase: Phase) -> None:
    phase.programme_id = world.programme.pk + 1
    with pytest.raises(Invalid):
        save_phase(access=system_access(), row=phase)


def test_check_data_finds_a_copy_that_is_not_its_report(phase: Phase) -> None:
    report(phase, spent=Decimal(5))
    assert not [row for row in broken_invariants() if row.invariant == "phases"]
    Phase.objects.filter(pk=phase.pk).update(spent=Decimal(6), baseline_due_seq=None)
    assert [row.subject for row in broken_invariants() if row.invariant == "phases"] == ["build", "build"]
