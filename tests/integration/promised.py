"""Words for tests of lights of indicators, districts and money: everything is said through the actions."""

import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal
from io import StringIO
from itertools import pairwise
from typing import Any

from django.core.management import call_command

from projects.actions.indicatorplans import state_plan
from projects.actions.programmes import save_funding_line, save_indicator, save_policy, save_programme
from projects.actions.promises import arrange_funds, set_target
from projects.actions.records import add_funding_report, report_indicator
from projects.models import (
    Category,
    Division,
    FundingArrangement,
    FundingLine,
    FundingReport,
    Indicator,
    IndicatorPlan,
    IndicatorReport,
    LagPolicy,
    LightSpan,
    Programme,
    Project,
    TargetStatement,
)
from projects.models.access import system_access
from projects.readmodels.clocks import Clocks
from projects.readmodels.monthtables import MonthTable, month_tables
from projects.readmodels.subjectlights import SubjectLight, subject_lights
from projects.readmodels.subjects import of_division, of_indicator, of_line
from projects.rules.policy import packaged
from tests.factories import World

START = dt.date(2024, 1, 1)
#: Twelve equal months of a target of 120.
TENS = [
    [day, str(10 * number)]
    for number, day in enumerate(
        (
            "2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31", "2024-06-30",
            "2024-07-31", "2024-08-31", "2024-09-30", "2024-10-31", "2024-11-30", "2024-12-31",
        ),
        start=1,
    )
]  # fmt: skip


def day(text: str) -> dt.date:
    """'06-30' is of 2024."""
    return dt.date.fromisoformat(text if len(text) == 10 else f"2024-{text}")


def policy_row(key: str) -> LagPolicy:
    """A packaged policy as data of this installation."""
    found = LagPolicy.objects.filter(key=key).first()
    if found is not None:
        return found
    rules = packaged(key)
    row = LagPolicy(
        key=key,
        version=rules.version,
        name_zh=rules.title,
        rules=rules.to_json(),
        source=rules.source[:300],
        effective_from=START,
    )
    return save_policy(access=system_access(), row=row)


class Promised:
    """A world whose programme is judged by one city's policy."""

    def __init__(self, world: World, policy: str) -> None:
        self.world = world
        self.programme = Programme.objects.get(pk=world.programme.pk)
        self.judged_by(policy)

    def judged_by(self, policy: str) -> None:
        row = Programme.objects.get(pk=self.programme.pk)
        row.policy = policy_row(policy)
        self.programme = save_programme(access=system_access(), row=row)

    def year(self, year: int) -> Programme:
        """Another year's programme under the same policy."""
        row = Programme(
            key=f"330200-{year}",
            name_zh=str(year),
            division=self.programme.division,
            year=year,
            period_start=dt.date(year, 1, 1),
            period_end=dt.date(year, 12, 31),
            cutoff=dt.date(year, 6, 30),
            policy=self.programme.policy,
        )
        return save_programme(access=system_access(), row=row)

    def indicator(
        self, code: str, *, project: Project | None = None, subset_of: Indicator | None = None
    ) -> Indicator:
        """One that is only reported."""
        row = Indicator(
            category=Category.objects.get(programme=self.programme, slug="elderly"),
            code=code,
            name_zh=f"指标 {code}",
            unit_zh="场",
            counting="reported",
            project=project,
            subset_of=subset_of,
        )
        return save_indicator(access=system_access(), row=row)

    def division(self, county: str | None) -> Division | None:
        return None if county is None else self.world.counties[county]

    def target(
        self, indicator: Indicator, amount: str | None, county: str | None = "330203", since: str = "01-01",
        corrects: TargetStatement | None = None,
    ) -> TargetStatement:  # fmt: skip
        return set_target(
            access=system_access(),
            row=TargetStatement(
                indicator=indicator,
                division=self.division(county),
                effective_on=day(since),
                target=None if amount is None else Decimal(amount),
                source="人大票决",
                corrects=corrects,
                correction_reason="写错" if corrects else "",
            ),
        )

    def plan(
        self, indicator: Indicator, points: list[list[str]], county: str | None = "330203", unit: str = "amount",
        since: str = "01-01", approval: str = "", corrects: IndicatorPlan | None = None,
    ) -> IndicatorPlan:  # fmt: skip
        return state_plan(
            access=system_access(),
            row=IndicatorPlan(
                indicator=indicator,
                division=self.division(county),
                effective_on=day(since),
                unit=unit,
                points=points,
                approval_number=approval,
                source="分解计划",
                corrects=corrects,
                correction_reason="写错" if corrects else "",
            ),
        )

    def report(
        self, indicator: Indicator, on: str, actual: str | None = None, county: str | None = "330203",
        percent: str | None = None, corrects: IndicatorReport | None = None,
    ) -> IndicatorReport:  # fmt: skip
        return report_indicator(
            access=system_access(),
            row=IndicatorReport(
                indicator=indicator,
                division=self.division(county),
                as_of=day(on),
                actual=None if actual is None else Decimal(actual),
                percent=None if percent is None else Decimal(percent),
                corrects=corrects,
                correction_reason="写错" if corrects else "",
            ),
        )

    def line(
        self, arranged: str, issued: dt.date | None = None, programme: Programme | None = None,
        county: str | None = None,
    ) -> FundingLine:  # fmt: skip
        return save_funding_line(
            access=system_access(),
            row=FundingLine(
                programme=programme or self.programme,
                source="city",
                division=self.division(county),
                name="市级资金",
                arranged=Decimal(arranged),
                issued_on=issued,
            ),
        )

    def used(self, line: FundingLine, on: dt.date, amount: str) -> FundingReport:
        return add_funding_report(
            access=system_access(),
            row=FundingReport(line=line, as_of=on, used=Decimal(amount), note="试"),
        )

    def arranged(self, line: FundingLine, on: dt.date, amount: str) -> None:
        arrange_funds(
            access=system_access(),
            row=FundingArrangement(line=line, effective_on=on, arranged=Decimal(amount), basis="文"),
        )

    # -- asking -------------------------------------------------------------------------------------

    def key(self, indicator: Indicator, county: str | None = "330203") -> str:
        division = self.division(county)
        place = self.programme.division_id if division is None else division.pk
        return of_indicator(self.programme.pk, indicator.pk, place).key

    def county_key(self, county: str = "330203") -> str:
        return of_division(self.programme.pk, self.world.counties[county].pk).key

    def line_key(self, line: FundingLine) -> str:
        return of_line(line.programme_id, line.pk).key

    def light(self, key: str, on: dt.date, programme: Programme | None = None) -> SubjectLight:
        """The one light of the subject on the day, from the read model."""
        found = subject_lights((programme or self.programme).pk, Clocks(on), access=None, subject=key)
        assert len(found) == 1, (key, on, found)
        return found[0]

    def says(self, key: str, on: dt.date, programme: Programme | None = None) -> tuple[str, str]:
        """Light and reason, the same from the read model and from the command."""
        found = self.light(key, on, programme)
        assert found.reason is not None
        told = command("lights", (programme or self.programme).key, on, subject=key)
        assert [(row["light"], row["reason"]) for row in told["lights"]] == [(found.light, found.reason)]
        return found.light.value, found.reason.value

    def months(self, key: str, on: dt.date) -> MonthTable:
        found = month_tables(self.programme.pk, Clocks(on), access=None, subjects=[key])
        assert len(found) == 1
        return found[0]


def command(name: str, programme: str, as_of: dt.date, **options: Any) -> Mapping[str, Any]:
    """What a command answers as JSON."""
    out = StringIO()
    call_command(name, programme=programme, as_of=as_of, as_json=True, stdout=out, **options)
    answer: Mapping[str, Any] = json.loads(out.getvalue())
    return answer


def check_gapless(first: dt.date, last: dt.date) -> None:
    """The standing spans of every subject fill the period and touch without overlap."""
    by_key: dict[str, list[LightSpan]] = {}
    for row in (
        LightSpan.objects.known().filter(programme__isnull=False).order_by("subject_key", "valid_from")
    ):
        by_key.setdefault(row.subject_key, []).append(row)
    for key, rows in by_key.items():
        assert rows[0].valid_from == first, key
        assert rows[-1].valid_to > last, key
        for before, after in pairwise(rows):
            assert before.valid_to == after.valid_from, key
            same = (before.light, before.reason, before.detail) == (after.light, after.reason, after.detail)
            assert not same, key
