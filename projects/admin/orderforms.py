"""The forms of supervision orders: what is ordered, and one form for each step."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from projects.actions import ordersteps
from projects.actions.orders import MOST_DAYS
from projects.admin.sitesteps import DATE
from projects.models import SupervisionOrder
from projects.permissions.access import Access
from projects.readmodels.orders import terms_of
from projects.rules.orders import NEEDS_TEXT, higher
from projects.rules.vocabulary import OrderGrade, OrderStep, RaiseCause


def _area(rows: int = 4) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


def _choices(words: Any) -> list[tuple[str, str]]:
    return [(word.value, _(word.term)) for word in words]


class IssueForm(forms.Form):
    """One requirement, for one matter or several."""

    grade = forms.ChoiceField(
        label=gettext_lazy("等级"),
        help_text=gettext_lazy("一般先发蓝单提醒;情况严重的可以直接发橙单或红单,须写明理由。"),
    )
    requirement = forms.CharField(
        label=gettext_lazy("督办要求"),
        max_length=1000,
        widget=_area(5),
        help_text=gettext_lazy("要办到什么、以什么为准。请不要写个人信息。"),
    )
    reason = forms.CharField(label=gettext_lazy("发单理由"), max_length=1000, required=False, widget=_area(2))
    report_days = forms.IntegerField(
        label=gettext_lazy("反馈期限(工作日)"),
        min_value=1,
        max_value=MOST_DAYS,
        required=False,
        help_text=gettext_lazy("留空:按等级的规定期限。"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        grade: Any = self.fields["grade"]
        grade.choices = _choices(OrderGrade)


class OrderStepForm(forms.Form):
    """`seen`: the change that was read; another means that somebody was faster."""

    seen = forms.IntegerField(widget=forms.HiddenInput)
    text = forms.CharField(label=gettext_lazy("说明"), max_length=1000, widget=_area())

    def __init__(self, order: SupervisionOrder, step: OrderStep, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {}).setdefault("seen", order.changed_seq)
        super().__init__(*args, **kwargs)
        self.order = order
        text: Any = self.fields["text"]
        text.label, text.help_text = _TEXTS[step]
        text.required = step in NEEDS_TEXT


class ReturnForm(OrderStepForm):
    working_days = forms.IntegerField(
        label=gettext_lazy("重办期限(工作日)"), min_value=1, max_value=MOST_DAYS
    )

    def __init__(self, order: SupervisionOrder, *args: Any, **kwargs: Any) -> None:
        days = terms_of(order.programme_id).rework_days
        kwargs.setdefault("initial", {}).setdefault("working_days", days)
        super().__init__(order, *args, **kwargs)


class AskForm(OrderStepForm):
    wanted_on = forms.DateField(label=gettext_lazy("申请延期至"), widget=DATE)


class GrantForm(OrderStepForm):
    until = forms.DateField(label=gettext_lazy("延期至"), widget=DATE)

    def __init__(self, order: SupervisionOrder, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {}).setdefault("until", order.wanted_on)
        super().__init__(order, *args, **kwargs)


class RaiseForm(OrderStepForm):
    grade = forms.ChoiceField(label=gettext_lazy("升级为"))
    cause = forms.ChoiceField(label=gettext_lazy("升级原因"))

    field_order = ["seen", "grade", "cause", "text"]

    def __init__(self, order: SupervisionOrder, *args: Any, **kwargs: Any) -> None:
        super().__init__(order, *args, **kwargs)
        grade: Any = self.fields["grade"]
        cause: Any = self.fields["cause"]
        grade.choices = _choices(higher(OrderGrade(order.grade)))
        cause.choices = _choices(RaiseCause)


_TEXTS: Final[Mapping[OrderStep, tuple[str | Promise, str | Promise]]] = {
    OrderStep.SIGN: (gettext_lazy("备注"), gettext_lazy("可以不写。")),
    OrderStep.START: (gettext_lazy("办理措施"), gettext_lazy("准备怎么办、哪个单位负责、什么时候办完。")),
    OrderStep.REPORT_BACK: (gettext_lazy("办理结果"), gettext_lazy("逐条对照督办要求写明,并附佐证。")),
    OrderStep.CLOSE: (gettext_lazy("审核意见"), gettext_lazy("可以不写。销号后不能再改。")),
    OrderStep.RETURN: (gettext_lazy("退回原因"), gettext_lazy("哪些没有办到,还要补什么。")),
    OrderStep.ASK_EXTENSION: (gettext_lazy("延期原因"), gettext_lazy("须在期限以前申请。")),
    OrderStep.GRANT: (gettext_lazy("答复"), gettext_lazy("可以不写。")),
    OrderStep.REFUSE: (gettext_lazy("答复"), gettext_lazy("写明不同意的理由;原期限不变。")),
    OrderStep.RAISE: (
        gettext_lazy("说明"),
        gettext_lazy("升级后单号不变,期限按新的等级重新计算,须重新签收。"),
    ),
    OrderStep.WITHDRAW: (gettext_lazy("撤销原因"), gettext_lazy("单号保留,不再使用。")),
}


@dataclass(frozen=True, slots=True)
class StepPage:
    """One step as a page: its form, and the action with the form's values."""

    step: OrderStep
    form: type[OrderStepForm]
    action: Callable[..., SupervisionOrder]
    values: Callable[[Mapping[str, Any]], dict[str, Any]] = lambda data: {}
    takes_photos: bool = False

    def run(self, access: Access, order: SupervisionOrder, data: Mapping[str, Any], **more: Any) -> None:
        """Raises what the action raises."""
        self.action(
            access=access,
            order_id=order.pk,
            expected_seq=data["seen"],
            text=data["text"],
            **self.values(data),
            **more,
        )


def _raised(data: Mapping[str, Any]) -> dict[str, Any]:
    return {"grade": OrderGrade(data["grade"]), "cause": RaiseCause(data["cause"])}


PAGES: Final = {
    page.step: page
    for page in (
        StepPage(OrderStep.SIGN, OrderStepForm, ordersteps.sign_order),
        StepPage(OrderStep.START, OrderStepForm, ordersteps.start_order),
        StepPage(OrderStep.REPORT_BACK, OrderStepForm, ordersteps.report_back, takes_photos=True),
        StepPage(OrderStep.CLOSE, OrderStepForm, ordersteps.close_order),
        StepPage(
            OrderStep.RETURN,
            ReturnForm,
            ordersteps.return_order,
            lambda data: {"working_days": data["working_days"]},
        ),
        StepPage(
            OrderStep.ASK_EXTENSION,
            AskForm,
            ordersteps.ask_extension,
            lambda data: {"wanted_on": data["wanted_on"]},
        ),
        StepPage(
            OrderStep.GRANT, GrantForm, ordersteps.grant_extension, lambda data: {"until": data["until"]}
        ),
        StepPage(OrderStep.REFUSE, OrderStepForm, ordersteps.refuse_extension),
        StepPage(OrderStep.RAISE, RaiseForm, ordersteps.raise_order, _raised),
        StepPage(OrderStep.WITHDRAW, OrderStepForm, ordersteps.withdraw_order),
    )
}
