"""What needs doing: questions over sites that the start page counts and the list filters by."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from projects.admin.ordertasks import tasks_of_orders
from projects.admin.tasks import Task
from projects.admin.verifytasks import tasks_of_verification
from projects.models import Contribution, CorrectionRequest, Programme, Site, StagedImport
from projects.permissions.access import Access, Permission, Target, holds, may
from projects.querysets.sites import SiteQuerySet
from projects.readmodels.rounds import districts_of_round, due_sites, month_due, reported_in
from projects.readmodels.siteindex import Snapshot, snapshot
from projects.readmodels.sitequeries import SiteFilter
from projects.readmodels.staffsites import StaffQuery, counting_test, light_test, staff_query, total
from projects.rules.vocabulary import UNDER_WAY, Decision, Light, Publication, StagedState

#: A site under way that was not reported for longer than this is asked after.
REPORT_EVERY: Final = dt.timedelta(days=31)
#: A handed-in file in one of these states waits for the person, not for the machine.
_WAITING: Final = (StagedState.UPLOADED, StagedState.CHECKED, StagedState.FAILED)


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


@dataclass(frozen=True, slots=True)
class Question:
    """One kind of work: its word in the address, its sentence, its rows; `asked` is the same of the index.

    Not `on_start`: a filter of the list only.
    """

    slug: str
    label: str | Promise
    hint: str | Promise
    tone: str
    rows: Callable[[Access, dt.date], SiteQuerySet]
    asked: Callable[[Access, dt.date, Snapshot], StaffQuery]
    on_start: bool = True


QUESTIONS: Final = (
    Question("drafts", _("草稿待提交"), _("填好后提交,由另一人发布"), "calm", drafts, _drafts),
    Question("publish", _("待我发布"), _("别人提交的,核对后发布"), "work", to_publish, _to_publish),
    Question("late", _("滞后点位"), _("截至数据截止日亮黄灯或红灯"), "bad", late, _late),
    Question(
        "unreported",
        _("一个月未报进度"),
        _("在建点位,请补报形象进度"),
        "work",
        unreported,
        _unreported,
        on_start=False,
    ),
)


def tasks_of_sites(access: Access, day: dt.date) -> Iterator[Task]:
    """The questions above, counted."""
    held = snapshot(fresh=True)
    address = reverse("admin:projects_site_changelist")
    for question in (each for each in QUESTIONS if each.on_start):
        found = total(question.asked(access, day, held), held)
        url = f"{address}?todo={question.slug}"
        yield Task(question.label, question.hint, question.tone, found.count, found.at_least, url)


def tasks_of_rounds(access: Access, day: dt.date) -> Iterator[Task]:
    """Sites whose month's report is still to come, for who reports; districts behind, for who watches."""
    month = month_due()
    url = f"{reverse('admin:round')}?day={month.day.isoformat()}"
    words = {"day": month.day.isoformat(), "until": month.until.isoformat()}
    if holds(access, Permission.SITE_REPORT):
        rows = due_sites(access, Permission.SITE_REPORT, month).exclude(reported_in(month))
        hint = gettext("截至 %(day)s 的月度填报,应在 %(until)s 前报完") % words
        tone = "bad" if timezone.localdate() > month.until else "work"
        yield Task(_("本月应报未报"), hint, tone, rows.count(), False, f"{url}&show=unreported")
    elif holds(access, Permission.ORDER_ISSUE):
        behind = districts_of_round(access, Permission.SITE_VIEW_INTERNAL, month)
        hint = gettext("截至 %(day)s 的月度填报还没有报完") % words
        yield Task(_("未报完的区县"), hint, "calm", sum(row.open > 0 for row in behind), False, url)


def tasks_of_corrections(access: Access, day: dt.date) -> Iterator[Task]:
    """Requests of others that I may decide."""
    if not may(access, Permission.PERIOD_CLOSE, Target()):
        return
    waiting = CorrectionRequest.objects.filter(decision=Decision.WAITING.value).exclude(
        requested_by=access.user_id
    )
    yield Task(
        _("更正待审批"),
        _("对已关账期间的更正,核对后批准或不批准"),
        "work",
        waiting.count(),
        False,
        f"{reverse('admin:projects_correctionrequest_changelist')}?decision__exact={Decision.WAITING.value}",
    )


def tasks_of_imports(access: Access, day: dt.date) -> Iterator[Task]:
    """Files that I handed in and that wait for me: checked and not written, or not readable."""
    if not holds(access, Permission.IMPORT_RUN):
        return
    mine = StagedImport.objects.visible_to(access).filter(uploaded_by_id=access.user_id)
    yield Task(
        _("导入待处理"),
        _("上传以后还没有写入的文件"),
        "work",
        mine.filter(state__in=[state.value for state in _WAITING]).count(),
        False,
        reverse("admin:projects_stagedimport_changelist"),
    )


#: Who says what is due, in the order of the start page. A new kind of work adds its function here.
PROVIDERS: Final[tuple[Callable[[Access, dt.date], Iterable[Task]], ...]] = (
    tasks_of_sites,
    tasks_of_rounds,
    tasks_of_corrections,
    tasks_of_imports,
    tasks_of_verification,
    tasks_of_orders,
)


def what_to_do(access: Access) -> tuple[dt.date, tuple[Task, ...]]:
    """The day that lateness is about, and the lines."""
    day = as_of()
    return day, tuple(task for provider in PROVIDERS for task in provider(access, day))
