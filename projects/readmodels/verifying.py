"""What a site waits for on its way to being accepted, who had a hand in it, and what waits for whom."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import BooleanField, Case, CharField, Exists, F, Func, OuterRef, Q, Value, When
from django.db.models.functions import Cast

from projects.models import (
    AuditEntry,
    Checklist,
    Contribution,
    Programme,
    Rework,
    SampledSite,
    Site,
    SiteReport,
    SiteState,
    Verification,
    VerificationScheme,
)
from projects.permissions.access import LEVEL_PERMISSIONS, Access
from projects.querysets.sites import SiteQuerySet, row_by_row
from projects.rules.verification import DEFAULT, Scheme, awaits, waiting_as
from projects.rules.vocabulary import (
    FINISHED,
    Awaits,
    Checked,
    CheckLevel,
    CheckResult,
    Service,
    Stage,
)

#: The audit's word for a site that was not drawn and is accepted with its round.
ACCEPTED_WITH_ROUND: Final = "site.accept"
#: A change of one of these is a report of how far the site is.
_REPORTED: Final = frozenset({"stage", "started_on", "finished_on", "contributions"})
_AWAITED: Final = {
    CheckLevel.SELF_CHECK: Awaits.SELF_CHECK,
    CheckLevel.DEPARTMENT_CHECK: Awaits.DEPARTMENT_CHECK,
    CheckLevel.SPOT_CHECK: Awaits.SPOT_CHECK,
}
#: As the partial index `site_checked` says it: no database sees that a bound value is not the empty one.
_ON_ITS_WAY: Final = Func(F("checked"), template="NOT (%(expressions)s = '')", output_field=BooleanField())


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a site stands. `programme`: whose scheme holds; None for existing stock (存量).

    `drawn`: the open sample of spot checks that it is in; `cycle`: the visits since it was last declared
    complete, oldest first; `returned`: the return that is being reworked.
    """

    scheme: Scheme
    programme: Programme | None
    awaits: Awaits
    drawn: SampledSite | None
    cycle: tuple[Verification, ...]
    returned: Verification | None


def standing_of(site: Site) -> Standing:
    """Six questions at most."""
    programmes = Programme.objects.filter(
        categories__indicators__contributions__site=site, deleted_seq__isnull=True
    ).distinct()
    programme = max(programmes, key=lambda row: row.rank, default=None)
    scheme = scheme_of(programme)
    drawn = open_draws(CheckLevel.SPOT_CHECK).filter(site=site).select_related("sample").first()
    visits = list(site.verifications.standing().order_by("changed_seq", "pk").select_related("recorded_by"))
    since = _declared_since(site)
    waiting = awaits(
        Stage(site.stage),
        Checked(site.checked),
        scheme,
        counts=programme is not None,
        is_drawn=drawn is not None,
    )
    faults = [row for row in visits if row.result in (CheckResult.RETURNED, CheckResult.UNUSABLE)]
    return Standing(
        scheme,
        programme,
        waiting,
        drawn,
        tuple(row for row in visits if row.changed_seq > since),
        faults[-1] if faults and waiting is Awaits.REWORK else None,
    )


def schemes() -> dict[int, Scheme]:
    """By programme, those that have one of their own."""
    return {row.programme_id: row.scheme for row in VerificationScheme.objects.all()}


def scheme_of(programme: Programme | None) -> Scheme:
    """A programme's own scheme, or the default."""
    return DEFAULT if programme is None else schemes().get(programme.pk, DEFAULT)


def checklist_of(site: Site) -> Checklist | None:
    """The newest list of the site's kind, or the general one."""
    own = Checklist.objects.filter(kind_id=site.kind_id).order_by("-version").first()
    return own or Checklist.objects.filter(kind__isnull=True).order_by("-version").first()


def involved_in(site: Site) -> frozenset[int]:
    """Everybody who added the site, reported of it, or said how far it is, ever.

    What a visit or a round's acceptance wrote (a stage, the progress found on the spot) is nobody's report.
    """
    entries = AuditEntry.objects.filter(subject_type="site", subject_id=str(site.pk))
    judged = set(site.verifications.values_list("changed_seq", flat=True))
    judged |= set(entries.filter(action=ACCEPTED_WITH_ROUND).values_list("seq", flat=True))
    said: set[int | None] = {
        user
        for model in (SiteReport, SiteState, Rework)
        for user, seq in model._default_manager.filter(site=site).values_list("recorded_by_id", "changed_seq")
        if seq not in judged
    }
    said |= {
        entry.actor_id
        for entry in entries.filter(action__in=["site.add", "site.change"])
        if entry.action == "site.add" or _REPORTED & set(entry.payload.get("changed", ()))
    }
    return frozenset(user for user in said if user is not None)


def on_other_levels(standing: Standing, level: CheckLevel) -> frozenset[int]:
    """Who looked on another level since the site was declared complete. A visit in vain judged nothing."""
    return frozenset(
        row.recorded_by_id
        for row in standing.cycle
        if row.level != level and row.result != CheckResult.UNREACHABLE and row.recorded_by_id is not None
    )


def open_draws(level: CheckLevel) -> Any:
    """Drawn sites that have not been visited for their sample yet (a visit in vain is none), or were returned
    and have to be seen again.
    """
    done = Verification.objects.filter(
        sample=OuterRef("sample"),
        site=OuterRef("site"),
        result__in=[CheckResult.PASSED.value, CheckResult.USABLE.value]
        + ([CheckResult.UNUSABLE.value] if level is CheckLevel.REVISIT else []),
    )
    return SampledSite.objects.filter(~Exists(done), sample__level=level.value)


def waiting_for(
    access: Access, level: CheckLevel, *, programmes: Iterable[Programme] | None = None
) -> SiteQuerySet:
    """Sites that `access` may visit on a level now, leaving out those that the person had a hand in."""
    rows = Site.objects.visible_to(access, LEVEL_PERMISSIONS[level])
    rows = rows.filter(condition(level, programmes)).filter(not_mine(access.user_id))
    return rows


def condition(level: CheckLevel, programmes: Iterable[Programme] | None = None) -> Q:
    """Sites that wait for a level, whoever asks; of the programmes given, or of all."""
    if level is CheckLevel.REVISIT:
        # The drawn are few: asked for first.
        again = Q(checked=Checked.REWORKED.value) | Q(pk__in=open_draws(level).values("site"))
        return again & Q(stage__in=[stage.value for stage in FINISHED]) & ~Q(checked="returned")
    own = schemes()
    wanted = Q(pk__in=[])
    words: set[Checked] = set()
    rows = Programme.objects.filter(deleted_seq__isnull=True) if programmes is None else programmes
    for programme in rows:
        scheme = own.get(programme.pk, DEFAULT)
        waiting_words = waiting_as(_AWAITED[level], scheme)
        words |= set(waiting_words)
        part = Q(checked__in=[word.value for word in waiting_words])
        if level is CheckLevel.SPOT_CHECK:
            as_drawn = waiting_as(Awaits.SPOT_CHECK, scheme, is_drawn=True)
            words |= set(as_drawn)
            part |= Q(checked__in=[word.value for word in as_drawn], pk__in=open_draws(level).values("site"))
        wanted |= part & Q(row_by_row(Exists(counting(programme))))
    few = Q() if Checked.NOTHING in words else Q(_ON_ITS_WAY)
    return few & Q(stage=Stage.FINISHED.value) & wanted


def asks_unchecked(level: CheckLevel) -> bool:
    """Whether sites that nobody has looked at yet wait for this level in some programme."""
    if level is CheckLevel.REVISIT:
        return False
    own = schemes()
    keys = Programme.objects.filter(deleted_seq__isnull=True).values_list("pk", flat=True)
    return any(Checked.NOTHING in waiting_as(_AWAITED[level], own.get(pk, DEFAULT)) for pk in keys)


def counting(programme: Programme) -> Any:
    """Contributions of a site to a programme, as a sub-query."""
    return Contribution.objects.filter(
        site=OuterRef("pk"), indicator__category__programme=programme, indicator__deleted_seq__isnull=True
    )


def not_mine(user_id: int | None) -> Q:
    """Without sites that a person reported of, or looked at already. The visit itself asks in full."""
    added = AuditEntry.objects.filter(
        subject_type="site",
        subject_id=Cast(OuterRef("pk"), CharField()),
        action="site.add",
        actor_id=user_id,
    )
    mine = [
        SiteReport.objects.filter(site=OuterRef("pk"), recorded_by_id=user_id),
        SiteState.objects.filter(site=OuterRef("pk"), recorded_by_id=user_id).exclude(
            Exists(Verification.objects.filter(site=OuterRef("site"), changed_seq=OuterRef("changed_seq")))
        ),
        Rework.objects.filter(site=OuterRef("pk"), recorded_by_id=user_id),
        added,
    ]
    hand = Q(Exists(mine[0]))
    for rows in mine[1:]:
        hand |= Q(Exists(rows))
    # Asked of the few that wait, not of the whole table.
    return Q(Case(When(hand, then=Value(False)), default=Value(True)))


def to_rework(access: Access, permission: Any) -> SiteQuerySet:
    """Returned sites that `access` may declare done again."""
    rows = Site.objects.visible_to(access, permission)
    return rows.filter(_ON_ITS_WAY, checked=Checked.RETURNED.value)


def deadlines(site_ids: Sequence[int]) -> dict[int, Verification]:
    """The newest return of each."""
    found: dict[int, Verification] = {}
    rows = Verification.objects.filter(
        site__in=site_ids, result__in=[CheckResult.RETURNED.value, CheckResult.UNUSABLE.value]
    )
    for row in rows.standing().order_by("changed_seq", "pk"):
        found[row.site_id] = row
    return found


def in_use(sites: SiteQuerySet) -> SiteQuerySet:
    """What citizens are told that they can use."""
    return sites.filter(service=Service.OPEN.value, stage__in=[stage.value for stage in FINISHED])


def _declared_since(site: Site) -> int:
    """The last change after which the site was not, or not any more, declared complete."""
    unfinished = (
        site.states.standing()
        .exclude(stage__in=[stage.value for stage in FINISHED])
        .order_by("-changed_seq")
        .values_list("changed_seq", flat=True)
        .first()
    )
    reworked = site.reworks.order_by("-changed_seq").values_list("changed_seq", flat=True).first()
    return max(unfinished or 0, reworked or 0)


def overdue_reworks(sites: SiteQuerySet, today: dt.date) -> int:
    """How many of these returned sites are past the deadline of their newest return."""
    due = deadlines(list(sites.values_list("pk", flat=True)))
    return sum(row.deadline is not None and row.deadline < today for row in due.values())
