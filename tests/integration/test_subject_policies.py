"""Six cities' rules, each with cases worked out by hand, through the whole stack: actions, spans, read models
and the command."""

import datetime as dt

import pytest

from projects.models import Indicator
from projects.rules.sentences import Text
from projects.rules.vocabulary import Light
from tests.factories import World
from tests.integration.promised import TENS, Promised, check_gapless, command, day

pytestmark = pytest.mark.django_db

#: Half by mid-year.
HALF = [["2024-06-30", "50"], ["2024-12-31", "100"]]


@pytest.mark.parametrize(
    ("policy", "planned", "done", "light", "reason"),
    [
        # 银川: in percentage points, 10 and 30 included. Planned 50.
        ("yinchuan-2025", "50", "50", "green", "on_schedule"),
        ("yinchuan-2025", "50", "60", "green", "on_schedule"),
        ("yinchuan-2025", "50", "40.01", "green", "tolerated"),
        ("yinchuan-2025", "50", "40", "yellow", "behind"),  # exactly 10
        ("yinchuan-2025", "50", "30", "yellow", "behind"),  # 20 points, 40 %
        ("yinchuan-2025", "50", "20", "yellow", "behind"),  # exactly 30
        ("yinchuan-2025", "50", "19.99", "red", "far_behind"),
        ("yinchuan-2025", "20", "8", "yellow", "behind"),  # 12 points, 60 %
        ("yinchuan-2025", "50", "100", "green", "completed"),
        # 三亚: of the amount planned to date, 50 % included.
        ("sanya-2022", "50", "50", "green", "on_schedule"),
        ("sanya-2022", "50", "49.99", "yellow", "behind"),
        ("sanya-2022", "50", "30", "yellow", "behind"),  # 40 %
        ("sanya-2022", "50", "25", "yellow", "behind"),  # exactly 50 %
        ("sanya-2022", "50", "24.99", "red", "far_behind"),
        ("sanya-2022", "20", "8", "red", "far_behind"),  # 60 %
        ("sanya-2022", "20", "10", "yellow", "behind"),  # exactly 50 %
        # Policies that say nothing of indicators.
        ("tianjin-2022", "50", "10", "none", "no_rule"),
    ],
)
def test_an_indicator_by_its_lag(
    world: World, policy: str, planned: str, done: str, light: str, reason: str
) -> None:
    here = Promised(world, policy)
    shows = here.indicator("shows")
    here.target(shows, "100")
    here.plan(shows, [["2024-06-30", planned], ["2024-12-31", "100"]], unit="percent")
    here.report(shows, "06-30", done)
    assert here.says(here.key(shows), day("06-30")) == (light, reason)
    check_gapless(day("01-01"), day("12-31"))


def test_the_same_in_amounts_that_are_no_percent(world: World) -> None:
    """2 of 3 is no decimal percent: what was planned and is done to the letter is on schedule."""
    here = Promised(world, "sanya-2022")
    shows = here.indicator("shows")
    here.target(shows, "3")
    here.plan(shows, [["2024-06-30", "2"], ["2024-12-31", "3"]])
    here.report(shows, "06-30", "2")
    assert here.says(here.key(shows), day("06-30")) == ("green", "on_schedule")
    assert here.says(here.key(shows), day("07-01")) == ("yellow", "behind")  # 2 + 1/184 were planned
    # The yellow lasts until more than half of the plan is missing, which never comes: 2 of 3.
    assert here.says(here.key(shows), day("12-31")) == ("yellow", "behind")


def test_no_report_no_target_and_no_start(world: World) -> None:
    here = Promised(world, "yinchuan-2025")
    shows = here.indicator("shows")
    here.target(shows, "100")
    # Nothing stated: the period is gone through evenly from 1 January, 365 days to 31 December.
    key = here.key(shows)
    assert here.says(key, day("01-30")) == ("green", "tolerated")
    assert here.says(key, day("01-31")) == ("yellow", "not_started")
    assert here.says(key, day("03-31")) == ("red", "not_started_long")
    here.report(shows, "01-31", "1")
    # 1 % on 31 January (planned 8.2); ten points behind when 11 % are planned: 40.15 days after 1 January.
    assert here.says(key, day("02-10")) == ("green", "tolerated")
    assert here.says(key, day("02-11")) == ("yellow", "behind")
    # The target is taken back from May on: nothing to fall short of, and said so.
    here.target(shows, None, since="05-01")
    assert here.says(key, day("04-30"))[0] == "red"
    assert here.says(key, day("05-01")) == ("none", "no_target")
    assert here.says(key, day("12-31")) == ("none", "no_target")
    check_gapless(day("01-01"), day("12-31"))


def test_a_target_that_grows_makes_the_same_output_less(world: World) -> None:
    here = Promised(world, "yinchuan-2025")
    shows = here.indicator("shows")
    here.target(shows, "100")
    here.plan(shows, HALF, unit="percent")
    here.report(shows, "06-30", "45")
    assert here.says(here.key(shows), day("06-30")) == ("green", "tolerated")  # 5 points
    here.target(shows, "150", since="06-30")
    assert here.says(here.key(shows), day("06-30")) == ("yellow", "behind")  # 30 %: 20 points


def test_a_reschedule_counts_only_where_the_policy_says_so_and_never_against_the_baseline(
    world: World,
) -> None:
    here = Promised(world, "sanya-2022")
    shows = here.indicator("shows")
    here.target(shows, "100")
    here.plan(shows, HALF, unit="percent")
    here.plan(
        shows,
        [["2024-06-30", "10"], ["2024-12-31", "100"]],
        unit="percent",
        since="06-01",
        approval="甬政1号",
    )
    here.report(shows, "06-30", "20")
    assert here.says(here.key(shows), day("06-30")) == ("red", "far_behind")  # 60 % short of the baseline


def _monthly(here: Promised) -> None:
    """Target 120, ten a month. January met, February and March missed, made good on 10 April; April met."""
    shows = here.indicator("shows")
    here.target(shows, "120")
    here.plan(shows, TENS)
    for on, amount in (("01-31", "10"), ("02-29", "15"), ("03-31", "25"), ("04-10", "30"), ("04-30", "40")):
        here.report(shows, on, amount)


def test_sanya_two_months_running_and_catching_up(world: World) -> None:
    here = Promised(world, "sanya-2022")
    _monthly(here)
    key = here.county_key()
    for on, light, reason in (
        ("01-30", "none", "month_open"),
        ("01-31", "green", "month_met"),
        ("02-28", "green", "month_met"),
        ("02-29", "yellow", "month_missed"),
        ("03-30", "yellow", "month_missed"),
        ("03-31", "red", "months_running"),
        ("04-09", "red", "months_running"),
        ("04-10", "yellow", "month_made_good"),  # 30, what March had asked for
        ("04-29", "yellow", "month_made_good"),
        ("04-30", "green", "month_met"),
        ("05-30", "green", "month_met"),
        ("05-31", "yellow", "month_missed"),  # nothing more reported
        ("06-30", "red", "months_running"),
    ):
        assert here.says(key, day(on)) == (light, reason), on
    table = here.months(key, day("04-30"))
    assert [(row.month.month, row.met, row.made_good_on, row.light) for row in table.rows] == [
        (1, True, None, Light.GREEN),
        (2, False, day("03-31"), Light.YELLOW),
        (3, False, day("04-10"), Light.YELLOW),
        (4, True, None, Light.GREEN),
    ]
    assert here.months(key, day("04-09")).rows[2].light is Light.RED
    check_gapless(day("01-01"), day("12-31"))


def test_ouhai_made_good_later_stays_yellow(world: World) -> None:
    here = Promised(world, "ouhai-2020")
    _monthly(here)
    for key in (here.county_key(), here.key(_shows())):
        for on, light in (
            ("01-31", "green"),
            ("02-29", "red"),
            ("03-30", "red"),
            ("03-31", "red"),  # February is made good that day, March is missed
            ("04-09", "red"),
            ("04-10", "yellow"),
            ("04-30", "green"),
        ):
            assert here.says(key, day(on))[0] == light, (key, on)
        # Whatever comes later: the month is never green.
        here.report(_shows(), "05-31", "120")
        rows = here.months(key, day("12-31")).rows
        assert [row.light for row in rows[:5]] == [
            Light.GREEN,
            Light.YELLOW,
            Light.YELLOW,
            Light.GREEN,
            Light.GREEN,
        ]
        assert here.months(key, day("03-30")).rows[1].made_good_on is None


def _shows() -> Indicator:
    return Indicator.objects.get(code="shows")


def test_nanjing_knows_outputs_only(world: World) -> None:
    here = Promised(world, "nanjing-2016")
    _monthly(here)
    key = here.county_key()
    assert here.says(key, day("03-31")) == ("none", "month_missed")
    rows = here.months(key, day("04-30")).rows
    assert [[out.zh for out in row.outputs] for row in rows] == [
        [],
        ["书面说明"],
        ["书面说明", "约谈"],  # making good takes nothing back
        [],
    ]
    assert rows[2].outputs[1] == Text("约谈", "interview")
    # The year: nothing is said before it is over; 110 of 120 is missed, 120 is not.
    here.report(_shows(), "12-30", "110")
    assert here.months(key, day("12-30")).year is None
    year = here.months(key, day("12-31")).year
    assert year is not None
    assert (year.met, year.outputs) == (False, (Text("问责", "held to account"),))
    here.report(_shows(), "12-31", "120")
    year = here.months(key, day("12-31")).year
    assert year is not None
    assert (year.met, year.outputs) == (True, ())
    told = command("lights", here.programme.key, day("12-31"), subject=key)
    assert told["months"][0]["months"][2]["outputs"][1]["name_en"] == "interview"


@pytest.mark.parametrize(
    ("issued", "first_close", "last_close"),
    [
        ("2024-01-31", "2024-02-29", "2024-07-31"),  # the last day of a month, a leap February
        ("2024-01-01", "2024-02-29", "2024-07-31"),
        ("2025-01-31", "2025-02-28", "2025-07-31"),  # 28 days
        ("2024-02-29", "2024-03-31", "2024-08-31"),
        ("2024-03-15", "2024-04-30", "2024-09-30"),  # 30 days
        ("2023-12-15", "2024-01-31", "2024-06-30"),  # issued in the December before
        ("2024-12-31", "2025-01-31", "2025-06-30"),  # spent in the year after
    ],
)
def test_tianjin_six_months_from_the_month_after_issue(
    world: World, issued: str, first_close: str, last_close: str
) -> None:
    here = Promised(world, "tianjin-2022")
    year = int(issued[:4])
    programme = here.programme if year in (2023, 2024) else here.year(year)
    line = here.line("600", dt.date.fromisoformat(issued), programme)
    key = here.line_key(line)
    first, last = dt.date.fromisoformat(first_close), dt.date.fromisoformat(last_close)
    one = dt.timedelta(days=1)
    if first - one >= programme.period_start:
        assert here.says(key, first - one, programme)[0] == "green"
    assert here.says(key, first, programme) == ("red", "not_reported")
    here.used(line, first, "70")  # 100 are due: exactly 30 % short
    assert here.says(key, first, programme) == ("yellow", "behind")
    here.used(line, first, "69.99")
    assert here.says(key, first, programme) == ("red", "far_behind")
    here.used(line, first, "100")
    assert here.says(key, first, programme) == ("green", "on_schedule")
    here.used(line, last - one, "500")
    assert here.says(key, last - one, programme) == ("green", "on_schedule")
    assert here.says(key, last, programme) == ("yellow", "behind")
    here.used(line, last, "600")
    assert here.says(key, last, programme) == ("green", "completed")


def test_money_without_a_day_of_issue_or_a_rule_has_no_light(world: World) -> None:
    here = Promised(world, "tianjin-2022")
    line = here.line("600")
    assert here.says(here.line_key(line), day("06-30")) == ("none", "not_issued")
    here.judged_by("yinchuan-2025")
    assert here.says(here.line_key(line), day("06-30")) == ("none", "no_rule")
    nothing = here.line("0", day("01-15"))
    here.judged_by("tianjin-2022")
    assert here.says(here.line_key(nothing), day("06-30")) == ("none", "no_target")
    here.arranged(nothing, day("03-01"), "600")
    # Issued in January: by the end of March two of six months.
    assert here.says(here.line_key(nothing), day("02-29")) == ("none", "no_target")
    assert here.says(here.line_key(nothing), day("03-31")) == ("red", "not_reported")


@pytest.mark.parametrize(
    ("finish", "before", "from_on"),
    [
        ("2024-08-31", "2024-11-29", "2024-11-30"),  # November has no 31st
        ("2024-05-31", "2024-08-30", "2024-08-31"),
        ("2024-02-29", "2024-05-28", "2024-05-29"),
        ("2024-06-30", "2024-09-29", "2024-09-30"),
    ],
)
def test_new_york_three_months_past_the_planned_date(
    world: World, finish: str, before: str, from_on: str
) -> None:
    here = Promised(world, "new-york-comptroller")
    shows = here.indicator("shows")
    here.target(shows, "100")
    here.plan(shows, [["2024-01-31", "10"], [finish, "100"]], unit="percent")
    key = here.key(shows)
    assert here.says(key, dt.date.fromisoformat(finish)) == ("green", "on_schedule")
    assert here.says(key, dt.date.fromisoformat(before)) == ("green", "tolerated")
    assert here.says(key, dt.date.fromisoformat(from_on)) == ("red", "overdue")
    here.report(shows, from_on, "100")
    assert here.says(key, dt.date.fromisoformat(from_on)) == ("green", "completed")
    assert here.says(key, dt.date.fromisoformat(before)) == ("green", "tolerated")
