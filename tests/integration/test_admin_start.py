"""The start page: what is due for whom, the most urgent first, by name and with one click; and when nothing is."""

import datetime as dt
from decimal import Decimal

import pytest

from projects.actions.promises import set_target
from projects.actions.publishing import submit_site
from projects.actions.rows import save_row
from projects.admin.overview import what_to_do
from projects.admin.tasks import Task, by_urgency
from projects.models import FundingLine, FundingReport, IndicatorReport, Membership, TargetStatement, User
from projects.models.access import system_access
from projects.permissions.access import Permission
from projects.readmodels.missingfigures import last_month
from projects.rules.vocabulary import Publication
from tests.factories import CUTOFF, World
from tests.integration.adminforms import client_of

pytestmark = pytest.mark.django_db


def lines(world: World, who: str) -> dict[str, Task]:
    return {str(task.label): task for task in what_to_do(world.access(who))[1]}


@pytest.mark.parametrize(
    ("day", "month"),
    [
        (dt.date(2024, 6, 30), dt.date(2024, 6, 30)),
        (dt.date(2024, 6, 29), dt.date(2024, 5, 31)),
        (dt.date(2024, 3, 1), dt.date(2024, 2, 29)),
        (dt.date(2024, 1, 30), dt.date(2023, 12, 31)),
    ],
)
def test_the_last_month_that_is_over(day: dt.date, month: dt.date) -> None:
    assert last_month(day) == month


def test_a_line_names_the_most_urgent_rows_and_leads_there(world: World) -> None:
    old, new, _other = world.add(
        world.planned(name="老点", baseline_finish=dt.date(2024, 3, 1)),
        world.planned(name="新点", publication=Publication.DRAFT),
        world.planned(name="别区", county="330212"),
    )
    found = lines(world, "haishu")
    assert found["滞后点位"].count == 2 and found["滞后点位"].tone == "bad"
    first = found["滞后点位"].examples[0]
    assert first.name == "老点" and "红灯" in first.reason
    assert first.url == f"/admin/projects/site/{old.pk}/step/report/"
    assert [row.name for row in found["草稿待提交"].examples] == ["新点"]
    assert "待我发布" not in found, "an editor publishes nothing"
    body = client_of(world.users["haishu"]).get("/admin/").content.decode()
    assert "老点" in body and "别区" not in body and body.index("滞后点位") < body.index("草稿待提交")
    submit_site(access=world.access("haishu"), site_id=new.pk, expected_version=1)
    waiting = lines(world, "publisher")
    assert waiting["待我发布"].count == 1 and "haishu" in waiting["待我发布"].examples[0].reason
    assert set(waiting) == {"待我发布"}, "none of the editors' lines"


def test_a_verifier_has_none_of_the_editors_lines(world: World) -> None:
    world.add(world.planned(), world.planned(publication=Publication.DRAFT))
    user = User.objects.create_user(username="verifier", password="x", is_staff=True)
    Membership.objects.create(user=user, role="verifier")
    answer = client_of(user).get("/admin/")
    assert answer.context["due"] == [] and "没有要办的事" in answer.content.decode()


def test_figures_that_were_promised_and_not_handed_in(world: World) -> None:
    meal, piles = world.indicators["03-meal"], world.indicators["06-piles"]
    own, other = world.counties["330203"], world.counties["330212"]
    access = system_access()
    for division in (own, other):
        set_target(
            access=access,
            row=TargetStatement(
                indicator=meal,
                division=division,
                effective_on=dt.date(2024, 1, 1),
                target=Decimal(3),
                source="x",
            ),
        )
    save_row(
        access=access,
        permission=Permission.INDICATOR_REPORT,
        row=IndicatorReport(indicator=piles, division=own, as_of=dt.date(2024, 5, 31), actual=Decimal(1)),
    )
    line = save_row(
        access=access,
        permission=Permission.PROGRAMME_CHANGE,
        row=FundingLine(
            programme=world.programme, division=own, source="district", name="区级", arranged=Decimal(10)
        ),
    )
    found = lines(world, "haishu")
    # Never reported before the one of last month; nothing of the other district.
    assert found["指标没有上报"].count == 2 and found["指标没有上报"].deadline == CUTOFF
    assert [row.name for row in found["指标没有上报"].examples] == ["助餐服务点 · 海曙区", "充电桩 · 海曙区"]
    assert found["资金使用没有上报"].count == 1
    save_row(
        access=access,
        permission=Permission.INDICATOR_REPORT,
        row=IndicatorReport(indicator=piles, division=own, as_of=CUTOFF, actual=Decimal(1)),
    )
    save_row(
        access=access,
        permission=Permission.FUNDING_REPORT,
        row=FundingReport(line=line, as_of=CUTOFF, used=Decimal(1)),
    )
    found = lines(world, "haishu")
    assert (found["指标没有上报"].count, found["资金使用没有上报"].count) == (1, 0)
    link = found["指标没有上报"].examples[0].url
    form = client_of(world.users["haishu"]).get(link)
    assert f'<option value="{own.pk}" selected' in form.content.decode(), (
        "one click, and the form is filled in"
    )
    assert "没有登记目标的指标" not in found
    assert lines(world, "admin")["没有登记目标的指标"].count == 3


def test_what_is_wrong_comes_first_and_what_is_done_last() -> None:
    def task(name: str, tone: str, count: int, deadline: dt.date | None = None) -> Task:
        return Task(name, "", tone, count, False, "/", deadline)

    day = dt.date(2024, 6, 30)
    ordered = by_urgency(
        [
            task("e", "bad", 0),
            task("d", "calm", 9),
            task("c", "work", 1),
            task("b", "work", 1, day),
            task("a", "bad", 1),
        ]
    )
    assert "".join(str(each.label) for each in ordered) == "abcde"
