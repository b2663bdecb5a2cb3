"""Lines of the start page besides those of sites: the month's round, files handed in, corrections."""

import datetime as dt
from collections.abc import Iterator
from typing import Final

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from projects.admin.tasks import Task
from projects.models import CorrectionRequest, StagedImport
from projects.permissions.access import Access, Permission, Target, holds, may
from projects.readmodels.rounds import districts_of_round, due_sites, month_due, reported_in
from projects.rules.vocabulary import Decision, StagedState

#: A handed-in file in one of these states waits for the person, not for the machine.
_WAITING: Final = (StagedState.UPLOADED, StagedState.CHECKED, StagedState.FAILED)


def tasks_of_rounds(access: Access, day: dt.date) -> Iterator[Task]:
    """Sites whose month's report is still to come, for who reports; districts behind, for who watches."""
    month = month_due()
    url = f"{reverse('admin:round')}?day={month.day.isoformat()}"
    words = {"day": month.day.isoformat()}
    if holds(access, Permission.SITE_REPORT):
        rows = due_sites(access, Permission.SITE_REPORT, month).exclude(reported_in(month))
        hint = gettext("截至 %(day)s 的月度填报") % words
        tone = "bad" if timezone.localdate() > month.until else "work"
        unreported = f"{url}&show=unreported"
        yield Task(_("本月应报未报"), hint, tone, rows.count(), False, unreported, month.until)
    elif holds(access, Permission.ORDER_ISSUE):
        behind = districts_of_round(access, Permission.SITE_VIEW_INTERNAL, month)
        hint = gettext("截至 %(day)s 的月度填报还没有报完") % words
        count = sum(row.open > 0 for row in behind)
        yield Task(_("未报完的区县"), hint, "calm", count, False, url, month.until)


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
