"""Reports and plans turn lights; what was recorded stays."""

import datetime as dt
from decimal import Decimal

import pytest

from projects.actions.drafts import PlanChangeDraft, ReportDraft
from projects.actions.errors import Invalid
from projects.actions.reports import change_plan, report_site
from projects.actions.sites import change_site
from projects.models import AuditEntry, LightSpan, Site, SiteReport
from projects.models.base import AppendOnlyError
from tests.factories import CUTOFF, World, database_content

pytestmark = pytest.mark.django_db


class TestLights:
    """银川: 10 to 30 points behind is yellow, more is red. Plan: 1 January to 30 June, linear."""

    def light_on(self, site: Site, day: dt.date) -> str:
        span = LightSpan.objects.get(
            site=site, superseded_at__isnull=True, valid_from__lte=day, valid_to__gt=day
        )
        return span.light

    @pytest.mark.parametrize(
        ("percent", "light"), [(100, "green"), (91, "green"), (90, "yellow"), (70, "yellow"), (69, "red")]
    )
    def test_a_report_turns_the_light(self, world: World, percent: int, light: str) -> None:
        site = world.add(world.planned())[0]
        assert self.light_on(site, CUTOFF) == "red"
        report_site(
            access=world.access("haishu"), site_id=site.pk, report=ReportDraft(CUTOFF, Decimal(percent))
        )
        assert self.light_on(site, CUTOFF) == light
        site.refresh_from_db()
        assert site.percent == percent

    def test_replaced_spans_stay_for_known_at(self, world: World) -> None:
        site = world.add(world.planned())[0]
        before = list(LightSpan.objects.filter(site=site).values_list("valid_from", "valid_to", "light"))
        report_site(access=world.access("haishu"), site_id=site.pk, report=ReportDraft(CUTOFF, Decimal(100)))
        old = LightSpan.objects.filter(site=site, superseded_at__isnull=False)
        unchanged = LightSpan.objects.filter(
            site=site, superseded_at__isnull=True, recorded_at=site.created_at
        )
        kept = [*old.values_list("valid_from", "valid_to", "light")]
        kept += unchanged.values_list("valid_from", "valid_to", "light")
        assert sorted(kept) == sorted(before)
        assert old.exists()

    def test_an_approved_reschedule_moves_the_plan_but_not_the_baseline(self, world: World) -> None:
        site = world.add(world.planned())[0]
        change_plan(
            access=world.access("supervisor"),
            site_id=site.pk,
            change=PlanChangeDraft(
                CUTOFF, dt.date(2024, 1, 1), dt.date(2024, 11, 30), "雨季", "甬政办 12 号"
            ),
        )
        site.refresh_from_db()
        assert (site.baseline_finish, site.planned_finish) == (CUTOFF, dt.date(2024, 11, 30))
        # This policy measures against the baseline: a reschedule is not "on time".
        assert self.light_on(site, CUTOFF) == "red"

    def test_finishing_puts_the_light_out(self, world: World) -> None:
        site = world.add(world.planned())[0]
        change_site(
            access=world.access("haishu"),
            site_id=site.pk,
            expected_version=1,
            changes={"stage": "finished", "finished_on": CUTOFF},
            effective_on=CUTOFF,
        )
        assert self.light_on(site, CUTOFF) == "green"


class TestReports:
    @pytest.mark.parametrize(
        ("as_of", "percent"),
        [
            (CUTOFF, Decimal(101)),
            (CUTOFF, Decimal(-1)),
            (CUTOFF, Decimal("NaN")),
            (CUTOFF, Decimal("89.999")),  # would be kept as 90.00 and tip a light
            (dt.date(2100, 1, 1), Decimal(5)),
        ],
    )
    def test_nonsense_is_refused(self, world: World, as_of: dt.date, percent: Decimal) -> None:
        site = world.site()
        before = database_content()
        with pytest.raises(Invalid):
            report_site(access=world.access("admin"), site_id=site.pk, report=ReportDraft(as_of, percent))
        assert database_content() == before

    def test_a_correction_replaces_and_keeps(self, world: World) -> None:
        site = world.add(world.planned())[0]
        access = world.access("haishu")
        wrong = report_site(access=access, site_id=site.pk, report=ReportDraft(CUTOFF, Decimal(95)))
        with pytest.raises(Invalid):
            report_site(
                access=access, site_id=site.pk, report=ReportDraft(CUTOFF, Decimal(5)), corrects_id=wrong.pk
            )
        report_site(
            access=access,
            site_id=site.pk,
            report=ReportDraft(CUTOFF, Decimal(5)),
            corrects_id=wrong.pk,
            correction_reason="填错",
        )
        site.refresh_from_db()
        assert site.percent == 5
        assert SiteReport.objects.filter(site=site).count() == 2

    def test_rows_cannot_be_edited_or_deleted(self, world: World) -> None:
        site = world.site()
        row = report_site(
            access=world.access("admin"), site_id=site.pk, report=ReportDraft(CUTOFF, Decimal(5))
        )
        row.percent = Decimal(99)
        with pytest.raises(AppendOnlyError):
            row.save()
        with pytest.raises(AppendOnlyError):
            row.delete()
        with pytest.raises(AppendOnlyError):
            AuditEntry.objects.latest("seq").delete()
