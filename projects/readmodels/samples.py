"""Samples: which sites are eligible, and how a drawn round goes on, district by district."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from projects.models import Division, Sample, SampledSite, SampleFrame, Site, Verification
from projects.permissions.access import Access, Permission, divisions_for
from projects.querysets.sites import SiteQuerySet, row_by_row
from projects.readmodels.verifying import counting, in_use, scheme_of
from projects.rules.errors import RuleError
from projects.rules.sampling import Framed, Interval, differences, draw, frame_hash, read_frame, wilson
from projects.rules.verification import FAULTS, waiting_as
from projects.rules.vocabulary import FINISHED, Awaits, CheckLevel, CheckResult, Stage

#: Levels of division that are a district (区县) to a draw.
DISTRICTS: Final = ("county", "zone")


def eligible(sample: Sample, today: dt.date | None = None) -> SiteQuerySet:
    """Sites of the programme that the round is about: those that wait for a draw, or those in use.

    With `skips_visited`: without those that the city has visited since the year of `today` began.
    """
    day = today or timezone.localdate()
    programme = sample.programme
    rows = Site.objects.live().filter(row_by_row(Exists(counting(programme))))
    if sample.level == CheckLevel.SPOT_CHECK:
        waiting = waiting_as(Awaits.DRAW, scheme_of(programme))
        rows = rows.filter(stage=Stage.FINISHED.value, checked__in=[word.value for word in waiting])
        drawn = SampledSite.objects.filter(
            site=OuterRef("pk"), sample__level=CheckLevel.SPOT_CHECK.value, sample__accepted_at__isnull=True
        )
        rows = rows.filter(~Exists(drawn))
    else:
        rows = in_use(rows).exclude(checked="returned")
    if sample.skips_visited:
        visits = Verification.objects.filter(
            site=OuterRef("pk"),
            level__in=[CheckLevel.SPOT_CHECK.value, CheckLevel.REVISIT.value],
            visited_on__gte=day.replace(month=1, day=1),
        ).exclude(result=CheckResult.UNREACHABLE.value)
        rows = rows.filter(~Exists(visits))
    return rows.order_by("pk")


def framed(rows: SiteQuerySet) -> list[tuple[int, Framed]]:
    """(key, district, kind and public id) of each; a site that lies in no district is under its own area."""
    code_of = district_codes()
    found = rows.values_list("pk", "managed_by_id", "kind__slug", "public_id")
    return [(pk, Framed(code_of[division], kind, public)) for pk, division, kind, public in found]


def district_codes() -> dict[int, str]:
    """For each area the code of the district that it lies in, or its own."""
    areas = list(Division.objects.all().order_by("tree_left"))
    districts = [area for area in areas if area.level in DISTRICTS]
    found = {area.pk: area.code for area in areas}
    for area in areas:
        around = [d for d in districts if d.tree_left <= area.tree_left and area.tree_right <= d.tree_right]
        if around:
            found[area.pk] = around[-1].code
    return found


@dataclass(slots=True)
class Progress:
    """How a round goes in one district. `left`: still to be visited; `failed`: found at fault at first."""

    code: str
    name: str
    eligible: int = 0
    drawn: int = 0
    visited: int = 0
    failed: int = 0
    in_vain: int = 0
    rework: int = 0

    @property
    def left(self) -> int:
        return self.drawn - self.visited

    @property
    def interval(self) -> Interval | None:
        return wilson(self.failed, self.visited)


@dataclass(frozen=True, slots=True)
class Row:
    """A drawn site and its visits for the round, oldest first."""

    drawn: SampledSite
    visits: tuple[Verification, ...]

    @property
    def first(self) -> Verification | None:
        """The first visit that judged: it says what the sample found."""
        return next((row for row in self.visits if row.result != CheckResult.UNREACHABLE), None)

    @property
    def last(self) -> Verification | None:
        return self.visits[-1] if self.visits else None


@dataclass(frozen=True, slots=True)
class Round:
    """A sample with what was found, within somebody's scope."""

    sample: Sample
    rows: tuple[Row, ...]
    districts: tuple[Progress, ...]
    whole: Progress = field(compare=False)


def round_of(sample: Sample, access: Access, frame: Iterable[Framed] = ()) -> Round:
    """The round as `access` may see it. `frame`: to say how many were eligible in each district."""
    mine = Site.objects.visible_to(access, Permission.SAMPLE_VIEW)
    drawn = list(
        SampledSite.objects.filter(sample=sample, site__in=mine.values("pk"))
        .select_related("site", "site__kind", "site__managed_by")
        .order_by("district", "kind", "rank")
    )
    visits: dict[int, list[Verification]] = {}
    for visit in (
        Verification.objects.filter(sample=sample).standing().select_related("recorded_by").order_by("pk")
    ):
        visits.setdefault(visit.site_id, []).append(visit)
    rows = tuple(Row(each, tuple(visits.get(each.site_id, ()))) for each in drawn)
    names = dict(Division.objects.values_list("code", "name_zh"))
    names_en = {row.code: row.name for row in Division.objects.all()}
    found: dict[str, Progress] = {}
    whole = Progress("", "")
    codes = {row.drawn.district for row in rows} | seen_districts(access)
    for site in frame:
        if site.district in codes:
            at = found.setdefault(site.district, Progress(site.district, names_en.get(site.district, "")))
            at.eligible += 1
            whole.eligible += 1
    for row in rows:
        code = row.drawn.district
        at = found.setdefault(code, Progress(code, names_en.get(code, names.get(code, code))))
        for each in (at, whole):
            each.drawn += 1
            each.visited += row.first is not None
            each.failed += row.first is not None and CheckResult(row.first.result) in FAULTS
            each.in_vain += row.first is None and bool(row.visits)
            each.rework += row.drawn.site.checked == "returned"
    return Round(sample, rows, tuple(found[code] for code in sorted(found)), whole)


def seen_districts(access: Access) -> set[str]:
    """Codes of the districts all of whose sites somebody sees."""
    allowed = divisions_for(access, Permission.SAMPLE_VIEW)
    rows = Division.objects.filter(level__in=DISTRICTS)
    return set((rows if allowed is None else rows.filter(pk__in=allowed)).values_list("code", flat=True))


def left_for(access: Access) -> SiteQuerySet:
    """Drawn sites that are still to be visited by a verifier, of every round."""
    done = Verification.objects.filter(sample=OuterRef("sample"), site=OuterRef("site")).exclude(
        result=CheckResult.UNREACHABLE.value
    )
    # The drawn are few: asked for first.
    drawn = SampledSite.objects.filter(
        ~Exists(done), sample__accepted_at__isnull=True, sample__drawn_at__isnull=False
    )
    return Site.objects.visible_to(access, Permission.SITE_VERIFY).filter(
        pk__in=drawn.values("site"), stage__in=[stage.value for stage in FINISHED]
    )


def checked_again(sample: Sample) -> list[str]:
    """What differs when a drawn round is drawn again from its stored frame, as sentences; none: the same."""
    frame = SampleFrame.objects.filter(sample=sample).first()
    if frame is None:
        return [_("没有存下的抽样框。")]
    if frame_hash(frame.content) != sample.frame_hash:
        return [_("抽样框与公布的 SHA-256 不符。")]
    try:
        ranked = draw(read_frame(frame.content), sample.recipe)
    except RuleError as problem:
        return [_(problem.msgid).format(**problem.params)]
    drawn = SampledSite.objects.filter(sample=sample)
    stored = drawn.values_list("site__public_id", "rank", "digest")
    missing, unknown = differences(ranked, stored)
    wrong = [_("%(id)s 应抽中,没有存下。") % {"id": each} for each in sorted(missing)]
    wrong += [_("%(id)s 存为抽中,重算没有抽中或序号、编号不同。") % {"id": each} for each in sorted(unknown)]
    stratum_of = {row.site.public_id: (row.site.district, row.site.kind) for row in ranked}
    said = drawn.values_list("site__public_id", "district", "kind")
    moved = sorted(each for each, *stratum in said if stratum_of.get(each, ()) != tuple(stratum))
    wrong += [
        _("%(id)s 存下的区县或种类与抽样框不同。") % {"id": each} for each in moved if each not in unknown
    ]
    if (sample.frame_size, sample.drawn_count) != (len(ranked), sum(row.is_drawn for row in ranked)):
        wrong.append(_("记下的抽样框点位数或抽中数与抽样框不符。"))
    return wrong
