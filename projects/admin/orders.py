"""Supervision orders in the admin: the list, one order with its steps, the sheet that is printed."""

import re
from typing import Any, Final

from django.contrib import admin, messages
from django.db import OperationalError
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.actions.errors import ActionError, Invalid
from projects.actions.orders import save_order_scheme
from projects.admin import drafts
from projects.admin.base import ScopedAdmin, cut
from projects.admin.orderforms import PAGES, StepPage
from projects.admin.orderissuing import issue_view
from projects.admin.photouploads import ACCEPT, photos_in
from projects.admin.scope import access_for
from projects.models import Division, OrderScheme, Site, SupervisionOrder
from projects.permissions.access import Access, Permission, holds
from projects.readmodels.checkpoints import latest_checkpoint
from projects.readmodels.orders import (
    due_soon,
    orders_for,
    possible_steps,
    standings,
    to_decide,
    to_review,
    today,
)
from projects.rules.orders import TO_ANSWER
from projects.rules.vocabulary import Due, OrderState, PhotoPurpose

_MOST_PHOTOS: Final = 12
_NUMBER: Final = re.compile(r"督?[〔\[((](?P<year>\d{4})[〕\]))](?P<serial>\d{1,6})号?", re.ASCII)


class TodoFilter(admin.SimpleListFilter):
    title = gettext_lazy("待办")
    parameter_name = "todo"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        access = access_for(request)
        found = []
        if holds(access, Permission.ORDER_ANSWER):
            found += [("sign", _("待我签收")), ("report", _("待我反馈"))]
        if holds(access, Permission.ORDER_REVIEW):
            found += [("review", _("待我审核")), ("extension", _("待我答复延期"))]
        return found

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        access = access_for(request)
        mine = SupervisionOrder.objects.given_to(access)
        chosen = {
            "sign": mine.filter(state=OrderState.ISSUED.value),
            "report": mine.filter(state__in=[state.value for state in TO_ANSWER]),
            "review": to_review(access),
            "extension": to_decide(access),
        }.get(self.value() or "")
        return queryset if chosen is None else queryset.filter(pk__in=chosen.values("pk"))


class DueFilter(admin.SimpleListFilter):
    title = gettext_lazy("期限")
    parameter_name = "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", _("未办结")), *((due.value, _(due.term)) for due in (Due.SOON, Due.OVERDUE))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rows = SupervisionOrder.objects.open()
        if self.value() == Due.OVERDUE:
            return queryset.filter(pk__in=rows.overdue(today()).values("pk"))
        if self.value() == Due.SOON:
            return queryset.filter(pk__in=due_soon(rows, today()).values("pk"))
        return queryset.filter(pk__in=rows.values("pk")) if self.value() == "open" else queryset


class DivisionFilter(admin.SimpleListFilter):
    title = gettext_lazy("承办区划")
    parameter_name = "division"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        seen = SupervisionOrder.objects.visible_to(access_for(request)).values("division_id")
        return [
            (row.code, row.name) for row in Division.objects.filter(pk__in=seen).order_by("tree_left", "code")
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(division__code=cut(self.value() or "")) if self.value() else queryset


@admin.register(SupervisionOrder)
class SupervisionOrderAdmin(ScopedAdmin[SupervisionOrder]):
    """Everything is a step (projects.actions.ordersteps): no field is edited, no row removed."""

    list_display = ["number_shown", "grade_shown", "subject_shown", "addressee_shown", "state_shown",
                    "due_shown", "issued_at"]  # fmt: skip
    list_display_links = ["number_shown"]
    list_filter = [TodoFilter, DueFilter, "grade", "state", DivisionFilter]
    search_fields = ["site__name", "site__code", "indicator__name_zh"]
    search_help_text = gettext_lazy("按单号(督〔2026〕17号)、点位名称、编码或指标查找")
    ordering = ["-pk"]
    by_key = True
    list_hint = gettext_lazy("一事一单:签收、办理、反馈,审核后销号或退回重办。每一步都留痕,不修改、不删除。")
    change_list_template = "admin/projects/supervisionorder/change_list.html"

    def rows(self, access: Access, permission: Permission) -> QuerySet[SupervisionOrder]:
        if permission is Permission.SITE_VIEW_INTERNAL:
            return orders_for(access)
        return SupervisionOrder.objects.visible_to(access, permission)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[SupervisionOrder], search_term: str
    ) -> tuple[QuerySet[SupervisionOrder], bool]:
        """A number as it is printed, `督〔2026〕17号`, or words."""
        number = _NUMBER.fullmatch(cut(search_term).strip())
        if number is not None:
            return queryset.filter(year=int(number["year"]), serial=int(number["serial"])), False
        return super().get_search_results(request, queryset, search_term)

    def has_change_permission(self, request: HttpRequest, obj: SupervisionOrder | None = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("单号"))
    def number_shown(self, obj: SupervisionOrder) -> str:
        return f"{obj.number} {_('演示')}" if obj.is_demo else obj.number

    @admin.display(description=gettext_lazy("等级"), ordering="grade")
    def grade_shown(self, obj: SupervisionOrder) -> str:
        return str(obj.get_grade_display())

    @admin.display(description=gettext_lazy("事项"))
    def subject_shown(self, obj: SupervisionOrder) -> str:
        return obj.subject

    @admin.display(description=gettext_lazy("承办单位"), ordering="division")
    def addressee_shown(self, obj: SupervisionOrder) -> str:
        return obj.addressee

    @admin.display(description=gettext_lazy("状态"), ordering="state")
    def state_shown(self, obj: SupervisionOrder) -> str:
        asked = _("(申请延期)") if obj.wanted_on else ""
        return f"{obj.get_state_display()}{asked}"

    @admin.display(description=gettext_lazy("期限"), ordering="report_by")
    def due_shown(self, obj: SupervisionOrder) -> str:
        due_on = obj.position.due_on
        if due_on is None:
            return "–"
        late = (today() - due_on).days
        return f"{due_on} {_('超期 %(days)d 天') % {'days': late}}" if late > 0 else str(due_on)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("issue/", wrap(self.issue), name="projects_supervisionorder_issue"),
            path("<int:object_id>/print/", wrap(self.print_view), name="projects_supervisionorder_print"),
            path(
                "<int:object_id>/step/<slug:step>/",
                wrap(self.step_view),
                name="projects_supervisionorder_step",
            ),
            *super().get_urls(),
        ]

    def issue(self, request: HttpRequest) -> HttpResponse:
        """Issue one order, or one each for several sites."""
        return issue_view(self, request)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        may_issue = holds(access_for(request), Permission.ORDER_ISSUE)
        return super().changelist_view(request, {"may_issue": may_issue, **(extra_context or {})})

    # -- one order --------------------------------------------------------------------------------------

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        order = self.get_object(request, object_id)
        if order is None:
            return self._nowhere(request)
        context = {**self._context(request, order), "title": order.number}
        return TemplateResponse(request, "admin/projects/supervisionorder/order.html", context)

    def print_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """One sheet for the file: facts, requirement, dates, signatures, the audit checkpoint."""
        order = self.get_object(request, str(object_id))
        if order is None:
            return self._nowhere(request)
        context = {**self._context(request, order), "title": order.number, "newest": latest_checkpoint()}
        return TemplateResponse(request, "admin/projects/supervisionorder/print.html", context)

    def step_view(self, request: HttpRequest, object_id: int, step: str) -> HttpResponse:
        """The page of one step, and the step itself."""
        order = self.get_object(request, str(object_id))
        page = next((each for each in PAGES.values() if each.step.value == step), None)
        if order is None or page is None:
            return self._nowhere(request)
        access = access_for(request)
        possible = page.step in possible_steps(access, order, today())
        form = page.form(order, page.step, drafts.typed(request))
        if request.method == "POST" and form.is_valid():
            answer = self._run(request, access, order, page, form)
            if answer is not None:
                return answer
        context = {
            **self._context(request, order),
            "title": _(page.step.term),
            "step": page.step,
            "possible": possible,
            "form": form,
            "takes_photos": page.takes_photos and order.site_id is not None,
            "accept": ACCEPT,
            "most": _MOST_PHOTOS,
            "draft": drafts.offer(request) if possible else None,
        }
        status = 200 if possible or request.method == "POST" else 403
        return TemplateResponse(request, "admin/projects/supervisionorder/step.html", context, status=status)

    def _run(
        self, request: HttpRequest, access: Access, order: SupervisionOrder, page: StepPage, form: Any
    ) -> HttpResponse | None:
        try:
            photos = {}
            if page.takes_photos and request.FILES:
                photos["photos"] = photos_in(request, purpose=PhotoPurpose.RECTIFICATION)
            page.run(access, order, form.cleaned_data, **photos)
        except Invalid as refusal:
            for name, text in refusal.errors.items():
                form.add_error(name if name in form.fields else None, text)
        except ActionError as refused:
            form.add_error(None, str(refused))
        except OperationalError:
            return self.busy(request)
        else:
            said = {"number": order.number, "step": _(page.step.term)}
            messages.success(request, _("%(number)s:已%(step)s。") % said)
            return HttpResponseRedirect(reverse("admin:projects_supervisionorder_change", args=[order.pk]))
        return None

    def _context(self, request: HttpRequest, order: SupervisionOrder) -> dict[str, Any]:
        access = access_for(request)
        standing = next(standings(SupervisionOrder.objects.filter(pk=order.pk), today()))
        steps = possible_steps(access, order, today())
        events = order.events.select_related("recorded_by").prefetch_related("photos").order_by("pk")
        sees_site = (
            order.site_id is not None and Site.objects.visible_to(access).filter(pk=order.site_id).exists()
        )
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "order": order,
            "original": order,
            "standing": standing,
            "is_overdue": standing.due is Due.OVERDUE,
            "is_soon": standing.due is Due.SOON,
            "steps": steps,
            "events": list(events),
            "sees_site": sees_site,
        }

    def _nowhere(self, request: HttpRequest) -> HttpResponse:
        messages.warning(request, _("没有这份督办单,或者它不在您的管理范围内。"))
        return HttpResponseRedirect(reverse("admin:index"))


@admin.register(OrderScheme)
class OrderSchemeAdmin(ScopedAdmin[OrderScheme]):
    add = change = Permission.PROGRAMME_CHANGE
    list_display = ["programme", "blue_report_days", "orange_report_days", "red_report_days", "rework_days"]
    list_select_related = ["programme"]
    fields = ["programme", ("blue_sign_days", "blue_report_days"), ("orange_sign_days", "orange_report_days"),
              ("red_sign_days", "red_report_days"), "rework_days", "remind_days", "source"]  # fmt: skip
    list_hint = gettext_lazy("期限按工作日计算。没有登记的年度按系统默认;改动只对以后发出的督办单有效。")

    def get_readonly_fields(self, request: HttpRequest, obj: OrderScheme | None = None) -> list[str]:
        return ["programme"] if obj is not None else []

    def write_row(
        self, request: HttpRequest, obj: OrderScheme, form: ModelForm[OrderScheme], reason: str
    ) -> None:
        save_order_scheme(access=access_for(request), row=obj, reason=reason)
