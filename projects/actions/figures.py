"""All maintained figures against the facts behind them: compared, and made anew where they differ."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.apps import AppConfig
from django.db import connections, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext_noop

from projects.actions import ledger, rollups, standings, subjectlights
from projects.actions.lights import CACHED, Respan, current_by_site, judge_for, judges_by_indicator, respan
from projects.actions.rows import require_city
from projects.models import (
    Division,
    FundingLine,
    LightSpan,
    Programme,
    Site,
    SiteStanding,
    SiteState,
    TargetStatement,
)
from projects.models.access import system_access
from projects.models.sites import COUNTS
from projects.permissions.access import Access, Permission
from projects.readmodels.broken import Broken
from projects.readmodels.clocks import FILL
from projects.readmodels.subjectverdicts import EVERYTHING
from projects.rules.rollups import EMPTY, Cell, Movements

_CHUNK: Final = 2_000
_JUDGED_BY: Final = ("reports", "states", "plan_changes", "contributions")
REBUILD: Final = "figures.rebuild"


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell of the sums that said something else than the sites do, on one of its days."""

    programme: str
    day: str
    unit: str
    unit_id: int
    division: str


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What differed: codes of sites, cells, and keys of other subjects whose lights or months did."""

    sites: tuple[str, ...]
    cells: tuple[Difference, ...]
    subjects: tuple[str, ...] = ()


def rebuild_figures(*, access: Access, reason: str = "") -> Rebuilt:
    """Work out from the facts what figures count of every site, all sums, and the lights of everything that
    is no site; returns what differed.

    Everything is written under one number, which is held meanwhile: other writers wait, or are told to try
    again. Raises NotAllowed.
    """
    require_city(access, Permission.PROGRAMME_CHANGE)
    return _rebuild(access, REBUILD, reason)


def _rebuild(access: Access, action: str, reason: str) -> Rebuilt:
    with transaction.atomic(), ledger.take(1, actor_id=access.user_id) as numbers:
        unposted = Movements()
        codes: list[str] = []
        for site, respanned, is_wrong in _rewrites():
            codes.append(site.code)
            respanned.stamp(changed_seq=numbers.first, now=numbers.recorded_at)
            respanned.write(unposted, now=numbers.recorded_at, superseded_seq=numbers.first)
            unposted.net.clear()
            if is_wrong:
                site.changed_seq = numbers.first
                site.save(update_fields=[*CACHED, "changed_seq"])
        cells = tuple(_differences())
        if cells:
            rollups.rebuild()
        subjects = tuple(sorted(key for _programme, found in _relit() for key in found.subjects))
        subjectlights.follow_all(seq=numbers.first, now=numbers.recorded_at)
        numbers.write(
            [
                ledger.Entry(
                    action=action,
                    subject_type="figures",
                    subject_id="all",
                    payload={
                        "reason": reason,
                        "sites": len(codes),
                        "cells": len(cells),
                        "subjects": len(subjects),
                    },
                )
            ]
        )
    return Rebuilt(tuple(codes), cells, subjects)


def broken_figures() -> Iterator[Broken]:
    """What figures say that the facts do not; `manage.py rebuild_figures` mends it."""
    for site, _respanned, _is_wrong in _rewrites():
        yield Broken(
            "standings",
            site.code,
            gettext_noop("点位 %(code)s 的亮灯或统计状态与其记录不符,请运行 manage.py rebuild_figures。"),
            {"code": site.code},
        )
    for cell in _differences():
        yield Broken(
            "rollups",
            f"{cell.programme} {cell.day} {cell.unit}:{cell.unit_id} {cell.division}",
            gettext_noop(
                "%(programme)s 的汇总(%(unit)s %(unit_id)d,%(division)s,%(day)s)与点位不符,"
                "请运行 manage.py rebuild_figures。"
            ),
            {
                "programme": cell.programme,
                "unit": cell.unit,
                "unit_id": cell.unit_id,
                "division": cell.division,
                "day": cell.day,
            },
        )


def broken_subject_lights() -> Iterator[Broken]:
    """Lights, months and years of indicators, divisions, projects and money that the facts do not give."""
    for programme, found in _relit():
        for key in sorted(found.subjects):
            yield Broken(
                "subject-lights",
                f"{programme.key} {key}",
                gettext_noop(
                    "%(programme)s 的 %(subject)s 的亮灯或月度结果与事实不符,"
                    "请运行 manage.py rebuild_figures。"
                ),
                {"programme": programme.key, "subject": key},
            )


def _relit() -> Iterator[tuple[Programme, subjectlights.Rewriting]]:
    programmes = Programme.objects.filter(deleted_seq__isnull=True).select_related("policy").order_by("pk")
    for programme in programmes:
        yield programme, subjectlights.rewriting(programme, EVERYTHING)


def fill_after_migrate(sender: AppConfig, using: str, **_: Any) -> None:
    """Receiver of post_migrate: a database that is older than these tables gets its figures at once.

    Nothing is done half-way through the migrations, without sites, or when there is something already.
    """
    connection = connections[using]
    executor = MigrationExecutor(connection)
    if using != "default" or executor.migration_plan(executor.loader.graph.leaf_nodes(sender.label)):
        return
    counts = not SiteStanding.objects.exists() and SiteState.objects.filter(COUNTS).exists()
    unlit = not LightSpan.objects.filter(programme__isnull=False).exists()
    judged = TargetStatement.objects.exists() or FundingLine.objects.exists()
    if counts or (unlit and judged):
        _rebuild(system_access(), FILL if counts else REBUILD, "migrate")


def _rewrites() -> Iterator[tuple[Site, Respan, bool]]:
    """Sites whose lights, or what figures count of them, are not what their records say, and what would mend
    them, by id; with whether what the row itself repeats of its lights (set on the instance) was wrong.

    A light is judged again from reports, states, plans and policies: no entry of the chain proves it.
    """
    judges = judges_by_indicator()
    ids = set(SiteState.objects.filter(COUNTS).order_by().values_list("site_id", flat=True).distinct())
    ids |= set(SiteStanding.objects.known().order_by().values_list("site_id", flat=True).distinct())
    lit = LightSpan.objects.filter(superseded_at__isnull=True, site__isnull=False)
    ids |= set(lit.order_by().values_list("site_id", flat=True).distinct())
    for chunk in _chunks(sorted(ids)):
        current = current_by_site(chunk)
        for site in Site.objects.filter(pk__in=chunk).order_by("pk").prefetch_related(*_JUDGED_BY):
            if site.deleted_seq is not None:
                # Its lights stay as they were; nothing counts it.
                ended = standings.restand(site, (), current[site.pk].standings, now=site.updated_at)
                found, is_cached = Respan([], [], ended), True
            else:
                said = [getattr(site, name) for name in CACHED]
                judge = judge_for((row.indicator_id for row in site.contributions.all()), judges)
                found = respan(
                    site, judge, judges, current[site.pk], states=site.states.all(), now=site.updated_at
                )
                is_cached = said == [getattr(site, name) for name in CACHED]
            if found.ended or found.rows or found.standings.ended or found.standings.rows or not is_cached:
                yield site, found, not is_cached


def _differences() -> Iterator[Difference]:
    """Cells and days whose sums are not what the standing sites add up to."""
    programmes = dict(Programme.objects.values_list("pk", "key"))
    divisions = dict(Division.objects.values_list("pk", "code"))
    stored = rollups.stored()
    for kept, wanted in zip(stored, rollups.computed(), strict=True):
        due: Mapping[tuple[Cell, Any], Sequence[int]] = {(row.cell, row.day): row.measures for row in wanted}
        for cell, day in sorted(kept.keys() | due.keys(), key=lambda key: (key[1], key[0])):
            if tuple(kept.get((cell, day), EMPTY)) != tuple(due.get((cell, day), EMPTY)):
                yield Difference(
                    programmes[cell.programme],
                    day.isoformat(),
                    cell.unit.value,
                    cell.unit_id,
                    divisions[cell.manager],
                )


def _chunks(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK))
