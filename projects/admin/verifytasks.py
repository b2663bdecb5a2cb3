"""What verification asks of somebody: sites to check, sites to put right, rounds to finish."""

import datetime as dt
from collections.abc import Iterator
from typing import Final

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.admin.tasks import Task
from projects.permissions.access import Access, Permission, Target, holds, may
from projects.readmodels.samples import left_for
from projects.readmodels.verifydesk import levels_of, waiting_total
from projects.readmodels.verifying import overdue_reworks, to_rework
from projects.rules.vocabulary import CheckLevel

_WORDS: Final[dict[CheckLevel, tuple[str | Promise, str | Promise]]] = {
    CheckLevel.SELF_CHECK: (gettext_lazy("待我自查"), gettext_lazy("申报完工的点位,须由没有填报过的人查")),
    CheckLevel.DEPARTMENT_CHECK: (gettext_lazy("待我部门核查"), gettext_lazy("区县自查通过的点位")),
    CheckLevel.SPOT_CHECK: (gettext_lazy("待我抽查"), gettext_lazy("抽中的点位,到现场核验")),
    CheckLevel.REVISIT: (gettext_lazy("待我回头看"), gettext_lazy("开放后再去看一次,还能不能用")),
}


def tasks_of_verification(access: Access, day: dt.date) -> Iterator[Task]:
    """Of the levels that are the reader's own; an administrator's are everybody's, and left out."""
    desk = reverse("admin:projects_verification_desk")
    if may(access, Permission.MEMBERSHIP_CHANGE, Target()):
        return
    for level in levels_of(access):
        found = waiting_total(access, level)
        label, hint = _WORDS[level]
        yield Task(label, hint, "work", found.count, found.at_least, f"{desk}?level={level.value}")
    if holds(access, Permission.SITE_REPORT):
        returned = to_rework(access, Permission.SITE_REPORT)
        late = overdue_reworks(returned, timezone.localdate())
        hint = gettext_lazy("核验退回的,整改后申报完工")
        yield Task(
            gettext_lazy("退回待整改"),
            _("其中 %(count)d 个已过整改期限") % {"count": late} if late else hint,
            "bad" if late else "work",
            returned.count(),
            False,
            f"{desk}?level=rework",
        )
    if holds(access, Permission.SITE_VERIFY):
        yield Task(
            gettext_lazy("抽查还没到访"),
            gettext_lazy("各轮抽中、还没有结论的点位"),
            "work",
            left_for(access).count(),
            False,
            reverse("admin:projects_sample_changelist"),
        )
