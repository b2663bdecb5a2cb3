"""What must hold across rows and no constraint can say; `manage.py check_data` asks it all."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from projects.models import (
    Contribution,
    Division,
    DivisionParent,
    Indicator,
    LightSpan,
    Phase,
    PhaseReport,
    Programme,
    Site,
    SiteState,
)
from projects.models.guards import missing
from projects.readmodels.broken import Broken
from projects.readmodels.locator import NOWHERE, current_locator
from projects.readmodels.orderchecks import broken_orders
from projects.rules.errors import RuleError
from projects.rules.tree import Edge, intervals
from projects.rules.vocabulary import Light

_CHUNK = 20_000


def broken_invariants() -> Iterator[Broken]:
    """Everything that is wrong, in a fixed order."""
    yield from _guards()
    yield from _tree()
    yield from _subsets()
    yield from _places()
    yield from _dimensions()
    yield from _states()
    yield from _lights()
    yield from _phases()
    yield from broken_orders()


def _guards() -> Iterator[Broken]:
    for name in missing(connection):
        yield Broken(
            "guards", name, gettext_noop("数据库缺少约束 %(name)s,请运行 manage.py migrate。"), {"name": name}
        )


def _tree() -> Iterator[Broken]:
    codes = dict(Division.objects.live().values_list("pk", "code"))
    edges = [
        Edge(codes[child], codes[parent], start, end)
        for child, parent, start, end in DivisionParent.objects.values_list(
            "child_id", "parent_id", "valid_from", "valid_to"
        )
        if child in codes and parent in codes
    ]
    try:
        expected = intervals(edges, codes.values(), timezone.localdate())
    except RuleError as problem:
        yield Broken("tree", "", gettext_noop("区划隶属关系有误:%(why)s"), {"why": str(problem)})
        return
    for row in Division.objects.live():
        # Containment is what matters: the numbers themselves may leave gaps.
        inside = {
            code
            for code, interval in expected.items()
            if expected[row.code].left <= interval.left <= expected[row.code].right
        }
        if set(Division.objects.live().within(row).values_list("code", flat=True)) != inside:
            yield Broken(
                "tree", row.code, gettext_noop("区划 %(code)s 的树区间与隶属关系不符。"), {"code": row.code}
            )


def _subsets() -> Iterator[Broken]:
    strangers = Indicator.objects.filter(subset_of__isnull=False).exclude(
        subset_of__category__programme=F("category__programme")
    )
    for row in strangers:
        yield Broken(
            "subsets", row.code, gettext_noop("指标 %(code)s 与其总指标不在同一年度。"), {"code": row.code}
        )
    for row in Indicator.objects.filter(subset_of__subset_of__isnull=False):
        yield Broken(
            "subsets",
            row.code,
            gettext_noop("指标 %(code)s 是“其中”项的“其中”项,只能有一层。"),
            {"code": row.code},
        )


def _places() -> Iterator[Broken]:
    """Sites that do not lie where they say they lie."""
    locator = current_locator()
    sites = Site.objects.live().values_list("code", "location", "located_in_id", "located_in__code", "pk")
    for rows in _by_key(sites):
        found = locator.locate(np.array([row[1].x for row in rows]), np.array([row[1].y for row in rows]))
        for (code, _location, stated, name, _pk), division in zip(rows, found.tolist(), strict=True):
            if division not in (NOWHERE, stated):
                yield Broken(
                    "places",
                    code,
                    gettext_noop("点位 %(code)s 的位置不在其所在区划 %(division)s 内。"),
                    {"code": code, "division": name},
                )


def _dimensions() -> Iterator[Broken]:
    """The stored dimension is the geometry's: maps find lines and areas by it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code FROM projects_site"
            " WHERE deleted_seq IS NULL AND dimension <> ST_Dimension(geom) ORDER BY id"
        )
        codes = [row[0] for row in cursor.fetchall()]
    for code in codes:
        yield Broken(
            "dimensions", code, gettext_noop("点位 %(code)s 记录的图形维数与其图形不符。"), {"code": code}
        )


def _states() -> Iterator[Broken]:
    """The newest state record says what the site says."""
    sites = Site.objects.live().values_list("code", "stage", "service", "managed_by_id", "pk")
    corrected = SiteState.objects.filter(corrects_id=OuterRef("pk"))
    for rows in _by_key(sites):
        states = SiteState.objects.filter(
            ~Exists(corrected), site_id__gte=rows[0][-1], site_id__lte=rows[-1][-1]
        ).order_by("effective_on", "pk")
        newest = {
            site_id: said
            for site_id, *said in states.values_list("site_id", "stage", "service", "managed_by_id")
        }
        for code, *says, pk in rows:
            if newest.get(pk) != says:
                yield Broken(
                    "states",
                    code,
                    gettext_noop("点位 %(code)s 的现状与最新的状态记录不一致。"),
                    {"code": code},
                )


def _lights() -> Iterator[Broken]:
    """A late light on the map is one that the current spans give for the cut-off, and the other way round."""
    late = {Light.YELLOW.value, Light.RED.value}
    programmes = {row.pk: row for row in Programme.objects.filter(deleted_seq__isnull=True)}
    programme_of = dict(Indicator.objects.values_list("pk", "category__programme_id"))
    counting = Site.objects.live().filter(Exists(Contribution.objects.filter(site_id=OuterRef("pk"))))
    for rows in _by_key(counting.values_list("code", "light", "pk")):
        within = {"site_id__gte": rows[0][-1], "site_id__lte": rows[-1][-1]}
        governing: dict[int, Programme] = {}
        for site_id, indicator_id in Contribution.objects.filter(**within).values_list(
            "site_id", "indicator_id"
        ):
            programme = programmes.get(programme_of[indicator_id])
            if programme is not None:
                held = governing.get(site_id, programme)
                governing[site_id] = max(held, programme, key=lambda row: row.rank)
        spans = LightSpan.objects.filter(superseded_at__isnull=True, light__in=late, **within).order_by()
        given = {
            site_id: light
            for site_id, light, policy_id, start, end in spans.values_list(
                "site_id", "light", "policy_id", "valid_from", "valid_to"
            )
            if site_id in governing
            and policy_id == governing[site_id].policy_id
            and start <= governing[site_id].cutoff < end
        }
        for code, light, pk in rows:
            if pk in governing and given.get(pk, "") != (light if light in late else ""):
                yield Broken(
                    "lights", code, gettext_noop("点位 %(code)s 的灯与当日的亮灯记录不一致。"), {"code": code}
                )


def _by_key(rows: QuerySet[Any, tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    """All rows of values that end with the key, some thousand at a time, so that memory does not grow."""
    last = 0
    while chunk := list(rows.filter(pk__gt=last).order_by("pk")[:_CHUNK]):
        yield chunk
        last = chunk[-1][-1]


#: What a phase copies from its newest report, for lists.
_COPIED = (
    "planned_start",
    "planned_due",
    "started_on",
    "met_on",
    "budget",
    "estimate",
    "spent",
    "status",
    "gaps",
)


def _phases() -> Iterator[Broken]:
    """A phase shows its newest report; a baseline date has the number of the change that set it."""
    rows = PhaseReport.objects.standing().order_by("as_of", "pk").values_list("phase_id", "as_of", *_COPIED)
    newest = {row[0]: row[1:] for row in rows.iterator(chunk_size=_CHUNK)}
    names = ("reported_on", *_COPIED)
    for phase in Phase.objects.live().order_by("pk").iterator(chunk_size=_CHUNK):
        copied = tuple(getattr(phase, name) for name in names)
        if phase.pk in newest and copied != newest[phase.pk]:
            yield Broken(
                "phases", phase.code, gettext_noop("阶段 %(code)s 与它最新的报告不符。"), {"code": phase.code}
            )
        for name in ("baseline_start", "baseline_due"):
            if (getattr(phase, name) is None) != (getattr(phase, f"{name}_seq") is None):
                yield Broken(
                    "phases",
                    phase.code,
                    gettext_noop("阶段 %(code)s 的基线没有变更序号。"),
                    {"code": phase.code},
                )
