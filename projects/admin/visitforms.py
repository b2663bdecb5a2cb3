"""What a visit and a rework are filled in with."""

from typing import Any, Final

from django import forms
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from projects.admin.sitesteps import DATE, StepForm
from projects.models import Site
from projects.readmodels.verifying import Standing
from projects.rules.checklists import LONGEST_TEXT, NO, YES, Item, ItemType
from projects.rules.verification import RESULTS, STAGES_AFTER
from projects.rules.vocabulary import (
    CheckLevel,
    Service,
    Stage,
)

ITEM: Final = "item_"
_SERVICES: Final = (Service.OPEN, Service.CLOSED_TEMPORARILY, Service.CLOSED)


class VisitForm(StepForm):
    """What was seen; one field for each item of the list (`item_KEY`)."""

    result = forms.ChoiceField(label=gettext_lazy("结论"), widget=forms.RadioSelect)
    visited_on = forms.DateField(label=gettext_lazy("核验日期"), widget=DATE)
    reasons = forms.CharField(
        label=gettext_lazy("原因"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("退回、不能正常使用或未能核验时必填:缺什么、哪里不符。"),
    )
    working_days = forms.IntegerField(
        label=gettext_lazy("整改期限(工作日)"), min_value=1, max_value=250, required=False
    )
    stage_after = forms.ChoiceField(
        label=gettext_lazy("退回后的建设阶段"),
        required=False,
        help_text=gettext_lazy("小问题保持不变;其实没有建成的退回建设中,自核验日起不再计入完成数。"),
    )
    percent = forms.DecimalField(
        label=gettext_lazy("现场认定的形象进度 %"),
        min_value=0,
        max_value=100,
        max_digits=5,
        decimal_places=2,
        required=False,
        help_text=gettext_lazy("只在退回建设中时填写。"),
    )
    service_after = forms.ChoiceField(label=gettext_lazy("现在的服务状态"), required=False)

    def __init__(
        self,
        site: Site,
        standing: Standing,
        level: CheckLevel,
        items: tuple[Item, ...],
        *args: Any,
        **kwargs: Any,
    ) -> None:
        initial = kwargs.setdefault("initial", {})
        initial.setdefault("visited_on", timezone.localdate())
        initial.setdefault("working_days", standing.scheme.rework_days)
        super().__init__(site, *args, **kwargs)
        results: Any = self.fields["result"]
        results.choices = [(word.value, _(word.term)) for word in RESULTS[level]]
        stages: Any = self.fields["stage_after"]
        kept, *others = STAGES_AFTER.get(Stage(site.stage), (Stage(site.stage),))
        stages.choices = [
            (kept.value, _("保持“%(stage)s”") % {"stage": _(kept.term)}),
            *((word.value, _(word.term)) for word in others),
        ]
        services: Any = self.fields["service_after"]
        if level is CheckLevel.REVISIT:
            services.choices = [("", _("按结论")), *((word.value, _(word.term)) for word in _SERVICES)]
        else:
            del self.fields["service_after"]
        self.items = items
        english = (get_language() or "").startswith("en")
        for item in items:
            self.fields[ITEM + item.key] = _field_of(item, site, english=english)

    def item_fields(self) -> list[forms.BoundField]:
        return [self[ITEM + item.key] for item in self.items]

    def finding_fields(self) -> list[forms.BoundField]:
        """What goes with a return."""
        names = ("reasons", "working_days", "stage_after", "percent", "service_after")
        return [self[name] for name in names if name in self.fields]


def _field_of(item: Item, site: Site, *, english: bool) -> forms.Field:
    label = (item.en if english and item.en else item.zh) + (f"({item.unit})" if item.unit else "")
    notes = []
    if item.must:
        notes.append(_("必过项"))
    if not item.required:
        notes.append(_("选填"))
    if item.reported:
        value = site.attributes.get(item.reported)
        notes.append(_("上报:%(value)s") % {"value": "–" if value is None else value})
    note = " · ".join(notes)
    # Whether an answer is needed depends on the result: the action says so.
    if item.type is ItemType.YES_NO:
        return forms.ChoiceField(
            label=label,
            help_text=note,
            required=False,
            choices=[(YES, _("是")), (NO, _("否"))],
            widget=forms.RadioSelect,
        )
    if item.type is ItemType.NUMBER:
        number = forms.TextInput(attrs={"inputmode": "decimal"})
        return forms.CharField(label=label, help_text=note, required=False, max_length=20, widget=number)
    return forms.CharField(label=label, help_text=note, required=False, max_length=LONGEST_TEXT)


class ReworkForm(StepForm):
    done_on = forms.DateField(label=gettext_lazy("整改完成日期"), widget=DATE)
    note = forms.CharField(
        label=gettext_lazy("整改情况"), max_length=1000, widget=forms.Textarea(attrs={"rows": 4})
    )

    def __init__(self, site: Site, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {}).setdefault("done_on", timezone.localdate())
        super().__init__(site, *args, **kwargs)
