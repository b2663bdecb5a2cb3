"""The start page's line about feedback that waits for an answer."""

import datetime as dt
from collections.abc import Iterator
from typing import Any, Final

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from projects.admin.tasks import Example, Task
from projects.models import Feedback, Site
from projects.permissions.access import Access, Permission, holds
from projects.rules.vocabulary import FeedbackState

_SHOWN: Final = 3


def feedback_for(access: Access) -> QuerySet[Feedback]:
    """What somebody may read and answer: feedback on the sites whose feedback is theirs to handle."""
    sites = Site.objects.visible_to(access, Permission.FEEDBACK_HANDLE)
    return Feedback.objects.filter(Exists(sites.filter(pk=OuterRef("site_id"))))


def tasks_of_feedback(access: Access, day: dt.date) -> Iterator[Task]:
    """Messages of citizens that wait, the oldest by name."""
    if not holds(access, Permission.FEEDBACK_HANDLE):
        return
    waiting = feedback_for(access).filter(state=FeedbackState.WAITING.value)
    count = waiting.count()
    oldest = waiting.select_related("site").only("sent_at", "site__name").order_by("sent_at", "pk")[:_SHOWN]
    examples = tuple(_example(row) for row in oldest) if count else ()
    url = f"{reverse('admin:projects_feedback_changelist')}?state__exact={FeedbackState.WAITING.value}"
    hint = _("市民在点位页面上发来的,请核实后答复")
    yield Task(_("待答复的反馈"), hint, "work", count, False, url, None, examples)


def _example(row: Any) -> Example:
    days = (timezone.localdate() - timezone.localdate(row.sent_at)).days
    url = reverse("admin:projects_feedback_change", args=[row.pk])
    return Example(row.site.name, gettext("已等待 %(days)d 天") % {"days": days}, url)
