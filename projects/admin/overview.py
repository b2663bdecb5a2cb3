"""What needs doing: questions over sites that the start page counts and the list filters by."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Case, Exists, F, Min, OuterRef, Q, When
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from projects.admin.feedbacktasks import tasks_of_feedback
from projects.admin.missingtasks import tasks_of_figures
from projects.admin.ordertasks import tasks_of_orders
from projects.admin.tasks import Example, Task, by_urgency
from projects.admin.verifytasks import tasks_of_verification
from projects.admin.worktasks import tasks_of_corrections, tasks_of_imports, tasks_of_rounds
from projects.models import Contribution, Programme, Site
from projects.permissions.access import Access, Permission, holds
from projects.querysets.sites import SiteQuerySet
from projects.readmodels.dataproblems import explained, problem_counts, problem_ids
from projects.readmodels.sentences import said
from projects.readmodels.siteindex import Snapshot, snapshot
from projects.readmodels.sitequeries import SiteFilter
from projects.readmodels.staffsites import StaffQuery, counting_test, light_test, page, staff_query, total
from projects.rules.dataproblems import Problem
from projects.rules.vocabulary import UNDER_WAY, Light, Publication

#: A site under way that was not reported for longer than this is asked after.
REPORT_EVERY: Final = dt.timedelta(days=31)


def as_of() -> dt.date:
    """The day that the figures are about: the governing programme's cut-off, or today where there is none."""
    programmes = Programme.objects.filter(deleted_seq__isnull=True)
    return max(programmes, key=lambda row: row.rank).cutoff if programmes else timezone.localdate()


def drafts(access: Access, day: dt.date) -> SiteQuerySet:
    """Drafts that I may submit."""
    return Site.objects.visible_to(access, Permission.SITE_SUBMIT).filter(publication=Publication.DRAFT.value)


def to_publish(access: Access, day: dt.date) -> SiteQuerySet:
    """Submitted by somebody else, and I may publish them."""
    return (
        Site.objects.visible_to(access, Permission.SITE_PUBLISH)
        .filter(publication=Publication.SUBMITTED.value, submitted_by__isnull=False)
        .exclude(submitted_by=access.user_id)
    )


def late(access: Access, day: dt.date) -> SiteQuerySet:
    """Yellow or red on the day."""
    return Site.objects.visible_to(access).late()


def unreported(access: Access, day: dt.date) -> SiteQuerySet:
    """Under way, counting towards a target, and without a report in the last month before the day."""
    counts = Contribution.objects.filter(site=OuterRef("pk"))
    return Site.objects.visible_to(access, Permission.SITE_REPORT).filter(
        Q(reported_on__isnull=True) | Q(reported_on__lt=day - REPORT_EVERY),
        Exists(counts),
        stage__in=list(UNDER_WAY),
    )


def _drafts(access: Access, day: dt.date, held: Snapshot) -> StaffQuery:
    wanted = SiteFilter(publications=frozenset({Publication.DRAFT}))
    return staff_query(access, Permission.SITE_SUBMIT, held, wanted=wanted)


def _to_publish(access: Access, day: dt.date, held: Snapshot) -> StaffQuery:
    wanted = SiteFilter(publications=frozenset({Publication.SUBMITTED}))
    of_others = Q(submitted_by__isnull=False) & ~Q(submitted_by=access.user_id)
    return staff_query(access, Permission.SITE_PUBLISH, held, wanted=wanted, rest=of_others)


def _late(access: Access, day: dt.date, held: Snapshot) -> StaffQuery:
    lights = light_test({Light.YELLOW, Light.RED}, held)
    return staff_query(access, Permission.SITE_VIEW_INTERNAL, held, tests=[lights])


def _unreported(access: Access, day: dt.date, held: Snapshot) -> StaffQuery:
    wanted = SiteFilter(stages=UNDER_WAY)
    long_ago = Q(reported_on__isnull=True) | Q(reported_on__lt=day - REPORT_EVERY)
    return staff_query(
        access, Permission.SITE_REPORT, held, wanted=wanted, tests=[counting_test(held)], rest=long_ago
    )


def _name_and_light(site: Site) -> str:
    since = site.red_on if site.light == Light.RED else site.yellow_on
    said = gettext(Light(site.light).term)
    return gettext("%(light)s,自 %(day)s 起") % {"light": said, "day": since} if since else said


def _last_report(site: Site) -> str:
    if site.reported_on is None:
        return gettext("从未报过进度")
    return gettext("最近一次 %(day)s") % {"day": site.reported_on}


def _handed_over(site: Site) -> str:
    return gettext("%(who)s 提交") % {"who": site.submitted_by or "–"}


@dataclass(frozen=True, slots=True)
class Question:
    """One kind of work: its word in the address, its sentence, its rows; `asked` is the same of the index.

    `needs`: whose work it is, any of these. `order`: the most urgent first; `reason`: why a row is there.
    Not `on_start`: a filter of the list only.
    """

    slug: str
    label: str | Promise
    hint: str | Promise
    tone: str
    rows: Callable[[Access, dt.date], SiteQuerySet]
    asked: Callable[[Access, dt.date, Snapshot], StaffQuery]
    needs: tuple[Permission, ...]
    order: tuple[Any, ...]
    reason: Callable[[Site], str]
    step: str = "report"
    on_start: bool = True


_RED_FIRST: Final = Case(When(light=Light.RED.value, then=0), default=1)

QUESTIONS: Final = (
    Question(
        "late",
        _("滞后点位"),
        _("截至数据截止日亮黄灯或红灯"),
        "bad",
        late,
        _late,
        (Permission.SITE_REPORT, Permission.SITE_RESCHEDULE),
        (_RED_FIRST, F("red_on").asc(nulls_last=True), "pk"),
        _name_and_light,
    ),
    Question(
        "unreported",
        _("一个月未报进度"),
        _("在建点位,请补报形象进度"),
        "work",
        unreported,
        _unreported,
        (Permission.SITE_REPORT,),
        (F("reported_on").asc(nulls_first=True), "pk"),
        _last_report,
        on_start=False,  # the month's round asks the same, and has a deadline
    ),
    Question(
        "publish",
        _("待我发布"),
        _("别人提交的,核对后发布"),
        "work",
        to_publish,
        _to_publish,
        (Permission.SITE_PUBLISH,),
        ("changed_seq",),
        _handed_over,
        "publish",
    ),
    Question(
        "drafts",
        _("草稿待提交"),
        _("填好后提交,由另一人发布"),
        "calm",
        drafts,
        _drafts,
        (Permission.SITE_SUBMIT,),
        ("pk",),
        lambda site: gettext("编码 %(code)s") % {"code": site.code},
        "submit",
    ),
)
#: Whoever may not take the step is led to the site instead.
_STEP_NEEDS: Final = {
    "report": Permission.SITE_REPORT,
    "publish": Permission.SITE_PUBLISH,
    "submit": Permission.SITE_SUBMIT,
}
#: Rows among which the most urgent ones of a line are looked for.
_LOOKED_AT: Final = 500
_SHOWN: Final = 3


def tasks_of_sites(access: Access, day: dt.date) -> Iterator[Task]:
    """The questions above, counted, with the most urgent rows by name."""
    held = snapshot(fresh=True)
    address = reverse("admin:projects_site_changelist")
    for question in (each for each in QUESTIONS if each.on_start):
        if not any(holds(access, permission) for permission in question.needs):
            continue
        query = question.asked(access, day, held)
        found = total(query, held)
        url = f"{address}?todo={question.slug}"
        examples = tuple(_examples(question, access, query, held)) if found.count else ()
        deadline = _next_red(access, day) if question.slug == "late" else None
        yield Task(
            question.label, question.hint, question.tone, found.count, found.at_least, url, deadline, examples
        )


def _examples(question: Question, access: Access, query: StaffQuery, held: Snapshot) -> Iterator[Example]:
    ids = page(query, held, limit=_LOOKED_AT).ids
    rows = Site.objects.visible_to(access).filter(pk__in=ids).order_by(*question.order)
    may_step = holds(access, _STEP_NEEDS[question.step])
    for site in rows.select_related("submitted_by").defer("geom", "location", "attributes")[:_SHOWN]:
        if may_step:
            url = reverse("admin:projects_site_step", args=[site.pk, question.step])
        else:
            url = reverse("admin:projects_site_change", args=[site.pk])
        yield Example(site.name, question.reason(site), url)


def _next_red(access: Access, day: dt.date) -> dt.date | None:
    """The day on which the next of the yellow ones turns red if nothing is reported."""
    held = snapshot(fresh=True)
    query = staff_query(access, Permission.SITE_VIEW_INTERNAL, held, tests=[light_test({Light.YELLOW}, held)])
    yellow = Site.objects.filter(pk__in=page(query, held, limit=_LOOKED_AT).ids, red_on__gt=day)
    found: dt.date | None = yellow.aggregate(first=Min("red_on"))["first"]
    return found


def tasks_of_problems(access: Access, day: dt.date) -> Iterator[Task]:
    """Doubtful data of sites that I may mend."""
    if not holds(access, Permission.SITE_CHANGE):
        return
    held = snapshot(fresh=True)
    query = staff_query(access, Permission.SITE_CHANGE, held, ids=problem_ids((), held, day))
    found = total(query, held)
    # The most serious kind first: the newest sites that have it.
    counts = problem_counts(query.which, held, day)
    first = next((problem for problem in Problem if counts[problem]), None)
    examples = []
    if first is not None:
        worst = staff_query(access, Permission.SITE_CHANGE, held, ids=problem_ids([first], held, day))
        ids = page(worst, held, limit=_SHOWN).ids
        why = explained(ids, held, day)
        for site in Site.objects.visible_to(access).filter(pk__in=ids).only("pk", "name"):
            reason = " ".join(said(sentence) for _problem, sentence in why.get(site.pk, ())[:1])
            examples.append(Example(site.name, reason, reverse("admin:projects_site_change", args=[site.pk])))
    yield Task(
        _("数据问题"),
        _("可疑的、缺的、相互矛盾的数据,写明原因"),
        "work",
        found.count,
        False,
        reverse("admin:projects_site_problems"),
        None,
        tuple(examples),
    )


#: Who says what is due; equally urgent lines stand in this order. A new kind of work adds its function here.
PROVIDERS: Final[tuple[Callable[[Access, dt.date], Iterable[Task]], ...]] = (
    tasks_of_sites,
    tasks_of_rounds,
    tasks_of_figures,
    tasks_of_verification,
    tasks_of_orders,
    tasks_of_feedback,
    tasks_of_imports,
    tasks_of_problems,
    tasks_of_corrections,
)


def what_to_do(access: Access) -> tuple[dt.date, tuple[Task, ...]]:
    """The day that lateness is about, and the lines, the most urgent first."""
    day = as_of()
    return day, by_urgency(task for provider in PROVIDERS for task in provider(access, day))
