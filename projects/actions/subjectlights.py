"""Lights and month results of indicators, divisions, projects and money follow every change of their facts.

Written under the number of that change, in its transaction, while the head is held: nobody else writes
meanwhile, and what is read is what the change left. Rows that stand unchanged are left alone; replaced ones
stay for `known_at`. Everything is projected to the end of the period, as if nothing more were reported.
"""

import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from django.db import models

from projects.models import Indicator, LightSpan, MonthResult, Programme, TargetStatement, YearResult
from projects.models.bulk import fresh, insert_rows
from projects.readmodels.countedseries import members_of
from projects.readmodels.subjectfacts import Cell, Judging
from projects.readmodels.subjects import SubjectRef
from projects.readmodels.subjectverdicts import EVERYTHING, Outcome, Touched, Wanted, outcome

_CHUNK: Final = 2_000
#: (programme, indicator, manager): sums that moved (`rollups.post`).
Moved: TypeAlias = frozenset[tuple[int, int, int]]
Row: TypeAlias = LightSpan | MonthResult | YearResult
_MODELS: Final[tuple[type[Row], ...]] = (LightSpan, MonthResult, YearResult)


@dataclass(slots=True)
class Rewriting:
    """Stored rows that no longer hold, the unsaved ones that take their place, and the keys of both."""

    ended: dict[type[Row], list[int]] = field(default_factory=dict)
    rows: dict[type[Row], list[Row]] = field(default_factory=dict)

    subjects: set[str] = field(default_factory=set)

    def write(self, *, seq: int, now: dt.datetime) -> None:
        for model, ids in self.ended.items():
            for start in range(0, len(ids), _CHUNK):
                model._default_manager.filter(pk__in=ids[start : start + _CHUNK]).update(
                    superseded_at=now, superseded_seq=seq
                )
        for rows in self.rows.values():
            for row in rows:
                row.changed_seq, row.recorded_at = seq, now
            insert_rows(rows)


def follow_cell(indicator: Indicator, division_id: int | None, *, seq: int, now: dt.datetime) -> None:
    """A target, a plan or a report of an indicator was stated, for a division or (None) the whole city."""
    programme = indicator.category.programme
    cell = (indicator.pk, division_id or programme.division_id)
    _follow(programme, Touched(cells=frozenset([cell])), seq=seq, now=now)


def follow_line(programme: Programme, line_id: int, *, seq: int, now: dt.datetime) -> None:
    """Money was arranged, used or issued."""
    _follow(programme, Touched(lines=frozenset([line_id])), seq=seq, now=now)


def follow_programme(programme: Programme, *, seq: int, now: dt.datetime) -> int:
    """All subjects of a programme: its policy or its days, or how its indicators count, changed.

    Returns how many got something new.
    """
    return _follow(programme, EVERYTHING, seq=seq, now=now)


def follow_all(*, seq: int, now: dt.datetime) -> int:
    """Every programme: divisions moved, or the sums were made anew."""
    programmes = Programme.objects.filter(deleted_seq__isnull=True).select_related("policy").order_by("pk")
    return sum(follow_programme(row, seq=seq, now=now) for row in programmes)


def follow_output(moved: Moved, *, seq: int, now: dt.datetime) -> None:
    """Sites changed what these managers have done of these indicators. Costs one query without targets."""
    if not moved:
        return
    indicators = {indicator_id for _programme, indicator_id, _manager in moved}
    stated = TargetStatement.objects.filter(indicator__in=indicators).order_by()
    cells = set(stated.values_list("indicator__category__programme", "indicator", "division").distinct())
    for programme_id in sorted({programme for programme, _indicator, _division in cells}):
        programme = Programme.objects.select_related("policy").get(pk=programme_id)
        own = {
            (indicator_id, division_id or programme.division_id)
            for held_in, indicator_id, division_id in cells
            if held_in == programme_id
        }
        touched = frozenset(_containing(programme, own, moved))
        if touched:
            _follow(programme, Touched(cells=touched), seq=seq, now=now)


def _containing(programme: Programme, cells: Collection[Cell], moved: Moved) -> Iterator[Cell]:
    """Of these cells those whose division holds one of the managers, on some day of the period."""
    members = members_of(programme, {division for _pk, division in cells})
    by_indicator: dict[int, set[int]] = {}
    for programme_id, indicator_id, manager in moved:
        if programme_id == programme.pk:
            by_indicator.setdefault(indicator_id, set()).add(manager)
    for indicator_id, division_id in cells:
        managers = by_indicator.get(indicator_id)
        within = members[division_id]
        if managers and (within is None or any(not managers.isdisjoint(held) for _since, held in within)):
            yield indicator_id, division_id


def _follow(programme: Programme, touched: Touched, *, seq: int, now: dt.datetime) -> int:
    found = rewriting(programme, touched)
    found.write(seq=seq, now=now)
    return len(found.subjects)


def rewriting(programme: Programme, touched: Touched) -> Rewriting:
    """What would have to change for the touched subjects to say what the facts say. Writes nothing."""
    judged = outcome(Judging.of(programme), touched)
    wanted = list(_rows(judged, programme))
    everything = touched.cells is None and touched.lines is None
    found = Rewriting()
    for model in _MODELS:
        current = model._default_manager.filter(superseded_at__isnull=True)
        if everything:
            current = current.filter(programme=programme)
        else:
            current = current.filter(subject_key__in=sorted(subject.key for subject in judged.subjects))
        due = {_content(row): row for row in wanted if isinstance(row, model)}
        for row in current:
            if due.pop(_content(row), None) is None:
                found.ended.setdefault(model, []).append(row.pk)
                found.subjects.add(row.subject_key)
        if due:
            found.rows[model] = list(due.values())
            found.subjects |= {row.subject_key for row in due.values()}
    return found


def _rows(judged: Outcome, programme: Programme) -> Iterator[Row]:
    for wanted in judged.wanted:
        yield from _spans(wanted, programme)
        yield from _months(wanted, programme)
        yield from _year(wanted, programme)


def _spans(wanted: Wanted, programme: Programme) -> Iterator[LightSpan]:
    for span, part in wanted.spans:
        detail: dict[str, object] = {"note": span.detail} if span.detail else {}
        if part is not None:
            detail["indicator"] = part
        yield fresh(
            LightSpan,
            **_named(wanted.subject, programme),
            valid_from=span.valid_from,
            valid_to=span.valid_to,
            light=span.light.value,
            reason=span.reason.value,
            detail=detail,
        )


def _months(wanted: Wanted, programme: Programme) -> Iterator[MonthResult]:
    for month in wanted.months:
        yield fresh(
            MonthResult,
            **_named(wanted.subject, programme),
            year=month.month.year,
            month=month.month.month,
            met=bool(month.met),
            made_good_on=month.made_good_on,
            parts=month.parts,
            short=month.short,
            unreported=month.unreported,
        )


def _year(wanted: Wanted, programme: Programme) -> Iterator[YearResult]:
    if wanted.year is not None:
        yield fresh(
            YearResult,
            **_named(wanted.subject, programme),
            met=bool(wanted.year.met),
            parts=wanted.year.parts,
            short=wanted.year.short,
            unreported=wanted.year.unreported,
        )


def _named(subject: SubjectRef, programme: Programme) -> dict[str, Any]:
    return {
        "subject_key": subject.key,
        "programme_id": programme.pk,
        "policy_id": programme.policy_id,
        "indicator_id": subject.indicator_id,
        "division_id": subject.division_id,
        "project_id": subject.project_id,
        "funding_line_id": subject.funding_line_id,
    }


def _content(row: Row) -> tuple[object, ...]:
    """Everything but when it was recorded."""
    return tuple(_plain(getattr(row, name)) for name in _names(type(row)))


_LEFT_OUT: Final = frozenset({"id", "recorded_at", "changed_seq", "superseded_at", "superseded_seq"})


def _names(model: type[models.Model]) -> Sequence[str]:
    return [each.attname for each in model._meta.concrete_fields if each.attname not in _LEFT_OUT]


def _plain(value: object) -> object:
    return tuple(sorted(value.items())) if isinstance(value, dict) else value
