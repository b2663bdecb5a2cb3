"""Commands that other people's scripts rely on: exit codes, JSON, and that they find what is wrong."""

import json
import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.http import HttpRequest
from django.test import Client

from projects.models import (
    ChangeHead,
    Division,
    FacilityKind,
    FundingArrangement,
    FundingLine,
    FundingReport,
    Indicator,
    PublishedFigure,
    Site,
    User,
)
from projects.models.access import access_of
from projects.permissions.access import Permission, holds
from tests.factories import CUTOFF, START, World

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command(*arguments, stdout=out)
    except SystemExit as stop:
        return int(stop.code or 0), out.getvalue()
    return 0, out.getvalue()


def rewrite(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


class TestCheckData:
    def test_a_sound_world(self, world: World) -> None:
        world.add(world.draft(), world.planned(county="330212"))
        assert run("check_data") == (0, "数据约束全部成立。\n")

    @pytest.mark.parametrize(
        ("what", "invariant"),
        [("place", "places"), ("state", "states"), ("tree", "tree"), ("subset", "subsets")],
    )
    def test_finds_what_is_wrong(self, world: World, what: str, invariant: str) -> None:
        site = world.site(county="330203")
        if what == "place":
            Site.objects.filter(pk=site.pk).update(located_in=world.counties["330212"])
        elif what == "state":
            Site.objects.filter(pk=site.pk).update(stage="building")
        elif what == "tree":
            Division.objects.filter(code="330203").update(tree_left=90, tree_right=91)
        else:
            rural = world.indicators["06-piles-rural"]
            Indicator.objects.create(
                category=rural.category, code="deep", name_zh="其中的其中", unit_zh="个", subset_of=rural
            )
        code, out = run("check_data", "--json")
        assert code == 1
        assert {json.loads(line)["invariant"] for line in out.splitlines()} == {invariant}


def test_rebuild_index_counts_live_sites(world: World) -> None:
    world.add(*(world.draft() for _ in range(3)))
    code, out = run("rebuild_index")
    assert code == 0
    assert "3 个点位" in out


class TestHeadline:
    def test_published_is_printed_and_computed_is_added_up(self, world: World) -> None:
        """宁波 2024, half a year: 3.82 of 6.52 is 58.6 %, 8.6 points ahead; the rest was not published."""
        programme = world.programme
        PublishedFigure.objects.create(
            programme=programme,
            key="funds-used",
            label_zh="已使用",
            text="22.47 亿元,占 56.0 %",
            value="22.47",
            unit="亿元",
            as_of=CUTOFF,
            source="公布",
        )
        lines = {
            source: FundingLine.objects.create(
                programme=programme, source=source, name=source, arranged=arranged
            )
            for source, arranged in (
                ("city", 652_000_000),
                ("district", 2_176_000_000),
                ("other", 1_188_000_000),
            )
        }
        for line in lines.values():
            FundingArrangement.objects.create(
                line=line, effective_on=START, arranged=line.arranged, basis="x"
            )
        FundingReport.objects.create(line=lines["city"], as_of=CUTOFF, used=382_000_000)
        code, out = run("headline", "--programme", "330200-2024", "--json")
        told = json.loads(out)
        assert code == 0
        assert told["published"][0]["text"] == "22.47 亿元,占 56.0 %"
        computed = told["computed"]
        rates = {row["source"]: (row["percent"], row["lead_pp"]) for row in computed["funds"]}
        assert [round(value, 1) for value in rates.pop("city")] == [58.6, 8.6]
        assert rates == {"district": (None, None), "other": (None, None)}
        total = computed["funds_total"]
        assert [round(total[name], 1) for name in ("percent", "lead_pp")] == [56.0, 6.0]

    def test_a_draft_is_not_there(self, world: World) -> None:
        world.programme.publication = "draft"
        world.programme.save()
        with pytest.raises(CommandError):
            run("headline", "--programme", "330200-2024")


class TestAddStaff:
    def test_the_first_administrator_can_log_in_and_work(self, world: World, client: Client) -> None:
        code, out = run("add_staff", "chief", "--role", "administrator")
        assert code == 0
        password = re.search(r"初始密码 ([\w-]+)", out)
        assert password is not None
        assert client.login(request=HttpRequest(), username="chief", password=password[1])
        assert client.get("/admin/").status_code == 200
        assert holds(access_of(User.objects.get(username="chief"), CUTOFF), Permission.MEMBERSHIP_CHANGE)

    @pytest.mark.parametrize(
        "arguments",
        [
            ("haishu", "--role", "supervisor"),  # the name is taken
            ("x", "--role", "district_editor"),  # no division
            ("x", "--role", "district_editor", "--division", "999999"),
            ("x", "--role", "department_editor", "--department", "nobody"),
            ("x", "--role", "king"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, world: World, arguments: tuple[str, ...]) -> None:
        before = User.objects.count()
        with pytest.raises(CommandError):
            run("add_staff", *arguments)
        # The system's own account may appear: it cannot log in.
        assert User.objects.exclude(username="system").count() == before


def test_new_epoch_throws_caches_away(world: World) -> None:
    world.site()
    before = ChangeHead.objects.get().epoch
    assert run("new_epoch")[0] == 0
    assert ChangeHead.objects.get().epoch != before


def test_load_kinds_adds_what_is_missing_once(world: World) -> None:
    assert run("load_kinds")[0] == 0
    count = FacilityKind.objects.count()
    assert count > 4
    assert run("load_kinds") == (0, "附带的设施种类都已载入。\n")
    assert FacilityKind.objects.count() == count
