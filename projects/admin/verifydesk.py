"""The verifier's desk (待我核验), and the visits that were made, to be read."""

import math
from typing import Any, Final

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.admin.base import ScopedAdmin
from projects.admin.reports import of_sites_found, of_visible_site
from projects.admin.scope import access_for, divisions_of
from projects.models import Verification
from projects.permissions.access import LEVEL_PERMISSIONS, Access, Permission, holds
from projects.readmodels.samples import DISTRICTS
from projects.readmodels.verifydesk import (
    MOST,
    Narrowing,
    in_order,
    levels_of,
    returned_rows,
    samples_of,
    waiting_ids,
    waiting_rows,
)
from projects.readmodels.verifying import to_rework
from projects.rules.vocabulary import CheckLevel

_PAGE: Final = 30
_REWORK: Final = "rework"
_LONGEST_NUMBER: Final = 18


@admin.register(Verification)
class VerificationAdmin(ScopedAdmin[Verification]):
    """Visits are made on the site's own page."""

    list_display = ["site", "level", "result", "visited_on", "recorded_by", "deadline", "is_far", "sample"]
    list_filter = ["level", "result"]
    search_fields = ["site__name", "site__code"]
    search_help_text = gettext_lazy("按点位的名称、编码或地址查找")
    list_select_related = ["site", "recorded_by", "sample"]
    ordering = ["-pk"]
    by_key = True
    fields = ("site", "level", "result", "visited_on", "recorded_by", "recorded_at", "reasons", "deadline",
              "deadline_is_provisional", "stage_after", "service_after", "distance_m", "accuracy_m", "is_far",
              "checklist", "answers_shown", "sample")  # fmt: skip
    readonly_fields = fields
    list_hint = gettext_lazy("每次核验一条,不修改、不删除。要核验,从“待我核验”打开点位。")
    change_list_template = "admin/projects/verification/change_list.html"

    def rows(self, access: Access, permission: Permission) -> QuerySet[Verification]:
        return Verification.objects.filter(of_visible_site(access, permission)).order_by("-pk")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Verification], search_term: str
    ) -> tuple[QuerySet[Verification], bool]:
        return of_sites_found(request, queryset, search_term), False

    @admin.display(description=gettext_lazy("清单结果"))
    def answers_shown(self, obj: Verification) -> str:
        if obj.checklist is None:
            return "–"
        words = {"yes": _("是"), "no": _("否")}
        lines = [
            f"{item.zh}:{words.get(obj.answers[item.key], obj.answers[item.key])}"
            for item in obj.checklist.read_items()
            if item.key in obj.answers
        ]
        return "\n".join(lines) or "–"

    def get_urls(self) -> list[URLPattern]:
        desk = self.admin_site.admin_view(self.desk_view)
        return [path("desk/", desk, name="projects_verification_desk"), *super().get_urls()]

    def desk_view(self, request: HttpRequest) -> HttpResponse:
        """What waits for me: by level, district and round, nearest first where I say where I am."""
        access = access_for(request)
        levels = levels_of(access)
        reworks = holds(access, Permission.SITE_REPORT)
        if not levels and not reworks:
            raise PermissionDenied
        wanted = request.GET.get("level", "")
        context = {
            **self.admin_site.each_context(request),
            "title": _("待我核验"),
            "opts": self.opts,
            "levels": levels,
            "reworks": reworks,
            "today": timezone.localdate(),
        }
        if reworks and (wanted == _REWORK or not levels):
            rows = returned_rows(access, to_rework(access, Permission.SITE_REPORT))
            context |= {"level": _REWORK, "returned": rows[:_PAGE], "count": len(rows)}
        else:
            level = next((each for each in levels if each.value == wanted), levels[-1])
            context |= self._waiting(request, access, level)
        return TemplateResponse(request, "admin/projects/verification/desk.html", context)

    def _waiting(self, request: HttpRequest, access: Access, level: CheckLevel) -> dict[str, Any]:
        districts = list(
            divisions_of(access, [LEVEL_PERMISSIONS[level]]).filter(level__in=DISTRICTS).order_by("tree_left")
        )
        samples = samples_of(access, level)
        chosen = _chosen(districts, request.GET.get("district", ""))
        sample = _chosen(samples, request.GET.get("sample", ""))
        at = _position(request)
        ids, more = waiting_ids(access, level, Narrowing(chosen, sample))
        ordered = in_order(ids, at)
        number = _whole(request.GET.get("page", "")) or 1
        last = max(1, math.ceil(len(ordered) / _PAGE))
        number = min(number, last)
        query = {
            "level": level.value,
            **({"district": chosen.pk} if chosen is not None else {}),
            **({"sample": sample.pk} if sample is not None else {}),
            **({"lon": f"{at[0]:.5f}", "lat": f"{at[1]:.5f}"} if at is not None else {}),
        }
        return {
            "level": level,
            "districts": districts,
            "district": chosen,
            "samples": samples,
            "sample": sample,
            "at": at,
            "count": len(ordered),
            "more": more,
            "most": MOST,
            "rows": waiting_rows(access, ordered[(number - 1) * _PAGE : number * _PAGE]),
            "number": number,
            "last": last,
            "earlier": f"?{urlencode({**query, 'page': number - 1})}" if number > 1 else "",
            "later": f"?{urlencode({**query, 'page': number + 1})}" if number < last else "",
        }


def desk_url(level: str) -> str:
    """The desk of one level, or of rework."""
    return f"{reverse('admin:projects_verification_desk')}?level={level}"


def _chosen(rows: Any, given: str) -> Any:
    return next((row for row in rows if str(row.pk) == given), None)


def _position(request: HttpRequest) -> tuple[float, float] | None:
    try:
        lon, lat = float(request.GET.get("lon", "")[:20]), float(request.GET.get("lat", "")[:20])
    except ValueError:
        return None
    return (lon, lat) if -180 <= lon <= 180 and -90 <= lat <= 90 else None


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else 0
