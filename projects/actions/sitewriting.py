"""What every action on a site shares: locking, scope, validation, and writing changes under a number."""

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal

import shapely
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from projects.actions import ledger, rollups, siterows, subjectlights
from projects.actions.errors import Conflict, Invalid, NotAllowed
from projects.actions.lights import CACHED, Judges, judge_for, rewrite_site_spans
from projects.models import AuditEntry, Contribution, Indicator, Site, SiteState
from projects.permissions.access import Access, Permission, Target, may
from projects.rules.errors import RuleError
from projects.rules.rollups import Movements
from projects.rules.vocabulary import UNDER_WAY, Checked, Publication, Stage

#: What `change_site` takes, besides `geometry` (shapely, EPSG:4326) and `contributions` (pairs of indicator
#: id and quantity).
CHANGEABLE = frozenset(
    {
        "kind_id",
        "name",
        "address",
        "source_x",
        "source_y",
        "source_datum",
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
        "started_on",
        "finished_on",
        "verified_on",
    }
)
#: What `_set_fields` writes for a new geometry.
FOLLOWS_GEOMETRY = ("geom", "location", "dimension")
#: A change of one of these is a new state record.
STATE_FIELDS = frozenset({"stage", "service", "located_in_id", "managed_by_id", "contributions"})


def require(access: Access, permission: Permission, target: Target) -> None:
    """Raises NotAllowed; asked before anything is written."""
    if not may(access, permission, target):
        raise NotAllowed(_("您没有权限对这个区划的点位做这项操作。"))


def target_of(site: Site) -> Target:
    """What permissions ask of a site: who manages it and which departments its indicators belong to."""
    return Target(
        division_id=site.managed_by_id,
        department_ids=departments_of(site.contributions.values_list("indicator_id", flat=True)),
        created_by=creator_of(site),
    )


def creator_of(site: Site) -> int | None:
    first = AuditEntry.objects.filter(subject_type="site", subject_id=str(site.pk)).order_by("seq").first()
    return first.actor_id if first is not None and first.action == "site.add" else None


def departments_of(indicator_ids: Iterable[int]) -> frozenset[int]:
    """Lead and co-departments of indicators."""
    ids = list(indicator_ids)
    if not ids:
        return frozenset()
    pairs = Indicator.objects.filter(pk__in=ids).values_list("lead_department_id", "co_departments")
    return frozenset(pk for pair in pairs for pk in pair if pk is not None)


def targets_of(division_id: int, indicator_ids: Iterable[int]) -> list[Target]:
    """One question an indicator: counting for somebody else's indicator takes a right on that one too."""
    departments = [departments_of([pk]) for pk in sorted(set(indicator_ids))] or [frozenset()]
    return [Target(division_id, members) for members in departments]


def lock(site_id: int) -> Site:
    """The live row, locked until the transaction ends. Raises Invalid when there is none."""
    site = Site.objects.select_for_update().filter(pk=site_id, deleted_seq__isnull=True).first()
    if site is None:
        raise Invalid({"": _("这个点位不存在或已被删除。")})
    return site


def contributions_of(site: Site) -> list[tuple[int, Decimal]]:
    return list(site.contributions.values_list("indicator_id", "quantity"))


def entry_for(site: Site, action: str, payload: Mapping[str, ledger.JSON]) -> ledger.Entry:
    return ledger.Entry(
        action=action,
        subject_type="site",
        subject_id=str(site.pk),
        division_id=site.managed_by_id,
        payload=payload,
    )


def apply_changes(
    site: Site,
    changes: Mapping[str, object],
    *,
    expected_version: int,
    access: Access,
    changed_seq: int,
    now: dt.datetime,
    effective_on: dt.date,
    judges: Judges,
    reason: str,
) -> ledger.Entry:
    """Write changes to a locked site under a number that the caller holds; returns the entry to write."""
    before, contributions = alter(site, changes, contributions_of(site), expected_version=expected_version)
    if effective_on > timezone.localdate(now):
        raise Invalid({"": _("生效日期不能晚于今天。")})
    if STATE_FIELDS & changes.keys():
        check_newest(site, effective_on, timezone.localdate(now))
    site.changed_seq = changed_seq
    site.updated_at = now
    clean(site)
    site.save()
    if "contributions" in changes:
        _replace_contributions(site, contributions)
    if STATE_FIELDS & changes.keys():
        SiteState.objects.bulk_create(
            [
                siterows.state_row(
                    site,
                    effective_on=effective_on,
                    stage=site.stage,
                    contributions=contributions,
                    now=now,
                    actor_id=access.user_id,
                )
            ]
        )
    refresh_lights(site, contributions, judges, now=now)
    return change_entry(site, before, contributions, reason)


def alter(
    site: Site,
    changes: Mapping[str, object],
    contributions: list[tuple[int, Decimal]],
    *,
    expected_version: int,
    is_taken_back: bool = False,
) -> tuple[dict[str, ledger.JSON], list[tuple[int, Decimal]]]:
    """Set changes on the instance, under the next version; nothing is saved.

    `contributions` are those that the site has; `is_taken_back`: a change is undone, a baseline's too.
    Returns what the audit saw before, and the contributions after. Raises Conflict, or Invalid for a baseline
    that was handed over.
    """
    check_version(site, expected_version)
    before = siterows.audited(site, contributions)
    _set_fields(site, changes)
    if site.stage != before["stage"]:
        # What was passed was passed of another work: declared complete again, the levels begin anew.
        site.checked = Checked.NOTHING.value
    if not is_taken_back:
        _check_baseline(site, before, changes)
    if "contributions" in changes:
        contributions = pairs_of(changes["contributions"])
    if site.publication == Publication.SUBMITTED:
        # What a second person is asked to publish is what was handed over: an edit takes it back.
        site.publication = (Publication.WITHDRAWN if site.published_by_id else Publication.DRAFT).value
        site.submitted_by_id = None
    site.version += 1
    return before, contributions


def change_entry(
    site: Site, before: Mapping[str, ledger.JSON], contributions: list[tuple[int, Decimal]], reason: str
) -> ledger.Entry:
    """The audit entry of a changed site."""
    after = siterows.audited(site, contributions)
    return entry_for(
        site,
        "site.change",
        {
            "reason": reason,
            "changed": siterows.changed_fields(before, after),
        },
    )


def refresh_lights(
    site: Site, contributions: Iterable[tuple[int, Decimal]], judges: Judges, *, now: dt.datetime
) -> None:
    """Rewrite the site's spans, its cached first days and what figures count of it."""
    judge = judge_for((indicator_id for indicator_id, _quantity in contributions), judges)
    movements = Movements()
    rewrite_site_spans(site, judge, judges, movements, now=now)
    subjectlights.follow_output(rollups.post(movements), seq=site.changed_seq, now=now)
    site.save(update_fields=list(CACHED))


def _set_fields(site: Site, changes: Mapping[str, object]) -> None:
    for name, value in changes.items():
        if name == "geometry":
            assert isinstance(value, shapely.Geometry)
            site.geom = siterows.to_geos(value)
            site.location = siterows.location_of(value)
            site.dimension = site.geom.dims
        elif name in CHANGEABLE:
            setattr(site, name, value)
        elif name != "contributions":
            raise ValueError(f"a site's {name} is not changed here")


def check_newest(site: Site, effective_on: dt.date, today: dt.date) -> None:
    """What the site is from now on cannot begin before what it became later: the map would say the one and
    every figure since that later day the other.
    """
    newest = site.states.standing().filter(effective_on__lte=today).order_by("effective_on", "pk").last()
    check_since(effective_on, None if newest is None else newest.effective_on)


def check_since(effective_on: dt.date, newest: dt.date | None) -> None:
    """`newest`: the day from which the site is what it is now. Raises Invalid for a day before it."""
    if newest is not None and effective_on < newest:
        raise Invalid(
            {
                "effective_on": _("这个点位自 %(day)s 起已有状态记录,变更不能从更早的日期生效。")
                % {"day": newest}
            }
        )


def _replace_contributions(site: Site, pairs: list[tuple[int, Decimal]]) -> None:
    wanted = dict(pairs)
    site.contributions.exclude(indicator_id__in=wanted).delete()
    there = {row.indicator_id: row for row in site.contributions.all()}
    for indicator_id, quantity in wanted.items():
        row = there.get(indicator_id) or Contribution(site=site, indicator_id=indicator_id)
        row.quantity = quantity
        row.save()


def pairs_of(value: object) -> list[tuple[int, Decimal]]:
    if not isinstance(value, list | tuple):
        raise ValueError("contributions are (indicator id, quantity) pairs")
    pairs = [(int(indicator_id), Decimal(quantity)) for indicator_id, quantity in value]
    if len({indicator_id for indicator_id, _quantity in pairs}) != len(pairs):
        raise Invalid({"contributions": _("同一指标不能填写两次。")})
    return pairs


def refuse_verified(
    access: Access,
    changes: Mapping[str, object],
    stage: str = "",
    verified_on: dt.date | None = None,
) -> None:
    """Verified is what somebody else finds on the spot (projects.actions.verification): no form and no file
    says it or takes it back. Who keeps the programme may take records over from elsewhere. Raises Invalid.
    """
    wanted = changes.get("stage", stage)
    is_staged = wanted != stage and Stage.VERIFIED in (wanted, stage)
    is_dated = changes.get("verified_on", verified_on) != verified_on
    if not (is_staged or is_dated) or may(access, Permission.PROGRAMME_CHANGE, Target()):
        return
    if is_staged:
        raise Invalid({"stage": _("“已核验”由核验人登记和退回,这里不能改成或改掉。")})
    raise Invalid({"verified_on": _("核验日期由核验人登记,这里不能改。")})


def check_version(site: Site, expected: int) -> None:
    if site.version != expected:
        raise Conflict(
            _("“%(name)s”在您打开之后已被他人修改(现为第 %(version)d 版)。")
            % {"name": site.name, "version": site.version},
            current_version=site.version,
        )


def clean(site: Site) -> None:
    """Model validation with every constraint; raises Invalid with one sentence a field."""
    try:
        site.full_clean(exclude=["submitted_by", "published_by"])
    except ValidationError as problem:
        raise _invalid(problem) from problem
    _check_plans(site)
    _check_stage(site)


def clean_changed(site: Site, names: Iterable[str]) -> None:
    """What of `clean` asks no database, for the changed fields. Constraints are left to the database then."""
    changed = set(names)
    unchanged = [
        field.name
        for field in site._meta.fields
        if field.is_relation or field.attname not in changed or field.name == "geom"
    ]
    try:
        site.clean_fields(exclude=unchanged)
    except ValidationError as problem:
        raise _invalid(problem) from problem
    _check_plans(site)
    _check_stage(site)


def _invalid(problem: ValidationError) -> Invalid:
    return Invalid(
        {"" if name == "__all__" else name: " ".join(texts) for name, texts in problem.message_dict.items()}
    )


def _check_plans(site: Site) -> None:
    """The rules must be able to read both plans: dates in order, milestones within them."""
    try:
        _plans = (site.baseline, site.plan)
    except RuleError as problem:
        sentence = _(problem.msgid).format(**problem.params)
        raise Invalid({"baseline_milestones": sentence}) from problem


def _check_stage(site: Site) -> None:
    """Dates and stage tell one story: the lights read the dates, the figures the stage."""
    if site.started_on is not None and site.finished_on is not None and site.finished_on < site.started_on:
        raise Invalid(
            {
                "finished_on": _("实际完工日期 %(finish)s 早于实际开工日期 %(start)s。")
                % {"finish": site.finished_on, "start": site.started_on}
            }
        )
    stage = Stage(site.stage) if site.stage in set(Stage) else None
    if site.finished_on is not None and stage in UNDER_WAY:
        raise Invalid({"stage": _("已填实际完工日期,建设阶段须是已完工或已核验;还没完工请清空该日期。")})
    if site.started_on is not None and stage in (Stage.PLANNED, Stage.SITED):
        raise Invalid({"stage": _("已填实际开工日期,建设阶段不能还在开工之前;还没开工请清空该日期。")})


#: The first agreed dates. Once handed over for publication they never change; a reschedule adds a plan.
_BASELINE = ("baseline_start", "baseline_finish", "baseline_milestones")


def _check_baseline(site: Site, before: Mapping[str, ledger.JSON], changes: Mapping[str, object]) -> None:
    was_handed_over = site.published_by_id is not None or site.publication != Publication.DRAFT
    if not was_handed_over or (before["baseline_start"] is None and before["baseline_finish"] is None):
        return
    for name in _BASELINE:
        if name in changes and ledger.as_json(getattr(site, name)) != before[name]:
            raise Invalid({name: _("基线在提交发布之后不再改动;要改期请新增计划调整。")})
