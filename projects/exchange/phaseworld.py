"""What the database knows of a programme's phases when a file is compared with it."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from projects.actions.phasedrafts import STANDING_FIELDS
from projects.exchange.problems import OptionError
from projects.models import Category, Indicator, Phase, PhaseReport, Programme, Project

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class KnownPhase:
    """A phase as stored; `standing`: columns of the newest report as of the file's day, None without one."""

    pk: int
    seen_seq: int
    owner: tuple[str, int]
    code: str
    name_zh: str
    name_en: str
    order: int
    currency: str
    baseline: Mapping[str, dt.date | None]
    attributes: Mapping[str, str]
    standing: Values | None


@dataclass(frozen=True, slots=True)
class KnownProject:
    pk: int
    name_zh: str
    category: str


@dataclass(frozen=True, slots=True)
class PhaseWorld:
    """One programme: categories by slug, projects by code, phases by code."""

    programme_id: int
    key: str
    categories: Mapping[str, str]
    projects: Mapping[str, KnownProject]
    phases: Mapping[str, KnownPhase]
    indicator_id: int | None


def load_phase_world(key: str, indicator: str, as_of: dt.date) -> PhaseWorld:
    """Raises OptionError for a programme or an indicator that is not there."""
    programme = find_programme(key)
    indicator_id = None
    if indicator:
        rows = Indicator.objects.filter(
            code=indicator, category__programme=programme, deleted_seq__isnull=True
        )
        indicator_id = rows.values_list("pk", flat=True).first()
        if indicator_id is None:
            raise OptionError(_("%(key)s 没有指标 %(code)s。") % {"key": key, "code": indicator})
    categories = Category.objects.filter(programme=programme, deleted_seq__isnull=True)
    projects = Project.objects.filter(category__programme=programme, deleted_seq__isnull=True)
    return PhaseWorld(
        programme.pk,
        programme.key,
        dict(categories.values_list("slug", "name_zh")),
        {
            code: KnownProject(pk, name, slug)
            for pk, code, name, slug in projects.exclude(code="").values_list(
                "pk", "code", "name_zh", "category__slug"
            )
        },
        _phases(programme, as_of),
        indicator_id,
    )


def find_programme(key: str) -> Programme:
    """Raises OptionError."""
    programme = Programme.objects.filter(key=key, deleted_seq__isnull=True).first()
    if programme is None:
        known = Programme.objects.filter(deleted_seq__isnull=True).order_by("key")
        raise OptionError(
            _("没有年度 %(key)s;可用:%(keys)s。")
            % {"key": key, "keys": "、".join(known.values_list("key", flat=True)) or _("无")}
        )
    return programme


def _phases(programme: Programme, as_of: dt.date) -> dict[str, KnownPhase]:
    names = (*STANDING_FIELDS, "gaps")
    reports = (
        PhaseReport.objects.standing()
        .filter(phase__programme=programme, as_of__lte=as_of)
        .order_by("as_of", "pk")
        .values_list("phase_id", *names)
    )
    standing: dict[int, Values] = {
        row[0]: dict(zip(names, row[1:], strict=True)) for row in reports.iterator(chunk_size=5_000)
    }
    rows = (
        Phase.objects.live()
        .filter(programme=programme)
        .values_list(
            "pk", "changed_seq", "project_id", "indicator_id", "code", "name_zh", "name_en", "order",
            "currency", "baseline_start", "baseline_due", "attributes",
        )
    )  # fmt: skip
    found = {}
    for pk, seq, project, indicator, code, zh, en, order, currency, start, due, attributes in rows:
        owner = ("project", project) if project is not None else ("indicator", indicator or 0)
        found[code] = KnownPhase(
            pk,
            seq,
            owner,
            code,
            zh,
            en,
            order,
            currency,
            {"baseline_start": start, "baseline_due": due},
            attributes,
            standing.get(pk),
        )
    return found
