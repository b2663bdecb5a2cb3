"""A project or an indicator as its page shows it: the promise, who answers for it, progress and money."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from projects.models import Department, FundingArrangement, FundingLine, FundingReport, Indicator, Project
from projects.readmodels.clocks import Clocks
from projects.readmodels.matrix import IndicatorMatrix, matrix
from projects.readmodels.past import past
from projects.readmodels.phases import PhaseRow, phases_of
from projects.readmodels.promises import seq_of
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.statements import Statement, statements
from projects.readmodels.vocabulary import IndicatorWords, ProgrammeWords
from projects.rules.funding import FundRate, sum_of
from projects.rules.vocabulary import CompletionType, FundingSource


@dataclass(frozen=True, slots=True)
class DepartmentName:
    code: str
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What a page is about. A project's indicators, or an indicator with its subsets (其中) behind it.

    `project_id`: of the project, or of the project that the indicator belongs to. `due_date`: of the project.
    """

    is_project: bool
    programme: ProgrammeWords
    code: str
    name_zh: str
    name_en: str
    category: str
    category_number: int
    category_zh: str
    category_en: str
    indicators: tuple[IndicatorWords, ...]
    mappable: bool
    completion_type: CompletionType
    due_date: dt.date | None
    lead: DepartmentName | None
    supporting: tuple[DepartmentName, ...]
    project_id: int | None
    project_zh: str = ""
    project_en: str = ""

    @property
    def by_start(self) -> bool:
        """开工建设: 100 % once started, and nothing that anybody can use yet."""
        return self.completion_type is CompletionType.CONSTRUCTION_STARTED

    @property
    def site_filter(self) -> str:
        """The filter word of its sites, as a query string."""
        return f"project={self.project_id}" if self.is_project else f"indicator={self.code}"


@dataclass(frozen=True, slots=True)
class FundLine:
    """One arranged sum. `rate.used` None: 未公布."""

    name: str
    source: FundingSource
    rate: FundRate
    as_of: dt.date | None


@dataclass(frozen=True, slots=True)
class SubjectFigures:
    """The figures of a page on a day. `funds_total` None: no line."""

    clocks: Clocks
    matrices: tuple[IndicatorMatrix, ...]
    funds: tuple[FundLine, ...]
    funds_total: FundRate | None
    statements: tuple[Statement, ...]
    phases: tuple[PhaseRow, ...]

    @property
    def is_demo(self) -> bool:
        return any(row.is_demo for row in self.matrices)

    @property
    def unreported_phases(self) -> int:
        """Phases of whose plans and money nothing had been said by the day."""
        return sum(row.facts.reported is None for row in self.phases)


def public_project(pk: int, held: Snapshot) -> Subject | None:
    """A project of a published programme; None for a draft's and an unknown one, alike."""
    row = (
        Project.objects.filter(pk=pk, deleted_seq__isnull=True, category__deleted_seq__isnull=True)
        .select_related("category", "lead_department")
        .first()
    )
    programme = held.vocabulary.programmes.get(row.category.programme_id) if row is not None else None
    if row is None or programme is None or not programme.is_public:
        return None
    own = [each for each in held.vocabulary.indicators.values() if each.project_id == pk]
    return Subject(
        True,
        programme,
        row.code,
        row.name_zh,
        row.name_en or row.name_zh,
        row.category.slug,
        row.category.number,
        row.category.name_zh,
        row.category.name_en or row.category.name_zh,
        _in_order(own),
        _mappable(own),
        CompletionType(row.completion_type),
        row.due_date,
        _department(row.lead_department),
        tuple(_named(each) for each in row.co_departments.order_by("code")),
        row.pk,
    )


def public_indicator(code: str, held: Snapshot) -> Subject | None:
    """An indicator of a published programme; None for a draft's and an unknown one, alike."""
    words = next((row for row in held.vocabulary.indicators.values() if row.code == code), None)
    if words is None:
        return None
    programme = held.vocabulary.programmes[words.programme_id]
    if not programme.is_public:
        return None
    row = Indicator.objects.select_related("lead_department", "project").get(pk=words.pk)
    parts = [each for each in held.vocabulary.indicators.values() if each.parent_id == words.pk]
    project = row.project
    return Subject(
        False,
        programme,
        words.code,
        words.name_zh,
        words.name_en,
        words.category,
        words.category_number,
        words.category_zh,
        words.category_en,
        (words, *_in_order(parts)),
        row.mappable,
        CompletionType(row.completion_type),
        project.due_date if project else None,
        _department(row.lead_department),
        tuple(_named(each) for each in row.co_departments.order_by("code")),
        words.project_id,
        project.name_zh if project else "",
        (project.name_en or project.name_zh) if project else "",
    )


def code_of_indicator(pk: int, held: Snapshot) -> str | None:
    """The code by which an indicator's page is found, by its number."""
    row = held.vocabulary.indicators.get(pk)
    return row.code if row is not None else None


def subject_figures(subject: Subject, clocks: Clocks, held: Snapshot) -> SubjectFigures | None:
    """None where the programme does not publish its progress."""
    if not subject.programme.publishes_progress:
        return None
    ids = [row.pk for row in subject.indicators]
    codes = {row.code for row in subject.indicators}
    funds = _funds(ids, clocks, held)
    if subject.is_project:
        phases = phases_of(clocks, held, project_id=subject.project_id)
    else:
        phases = phases_of(clocks, held, indicator_id=ids[0])
    return SubjectFigures(
        clocks,
        matrix(subject.programme, subject.indicators, clocks, held) if ids else (),
        funds,
        sum_of(row.rate for row in funds) if funds else None,
        tuple(row for row in statements(subject.programme, clocks, held) if row.indicator in codes),
        phases,
    )


def _in_order(rows: Sequence[IndicatorWords]) -> tuple[IndicatorWords, ...]:
    """As they were entered, a subset behind its whole."""
    return tuple(sorted(rows, key=lambda row: (row.parent_id or row.pk, row.parent_id is not None, row.pk)))


def _mappable(rows: Sequence[IndicatorWords]) -> bool:
    return Indicator.objects.filter(pk__in=[row.pk for row in rows], mappable=True).exists()


def _named(row: Department) -> DepartmentName:
    return DepartmentName(row.code, row.name_zh, row.name_en or row.name_zh)


def _department(row: Department | None) -> DepartmentName | None:
    return None if row is None else _named(row)


def _funds(indicators: Sequence[int], clocks: Clocks, held: Snapshot) -> tuple[FundLine, ...]:
    """Lines that had been arranged by the day, as it was known."""
    seq = seq_of(clocks, held)
    then = past("fundingline", seq, held.seq)
    lines = list(
        FundingLine.objects.filter(indicator__in=indicators, deleted_seq__isnull=True).order_by("pk")
    )
    arranged = dict(
        FundingArrangement.objects.standing(seq)
        .filter(line__in=lines, effective_on__lte=clocks.as_of)
        .order_by("effective_on", "pk")
        .values_list("line_id", "arranged")
    )
    used: dict[int, tuple[Decimal, dt.date]] = {
        line_id: (amount, as_of)
        for line_id, amount, as_of in FundingReport.objects.standing(seq)
        .filter(line__in=lines, as_of__lte=clocks.as_of)
        .order_by("as_of", "pk")
        .values_list("line_id", "used", "as_of")
    }
    found = []
    for line in lines:
        if line.pk in arranged and line.pk not in then.added_later:
            amount, as_of = used.get(line.pk, (None, None))
            source = FundingSource(then.was(line.pk, "source", line.source))
            found.append(FundLine(line.name, source, FundRate(amount, arranged[line.pk]), as_of))
    return tuple(found)
