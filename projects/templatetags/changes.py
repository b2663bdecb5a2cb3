"""Changes, percentage points and the labels of charts, as pages print them."""

import datetime as dt
from decimal import Decimal

from django import template
from django.utils import translation
from django.utils.dateformat import format as date_format

from projects.rules.funding import to_digits
from projects.rules.period import month_end
from projects.templatetags.figures import amount

register = template.Library()


@register.filter
def grown(value: Decimal | int | None) -> str:
    """A change of a count: `+12`, `−3`, `0`; an en dash for None. The minus is as wide as the plus."""
    if value is None:
        return "–"
    if value == 0:
        return "0"
    return ("+" if value > 0 else "−") + amount(value if value > 0 else -value)


@register.filter
def points(value: Decimal | None) -> str:
    """A change of a percentage, in percentage points with one decimal: `+8.6`, `−0.4`, `0.0`."""
    if value is None:
        return "–"
    rounded = Decimal(to_digits(value))
    return ("+" if rounded > 0 else "−" if rounded < 0 else "") + str(abs(rounded))


@register.filter
def gap_points(value: Decimal) -> str:
    """Percentage points with one decimal and no sign but a minus: `20.0`."""
    return to_digits(value).replace("-", "−")


@register.filter
def round_share(value: Decimal) -> str:
    """A round percentage of an axis: `25.00` -> `25%`, `0.5` -> `0.5%`."""
    return f"{value.normalize():f}%"


@register.filter
def month_label(day: dt.date) -> str:
    """A day on an axis: the month for its last day (6月, Jun), otherwise month and day (6月15日, 15 Jun)."""
    english = (translation.get_language() or "").startswith("en")
    if day == month_end(day):
        return date_format(day, "M") if english else f"{day.month}月"
    return date_format(day, "j M") if english else f"{day.month}月{day.day}日"
