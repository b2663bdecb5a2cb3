"""What is said of a photo: a table of claims."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from projects.rules.evidence import LIMITS, Finding, PhotoFacts, Place, findings
from projects.rules.period import CITY_ZONE

NOW = dt.datetime(2024, 7, 1, 9, 0, tzinfo=CITY_ZONE)
ABOUT = dt.date(2024, 6, 30)


def at(month: int, day: int, hour: int = 12) -> dt.datetime:
    return dt.datetime(2024, month, day, hour, tzinfo=CITY_ZONE)


def facts(**changes: Any) -> PhotoFacts:
    """Taken at the site in June, handed in there."""
    values: dict[str, Any] = {
        "has_exif": True,
        "taken_at": at(6, 20),
        "taken_text": "2024-06-20 12:00:00",
        "taken": Place(Decimal(12)),
        "device": Place(Decimal(8), Decimal(15)),
        "apart_m": Decimal(20),
    }
    return PhotoFacts(**{**values, **changes})


def place(metres: int | str, accuracy: int | str | None = None) -> Place:
    return Place(Decimal(metres), None if accuracy is None else Decimal(accuracy))


NOTHING: dict[str, Any] = {
    "has_exif": False,
    "taken_at": None,
    "taken_text": "",
    "taken": None,
    "device": None,
    "apart_m": None,
}

CASES: list[tuple[str, dict[str, Any], set[str]]] = [
    ("all is well", {}, set()),
    ("at the limit", {"taken": place(300)}, set()),
    ("just beyond it", {"taken": place("300.1")}, {"far"}),
    ("far, and near as GCJ-02", {"taken": place(520), "as_gcj02_m": Decimal(15)}, {"far", "shifted"}),
    ("far either way", {"taken": place(52_000), "as_gcj02_m": Decimal(51_500)}, {"far"}),
    ("sent from the office", {"device": place(8_000, 30), "apart_m": Decimal(8_000)}, {"device_far", "apart"}),
    ("far, but within its accuracy", {"device": place(900, 700), "apart_m": Decimal(900)}, {"coarse"}),
    ("far even at its best", {"device": place(1_200, 700), "apart_m": Decimal(900)}, {"device_far", "coarse"}),
    ("coarse", {"device": place(10, 101)}, {"coarse"}),
    ("just fine enough", {"device": place(10, 100)}, set()),
    ("a month back is the period", {"taken_at": at(5, 30)}, set()),
    ("a day more is not", {"taken_at": at(5, 29)}, {"too_early"}),
    ("the last hour of the day", {"taken_at": at(6, 30, 23)}, set()),
    ("after the day that is reported", {"taken_at": at(7, 1, 0)}, {"after_report"}),
    ("a clock that is ahead a little", {"taken_at": NOW + dt.timedelta(minutes=10)}, {"after_report"}),
    ("in the future", {"taken_at": NOW + dt.timedelta(minutes=11)}, {"future"}),
    ("a night in another zone", {"taken_at": dt.datetime(2024, 6, 30, 17, tzinfo=dt.UTC)}, {"after_report"}),
    ("used before", {"elsewhere": 2}, {"reused"}),
    ("no zone", {"taken_at": None}, {"no_time"}),
    ("tags without a time", {"taken_at": None, "taken_text": ""}, {"no_time"}),
    ("through a messenger", {**NOTHING, "device": place(5, 10)}, {"no_exif"}),
    ("nothing known", NOTHING, {"no_exif", "no_position"}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "changes", "expected"), CASES, ids=[case[0] for case in CASES])
def test_findings(name: str, changes: dict[str, Any], expected: set[str]) -> None:
    found = findings(facts(**changes), about=ABOUT, now=NOW)
    assert {each.finding.value for each in found} == expected
    assert [each.finding for each in found] == sorted(
        (each.finding for each in found), key=list(Finding).index
    )
    assert all(each.sentence.chinese() for each in found)


def test_a_photo_of_no_report_has_no_period() -> None:
    assert findings(facts(taken_at=at(1, 1)), about=None, now=NOW) == ()


def test_the_sentence_says_how_far() -> None:
    (found,) = findings(facts(taken=place("1234.4")), about=ABOUT, now=NOW)
    assert found.is_warning and "1234 米" in found.sentence.chinese()


def test_what_is_only_not_known_is_no_warning() -> None:
    found = findings(facts(**NOTHING), about=ABOUT, now=NOW)
    assert found and not any(each.is_warning for each in found)


def test_limits_are_data() -> None:
    assert (LIMITS.far_m, LIMITS.coarse_m) == (Decimal(300), Decimal(100))
