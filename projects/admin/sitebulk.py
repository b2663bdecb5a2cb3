"""One step for several sites: each on its own, and a message that says which were refused and why."""

from collections.abc import Callable

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from projects.actions.errors import ActionError
from projects.admin.scope import access_for
from projects.admin.sitesteps import Step
from projects.models import Site

#: One request works through at most so many sites; more is an import's job.
BULK_LIMIT = 500
_SHOWN_REFUSALS = 5


def run_each(request: HttpRequest, sites: QuerySet[Site], step: Step, action: Callable[..., Site]) -> None:
    """`action` takes access, site_id and expected_version, and asks scope and state again for each."""
    rows = list(sites.order_by("pk").values_list("pk", "version", "name")[: BULK_LIMIT + 1])
    if len(rows) > BULK_LIMIT:
        messages.error(request, _("一次最多处理 %(limit)d 个点位,请缩小范围。") % {"limit": BULK_LIMIT})
        return
    done, refused = 0, []
    for pk, version, name in rows:
        try:
            action(access=access_for(request), site_id=pk, expected_version=version)
            done += 1
        except ActionError as refusal:
            refused.append(f"{name}:{refusal}")
    if done:
        messages.success(request, _("%(step)s:%(count)d 个点位。") % {"step": step.label, "count": done})
    if refused:
        more = "" if len(refused) <= _SHOWN_REFUSALS else _(" 等 %(count)d 个") % {"count": len(refused)}
        messages.error(request, _("没有处理:") + " ".join(refused[:_SHOWN_REFUSALS]) + more)
