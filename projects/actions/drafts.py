"""What a caller hands to an action: plain values, already parsed, not yet written."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from shapely.geometry.base import BaseGeometry

from projects.rules.vocabulary import CheckLevel, CheckResult, Publication, Service, Stage


@dataclass(frozen=True, slots=True)
class ReportDraft:
    """Reported physical progress on a day; percent 0..100."""

    as_of: dt.date
    percent: Decimal
    problem: str = ""
    plan: str = ""


@dataclass(frozen=True, slots=True)
class PlanChangeDraft:
    """A reschedule. Without an approval number it does not move the plan that is measured against."""

    effective_on: dt.date
    planned_start: dt.date
    planned_finish: dt.date
    reason: str
    approval_number: str = ""
    milestones: tuple[tuple[dt.date, Decimal], ...] = ()


@dataclass(frozen=True, slots=True)
class VisitDraft:
    """One visit of a verifier. Position in WGS-84 degrees as the device gave it, with its own accuracy.

    Of a return: `reasons`, and the deadline as `working_days` after the visit (None: as the scheme says);
    `stage_after` takes the stage back (None: it stays), and then `percent` is the progress found on the spot.
    `service_after`: what a re-visit found of its service.
    """

    level: CheckLevel
    result: CheckResult
    visited_on: dt.date
    reasons: str = ""
    working_days: int | None = None
    lon: float | None = None
    lat: float | None = None
    accuracy_m: float | None = None
    checklist_id: int | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    stage_after: Stage | None = None
    percent: Decimal | None = None
    service_after: Service | None = None


@dataclass(frozen=True, slots=True)
class SiteDraft:
    """One site as it shall be. `geometry` is EPSG:4326 (x = longitude); divisions and kind are primary keys.

    `source_x`, `source_y` and `source_datum` are the pair as it came in. `state_since` dates the first
    state record (default: the baseline's start or the day of writing).
    """

    code: str
    kind_id: int
    name: str
    geometry: BaseGeometry
    located_in_id: int
    managed_by_id: int
    address: str = ""
    source_x: float | None = None
    source_y: float | None = None
    source_datum: str = "wgs84"
    attributes: Mapping[str, object] = field(default_factory=dict)
    opening_hours: str = ""
    phone: str = ""
    stage: Stage = Stage.PLANNED
    service: Service = Service.UNKNOWN
    service_checked_on: dt.date | None = None
    baseline_start: dt.date | None = None
    baseline_finish: dt.date | None = None
    baseline_milestones: tuple[tuple[dt.date, Decimal], ...] = ()
    started_on: dt.date | None = None
    finished_on: dt.date | None = None
    verified_on: dt.date | None = None
    publication: Publication = Publication.DRAFT
    is_demo: bool = False
    contributions: tuple[tuple[int, Decimal], ...] = ()
    plan_changes: tuple[PlanChangeDraft, ...] = ()
    reports: tuple[ReportDraft, ...] = ()
    state_since: dt.date | None = None
