"""What is done to a site besides editing it: report, reschedule, submit, publish, withdraw. One page each."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from projects.actions import publishing, reports
from projects.actions.drafts import PlanChangeDraft, ReportDraft
from projects.actions.sitewriting import target_of
from projects.admin.milestones import MilestonesField, points
from projects.models import Site, SiteReport
from projects.permissions.access import Access, Permission, Target, may, may_publish
from projects.rules.vocabulary import Publication

DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class StepForm(forms.Form):
    """`version`: the one that was read; another means that somebody was faster."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, site: Site, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {})["version"] = site.version
        super().__init__(*args, **kwargs)
        self.site = site


class ReportForm(StepForm):
    as_of = forms.DateField(label=_("截至日期"), widget=DATE)
    percent = forms.DecimalField(
        label=_("形象进度 %"), min_value=0, max_value=100, max_digits=5, decimal_places=2
    )
    problem = forms.CharField(
        label=_("堵点卡点"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    plan = forms.CharField(
        label=_("推进方案"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    corrects = forms.ModelChoiceField(
        label=_("更正哪一次报告"),
        queryset=SiteReport.objects.none(),
        required=False,
        help_text=_("只在更正以前的报告时选择;原报告保留。"),
    )
    correction_reason = forms.CharField(label=_("更正原因"), max_length=500, required=False)

    def __init__(self, site: Site, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {}).setdefault("as_of", timezone.localdate())
        super().__init__(site, *args, **kwargs)
        field: Any = self.fields["corrects"]
        field.queryset = site.reports.order_by("-as_of", "-pk")


class PlanForm(StepForm):
    effective_on = forms.DateField(label=_("生效日期"), widget=DATE)
    planned_start = forms.DateField(label=_("计划开工日期"), widget=DATE)
    planned_finish = forms.DateField(label=_("计划完工日期"), widget=DATE)
    milestones = MilestonesField(label=_("节点"), required=False)
    reason = forms.CharField(label=_("原因"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
    approval_number = forms.CharField(
        label=_("批准文号"), max_length=80, required=False, help_text=_("没有批准文号的调整不改变考核计划。")
    )

    def __init__(self, site: Site, *args: Any, **kwargs: Any) -> None:
        initial = kwargs.setdefault("initial", {})
        initial.setdefault("effective_on", timezone.localdate())
        if site.plan is not None:
            initial.setdefault("planned_start", site.plan.start)
            initial.setdefault("planned_finish", site.plan.finish)
        super().__init__(site, *args, **kwargs)


class ReasonForm(StepForm):
    reason = forms.CharField(label=_("原因"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


def _report(access: Access, site: Site, data: dict[str, Any]) -> None:
    corrected: SiteReport | None = data["corrects"]
    reports.report_site(
        access=access,
        site_id=site.pk,
        report=ReportDraft(data["as_of"], data["percent"], data["problem"], data["plan"]),
        corrects_id=corrected.pk if corrected is not None else None,
        correction_reason=data["correction_reason"],
        asks_words=True,
    )


def _reschedule(access: Access, site: Site, data: dict[str, Any]) -> None:
    effective: dt.date = data["effective_on"]
    reports.change_plan(
        access=access,
        site_id=site.pk,
        change=PlanChangeDraft(
            effective_on=effective,
            planned_start=data["planned_start"],
            planned_finish=data["planned_finish"],
            reason=data["reason"],
            approval_number=data["approval_number"],
            milestones=points(data["milestones"]),
        ),
    )


def _submit(access: Access, site: Site, data: dict[str, Any]) -> None:
    publishing.submit_site(access=access, site_id=site.pk, expected_version=data["version"])


def _publish(access: Access, site: Site, data: dict[str, Any]) -> None:
    publishing.publish_site(access=access, site_id=site.pk, expected_version=data["version"])


def _withdraw(access: Access, site: Site, data: dict[str, Any]) -> None:
    publishing.withdraw_site(
        access=access, site_id=site.pk, expected_version=data["version"], reason=data["reason"]
    )


@dataclass(frozen=True, slots=True)
class Step:
    """One step: address, words, form, permission, action. `leads_to`: the publication state it makes."""

    slug: str
    label: str | Promise
    lead: str | Promise
    done: str | Promise
    permission: Permission
    form: type[StepForm]
    run: Callable[[Access, Site, dict[str, Any]], None]
    leads_to: Publication | None = None

    def possible(self, access: Access, site: Site, target: Target | None = None) -> bool:
        """Whether to offer it: the action asks again. `target`: the site's, where it is known."""
        target = target or target_of(site)
        if self.leads_to is not None and Publication(site.publication) not in publishing.STEPS[self.leads_to]:
            return False
        if self.leads_to is Publication.PUBLISHED:
            return may_publish(access, site.submitted_by_id, target)
        return may(access, self.permission, target)


STEPS: Final = (
    Step(
        "report",
        _("报进度"),
        _("填写截至某日的形象进度。每次填报都是一条新记录,不覆盖以前的。"),
        _("进度已记录。"),
        Permission.SITE_REPORT,
        ReportForm,
        _report,
    ),
    Step(
        "reschedule",
        _("调整计划"),
        _("基线日期不变;调整须写明原因,有批准文号的才改变考核计划。"),
        _("计划调整已记录。"),
        Permission.SITE_RESCHEDULE,
        PlanForm,
        _reschedule,
    ),
    Step(
        "submit",
        _("提交发布"),
        _("提交后由另一位有发布权限的人核对并发布。"),
        _("已提交,等待另一人发布。"),
        Permission.SITE_SUBMIT,
        StepForm,
        _submit,
        Publication.SUBMITTED,
    ),
    Step(
        "publish",
        _("发布"),
        _("发布后市民可以在地图上看到这个点位。"),
        _("已发布。"),
        Permission.SITE_PUBLISH,
        StepForm,
        _publish,
        Publication.PUBLISHED,
    ),
    Step(
        "withdraw",
        _("撤回"),
        _("撤回后市民不再看到这个点位。"),
        _("已撤回。"),
        Permission.SITE_PUBLISH,
        ReasonForm,
        _withdraw,
        Publication.WITHDRAWN,
    ),
)
BY_SLUG: Final = {step.slug: step for step in STEPS}
