"""The methodology page: made from the policy in force, for each public programme; and what stands beside it."""

import datetime as dt
import re

import pytest
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from projects.actions.calendar import load_holidays
from projects.actions.policies import adopt_policy
from projects.actions.programmes import save_programme
from projects.models import LagPolicy, Programme
from projects.models.access import system_access
from projects.rules.calendar import SpecialDay, library_years
from projects.rules.methodology import ANCHORS
from projects.rules.policy import Policy, packaged
from projects.rules.vocabulary import DayKind, Publication
from tests.factories import World
from tests.integration.test_district_pages import page, text_of

pytestmark = pytest.mark.django_db


def judge_by(programme: Programme, policy: Policy) -> LagPolicy:
    row, _created = adopt_policy(access=system_access(), policy=policy, effective_from=dt.date(2024, 1, 1))
    programme = Programme.objects.get(pk=programme.pk)
    programme.policy = row
    save_programme(access=system_access(), row=programme)
    return row


def test_every_figure_has_its_anchor(world: World, client: Client) -> None:
    html = page(client, "/methodology/")
    assert tuple(re.findall(r'<section id="([a-z-]+)"', html)) == ANCHORS
    for anchor in ANCHORS:
        assert f'href="#{anchor}"' in html


def test_the_page_says_what_the_policy_in_force_says(world: World, client: Client) -> None:
    html = text_of(page(client, "/methodology/"))
    assert "滞后至少 10、不超过 30 个百分点" in html
    assert "宁波市 2024 年民生实事用的规则:银川 2025" in html
    data = world.programme.policy.rules
    text = str(data).replace("'at_least': '10'", "'at_least': '15'")
    assert text != str(data)
    data["sites"]["lag"]["bands"][1]["at_least"] = data["indicators"]["lag"]["bands"][1]["at_least"] = "15"
    judge_by(world.programme, Policy.from_json(data))
    html = text_of(page(client, "/methodology/"))
    assert "滞后至少 15、不超过 30 个百分点" in html
    assert "滞后至少 10" not in html
    # The worked example follows: 12 points behind is within what is tolerated now.
    assert "计划 20%,实际 8%:滞后 12 个百分点,占应完成量的 60%,按这条规则是绿灯" in html


def test_a_policy_of_money_shows_its_schedule(world: World, client: Client) -> None:
    judge_by(world.programme, packaged("tianjin-2022"))
    html = text_of(page(client, "/methodology/"))
    assert "自下达的次月起 6 个月内均衡支出" in html
    assert "点位、区县的指标、项目、区县 这条规则不评定,没有灯" in html


def test_in_english(world: World, client: Client) -> None:
    judge_by(world.programme, packaged("sanya-2022"))
    html = text_of(page(client, "/en/methodology/"))
    assert "Behind by more than 50% of what was due." in html
    assert "in our words" in html
    assert "satisfied" in html


def test_a_programme_is_chosen_and_an_unknown_word_is_refused(world: World, client: Client) -> None:
    other = Programme.objects.get(pk=world.programme.pk)
    other.pk, other.key, other.year = None, "330200-2023", 2023
    other._state.adding = True
    other.period_start, other.period_end, other.cutoff = (
        dt.date(2023, 1, 1),
        dt.date(2023, 12, 31),
        dt.date(2023, 6, 30),
    )
    other.name_zh = "另一年"
    other.policy, _made = adopt_policy(
        access=system_access(), policy=packaged("ouhai-2020"), effective_from=dt.date(2023, 1, 1)
    )
    save_programme(access=system_access(), row=other)
    assert "瓯海" not in page(client, "/methodology/")
    chosen = page(client, "/methodology/?programme=330200-2023")
    assert "瓯海" in chosen and '<option value="330200-2023" selected' in chosen
    assert "没有名为“as_of”的参数" in page(client, "/methodology/?as_of=2024-01-01", 400)
    assert "没有名为“330200-1999”的年度民生实事" in page(client, "/methodology/?programme=330200-1999", 400)
    stored = Programme.objects.get(key="330200-2023")
    stored.publication = Publication.DRAFT.value
    save_programme(access=system_access(), row=stored)
    page(client, "/methodology/?programme=330200-2023", 400)


def test_without_any_programme_the_general_rules_stand(client: Client) -> None:
    html = text_of(page(client, "/methodology/"))
    assert "58.6%" in html and "用的规则" not in html


def test_it_is_public_and_asks_few_questions(
    world: World, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    world.add(world.planned())
    client.get("/methodology/")
    with django_assert_max_num_queries(6):
        response = client.get("/methodology/")
    assert not response.cookies and "public" in response["Cache-Control"]


def test_years_of_working_days_and_where_they_are_from(world: World, client: Client) -> None:
    unknown = max(library_years()) + 1
    html = page(client, "/methodology/")
    assert re.search(rf">{unknown}</th><td>暂按周末<", html)
    assert re.search(r">2024</th><td>程序库<", html)
    access = system_access()
    load_holidays(access=access, year=2024, days=[SpecialDay(dt.date(2024, 1, 1), DayKind.REST, "元旦")])
    load_holidays(access=access, year=unknown, days=[])
    html = page(client, "/methodology/")
    assert re.search(r">2024</th><td>本市载入的表<", html)
    assert re.search(rf">{unknown}</th><td>本市载入的表<", html)


def test_the_admin_puts_a_policy_into_words(world: World, admin_client: Client) -> None:
    form = page(admin_client, f"/admin/projects/lagpolicy/{world.programme.policy_id}/change/")
    assert "黄灯:滞后至少 10、不超过 30 个百分点。" in form
    assert "用文字写出每一档" in page(admin_client, "/admin/projects/lagpolicy/add/")
