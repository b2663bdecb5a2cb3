"""Sites as rows: the index finds and orders ids, the database gives what a row prints."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import shapely
from django.db.models import FloatField, Func

from maps.datum import Datum, from_wgs84
from maps.geojson import geometry_to_mapping
from maps.tiles import BBox
from projects.models import Site
from projects.readmodels.facets import cutoff
from projects.readmodels.indexfilters import compile_filter, governing_by_combo
from projects.readmodels.sitecolumns import LIGHTS
from projects.readmodels.siteindex import Snapshot, snapshot
from projects.readmodels.sitequeries import SiteFilter
from projects.readmodels.vocabulary import ProgrammeWords
from projects.rules.vocabulary import Light

WORLD = BBox(-180.0, -90.0, 180.0, 90.0)


@dataclass(frozen=True, slots=True)
class KindRef:
    """A facility kind as a row names it."""

    slug: str
    name_zh: str
    name_en: str
    icon: str
    colour: str


@dataclass(frozen=True, slots=True)
class DivisionRef:
    """An area as a row names it."""

    code: str
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class SiteRow:
    """One site as a list shows it; field names are the API's property names.

    `percent` 0..100; `lon`, `lat` in degrees, WGS-84; `light` is None where it may not be shown;
    `distance_m` metres on the ellipsoid, where nearness was asked; `as_of` is the day of the figures.
    """

    pk: int
    public_id: str
    name: str
    kind: KindRef
    division: DivisionRef
    address: str
    stage: str
    service: str
    service_checked_on: dt.date | None
    opening_hours: str
    phone: str
    percent: Decimal | None
    reported_on: dt.date | None
    light: str | None
    is_demo: bool
    lon: float
    lat: float
    as_of: dt.date | None
    distance_m: float | None = None


@dataclass(frozen=True, slots=True)
class SitePage:
    """A page of rows; `next_after` is the cursor of the next one, None at the end."""

    rows: tuple[SiteRow, ...]
    total: int
    next_after: int | None


def list_sites(
    wanted: SiteFilter,
    *,
    limit: int,
    after: int | None = None,
    centre: tuple[float, float] | None = None,
    staff: bool = False,
    held: Snapshot | None = None,
) -> SitePage:
    """A keyset page by id, or with `centre` (lon, lat in degrees) the nearest sites, nearest first.

    Raises FilterError.
    """
    held = held or snapshot(fresh=staff)
    which = compile_filter(wanted, held, staff=staff)
    total = held.index.count(which) if wanted.bbox is None else held.index.count_bbox(wanted.bbox, which)
    if centre is not None:
        found = held.index.nearest(*centre, limit, which, bbox=wanted.bbox)
        rows = site_rows(found.ids.tolist(), held, staff=staff, distances=found.distances_m.tolist())
        return SitePage(rows, total, None)
    ids = held.index.ids_in_bbox(wanted.bbox or WORLD, which, after=after, limit=limit + 1).tolist()
    return SitePage(
        site_rows(ids[:limit], held, staff=staff), total, ids[limit - 1] if len(ids) > limit else None
    )


def site_rows(
    ids: Sequence[int], held: Snapshot, *, staff: bool = False, distances: Sequence[float] | None = None
) -> tuple[SiteRow, ...]:
    """Rows in the order of the ids, in one query. Ids that the reader may not see any more are left out."""
    door = Site.objects.live() if staff else Site.objects.public()
    rows = door.filter(pk__in=ids).order_by().annotate(lon=_LON, lat=_LAT).values_list(*_FIELDS)
    found = {row[0]: row for row in rows}
    if any(
        row[_KIND] not in held.vocabulary.kind_by_pk or row[_AREA] not in held.vocabulary.area_by_pk
        for row in found.values()
    ):
        # A row that is newer than the snapshot names a kind or an area that the snapshot has not heard of.
        held = snapshot(fresh=True)
    programmes = _programmes_of(list(found), held)
    if len(programmes) < len(found):
        held = snapshot(fresh=True)
        programmes = _programmes_of(list(found), held)
    far = distances if distances is not None else [None] * len(ids)
    return tuple(
        _make_row(found[pk], programmes[pk], held, staff=staff, distance_m=metres)
        for pk, metres in zip(ids, far, strict=True)
        # What the index has never heard of is not shown: nobody knows whose progress it is.
        if pk in programmes
    )


#: What a row prints of a site, in the order of `_make_row`.
_FIELDS = (
    "pk",
    "kind_id",
    "located_in_id",
    "public_id",
    "name",
    "address",
    "stage",
    "service",
    "service_checked_on",
    "opening_hours",
    "phone",
    "percent",
    "reported_on",
    "light",
    "is_demo",
    "lon",
    "lat",
)
_KIND, _AREA = _FIELDS.index("kind_id"), _FIELDS.index("located_in_id")
_LON = Func("location", function="ST_X", output_field=FloatField())
_LAT = Func("location", function="ST_Y", output_field=FloatField())


def _programmes_of(ids: Sequence[int], held: Snapshot) -> dict[int, ProgrammeWords | None]:
    """The programme that governs each site, by what the snapshot knows of its contributions."""
    known = held.index.lookup(ids, ["standing"])
    governing = governing_by_combo(held)
    standings = known.columns["standing"].tolist()
    return {pk: governing[n // len(LIGHTS)] for pk, n in zip(known.ids.tolist(), standings, strict=True)}


def _make_row(
    values: Sequence[Any],
    programme: ProgrammeWords | None,
    held: Snapshot,
    *,
    staff: bool,
    distance_m: float | None,
) -> SiteRow:
    pk, kind_id, area_id, public_id, name, address, stage, service, checked_on, hours, phone = values[:11]
    percent, reported_on, light, is_demo, lon, lat = values[11:]
    kind, area = held.vocabulary.kind_by_pk[kind_id], held.vocabulary.area_by_pk[area_id]
    # Progress of a programme that does not publish it is nobody's business but the staff's.
    hidden = (
        not staff and programme is not None and not (programme.is_public and programme.publishes_progress)
    )
    lit = programme is not None and (staff or programme.shows_lights)
    return SiteRow(
        pk=pk,
        public_id=public_id,
        name=name,
        kind=KindRef(kind.slug, kind.name_zh, kind.name_en, kind.icon, kind.colour),
        division=DivisionRef(area.code, area.name_zh, area.name_en),
        address=address,
        stage=stage,
        service=service,
        service_checked_on=checked_on,
        opening_hours=hours,
        phone=phone,
        percent=None if hidden else percent,
        reported_on=None if hidden else reported_on,
        light=light if lit else None,
        is_demo=is_demo,
        lon=lon,
        lat=lat,
        as_of=_as_of(programme, held, staff=staff),
        distance_m=distance_m,
    )


def programme_of(site: Site, held: Snapshot) -> ProgrammeWords | None:
    """The newest programme that the site contributes to; None for existing stock (存量)."""
    return held.vocabulary.governing(row.indicator_id for row in site.contributions.all())


def _as_of(programme: ProgrammeWords | None, held: Snapshot, *, staff: bool) -> dt.date | None:
    if programme is not None and (staff or programme.is_public):
        return programme.cutoff
    return cutoff(held, staff=staff)


@dataclass(frozen=True, slots=True)
class Share:
    """What the site gives to one indicator of a programme that the reader may know of."""

    indicator: str
    name_zh: str
    name_en: str
    quantity: Decimal
    unit_zh: str
    unit_en: str
    category: str
    category_zh: str
    category_en: str


@dataclass(frozen=True, slots=True)
class AttributeValue:
    """One attribute of the site's kind, with its label."""

    key: str
    label_zh: str
    label_en: str
    value: object
    unit: str


@dataclass(frozen=True, slots=True)
class Lag:
    """What holds the site up, where the programme publishes it."""

    problem: str
    plan: str
    as_of: dt.date


@dataclass(frozen=True, slots=True)
class PlanDates:
    """Planned start and finish."""

    start: dt.date
    finish: dt.date


@dataclass(frozen=True, slots=True)
class MapLinks:
    """Addresses that open the place in a map program, each in that program's datum."""

    amap: str
    baidu: str
    geo: str


@dataclass(frozen=True, slots=True)
class SiteDetail:
    """Everything public of one site; `geometry` is a GeoJSON geometry, EPSG:4326.

    `plan` is the plan in force where it differs from the `baseline`; `reschedules` counts approved changes.
    """

    row: SiteRow
    geometry: Mapping[str, object]
    contributions: tuple[Share, ...]
    attributes: tuple[AttributeValue, ...]
    baseline: PlanDates | None
    plan: PlanDates | None
    reschedules: int
    started_on: dt.date | None
    finished_on: dt.date | None
    verified_on: dt.date | None
    lag: Lag | None
    links: MapLinks


def site_detail(public_id: str, held: Snapshot | None = None) -> SiteDetail | None:
    """A published site by its public id, or None: a draft, a withdrawn and a removed one look alike."""
    site = Site.objects.public().prefetch_related("contributions").filter(public_id=public_id).first()
    if site is None:
        return None
    held = held or snapshot()
    if site.kind_id not in held.vocabulary.kind_by_pk or site.located_in_id not in held.vocabulary.area_by_pk:
        held = snapshot(fresh=True)
    rows = site_rows([site.pk], held)
    if not rows:
        return None
    (row,), programme = rows, programme_of(site, held)
    shown = programme is None or (programme.is_public and programme.publishes_progress)
    return SiteDetail(
        row=row,
        geometry=geometry_to_mapping(shapely.from_wkb(bytes(site.geom.wkb))),
        contributions=_shares(site, held),
        attributes=_attributes(site, held),
        baseline=_dates(site.baseline_start, site.baseline_finish) if shown else None,
        plan=_dates(site.planned_start, site.planned_finish) if shown else None,
        reschedules=site.plan_changes.exclude(approval_number="").count() if shown else 0,
        started_on=site.started_on if shown else None,
        finished_on=site.finished_on if shown else None,
        verified_on=site.verified_on if shown else None,
        lag=_lag(site, programme, row.light),
        links=map_links(row.name, row.lon, row.lat),
    )


def map_links(name: str, lon: float, lat: float) -> MapLinks:
    """Links to map programs. 高德 takes GCJ-02, 百度 BD-09, `geo:` WGS-84 (RFC 5870: latitude first)."""
    amap = from_wgs84(lon, lat, Datum.GCJ02)
    baidu = from_wgs84(lon, lat, Datum.BD09)
    amap_words = urlencode({"position": f"{float(amap[0]):.6f},{float(amap[1]):.6f}", "name": name})
    baidu_words = urlencode(
        {
            "location": f"{float(baidu[1]):.6f},{float(baidu[0]):.6f}",
            "title": name,
            "content": name,
            "output": "html",
        }
    )
    return MapLinks(
        f"https://uri.amap.com/marker?{amap_words}",
        f"https://api.map.baidu.com/marker?{baidu_words}",
        f"geo:{lat:.6f},{lon:.6f}",
    )


def _dates(start: dt.date | None, finish: dt.date | None) -> PlanDates | None:
    return None if start is None or finish is None else PlanDates(start, finish)


def _shares(site: Site, held: Snapshot) -> tuple[Share, ...]:
    words = held.vocabulary
    rows = [
        (contribution.quantity, words.indicators[contribution.indicator_id])
        for contribution in site.contributions.all()
        if contribution.indicator_id in words.indicators
        and words.programmes[words.indicators[contribution.indicator_id].programme_id].is_public
    ]
    return tuple(
        Share(
            row.code,
            row.name_zh,
            row.name_en,
            quantity,
            row.unit_zh,
            row.unit_en,
            row.category,
            row.category_zh,
            row.category_en,
        )
        for quantity, row in rows
    )


def _attributes(site: Site, held: Snapshot) -> tuple[AttributeValue, ...]:
    """The kind's attributes that the site has a value for, in the kind's order."""
    found = []
    for spec in held.vocabulary.kind_by_pk[site.kind_id].attributes:
        key = str(spec.get("key", ""))
        if key in site.attributes and site.attributes[key] not in ("", None):
            label = str(spec.get("label_zh", key))
            found.append(
                AttributeValue(
                    key,
                    label,
                    str(spec.get("label_en") or label),
                    site.attributes[key],
                    str(spec.get("unit", "")),
                )
            )
    return tuple(found)


def _lag(site: Site, programme: ProgrammeWords | None, light: str | None) -> Lag | None:
    if programme is None or not (programme.is_public and programme.publishes_reasons):
        return None
    if light not in (Light.YELLOW, Light.RED):
        return None
    report = (
        site.reports.filter(as_of__lte=programme.cutoff, corrections__isnull=True)
        .order_by("as_of", "pk")
        .last()
    )
    if report is None or not (report.problem or report.plan):
        return None
    return Lag(report.problem, report.plan, report.as_of)
