"""What the database knows, as planning an import wants it."""

import datetime as dt
from collections.abc import Container, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache, partial
from typing import Any, Final

import shapely
from django.utils.translation import gettext as _

from projects.exchange.columns import COLUMNS
from projects.exchange.differences import ExistingSite
from projects.exchange.dividing import Degrees, KnownCity
from projects.exchange.gazetteer import AliasRef, DivisionRef, Gazetteer
from projects.exchange.packaged_borders import packaged_cities_at
from projects.exchange.planner import World
from projects.exchange.problems import OptionError
from projects.exchange.rows import KindRef
from projects.models import (
    Contribution,
    Division,
    DivisionAlias,
    FacilityKind,
    ImportBatch,
    Indicator,
    Site,
)
from projects.permissions.access import Access, Permission, Target, divisions_for, may
from projects.readmodels.locator import current_locator

_CHUNK: Final = 500
SITE_FIELDS: Final = tuple(column.site_field for column in COLUMNS if column.site_field)


def load_world(access: Access, indicator_code: str, today: dt.date) -> World:
    """Raises OptionError when there are no borders to place anything by, or no such indicator."""
    locator = current_locator()
    if not len(locator):
        raise OptionError(_("还没有任何区划边界:请先运行 manage.py load_divisions --city 330200。"))
    indicator = _indicator(indicator_code)
    departments = frozenset[int]()
    if indicator is not None:
        ids = {indicator.lead_department_id, *indicator.co_departments.values_list("pk", flat=True)}
        departments = frozenset(pk for pk in ids if pk is not None)
    return World(
        kinds=_kinds(),
        gazetteer=_gazetteer(),
        locator=locator,
        existing=partial(_existing, access),
        codes_with_prefix=_codes_with_prefix,
        may_manage=cache(
            lambda division_id: may(access, Permission.SITE_ADD, Target(division_id, departments))
        ),
        elsewhere=_elsewhere,
        today=today,
        indicator_id=None if indicator is None else indicator.pk,
    )


def other_source_of(sha256: str, source: str) -> str | None:
    """Under which other source name the very same file came in already with generated codes, if it did."""
    batches = ImportBatch.objects.filter(file_sha256=sha256, options__code="generated").order_by("pk")
    sources = [str(batch.options.get("source")) for batch in batches if batch.is_in_effect]
    return None if not sources or source in sources else sources[0]


def _indicator(code: str) -> Indicator | None:
    if not code:
        return None
    found = Indicator.objects.filter(code=code, deleted_seq__isnull=True).first()
    if found is None:
        known = "、".join(Indicator.objects.order_by("code").values_list("code", flat=True)[:40])
        raise OptionError(_("没有指标 %(code)s;可用:%(known)s。") % {"code": code, "known": known or _("无")})
    return found


def _kinds() -> list[KindRef]:
    kinds = FacilityKind.objects.filter(deleted_seq__isnull=True)
    if not kinds:
        raise OptionError(_("还没有任何设施种类:请先在管理后台建立,或运行 manage.py load_demo。"))
    return [
        KindRef(
            kind.pk,
            kind.slug,
            kind.name_zh,
            kind.name_en,
            {str(item["key"]): str(item.get("type", "text")) for item in kind.attributes},
        )
        for kind in kinds
    ]


def _gazetteer() -> Gazetteer:
    divisions = [
        DivisionRef(row.pk, row.code, row.name_zh, row.level, row.tree_left, row.tree_right, row.valid_to)
        for row in Division.objects.live()
    ]
    aliases = [
        AliasRef(row.division_id, row.value, row.valid_to)
        for row in DivisionAlias.objects.filter(division__deleted_seq__isnull=True).order_by("pk")
    ]
    return Gazetteer(divisions, aliases)


def _existing(access: Access, codes: Sequence[str]) -> Mapping[str, ExistingSite]:
    found: dict[str, ExistingSite] = {}
    for start in range(0, len(codes), _CHUNK):
        sites = list(Site.objects.filter(code__in=codes[start : start + _CHUNK]))
        ids = [site.pk for site in sites]
        contributions: dict[int, dict[int, Decimal]] = {}
        for site_id, indicator_id, quantity in Contribution.objects.filter(site__in=ids).values_list(
            "site_id", "indicator_id", "quantity"
        ):
            contributions.setdefault(site_id, {})[indicator_id] = quantity
        theirs = _changeable(access, ids)
        found |= {
            site.code: _snapshot(site, contributions.get(site.pk, {}), is_own=site.pk in theirs)
            for site in sites
        }
    return found


def _changeable(access: Access, ids: Sequence[int]) -> Container[int]:
    """Those of these sites that the person may change."""
    if divisions_for(access, Permission.SITE_CHANGE) is None:
        return frozenset(ids)
    mine = Site.objects.visible_to(access, Permission.SITE_CHANGE).filter(pk__in=ids)
    return frozenset(mine.values_list("pk", flat=True))


def _snapshot(site: Site, contributions: Mapping[int, Decimal], *, is_own: bool) -> ExistingSite:
    fields: dict[str, Any] = {name: getattr(site, name) for name in SITE_FIELDS}
    return ExistingSite(
        id=site.pk,
        code=site.code,
        version=site.version,
        is_removed=site.deleted_seq is not None,
        kind_id=site.kind_id,
        geometry=shapely.from_wkb(bytes(site.geom.wkb)),
        source=(site.source_x, site.source_y, site.source_datum),
        located_in_id=site.located_in_id,
        managed_by_id=site.managed_by_id,
        fields=fields,
        attributes=site.attributes,
        contributions=contributions,
        is_own=is_own,
    )


def _codes_with_prefix(prefix: str) -> Iterator[tuple[str, str]]:
    rows = Site.objects.live().filter(code__startswith=prefix).order_by("code")
    return rows.values_list("code", "name").iterator(chunk_size=2_000)


def _elsewhere(lon: Degrees, lat: Degrees) -> list[KnownCity | None]:
    """Cities of the packaged set that are not loaded; without the package nobody knows."""
    loaded = set(Division.objects.live().values_list("code", flat=True))
    return [
        None if area is None or area.code in loaded else KnownCity(area.code, area.name)
        for area in packaged_cities_at(lon, lat)
    ]
