"""Phases of a whole file at once, with the projects and categories that they need."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from projects.actions import closing, ledger
from projects.actions.batches import BatchResult, FileStamp, record_batch
from projects.actions.errors import Conflict, Invalid
from projects.actions.phasedrafts import (
    CategoryDraft,
    PhaseDraft,
    PhaseUpdate,
    ProjectDraft,
    ProjectUpdate,
    baseline_values,
    standing_values,
)
from projects.actions.rows import clean, require_city
from projects.models import Category, Phase, PhaseReport, Programme, Project
from projects.models.bulk import fresh, insert_rows, number_rows, update_rows
from projects.permissions.access import Access, Permission

CHUNK = 5_000
_ASKED = 2_000


class _Batch:
    """The rows of one file and their audit entries, in the order of their numbers."""

    def __init__(self, access: Access, reason: str) -> None:
        self.access, self.reason = access, reason
        self.entries: list[ledger.Entry] = []

    def added(self, subject: str, pk: int, values: Mapping[str, Any]) -> None:
        self._entry(f"{subject}.add", subject, pk, {name: [None, value] for name, value in values.items()})

    def changed(self, subject: str, pk: int, changes: Mapping[str, Any]) -> None:
        """`changes`: before and after, by column."""
        self._entry(f"{subject}.change", subject, pk, changes)

    def _entry(self, action: str, subject: str, pk: int, changes: Mapping[str, Any]) -> None:
        payload = {"reason": self.reason, "changed": ledger.as_json(changes)}
        self.entries.append(ledger.Entry(action, subject, str(pk), payload=payload))


@closing.correctable
def apply_phases(
    *,
    access: Access,
    programme_id: int,
    reason: str,
    categories: Sequence[CategoryDraft] = (),
    projects: Sequence[ProjectDraft] = (),
    project_updates: Sequence[ProjectUpdate] = (),
    drafts: Sequence[PhaseDraft] = (),
    updates: Sequence[PhaseUpdate] = (),
    stamp: FileStamp | None = None,
    is_rehearsal: bool = False,
    on_progress: Callable[[int], None] = lambda count: None,
) -> BatchResult:
    """Create and change phases of one programme, with the projects and categories that they need.

    One transaction, one audit entry a row; what a phase says anew is a new report. Raises NotAllowed before
    anything is written, Invalid when a code is taken meanwhile, Conflict when a phase changed since it was
    compared, PeriodClosed.
    """
    require_city(access, Permission.PROGRAMME_CHANGE)
    batch = _Batch(access, reason)
    total = len(categories) + len(projects) + len(project_updates) + len(drafts) + len(updates)
    if not total:
        return BatchResult(0, 0, 0, 0)
    numbering = ledger.rehearse if is_rehearsal else ledger.take
    with transaction.atomic():
        # One import of a programme at a time; then subject rows by id, then the head.
        Programme.objects.select_for_update().get(pk=programme_id)
        changed_projects = _locked_projects(project_updates)
        changed = _locked_phases(updates)
        _check_codes_free(programme_id, drafts)
        # A report is a fact of the day that it is about.
        standings = [update.standing for update in updates] + [draft.standing for draft in drafts]
        days = {each.as_of for each in standings if each is not None}
        if _moves(changed_projects, project_updates) or any(update.baseline for update in updates):
            days.add(closing.EVERY_DAY)
        closing.ask([programme_id], *days)
        is_recorded = stamp is not None and not is_rehearsal
        with numbering(total + is_recorded, actor_id=access.user_id) as numbers:
            seq = numbers.first
            slugs = _add_categories(programme_id, categories, batch, seq)
            seq += len(categories)
            codes = _add_projects(programme_id, projects, slugs, batch, seq)
            seq += len(projects)
            _change_projects(changed_projects, project_updates, slugs, batch, seq)
            seq += len(project_updates)
            numbers.write(batch.entries)
            batch.entries.clear()
            for start in range(0, len(drafts), CHUNK):
                chunk = drafts[start : start + CHUNK]
                _add_phases(programme_id, chunk, codes, batch, seq, numbers.recorded_at)
                seq += len(chunk)
                numbers.write(batch.entries)
                batch.entries.clear()
                on_progress(len(chunk))
            _change_phases(changed, updates, batch, seq, numbers.recorded_at)
            numbers.write(batch.entries)
            on_progress(len(updates))
            result = BatchResult(len(drafts), len(updates), numbers.first, numbers.first + total - 1)
            if stamp is not None and is_recorded:
                record_batch(stamp, result, numbers, access, reason)
    return result


def _moves(rows: Mapping[int, Project], updates: Sequence[ProjectUpdate]) -> bool:
    """A project goes to another category, whose mean it then enters on every day."""
    slugs = dict(
        Category.objects.filter(pk__in={row.category_id for row in rows.values()}).values_list("pk", "slug")
    )
    return any(slugs[rows[update.project_id].category_id] != update.category for update in updates)


def _locked_projects(updates: Sequence[ProjectUpdate]) -> dict[int, Project]:
    ids = sorted(update.project_id for update in updates)
    found: dict[int, Project] = {}
    for start in range(0, len(ids), _ASKED):
        rows = Project.objects.select_for_update().filter(pk__in=ids[start : start + _ASKED]).order_by("pk")
        found |= {row.pk: row for row in rows}
    return found


def _locked_phases(updates: Sequence[PhaseUpdate]) -> dict[int, Phase]:
    seen = {update.phase_id: update.seen_seq for update in updates}
    ids = sorted(seen)
    found: dict[int, Phase] = {}
    for start in range(0, len(ids), _ASKED):
        rows = Phase.objects.select_for_update().live().filter(pk__in=ids[start : start + _ASKED])
        found |= {row.pk: row for row in rows.order_by("pk")}
    for pk, seq in seen.items():
        if pk not in found or found[pk].changed_seq != seq:
            raise Conflict(_("有阶段在检查之后被他人修改,没有写入任何数据;请再导入一次。"), current_version=0)
    return found


def _check_codes_free(programme_id: int, drafts: Sequence[PhaseDraft]) -> None:
    codes = [draft.code for draft in drafts]
    for start in range(0, len(codes), _ASKED):
        taken = Phase.objects.filter(programme_id=programme_id, code__in=codes[start : start + _ASKED])
        code = taken.values_list("code", flat=True).first()
        if code is not None:
            raise Invalid({"code": _("阶段代码 %(code)s 已经存在。") % {"code": code}})


def _add_categories(
    programme_id: int, drafts: Sequence[CategoryDraft], batch: _Batch, seq: int
) -> dict[str, int]:
    """Ids of all categories of the programme by slug, the new ones included."""
    rows = Category.objects.filter(programme_id=programme_id, deleted_seq__isnull=True)
    slugs = dict(rows.values_list("slug", "pk"))
    number = Category.objects.filter(programme_id=programme_id).aggregate(last=Max("number"))["last"] or 0
    for offset, draft in enumerate(drafts):
        number += 1
        row = Category(
            programme_id=programme_id,
            number=number,
            slug=draft.slug,
            name_zh=draft.name_zh,
            changed_seq=seq + offset,
        )
        clean(row)
        row.save()
        slugs[row.slug] = row.pk
        batch.added("category", row.pk, {"slug": row.slug, "name_zh": row.name_zh})
    return slugs


def _add_projects(
    programme_id: int, drafts: Sequence[ProjectDraft], slugs: Mapping[str, int], batch: _Batch, seq: int
) -> dict[str, int]:
    """Ids of all projects of the programme that have a code, by code, the new ones included."""
    here = Project.objects.filter(category__programme_id=programme_id, deleted_seq__isnull=True)
    codes = dict(here.exclude(code="").values_list("code", "pk"))
    last = dict(
        Project.objects.filter(category__programme_id=programme_id)
        .order_by()
        .values_list("category_id")
        .annotate(last=Max("number"))
    )
    rows = []
    for offset, draft in enumerate(drafts):
        if draft.code in codes:
            raise Invalid({"code": _("项目代码 %(code)s 已经存在。") % {"code": draft.code}})
        category_id = slugs[draft.category]
        last[category_id] = last.get(category_id, 0) + 1
        rows.append(
            fresh(
                Project,
                category_id=category_id,
                number=last[category_id],
                code=draft.code,
                name_zh=draft.name_zh,
                changed_seq=seq + offset,
            )
        )
    insert_rows(rows)
    for row in rows:
        codes[row.code] = row.pk
        batch.added("project", row.pk, {"code": row.code, "name_zh": row.name_zh})
    return codes


def _change_projects(
    rows: Mapping[int, Project],
    updates: Sequence[ProjectUpdate],
    slugs: Mapping[str, int],
    batch: _Batch,
    seq: int,
) -> None:
    for offset, update in enumerate(updates):
        row = rows[update.project_id]
        changed: dict[str, object] = {}
        category_id = slugs[update.category]
        if row.name_zh != update.name_zh:
            changed["name_zh"] = [row.name_zh, update.name_zh]
        if row.category_id != category_id:
            changed["category_id"] = [row.category_id, category_id]
            number = Project.objects.filter(category_id=category_id).aggregate(last=Max("number"))["last"]
            row.number = (number or 0) + 1
        row.name_zh, row.category_id, row.changed_seq = update.name_zh, category_id, seq + offset
        row.save(update_fields=["name_zh", "category", "number", "changed_seq"])
        batch.changed("project", row.pk, changed)


def _add_phases(
    programme_id: int,
    drafts: Sequence[PhaseDraft],
    projects: Mapping[str, int],
    batch: _Batch,
    seq: int,
    now: dt.datetime,
) -> None:
    phases, reports = [], []
    for number, draft in enumerate(drafts, start=seq):
        values = standing_values(draft.standing)
        phases.append(
            fresh(
                Phase,
                programme_id=programme_id,
                project_id=projects[draft.project] if draft.project else None,
                indicator_id=draft.indicator_id,
                code=draft.code,
                name_zh=draft.name_zh,
                name_en=draft.name_en,
                order=draft.order,
                currency=draft.currency,
                attributes=dict(draft.attributes),
                reported_on=draft.standing.as_of,
                changed_seq=number,
                created_seq=number,
                **baseline_values({}, draft.baseline_start, draft.baseline_due, number),
                **values,
            )
        )
        reports.append((number, draft.standing.as_of, values))
    number_rows(phases)
    insert_rows(phases)
    insert_rows(
        [
            fresh(
                PhaseReport,
                phase_id=phase.pk,
                as_of=as_of,
                recorded_at=now,
                recorded_by_id=batch.access.user_id,
                changed_seq=number,
                **values,
            )
            for phase, (number, as_of, values) in zip(phases, reports, strict=True)
        ]
    )
    for phase, (_number, as_of, values) in zip(phases, reports, strict=True):
        said = {name: value for name, value in values.items() if value not in (None, "", {})}
        baseline = {
            name: getattr(phase, name)
            for name in ("baseline_start", "baseline_due")
            if getattr(phase, name) is not None
        }
        batch.added("phase", phase.pk, {"code": phase.code, "as_of": as_of, **baseline, **said})


def _change_phases(
    rows: Mapping[int, Phase], updates: Sequence[PhaseUpdate], batch: _Batch, seq: int, now: dt.datetime
) -> None:
    reports = []
    touched: set[str] = {"changed_seq"}
    for number, update in enumerate(updates, start=seq):
        row = rows[update.phase_id]
        changed: dict[str, object] = {}
        values: dict[str, object] = dict(update.fields)
        values |= baseline_values(
            {"baseline_start": row.baseline_start, "baseline_due": row.baseline_due},
            update.baseline.get("baseline_start"),
            update.baseline.get("baseline_due"),
            number,
        )
        if update.standing is not None:
            said = standing_values(update.standing)
            reports.append(
                fresh(
                    PhaseReport,
                    phase_id=row.pk,
                    as_of=update.standing.as_of,
                    recorded_at=now,
                    recorded_by_id=batch.access.user_id,
                    changed_seq=number,
                    **said,
                )
            )
            changed["as_of"] = [row.reported_on, update.standing.as_of]
            if row.reported_on is None or row.reported_on <= update.standing.as_of:
                values |= {**said, "reported_on": update.standing.as_of}
            else:
                # About a day before the newest report: the phase's copy stays as it is.
                changed |= {name: [None, value] for name, value in said.items()}
        for name, value in values.items():
            if getattr(row, name) != value:
                changed[name] = [getattr(row, name), value]
                setattr(row, name, value)
        touched |= values.keys()
        row.changed_seq = number
        batch.changed("phase", row.pk, changed)
    # All rows carry all columns: those that a row does not change are written as they are.
    update_rows([rows[update.phase_id] for update in updates], sorted(touched))
    insert_rows(reports)
