"""What a progress report must say, and until when a month is due."""

from datetime import date
from decimal import Decimal

import pytest

from projects.rules.calendar import WorkingCalendar
from projects.rules.reporting import Hint, asks_words, deadline, due_day, hints, says_something
from projects.rules.vocabulary import Light, Stage

START, END, CUTOFF = date(2024, 1, 1), date(2024, 12, 31), date(2024, 6, 30)


@pytest.mark.parametrize("light", Light)
def test_late_sites_say_why(light: Light) -> None:
    assert asks_words(light) == (light in (Light.YELLOW, Light.RED))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("用地", True),
        ("管线迁改未完成,等待电力部门停电窗口", True),
        ("land", True),
        ("", False),
        ("  ", False),
        ("。。。。。。", False),
        ("12345", False),
        ("啊啊啊啊", False),
        ("无", False),
        (" 无。", False),
        ("暂无", False),
        ("没有!", False),
        ("N/A", False),
        ("None", False),
        ("正常", False),
        ("同上", False),
        ("无法进场", True),
    ],
)
def test_what_says_something(text: str, says: bool) -> None:
    assert says_something(text) is says


@pytest.mark.parametrize(
    ("today", "day"),
    [
        (date(2024, 7, 3), date(2024, 6, 30)),
        (date(2024, 6, 30), date(2024, 6, 30)),  # a month is over on its last day
        (date(2024, 6, 29), date(2024, 5, 31)),
        (date(2024, 3, 1), date(2024, 2, 29)),
        (date(2024, 1, 15), date(2024, 1, 15)),  # no month of the period is over
        (date(2024, 12, 31), date(2024, 12, 31)),
        (date(2025, 1, 5), CUTOFF),  # the period is over: what the figures are about
        (date(2026, 11, 26), CUTOFF),
    ],
)
def test_the_day_that_is_due(today: date, day: date) -> None:
    assert due_day(today, START, END, CUTOFF) == day


@pytest.mark.parametrize(
    ("day", "until"),
    [
        (date(2024, 6, 30), date(2024, 7, 5)),
        (date(2024, 9, 30), date(2024, 10, 12)),  # the holiday of October, and the Saturday worked for it
        (date(2024, 4, 30), date(2024, 5, 10)),  # 1-5 May; Saturday the 11th would be worked
    ],
)
def test_the_deadline_counts_working_days(day: date, until: date) -> None:
    assert deadline(day, WorkingCalendar()) == until


def test_what_to_look_at_again() -> None:
    def found(percent: int, before: int | None, stage: Stage = Stage.BUILDING) -> list[Hint]:
        told = hints(Decimal(percent), None if before is None else Decimal(before), stage)
        assert all(sentence.chinese() for _hint, sentence in told)
        return [hint for hint, _sentence in told]

    assert found(40, 30) == found(30, 30) == found(30, None) == found(100, 90, Stage.FINISHED) == []
    assert found(20, 30) == [Hint.LOWER]
    assert found(100, 90) == [Hint.WHOLE_NOT_FINISHED]
