"""Holidays as loaded, policies taken in, satisfaction votes: written once each, corrected, never edited."""

import datetime as dt
import json
from pathlib import Path

import pytest
from django.core.management import CommandError
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.test import Client

from projects.actions.calendar import load_holidays
from projects.actions.errors import Invalid, NotAllowed
from projects.actions.policies import adopt_policy
from projects.actions.programmes import save_policy, save_programme
from projects.actions.satisfaction import record_vote
from projects.models import (
    AuditEntry,
    ChangeHead,
    HolidayTable,
    LagPolicy,
    LightSpan,
    Programme,
    SatisfactionVote,
)
from projects.models.access import system_access
from projects.permissions.access import Access
from projects.readmodels.calendar import working_calendar
from projects.readmodels.satisfaction import satisfaction_votes
from projects.readmodels.siteindex import snapshot
from projects.readmodels.vocabulary import ProgrammeWords
from projects.rules.calendar import SpecialDay
from projects.rules.policy import Policy, packaged
from projects.rules.vocabulary import CalendarSource, DayKind, SatisfactionGrade
from tests.factories import CUTOFF, World
from tests.integration.test_commands import run

pytestmark = pytest.mark.django_db

TUESDAY = dt.date(2024, 6, 4)
OFF = SpecialDay(TUESDAY, DayKind.REST, "本市停工")


def seq() -> int:
    return ChangeHead.objects.values_list("seq", flat=True).first() or 0


# -------------------------------------------------------------------------------------- holidays


def test_a_year_is_loaded_by_one_entry_and_the_same_again_writes_nothing(world: World) -> None:
    access = system_access()
    before = seq()
    load_holidays(access=access, year=2024, days=[OFF], source="通知")
    load_holidays(access=access, year=2024, days=[OFF], source="通知")
    assert seq() == before + 1
    calendar = working_calendar()
    assert calendar.source_of(2024) is CalendarSource.CITY
    assert not calendar.is_working_day(TUESDAY).value
    assert not working_calendar(before).tables  # what was known then


def test_a_replaced_table_stays_for_its_own_moment(world: World) -> None:
    access = system_access()
    first = load_holidays(access=access, year=2024, days=[OFF])
    with pytest.raises(Invalid, match="须写明原因"):
        load_holidays(access=access, year=2024, days=[])
    second = load_holidays(access=access, year=2024, days=[], reason="取消停工")
    assert second.corrects_id == first.pk
    assert working_calendar().is_working_day(TUESDAY).value
    assert not working_calendar(first.changed_seq).is_working_day(TUESDAY).value
    assert AuditEntry.objects.filter(action="holidaytable.add").count() == 2


def test_who_may_not_load_and_what_cannot_be(world: World) -> None:
    before = seq()
    with pytest.raises(NotAllowed):
        load_holidays(access=world.access("haishu"), year=2024, days=[OFF])
    with pytest.raises(Invalid, match="不在 2023 年"):
        load_holidays(access=system_access(), year=2023, days=[OFF])
    assert (seq(), HolidayTable.objects.count()) == (before, 0)


def test_two_first_tables_of_a_year_are_refused_by_the_database(world: World) -> None:
    HolidayTable.objects.create(year=2024)
    with pytest.raises(IntegrityError), transaction.atomic():
        HolidayTable.objects.create(year=2024)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("日期,类别,名称\n2024-02-30,休,\n", "第 2 行:日期“2024-02-30”"),
        ("日期,类别,名称\n2024-02-04,放假,\n", "第 2 行:类别“放假”应为 休 或 班"),
        ("日期,类别,名称\n2024-02-04,班,\n2024-02-04,班,\n", "第 3 行:2024-02-04 在第 2 行已经有了"),
        ("日期,类别,名称\n2025-02-04,班,\n", "第 2 行:2025-02-04 不在 2024 年"),
        ("2024-02-04,班,\n", "第一行应为"),
        ("", "第一行应为"),
    ],
)
def test_a_file_that_cannot_be_read_names_its_row(
    world: World, tmp_path: Path, text: str, message: str
) -> None:
    file = tmp_path / "2024.csv"
    file.write_text(text, "utf-8")
    with pytest.raises(CommandError, match=message) as refusal:
        run("load_holidays", str(file), "--year", "2024", "--actor", "admin")
    assert refusal.value.returncode == 1
    assert not HolidayTable.objects.exists()


def test_load_holidays_reads_both_encodings_and_replaces_with_a_reason(world: World, tmp_path: Path) -> None:
    file = tmp_path / "2024.csv"
    file.write_text("日期,类别,名称\n2024-02-10,休,春节\n\n2024-02-04,班,\n", "gb18030")
    arguments = ("load_holidays", str(file), "--year", "2024", "--actor", "admin")
    assert json.loads(run(*arguments, "--json")[1]) == {"year": 2024, "rest": 1, "work": 1}
    file.write_text("date,kind\n2024-02-10,rest\n", "utf-8-sig")
    with pytest.raises(CommandError, match="须写明原因"):
        run(*arguments)
    assert "休 1 天,班 0 天" in run(*arguments, "--reason", "更正", "--source", "国办发明电")[1]
    with pytest.raises(CommandError, match="没有可用的用户") as refusal:
        run("load_holidays", str(file), "--year", "2024", "--actor", "nobody")
    assert refusal.value.returncode == 2
    with pytest.raises(CommandError, match="读写") as refusal:
        run("load_holidays", str(tmp_path / "none.csv"), "--year", "2024", "--actor", "admin")
    assert refusal.value.returncode == 2


# -------------------------------------------------------------------------------------- policies


def test_a_policy_is_a_new_version_and_the_same_one_is_not_stored_twice(world: World, tmp_path: Path) -> None:
    assert json.loads(run("load_policy", "sanya-2022", "--actor", "admin", "--json")[1]) == {
        "key": "sanya-2022",
        "version": 1,
        "created": True,
    }
    assert "内容相同" in run("load_policy", "sanya-2022", "--actor", "admin")[1]
    data = packaged("sanya-2022").to_json()
    data["divergence"] = {"points": "30"}
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(data), "utf-8")
    assert (
        "sanya-2022 第 2 版"
        in run("load_policy", str(file), "--actor", "admin", "--effective-from", "2024-01-01")[1]
    )
    row = LagPolicy.objects.get(key="sanya-2022", version=2)
    assert row.effective_from == dt.date(2024, 1, 1)
    assert (row.rules["version"], row.source) == (2, data["source"])
    assert Policy.from_json(LagPolicy.objects.get(key="sanya-2022", version=1).rules) == packaged(
        "sanya-2022"
    )


@pytest.mark.parametrize(
    ("text", "status", "message"),
    [
        (None, 2, "不是附带规则的代码"),
        ("{", 1, "不是 JSON 文件"),
        ("{}", 1, "缺少 schema"),
        ("[]", 1, "应为一个 JSON 对象"),
    ],
)
def test_what_is_no_policy_is_refused(
    world: World, tmp_path: Path, text: str | None, status: int, message: str
) -> None:
    file = tmp_path / "p.json"
    if text is not None:
        file.write_text(text, "utf-8")
    with pytest.raises(CommandError, match=message) as refusal:
        run("load_policy", str(file), "--actor", "admin")
    assert refusal.value.returncode == status


def test_only_who_may_change_policies_takes_one_in(world: World) -> None:
    with pytest.raises(NotAllowed):
        adopt_policy(access=world.access("haishu"), policy=packaged("sanya-2022"), effective_from=CUTOFF)
    with pytest.raises(CommandError, match="没有权限"):
        run("load_policy", "sanya-2022", "--actor", "haishu")
    assert not LagPolicy.objects.filter(key="sanya-2022").exists()


def test_rules_that_ever_gave_a_light_are_never_edited(world: World) -> None:
    """The year is closed and the programme has another policy: the old lights keep their reason all the same."""
    old = world.programme.policy
    world.add(world.planned())
    assert LightSpan.objects.filter(policy=old).exists()
    row, _made = adopt_policy(access=system_access(), policy=packaged("ouhai-2020"), effective_from=CUTOFF)
    programme = Programme.objects.get(pk=world.programme.pk)
    programme.policy = row
    save_programme(access=system_access(), row=programme)
    stored = LagPolicy.objects.get(pk=old.pk)
    stored.rules = packaged("sanya-2022").to_json()
    with pytest.raises(Invalid, match="不能修改"):
        save_policy(access=system_access(), row=stored)


# ---------------------------------------------------------------------------------- satisfaction


def vote(world: World, **fields: object) -> SatisfactionVote:
    given: dict[str, object] = {
        "programme": world.programme,
        "held_on": CUTOFF,
        "entitled": 40,
        "present": 29,
        "satisfied": 17,
        "basically_satisfied": 11,
        "dissatisfied": 1,
    }
    return SatisfactionVote(**given | fields)


def programme_words(world: World, *, publishes: bool = True) -> ProgrammeWords:
    programme = Programme.objects.get(pk=world.programme.pk)
    programme.publishes_satisfaction = publishes
    save_programme(access=system_access(), row=programme)
    return snapshot().vocabulary.programmes[programme.pk]


def test_a_vote_is_recorded_corrected_and_read_as_of_both_clocks(world: World) -> None:
    access = system_access()
    programme = programme_words(world)
    first = record_vote(access=access, row=vote(world))
    assert first.result.grade is SatisfactionGrade.SATISFIED
    second = record_vote(
        access=access, row=vote(world, satisfied=14, corrects=first, correction_reason="误计")
    )
    (now,) = satisfaction_votes(programme, as_of=CUTOFF)
    (then,) = satisfaction_votes(programme, as_of=CUTOFF, known_seq=first.changed_seq)
    assert (now.result.grade, now.is_correction) == (SatisfactionGrade.BASICALLY_SATISFIED, True)
    assert (then.result.grade, then.is_correction) == (SatisfactionGrade.SATISFIED, False)
    assert satisfaction_votes(programme, as_of=CUTOFF - dt.timedelta(days=1)) == ()
    with pytest.raises(Invalid, match="已经更正过"):
        record_vote(access=access, row=vote(world, corrects=first, correction_reason="再改"))
    with pytest.raises(Invalid, match="更正须写明原因"):
        record_vote(access=access, row=vote(world, corrects=second))


def test_votes_are_public_only_where_the_programme_says_so(world: World) -> None:
    record_vote(access=system_access(), row=vote(world))
    assert satisfaction_votes(programme_words(world, publishes=False), as_of=CUTOFF) == ()
    assert len(satisfaction_votes(programme_words(world), as_of=CUTOFF)) == 1


def test_a_districts_votes_are_its_own(world: World) -> None:
    haishu = world.counties["330203"]
    record_vote(access=system_access(), row=vote(world))
    record_vote(access=system_access(), row=vote(world, division=haishu))
    programme = programme_words(world)
    assert len(satisfaction_votes(programme, as_of=CUTOFF)) == 2
    (own,) = satisfaction_votes(programme, as_of=CUTOFF, divisions={haishu.pk})
    assert own.division_zh == haishu.name_zh


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"held_on": dt.date(2999, 1, 1)}, "不能晚于今天"),
        ({"present": 41}, "多于应到"),
        ({"satisfied": 20}, "三种票合计"),
        ({"present": 0, "satisfied": 0, "basically_satisfied": 0, "dissatisfied": 0}, "须大于 0"),
    ],
)
def test_votes_that_cannot_be_are_refused(world: World, fields: dict[str, object], message: str) -> None:
    before = seq()
    with pytest.raises(Invalid, match=message):
        record_vote(access=system_access(), row=vote(world, **fields))
    assert (seq(), SatisfactionVote.objects.count()) == (before, 0)


@pytest.mark.parametrize("name", ["haishu", "energy", "supervisor"])
def test_who_may_not_record_a_vote(world: World, name: str) -> None:
    access: Access = world.access(name)
    with pytest.raises(NotAllowed):
        record_vote(access=access, row=vote(world))
    assert not SatisfactionVote.objects.exists()


def test_the_section_shows_base_grade_and_tie(world: World) -> None:
    record_vote(
        access=system_access(),
        row=vote(world, present=30, satisfied=14, basically_satisfied=1, dissatisfied=15, source="会议纪要"),
    )
    rows = satisfaction_votes(programme_words(world), as_of=CUTOFF)
    html = render_to_string("projects/parts/satisfaction.html", {"votes": rows})
    for words in ("基本满意", "恰好一半", "实到", "46.7%", "会议纪要", "/methodology/#satisfaction"):
        assert words in html
    assert "<section" not in render_to_string("projects/parts/satisfaction.html", {"votes": ()})


@pytest.mark.parametrize("publishes", [True, False])
def test_the_pages_of_a_year_and_of_a_district_show_them(
    world: World, client: Client, publishes: bool
) -> None:
    programme_words(world, publishes=publishes)
    record_vote(access=system_access(), row=vote(world, division=world.counties["330203"], source="会议纪要"))
    pages = ("/programmes/330200-2024/", "/districts/330203/", "/districts/330212/")
    shown = ["会议纪要" in client.get(path).content.decode() for path in pages]
    assert shown == [publishes, publishes, False]
