"""Issuing orders on the screen: chosen matters, one requirement, a preview, and then one order each."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from projects.actions.errors import ActionError, Invalid
from projects.actions.ordermatters import SubjectDraft
from projects.actions.orders import OrderDraft, Plan, issue_order, plan_order
from projects.admin.base import cut
from projects.admin.orderforms import IssueForm
from projects.admin.scope import access_for, divisions_of
from projects.models import Indicator, Phase, Site, SupervisionOrder
from projects.permissions.access import Access, Permission, holds
from projects.readmodels.orders import terms_of
from projects.rules.vocabulary import OrderGrade

if TYPE_CHECKING:
    from projects.admin.base import ScopedAdmin

#: At most so many orders are issued at once.
MOST: Final = 50
_LONGEST_NUMBER: Final = 18


@dataclass(frozen=True, slots=True)
class Chosen:
    """One matter that was chosen, as its hidden fields say it again, and what would be issued."""

    fields: tuple[tuple[str, int], ...]
    subject: SubjectDraft
    plan: Plan | None
    problem: str


def issue_view(admin: "ScopedAdmin[SupervisionOrder]", request: HttpRequest) -> HttpResponse:
    """Without a matter the page asks for one. A POST shows the preview; with `confirm` it issues."""
    access = access_for(request)
    if not holds(access, Permission.ORDER_ISSUE):
        raise PermissionDenied
    given = request.POST if request.method == "POST" else request.GET
    subjects = _subjects(access, given)
    if len(subjects) > MOST:
        messages.error(request, _("一次最多发 %(most)d 份督办单,请少选几个。") % {"most": MOST})
        subjects = subjects[:MOST]
    form = IssueForm(request.POST if request.method == "POST" else None)
    draft = _draft(form) if request.method == "POST" and subjects and form.is_valid() else None
    chosen = [_chosen(access, subject, draft or OrderDraft(subject, "–"), form) for subject in subjects]
    if draft is not None and not form.errors and "confirm" in request.POST:
        answer = _issue(admin, request, access, chosen, draft)
        if answer is not None:
            return answer
    possible = [row for row in chosen if row.plan is not None and not row.problem]
    context = {
        **admin.admin_site.each_context(request),
        "title": _("发督办单"),
        "opts": admin.opts,
        "form": form,
        "chosen": chosen,
        "possible": possible,
        "is_preview": draft is not None and not form.errors and "edit" not in request.POST,
        "draft_order": draft,
        "terms": _terms(possible),
        **(_choosing(access) if not chosen else {}),
    }
    return TemplateResponse(request, "admin/projects/supervisionorder/issue.html", context)


def _subjects(access: Access, given: QueryDict) -> list[SubjectDraft]:
    """The matters of an address or a form, within the reader's scope, each once and in their order."""
    wanted = [int(value) for value in dict.fromkeys(given.getlist("site")) if _is_number(value)]
    seen = set(
        Site.objects.visible_to(access, Permission.ORDER_ISSUE)
        .filter(pk__in=wanted[: MOST + 1])
        .values_list("pk", flat=True)
    )
    found = [SubjectDraft(site_id=pk) for pk in wanted if pk in seen]
    code = cut(given.get("code", "")).strip()[:60]
    if code:
        rows = Site.objects.visible_to(access, Permission.ORDER_ISSUE).filter(code=code)
        found += [SubjectDraft(site_id=pk) for pk in rows.values_list("pk", flat=True)]
    division = _number(given.get("division"))
    indicator, phase = _number(given.get("indicator")), _number(given.get("phase"))
    if indicator is not None:
        found.append(SubjectDraft(indicator_id=indicator, division_id=division))
    elif phase is not None:
        found.append(SubjectDraft(phase_id=phase, division_id=division))
    return found


def _chosen(access: Access, subject: SubjectDraft, draft: OrderDraft, form: IssueForm) -> Chosen:
    fields = tuple(
        (name, pk)
        for name, pk in (
            ("site", subject.site_id),
            ("indicator", subject.indicator_id),
            ("phase", subject.phase_id),
            ("division", subject.division_id),
        )
        if pk is not None
    )
    wanted = OrderDraft(subject, draft.requirement, draft.grade, draft.reason, draft.report_days)
    try:
        plan = plan_order(access, wanted)
    except Invalid as refused:
        for name, text in refused.errors.items():
            if form.is_bound and name in form.fields and text not in form.errors.get(name, []):
                form.add_error(name, text)
        return Chosen(fields, subject, None, str(refused))
    except ActionError as refused:
        return Chosen(fields, subject, None, str(refused))
    return Chosen(fields, subject, plan, plan.problem)


def _draft(form: IssueForm) -> OrderDraft:
    data = dict(form.cleaned_data)
    grade = OrderGrade(data["grade"])
    if grade is not OrderGrade.BLUE and not data["reason"].strip():
        form.add_error("reason", _("直接发橙单或红单,请写明理由。"))
    return OrderDraft(SubjectDraft(), data["requirement"], grade, data["reason"], data["report_days"])


def _issue(
    admin: "ScopedAdmin[SupervisionOrder]",
    request: HttpRequest,
    access: Access,
    chosen: list[Chosen],
    draft: OrderDraft,
) -> HttpResponse | None:
    """Each on its own: what was refused is said, the others are out. None: none was issued."""
    done: list[SupervisionOrder] = []
    refused = []
    for row in chosen:
        try:
            wanted = OrderDraft(row.subject, draft.requirement, draft.grade, draft.reason, draft.report_days)
            done.append(issue_order(access=access, draft=wanted))
        except ActionError as refusal:
            refused.append(f"{row.plan.matter.name if row.plan is not None else ''} {refusal}".strip())
        except OperationalError:
            if not done:
                return admin.busy(request)
            refused.append(_("系统正忙,请稍后再发。"))
    if refused:
        messages.error(request, _("没有发出:") + " ".join(refused[:5]))
    if not done:
        return None
    numbers = "、".join(order.number for order in done[:10])
    said = {"count": len(done), "numbers": numbers}
    messages.success(request, _("已发出 %(count)d 份:%(numbers)s。") % said)
    if len(done) == 1:
        return HttpResponseRedirect(reverse("admin:projects_supervisionorder_change", args=[done[0].pk]))
    return HttpResponseRedirect(admin.list_url())


def _terms(possible: list[Chosen]) -> list[dict[str, Any]]:
    """The deadlines by grade, of the programme of what was chosen."""
    if not possible or possible[0].plan is None:
        return []
    terms = terms_of(possible[0].plan.matter.programme.pk)
    return [
        {
            "grade": _(grade.term),
            "sign": terms.by_grade[grade].sign_days,
            "report": terms.by_grade[grade].report_days,
            "source": _(terms.source),
        }
        for grade in OrderGrade
    ]


def _choosing(access: Access) -> dict[str, Any]:
    """What can be chosen where no matter was."""
    indicators = Indicator.objects.filter(deleted_seq__isnull=True).select_related("category__programme")
    return {
        "divisions": divisions_of(access, [Permission.ORDER_ISSUE]).exclude(level="township"),
        "indicators": indicators.order_by("category__programme", "category__number", "code"),
        "phases": Phase.objects.filter(deleted_seq__isnull=True, met_on__isnull=True).order_by("code")[:200],
    }


def _is_number(value: str) -> bool:
    return value.isascii() and value.isdigit() and len(value) <= _LONGEST_NUMBER


def _number(value: str | None) -> int | None:
    return int(value) if value and _is_number(value) else None
