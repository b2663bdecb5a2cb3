"""Commands that other people's scripts rely on: exit codes, JSON, and that they find what is wrong."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from projects.models import (
    AuditEntry,
    ChangeHead,
    Division,
    FundingLine,
    FundingReport,
    Indicator,
    PublishedFigure,
    Site,
)
from tests.factories import CUTOFF, World

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


class TestVerifyChain:
    def test_a_whole_chain(self, world: World) -> None:
        world.add(*(world.draft() for _ in range(4)))
        code, out = run("verify_chain", "--json")
        assert (code, json.loads(out)) == (0, {"entries": 4, "bad_seq": None, "reason": ""})

    @pytest.mark.parametrize(
        ("sql", "bad_seq", "reason"),
        [
            ("UPDATE projects_auditentry SET action = 'x' WHERE seq = 2", 2, "content"),
            ("UPDATE projects_auditentry SET subject_id = '99' WHERE seq = 3", 3, "content"),
            ("UPDATE projects_auditentry SET actor_id = NULL WHERE seq = 1", 1, "content"),
            ("UPDATE projects_auditentry SET hash = previous_hash WHERE seq = 2", 2, "content"),
            ("UPDATE projects_auditentry SET previous_hash = hash WHERE seq = 2", 2, "link"),
            ("DELETE FROM projects_auditentry WHERE seq = 2", 2, "gap"),
            ("DELETE FROM projects_auditentry WHERE seq = 4", 4, "head"),
            ("UPDATE projects_changehead SET seq = 5", 5, "head"),
        ],
    )
    def test_names_the_first_bad_entry(self, world: World, sql: str, bad_seq: int, reason: str) -> None:
        world.add(*(world.draft() for _ in range(4)))
        rewrite(sql)
        code, out = run("verify_chain", "--json")
        told = json.loads(out)
        assert (code, told["bad_seq"], told["reason"]) == (1, bad_seq, reason)

    def test_an_empty_database_is_whole(self, world: World) -> None:
        assert not AuditEntry.objects.exists()
        assert not ChangeHead.objects.exists()
        assert run("verify_chain")[0] == 0


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
            key="used",
            label_zh="已使用",
            text="22.47 亿元,占 56.0 %",
            value="22.47",
            unit="亿元",
            as_of=CUTOFF,
            source="公布",
        )
        city = FundingLine.objects.create(
            programme=programme, source="city", name="市本级", arranged=652_000_000
        )
        FundingLine.objects.create(
            programme=programme, source="district", name="区县", arranged=2_176_000_000
        )
        FundingReport.objects.create(line=city, as_of=CUTOFF, used=382_000_000)
        code, out = run("headline", "--programme", "330200-2024", "--json")
        told = json.loads(out)
        assert code == 0
        assert told["published"][0]["text"] == "22.47 亿元,占 56.0 %"
        assert told["computed"] == [
            {
                "source": "city",
                "arranged": "652000000.00",
                "used": "382000000.00",
                "percent": "58.6",
                "lead_pp": "8.6",
            },
            {
                "source": "district",
                "arranged": "2176000000.00",
                "used": None,
                "percent": None,
                "lead_pp": None,
            },
        ]

    def test_a_draft_is_not_there(self, world: World) -> None:
        world.programme.publication = "draft"
        world.programme.save()
        with pytest.raises(CommandError):
            run("headline", "--programme", "330200-2024")
