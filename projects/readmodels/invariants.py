"""What must hold across rows and no constraint can say; `manage.py check_data` asks it all."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from django.db import connection
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_noop

from projects.models import Division, DivisionParent, Indicator, LightSpan, Programme, Site, SiteState
from projects.models.guards import missing
from projects.readmodels.locator import NOWHERE, current_locator
from projects.rules.errors import RuleError
from projects.rules.tree import Edge, intervals
from projects.rules.vocabulary import Light

_CHUNK = 20_000


@dataclass(frozen=True, slots=True)
class Broken:
    """One thing that does not hold. `template` is a zh-hans msgid filled by `params`."""

    invariant: str
    subject: str
    template: str
    params: dict[str, object]


def broken_invariants() -> Iterator[Broken]:
    """Everything that is wrong, in a fixed order."""
    yield from _guards()
    yield from _tree()
    yield from _subsets()
    yield from _places()
    yield from _dimensions()
    yield from _states()
    yield from _lights()


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
    sites = (
        Site.objects.live()
        .order_by("pk")
        .values_list("code", "location", "located_in_id", "located_in__code")
    )
    for start in range(0, sites.count(), _CHUNK):
        rows = list(sites[start : start + _CHUNK])
        found = locator.locate(np.array([row[1].x for row in rows]), np.array([row[1].y for row in rows]))
        for (code, _location, stated, name), division in zip(rows, found.tolist(), strict=True):
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
    newest: dict[int, tuple[str, str, int]] = {}
    states = SiteState.objects.exclude(corrections__isnull=False).order_by("effective_on", "pk")
    for site_id, stage, service, manager in states.values_list(
        "site_id", "stage", "service", "managed_by_id"
    ).iterator(chunk_size=_CHUNK):
        newest[site_id] = (stage, service, manager)
    for pk, code, stage, service, manager in (
        Site.objects.live().order_by("pk").values_list("pk", "code", "stage", "service", "managed_by_id")
    ):
        if newest.get(pk) != (stage, service, manager):
            yield Broken(
                "states", code, gettext_noop("点位 %(code)s 的现状与最新的状态记录不一致。"), {"code": code}
            )


def _lights() -> Iterator[Broken]:
    """A late light on the map is one that the current spans give for the cut-off, and the other way round."""
    late = [Light.YELLOW.value, Light.RED.value]
    for programme in Programme.objects.filter(deleted_seq__isnull=True):
        given = dict(
            LightSpan.objects.filter(
                site__contributions__indicator__category__programme=programme,
                site__deleted_seq__isnull=True,
                superseded_at__isnull=True,
                policy_id=programme.policy_id,
                valid_from__lte=programme.cutoff,
                valid_to__gt=programme.cutoff,
                light__in=late,
            ).values_list("site__code", "light")
        )
        governed = {
            site.code: site.light
            for site in Site.objects.live()
            .filter(contributions__indicator__category__programme=programme)
            .prefetch_related("contributions__indicator__category__programme")
            .distinct()
            if max(row.indicator.category.programme.rank for row in site.contributions.all())
            == programme.rank
        }
        for code, light in governed.items():
            if given.get(code, "") != (light if light in late else ""):
                yield Broken(
                    "lights", code, gettext_noop("点位 %(code)s 的灯与当日的亮灯记录不一致。"), {"code": code}
                )
