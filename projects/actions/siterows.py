"""Between a draft and the rows of a site: what is written, what is audited, what changed."""

import datetime as dt
import hashlib
from base64 import b32encode
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from operator import attrgetter
from typing import Final

import numpy as np
import shapely
from django.contrib.gis.geos import GEOSGeometry, Point
from django.utils import timezone
from django.utils.translation import gettext as _

from maps.blobs import Geometries, as_array, ewkb_of, outside_world
from maps.geometry import representative_point
from projects.actions.drafts import PlanChangeDraft, SiteDraft
from projects.actions.errors import Invalid
from projects.actions.ledger import JSON, PLAIN, as_json
from projects.models import PlanChange, Site, SiteReport, SiteState
from projects.models.bulk import fresh
from projects.rules.vocabulary import Stage

#: Fields that a person or a file may set, and that the audit therefore follows.
AUDITED_FIELDS = (
    "code",
    "kind_id",
    "name",
    "address",
    "attributes",
    "opening_hours",
    "phone",
    "stage",
    "service",
    "service_checked_on",
    "located_in_id",
    "managed_by_id",
    "baseline_start",
    "baseline_finish",
    "baseline_milestones",
    "planned_start",
    "planned_finish",
    "planned_milestones",
    "started_on",
    "finished_on",
    "verified_on",
    "percent",
    "reported_on",
    "checked",
    "publication",
    "is_demo",
    "source_x",
    "source_y",
    "source_datum",
)

SRID: Final = 4326
_EWKB_HAS_SRID: Final = 0x20000000
_audited_values = attrgetter(*AUDITED_FIELDS)


def public_id_of(code: str) -> str:
    """The public id of a staff code: the same for ever, so that a link survives a rebuilt database."""
    digest = hashlib.blake2b(code.encode(), digest_size=7, person=b"public-site").digest()
    return b32encode(digest).decode().rstrip("=").lower()


def audited(site: Site, contributions: Iterable[tuple[int, Decimal]]) -> dict[str, JSON]:
    """The site as the audit sees it: every field that can be set, its geometry as WKB, its contributions."""
    values: dict[str, JSON] = {
        name: value if type(value) in PLAIN else as_json(value)
        for name, value in zip(AUDITED_FIELDS, _audited_values(site), strict=True)
    }
    if site.percent is not None:
        values["percent"] = f"{Decimal(site.percent):.2f}"
    values["geom"] = _wkb(site).hex()
    values["contributions"] = contributions_json(contributions)
    return values


def _wkb(site: Site) -> bytes:
    """The geometry's WKB; one that came as EWKB and was not looked at yet is not parsed for it."""
    held = site.__dict__["geom"]
    if not isinstance(held, memoryview):
        return bytes(site.geom.wkb)
    kind = int.from_bytes(held[1:5], "little") & ~_EWKB_HAS_SRID
    return b"".join((held[:1], kind.to_bytes(4, "little"), held[9:]))


def contributions_json(contributions: Iterable[tuple[int, Decimal]]) -> dict[str, JSON]:
    """Quantities by indicator number, with three decimals however they were written."""
    return {str(indicator_id): f"{Decimal(quantity):.3f}" for indicator_id, quantity in sorted(contributions)}


def changed_fields(before: Mapping[str, JSON], after: Mapping[str, JSON]) -> dict[str, JSON]:
    """`{field: [before, after]}` for what differs."""
    return {name: [before[name], after[name]] for name in after if before[name] != after[name]}


def to_geos(geometry: shapely.Geometry) -> GEOSGeometry:
    """EPSG:4326, two dimensions. Raises Invalid for an empty geometry and one outside the world."""
    _refuse_outside(as_array([geometry]))
    return GEOSGeometry(memoryview(shapely.to_wkb(geometry, output_dimension=2)), srid=SRID)


def _refuse_outside(geometries: Geometries) -> None:
    """Asked here, before any database sees it: SpatiaLite ends the process over numbers such as 1e308."""
    if outside_world(geometries).any():
        raise Invalid({"geom": _("位置为空,或不在经度 ±180、纬度 ±90 之内。")})


def location_of(geometry: shapely.Geometry) -> Point:
    lon, lat = representative_point(geometry)
    return Point(lon, lat, srid=SRID)


def milestones_json(milestones: Iterable[tuple[dt.date, Decimal]]) -> list[list[str]]:
    return [[day.isoformat(), str(percent)] for day, percent in milestones]


def new_sites(drafts: Sequence[SiteDraft], *, now: dt.datetime, first_seq: int) -> list[Site]:
    """Unsaved sites under consecutive numbers. Raises Invalid as `to_geos` does.

    Their geometries stay the bytes that the database gets, until somebody asks for one.
    """
    geometries = as_array([draft.geometry for draft in drafts])
    _refuse_outside(geometries)
    dimensions: list[int] = shapely.get_dimensions(geometries).tolist()
    shapes, locations = ewkb_of(geometries, SRID), ewkb_of(_locations(geometries), SRID)
    return [
        _new_site(draft, memoryview(shape), memoryview(location), dimension, now=now, changed_seq=seq)
        for seq, (draft, shape, location, dimension) in enumerate(
            zip(drafts, shapes, locations, dimensions, strict=True), start=first_seq
        )
    ]


def _locations(geometries: Geometries) -> Geometries:
    """Representative points; a point is its own."""
    found = geometries.copy()
    for index in np.flatnonzero(shapely.get_type_id(geometries) != shapely.GeometryType.POINT).tolist():
        found[index] = shapely.Point(representative_point(geometries[index]))
    return found


def new_site(draft: SiteDraft, *, now: dt.datetime, changed_seq: int) -> Site:
    """One unsaved site: see `new_sites`."""
    return new_sites([draft], now=now, first_seq=changed_seq)[0]


def _new_site(
    draft: SiteDraft,
    geom: memoryview,
    location: memoryview,
    dimension: int,
    *,
    now: dt.datetime,
    changed_seq: int,
) -> Site:
    """The newest report and the newest approved plan are copied onto the site."""
    newest = max(draft.reports, key=lambda report: report.as_of, default=None)
    plan = newest_approved(draft.plan_changes)
    return fresh(
        Site,
        code=draft.code,
        public_id=public_id_of(draft.code),
        kind_id=draft.kind_id,
        name=draft.name,
        address=draft.address,
        geom=geom,
        location=location,
        dimension=dimension,
        source_x=draft.source_x,
        source_y=draft.source_y,
        source_datum=draft.source_datum,
        attributes=dict(draft.attributes),
        opening_hours=draft.opening_hours,
        phone=draft.phone,
        stage=draft.stage.value,
        service=draft.service.value,
        service_checked_on=draft.service_checked_on,
        located_in_id=draft.located_in_id,
        managed_by_id=draft.managed_by_id,
        baseline_start=draft.baseline_start,
        baseline_finish=draft.baseline_finish,
        baseline_milestones=milestones_json(draft.baseline_milestones),
        planned_start=plan.planned_start if plan else None,
        planned_finish=plan.planned_finish if plan else None,
        planned_milestones=milestones_json(plan.milestones) if plan else [],
        started_on=draft.started_on,
        finished_on=draft.finished_on,
        verified_on=draft.verified_on,
        percent=newest.percent if newest else None,
        reported_on=newest.as_of if newest else None,
        publication=draft.publication.value,
        is_demo=draft.is_demo,
        created_at=now,
        updated_at=now,
        changed_seq=changed_seq,
    )


def newest_approved(changes: Iterable[PlanChangeDraft]) -> PlanChangeDraft | None:
    """Only a reschedule with an approval number changes the plan."""
    approved = [change for change in changes if change.approval_number]
    return max(approved, key=lambda change: change.effective_on, default=None)


def first_day(draft: SiteDraft, today: dt.date) -> dt.date:
    """From which day a new site's first state holds where nobody says so. Never one to come: what is
    changed before that day would be undone by it in every figure.
    """
    return min(draft.baseline_start or draft.started_on or today, today)


def initial_states(site: Site, draft: SiteDraft, *, now: dt.datetime) -> list[SiteState]:
    """The history that a draft's own dates tell, ending with its stage."""
    since = draft.state_since or first_day(draft, timezone.localdate(now))
    steps: list[tuple[dt.date, Stage]] = []
    for day, stage in (
        (draft.started_on, Stage.BUILDING),
        (draft.finished_on, Stage.FINISHED),
        (draft.verified_on, Stage.VERIFIED),
    ):
        if day is not None and (not steps or day >= steps[-1][0]):
            steps.append((day, stage))
    if not steps or steps[-1][1] != draft.stage:
        steps.append((max([since, *(day for day, _stage in steps)]), draft.stage))
    if steps[0][0] > since and steps[0][1] != Stage.PLANNED:
        steps.insert(0, (since, Stage.PLANNED))
    return [
        state_row(site, effective_on=day, stage=stage.value, contributions=draft.contributions, now=now)
        for day, stage in steps
    ]


def state_row(
    site: Site,
    *,
    effective_on: dt.date,
    stage: str,
    contributions: Iterable[tuple[int, Decimal]],
    now: dt.datetime,
    actor_id: int | None = None,
) -> SiteState:
    return fresh(
        SiteState,
        site_id=site.pk,
        effective_on=effective_on,
        stage=stage,
        service=site.service,
        located_in_id=site.located_in_id,
        managed_by_id=site.managed_by_id,
        contributions=contributions_json(contributions),
        recorded_at=now,
        recorded_by_id=actor_id,
        changed_seq=site.changed_seq,
    )


def report_rows(site: Site, draft: SiteDraft, *, now: dt.datetime, actor_id: int | None) -> list[SiteReport]:
    return [
        fresh(
            SiteReport,
            site_id=site.pk,
            as_of=report.as_of,
            percent=report.percent,
            problem=report.problem,
            plan=report.plan,
            is_demo=draft.is_demo,
            recorded_at=now,
            recorded_by_id=actor_id,
            changed_seq=site.changed_seq,
        )
        for report in draft.reports
    ]


def plan_change_rows(
    site: Site, draft: SiteDraft, *, now: dt.datetime, actor_id: int | None
) -> list[PlanChange]:
    return [
        fresh(
            PlanChange,
            site_id=site.pk,
            effective_on=change.effective_on,
            planned_start=change.planned_start,
            planned_finish=change.planned_finish,
            milestones=milestones_json(change.milestones),
            reason=change.reason,
            approval_number=change.approval_number,
            recorded_at=now,
            recorded_by_id=actor_id,
            changed_seq=site.changed_seq,
        )
        for change in draft.plan_changes
    ]
