"""Sites as rows: the index finds and orders ids, the database gives what a row prints."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from maps.tiles import BBox
from projects.readmodels.facets import cutoff
from projects.readmodels.indexfilters import compile_filter, governing_by_combo
from projects.readmodels.listrows import StoredRow, rows_by_id
from projects.readmodels.sitecolumns import LIGHTS
from projects.readmodels.siteindex import Snapshot, snapshot
from projects.readmodels.sitequeries import SiteFilter
from projects.readmodels.vocabulary import ProgrammeWords

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
    found = rows_by_id(ids, staff=staff)
    if any(
        row.kind_id not in held.vocabulary.kind_by_pk or row.area_id not in held.vocabulary.area_by_pk
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


def _programmes_of(ids: Sequence[int], held: Snapshot) -> dict[int, ProgrammeWords | None]:
    """The programme that governs each site, by what the snapshot knows of its contributions."""
    known = held.index.lookup(ids, ["standing"])
    governing = governing_by_combo(held)
    standings = known.columns["standing"].tolist()
    return {pk: governing[n // len(LIGHTS)] for pk, n in zip(known.ids.tolist(), standings, strict=True)}


def _make_row(
    row: StoredRow,
    programme: ProgrammeWords | None,
    held: Snapshot,
    *,
    staff: bool,
    distance_m: float | None,
) -> SiteRow:
    kind, area = held.vocabulary.kind_by_pk[row.kind_id], held.vocabulary.area_by_pk[row.area_id]
    # Progress of a programme that does not publish it is nobody's business but the staff's.
    hidden = (
        not staff and programme is not None and not (programme.is_public and programme.publishes_progress)
    )
    lit = programme is not None and (staff or programme.shows_lights)
    return SiteRow(
        pk=row.pk,
        public_id=row.public_id,
        name=row.name,
        kind=KindRef(kind.slug, kind.name_zh, kind.name_en, kind.icon, kind.colour),
        division=DivisionRef(area.code, area.name_zh, area.name_en),
        address=row.address,
        stage=row.stage,
        service=row.service,
        service_checked_on=row.service_checked_on,
        opening_hours=row.opening_hours,
        phone=row.phone,
        percent=None if hidden else row.percent,
        reported_on=None if hidden else row.reported_on,
        light=row.light if lit else None,
        is_demo=row.is_demo,
        lon=row.lon,
        lat=row.lat,
        as_of=_as_of(programme, held, staff=staff),
        distance_m=distance_m,
    )


def _as_of(programme: ProgrammeWords | None, held: Snapshot, *, staff: bool) -> dt.date | None:
    if programme is not None and (staff or programme.is_public):
        return programme.cutoff
    return cutoff(held, staff=staff)
