"""Milestones as a person types them: `2024-03-31 25`, one a line."""

import datetime as dt
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

#: Characters of a percentage: more say nothing that anybody plans by.
_LONGEST = 8
_LONGEST_AMOUNT = 17


class MilestonesField(forms.CharField):
    """Cleans to [[ISO day, percent 0..100 as text], ...], days rising: the form in which it is stored."""

    longest = _LONGEST
    most: Decimal | None = Decimal(100)

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 3, "placeholder": "2024-03-31 25"}))
        kwargs.setdefault("help_text", gettext_lazy("每行一个节点:日期和计划进度(%),例如 2024-03-31 25。"))
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return "\n".join(f"{day} {percent}" for day, percent in value)
        return value

    def to_python(self, value: Any) -> Any:
        milestones: list[list[str]] = []
        last: dt.date | None = None
        for number, line in enumerate(str(value or "").splitlines(), start=1):
            if not line.strip():
                continue
            try:
                day_text, percent_text = line.replace(",", " ").replace(",", " ").replace("%", "").split()
                day, percent = dt.date.fromisoformat(day_text), Decimal(percent_text)
            except (ValueError, InvalidOperation) as problem:
                raise forms.ValidationError(
                    _("第 %(number)d 行应是日期和百分比,例如 2024-03-31 25。") % {"number": number}
                ) from problem
            if len(percent_text) > self.longest or not self._is_possible(percent):
                raise forms.ValidationError(self.out_of_range % {"number": number})
            if last is not None and day <= last:
                raise forms.ValidationError(_("第 %(number)d 行的日期须晚于上一行。") % {"number": number})
            last = day
            milestones.append([day.isoformat(), f"{percent:f}"])
        return milestones

    def _is_possible(self, value: Decimal) -> bool:
        return value.is_finite() and value >= 0 and (self.most is None or value <= self.most)

    @property
    def out_of_range(self) -> str:
        return _("第 %(number)d 行的进度须在 0 到 100 之间。")

    def run_validators(self, value: Any) -> None:
        """Already checked."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        return str(self.prepare_value(initial) or "").split() != str(data or "").split()


class PointsField(MilestonesField):
    """The points of an indicator's plan: percent or amounts, so the most is the action's to judge."""

    longest = _LONGEST_AMOUNT
    most = None

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.Textarea(attrs={"rows": 12, "placeholder": "2024-03-31 25"}))
        kwargs.setdefault(
            "help_text", gettext_lazy("每行一个时点:日期和到那天应累计完成多少,例如 2024-03-31 25。")
        )
        super().__init__(**kwargs)

    @property
    def out_of_range(self) -> str:
        return _("第 %(number)d 行的数须是不小于 0 的数。")


def points(milestones: list[list[str]]) -> tuple[tuple[dt.date, Decimal], ...]:
    """What the field cleans to, as the actions take it."""
    return tuple((dt.date.fromisoformat(day), Decimal(percent)) for day, percent in milestones)
