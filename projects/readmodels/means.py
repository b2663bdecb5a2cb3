"""A programme's means and counts over its projects (项), computed where there are targets and reports.

Mean over projects and mean over category means are two figures; each says which. A figure whose parts are all
missing is not there: nothing is computed that has no inputs.
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext_noop

from projects.models import Indicator, Project
from projects.readmodels.clocks import Clocks
from projects.readmodels.indicators import IndicatorProgress
from projects.readmodels.past import past
from projects.readmodels.promises import seq_of
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.vocabulary import ProgrammeWords
from projects.rules.period import ONE_DAY
from projects.rules.progress import Output, RollUp, mean, mean_of
from projects.rules.schedule import EXACT, HUNDRED, ZERO

#: A project counts as above this percent when it is more than it.
ABOVE: Final = Decimal(80)

MEAN_PROJECTS: Final = "mean-projects"
MEAN_CATEGORIES: Final = "mean-categories"
MEAN_WEIGHTED: Final = "mean-weighted"
DONE_EARLY: Final = "done-early"
ABOVE_80: Final = "above-80"

Figures = Mapping[int, IndicatorProgress]


@dataclass(frozen=True, slots=True)
class ProjectProgress:
    """One project: the mean of its indicators' capped percents; subsets (其中) are in their whole already."""

    pk: int
    number: int
    name_zh: str
    name_en: str
    category_id: int
    due_date: dt.date | None
    weight: Decimal | None
    progress: RollUp
    is_demo: bool

    @property
    def percent(self) -> Decimal | None:
        """0..100, or None when no indicator has both a target and an output."""
        return self.progress.percent

    @property
    def is_done(self) -> bool:
        """Every indicator is measured and at its target."""
        whole = self.progress.missing == self.progress.without_target == 0
        return whole and self.progress.percent == HUNDRED


@dataclass(frozen=True, slots=True)
class MeanFigure:
    """A computed figure: `numerator` / `denominator`, of `parts` parts of which `missing` could not go in.

    `value` is a percent, or for counts how many; `unit` % or 项. `formula` is a zh-hans msgid.
    """

    key: str
    label: str
    value: Decimal
    unit: str
    numerator: Decimal
    denominator: Decimal
    parts: int
    missing: int
    formula: str
    is_demo: bool


@dataclass(frozen=True, slots=True)
class Means:
    """The projects, and the figures over them."""

    projects: tuple[ProjectProgress, ...]
    figures: tuple[MeanFigure, ...]

    def figure(self, key: str) -> MeanFigure | None:
        return next((row for row in self.figures if row.key == key), None)


def means(
    programme: ProgrammeWords,
    clocks: Clocks,
    held: Snapshot,
    *,
    on: Callable[[dt.date], Figures],
) -> Means:
    """`on` gives the city's indicators by primary key as they stood at the end of a day, by the same
    knowledge.
    """
    rows = _projects(programme, clocks, held)
    if not rows:
        return Means((), ())
    members = _members(programme, clocks, held)
    today = on(clocks.as_of)
    projects = tuple(_progress(row, members.get(row.pk, ()), today) for row in rows)
    if all(project.percent is None for project in projects):
        return Means(projects, ())
    figures = [
        *_over_projects(projects),
        *_over_categories(projects),
        *_weighted(projects),
        *_early(rows, projects, members, clocks, on),
        *_above(projects),
    ]
    return Means(projects, tuple(figures))


@dataclass(frozen=True, slots=True)
class _Row:
    pk: int
    number: int
    name_zh: str
    name_en: str
    category_id: int
    due_date: dt.date | None
    weight: Decimal | None


def _projects(programme: ProgrammeWords, clocks: Clocks, held: Snapshot) -> list[_Row]:
    then = past("project", seq_of(clocks, held), held.seq)
    rows = Project.objects.filter(category__programme_id=programme.pk, deleted_seq__isnull=True).order_by(
        "category__number", "number", "pk"
    )
    return [
        _Row(
            row.pk,
            row.number,
            row.name_zh,
            row.name_en or row.name_zh,
            then.was(row.pk, "category_id", row.category_id),
            then.day(row.pk, "due_date", row.due_date),
            then.decimal(row.pk, "weight", row.weight),
        )
        for row in rows
        if row.pk not in then.added_later
    ]


def _members(programme: ProgrammeWords, clocks: Clocks, held: Snapshot) -> Mapping[int, Collection[int]]:
    """The indicators of each project that may be added up."""
    then = past("indicator", seq_of(clocks, held), held.seq)
    members: dict[int, list[int]] = {}
    rows = Indicator.objects.filter(category__programme_id=programme.pk, deleted_seq__isnull=True)
    for pk, project_id, whole_id in rows.values_list("pk", "project_id", "subset_of_id"):
        project = then.was(pk, "project_id", project_id)
        if project is not None and then.was(pk, "subset_of_id", whole_id) is None:
            members.setdefault(project, []).append(pk)
    return members


def _progress(row: _Row, members: Collection[int], figures: Figures) -> ProjectProgress:
    own = [figures[pk] for pk in members if pk in figures]
    return ProjectProgress(
        row.pk,
        row.number,
        row.name_zh,
        row.name_en,
        row.category_id,
        row.due_date,
        row.weight,
        mean(Output(each.output, each.target) for each in own),
        any(each.is_demo for each in own),
    )


def _over_projects(projects: Sequence[ProjectProgress]) -> Iterator[MeanFigure]:
    yield from _figure(
        MEAN_PROJECTS,
        gettext_noop("平均进度(按项目)"),
        mean_of(project.percent for project in projects),
        gettext_noop(
            "各项目完成率之和 ÷ 有完成率的项目数。一个项目的完成率是它各指标完成率(完成数 ÷ 目标,"
            "最高 100%)的平均,“其中”指标不重复计。"
        ),
        projects,
    )


def _over_categories(projects: Sequence[ProjectProgress]) -> Iterator[MeanFigure]:
    by_category: dict[int, list[Decimal | None]] = {}
    for project in projects:
        by_category.setdefault(project.category_id, []).append(project.percent)
    yield from _figure(
        MEAN_CATEGORIES,
        gettext_noop("平均进度(先按类平均)"),
        mean_of(mean_of(percents).percent for percents in by_category.values()),
        gettext_noop("先求每一类内各项目完成率的平均,再求各类平均数的平均。与按项目的平均是两个数字。"),
        projects,
    )


def _weighted(projects: Sequence[ProjectProgress]) -> Iterator[MeanFigure]:
    """Only where a weight is stored for every project with a percent: part of the weights is another mean."""
    if any(project.weight is None and project.percent is not None for project in projects):
        return
    known = [
        (project.weight, project.percent)
        for project in projects
        if project.weight is not None and project.percent is not None
    ]
    weights = sum((weight for weight, _percent in known), ZERO)
    summed = sum((weight * percent for weight, percent in known), ZERO)
    yield MeanFigure(
        MEAN_WEIGHTED,
        gettext_noop("加权平均进度(按项目权重)"),
        EXACT.divide(summed, weights),
        "%",
        summed,
        weights,
        len(projects),
        len(projects) - len(known),
        gettext_noop("各项目完成率 × 权重之和 ÷ 有完成率的项目的权重之和。"),
        any(project.is_demo for project in projects),
    )


def _early(
    rows: Sequence[_Row],
    projects: Sequence[ProjectProgress],
    members: Mapping[int, Collection[int]],
    clocks: Clocks,
    on: Callable[[dt.date], Figures],
) -> Iterator[MeanFigure]:
    """Done now, and done already on the day before it was due (or on the day asked for, if earlier)."""
    dated = [(row, project) for row, project in zip(rows, projects, strict=True) if row.due_date is not None]
    judged = [(row, project) for row, project in dated if project.percent is not None]
    if not judged:
        return
    early = 0
    for row, project in judged:
        assert row.due_date is not None
        before = min(clocks.as_of, row.due_date - ONE_DAY)
        early += project.is_done and _progress(row, members.get(row.pk, ()), on(before)).is_done
    yield MeanFigure(
        DONE_EARLY,
        gettext_noop("提前完成的项目"),
        Decimal(early),
        "项",
        Decimal(early),
        Decimal(len(judged)),
        len(projects),
        len(projects) - len(judged),
        gettext_noop(
            "各指标都达到目标、且在应完成日期之前已经达到的项目数。没有应完成日期或没有完成率的不计。"
        ),
        any(project.is_demo for _row, project in judged),
    )


def _above(projects: Sequence[ProjectProgress]) -> Iterator[MeanFigure]:
    known = [project for project in projects if project.percent is not None]
    above = sum(1 for project in known if project.percent is not None and project.percent > ABOVE)
    yield MeanFigure(
        ABOVE_80,
        gettext_noop("完成率超过 80% 的项目"),
        Decimal(above),
        "项",
        Decimal(above),
        Decimal(len(known)),
        len(projects),
        len(projects) - len(known),
        gettext_noop("完成率大于 80% 的项目数(正好 80% 不算)。没有完成率的不计。"),
        any(project.is_demo for project in known),
    )


def _figure(
    key: str, label: str, found: RollUp, formula: str, projects: Iterable[ProjectProgress]
) -> Iterator[MeanFigure]:
    if found.percent is None:
        return
    yield MeanFigure(
        key,
        label,
        found.percent,
        "%",
        found.numerator,
        found.denominator,
        found.parts,
        found.missing,
        formula,
        any(project.is_demo for project in projects),
    )
