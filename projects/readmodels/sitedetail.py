"""One site with everything public of it."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlencode

import shapely

from maps.datum import Datum, from_wgs84
from maps.geojson import geometry_to_mapping
from projects.models import Site
from projects.readmodels.photos import PublicPhoto, public_photos
from projects.readmodels.siteindex import Snapshot, snapshot
from projects.readmodels.sitelists import SiteRow, site_rows
from projects.readmodels.vocabulary import ProgrammeWords
from projects.rules.vocabulary import Light


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
    photos: tuple[PublicPhoto, ...] = ()


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
        lag=_lag(site, programme, row.light) if shown else None,
        links=map_links(row.name, row.lon, row.lat),
        photos=public_photos(site.pk),
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


def programme_of(site: Site, held: Snapshot) -> ProgrammeWords | None:
    """The newest programme that the site contributes to; None for existing stock (存量)."""
    return held.vocabulary.governing(row.indicator_id for row in site.contributions.all())
