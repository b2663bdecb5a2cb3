"""Doubtful data: found with its reason, gone once mended, one's own alone, the same after any change."""

import csv
import datetime as dt
import io

import pytest
from django.test import Client

from projects.actions.sites import change_site, remove_site
from projects.models import Site
from projects.readmodels import dataproblems
from projects.readmodels.dataproblems import explained, problem_ids
from projects.readmodels.siteindex import snapshot
from projects.rules.dataproblems import Problem
from projects.rules.vocabulary import Service, Stage
from tests.factories import CUTOFF, World
from tests.integration.adminforms import LIST, client_of

pytestmark = pytest.mark.django_db

PROBLEMS = f"{LIST}problems/"


@pytest.fixture
def doubtful(world: World) -> dict[str, Site]:
    """One site for each doubt that a row can have, and one without."""
    drafts = {
        "good": world.draft(phone="0574-87654321", service_checked_on=CUTOFF),
        "phone": world.draft(phone="见门口"),
        "stale": world.draft(service_checked_on=dt.date(2023, 1, 1)),
        "open_early": world.planned(service=Service.OPEN),
        "undated": world.draft(counts_for=(("03-meal", 1),)),
        "unplanned": world.planned(baseline_start=None, baseline_finish=None),
        "uncounted": world.planned(counts_for=()),
        "apart": world.draft(county="330203", managed_by="330212"),
        "outside": world.draft(lon=121.65, lat=29.95),
        "stopped_open": world.draft(stage=Stage.CANCELLED),
        "twin": world.draft(name="东胜 食堂(一)", lon=121.52, lat=29.82),
        "other": world.draft(name="东胜食堂(一)", lon=121.5202, lat=29.8201),
    }
    # Each at a place of its own: a name apart is no twin.
    return dict(zip(drafts, world.add(*drafts.values()), strict=True))


def ids_of(problem: Problem) -> set[int]:
    return set(problem_ids([problem], snapshot(fresh=True), CUTOFF).tolist())


def test_each_doubt_is_found_with_its_reason(doubtful: dict[str, Site]) -> None:
    for problem in Problem:
        expected = {doubtful[problem.value].pk} if problem.value in doubtful else set()
        if problem is Problem.TWIN:
            expected.add(doubtful["other"].pk)
        assert ids_of(problem) == expected, problem
    held = snapshot(fresh=True)
    every = problem_ids((), held, CUTOFF).tolist()
    assert doubtful["good"].pk not in every
    said = explained(every, held, CUTOFF)
    assert {pk: {problem for problem, _s in found} for pk, found in said.items()} == {
        pk: {problem for problem in Problem if pk in ids_of(problem)} for pk in every
    }


def test_the_board_follows_every_change(world: World, doubtful: dict[str, Site]) -> None:
    assert doubtful["phone"].pk in ids_of(Problem.PHONE)
    access = world.access("admin")
    for name, changes in (
        ("phone", {"phone": "12345"}),
        ("good", {"phone": "?"}),
        ("twin", {"name": "别处"}),
    ):
        change_site(access=access, site_id=doubtful[name].pk, expected_version=1, changes=changes)
    remove_site(access=access, site_id=doubtful["stale"].pk, expected_version=1, reason="错")
    new = world.site(phone="没有")
    assert ids_of(Problem.PHONE) == {doubtful["good"].pk, new.pk}
    assert ids_of(Problem.TWIN) == ids_of(Problem.STALE) == set()
    kept = {problem: ids_of(problem) for problem in Problem}
    dataproblems.forget()
    assert {problem: ids_of(problem) for problem in Problem} == kept, "built anew it is the same"


def test_a_clerk_sees_why_in_their_own_district_and_takes_it_along(
    world: World, haishu: Client, doubtful: dict[str, Site]
) -> None:
    body = haishu.get(PROBLEMS).content.decode()
    assert "电话“见门口”认不出" in body and "2023-01-01 以后没有再核实过" in body
    only = haishu.get(f"{PROBLEMS}?reason=phone&reason=nonsense")
    assert [line.site.pk for line in only.context["lines"]] == [doubtful["phone"].pk]
    assert client_of(world.users["yinzhou"]).get(f"{PROBLEMS}?reason=phone").context["lines"] == []
    change_site(
        access=world.access("admin"),
        site_id=doubtful["phone"].pk,
        expected_version=1,
        changes={"phone": "=1+1"},
    )
    answer = haishu.get(f"{LIST}problems.csv?reason=phone")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) == 2 and rows[1][0] == doubtful["phone"].code
    assert all(not cell.startswith(("=", "+", "@")) for row in rows for cell in row)


def test_pages_of_the_list_lead_on(world: World, haishu: Client) -> None:
    sites = world.add(*[world.draft(phone="无", lon=121.501 + number * 0.001) for number in range(55)])
    first = haishu.get(f"{PROBLEMS}?reason=phone").context
    second = haishu.get(PROBLEMS + first["older"]).context
    seen = [line.site.pk for page in (first, second) for line in page["lines"]]
    assert seen == sorted((site.pk for site in sites), reverse=True) and first["count"] == 55
