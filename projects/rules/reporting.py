"""What a progress report must say, and until when a month's reports are due.

A late site's report says what holds it up (堵点卡点) and what is to be done (推进方案): asked when its light
after the report, on the day that it is about, is yellow or red.
"""

import unicodedata
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

from projects.rules.calendar import WorkingCalendar
from projects.rules.errors import gettext_noop as _
from projects.rules.period import ONE_DAY, month_end
from projects.rules.schedule import HUNDRED
from projects.rules.sentences import Sentence, say
from projects.rules.vocabulary import FINISHED, Light, Stage


@dataclass(frozen=True, slots=True)
class RoundRule:
    """`letters`: how many different letters make a text; `working_days`: after the month's end."""

    letters: int
    working_days: int


ROUND: Final = RoundRule(letters=2, working_days=5)
"""The rule in force: "用地" says something, "无" and "......" do not; a month is reported by the fifth
working day of the next one."""

#: What people write where a form insists, and which says nothing. Compared without signs and case.
_EMPTY: Final = frozenset(
    (
        *("无", "没有", "暂无", "无堵点", "无问题", "没问题", "正常", "同上", "略", "不详", "不清楚", "待定"),
        *("none", "na", "nil", "no", "nothing", "test", "tbd"),
    )
)


class Hint(StrEnum):
    """What a reporter is asked to look at again; nothing of it keeps a report out."""

    LOWER = "lower"  # than what was reported before
    WHOLE_NOT_FINISHED = "whole_not_finished"


def asks_words(light: Light) -> bool:
    """Whether a report that leaves this light says what holds the site up, and the plan."""
    return light in (Light.YELLOW, Light.RED)


def says_something(text: str, rule: RoundRule = ROUND) -> bool:
    """Whether a text has enough in it to be read: letters or ideographs, and no phrase that means nothing."""
    letters = [each for each in unicodedata.normalize("NFKC", text).casefold() if each.isalnum()]
    words = [each for each in letters if unicodedata.category(each).startswith("L")]
    return len(set(words)) >= rule.letters and "".join(letters) not in _EMPTY


def hints(percent: Decimal, before: Decimal | None, stage: Stage) -> tuple[tuple[Hint, Sentence], ...]:
    """What to look at again; `before`: the last percent, `stage`: as it will be."""
    found = []
    if before is not None and percent < before:
        found.append((Hint.LOWER, say(_("比上次的 {before}% 低,请核对。"), before=before)))
    if percent == HUNDRED and stage not in FINISHED:
        found.append((Hint.WHOLE_NOT_FINISHED, say(_("已报 100%,如已完工请选“已完工”并填日期。"))))
    return tuple(found)


def due_day(today: date, period_start: date, period_end: date, cutoff: date) -> date:
    """The day that the month's reports are about: the newest month end of the period that has come.

    When the period is over: the cut-off's month, which is the last one that figures are about. In the first
    month of a period, before its end: today.
    """
    if today > period_end:
        return min(month_end(cutoff), period_end)
    last = today if today == month_end(today) else today.replace(day=1) - ONE_DAY
    return last if last >= period_start else max(today, period_start)


def deadline(day: date, calendar: WorkingCalendar, rule: RoundRule = ROUND) -> date:
    """By when the month that ends with `day` is to be reported."""
    return calendar.add_working_days(day, rule.working_days).value


def month_of(day: date) -> tuple[date, date]:
    """The days that count as the month's reporting: from its first up to `day`."""
    return day.replace(day=1), day
