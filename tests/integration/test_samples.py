"""Rounds of visits: a seed that is stated first, a frozen frame, a draw that can be made again, and its end."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from projects.actions.errors import Invalid, NotAllowed
from projects.actions.sampling import accept_rest, draw_sample, rest_count, state_seed
from projects.models import AuditEntry, ChangeHead, Sample, SampledSite, SampleFrame, Site, recordguards
from projects.readmodels.samples import eligible, left_for, round_of
from projects.readmodels.verifying import standing_of, waiting_for
from projects.rules.sampling import frame_hash
from projects.rules.vocabulary import Awaits, Service, Stage
from tests.factories import World
from tests.integration.verifying import (
    RETURNED,
    REVISIT,
    SPOT,
    UNUSABLE,
    USABLE,
    add_people,
    scheme,
    visit,
)

pytestmark = pytest.mark.django_db

DAY = dt.date(2024, 6, 25)


@pytest.fixture
def frame(world: World) -> World:
    """Twelve sites of 海曙 and six of 鄞州 that wait for the draw, and some that do not."""
    add_people(world)
    scheme(world, self_check=False, department_check=False)
    done = {"stage": Stage.FINISHED, "finished_on": dt.date(2024, 6, 1), "service": Service.OPEN}
    world.add(
        *[world.planned(**done) for _number in range(12)],
        *[world.planned(county="330212", **done) for _number in range(6)],
        world.planned(),  # not finished
        world.draft(),  # existing stock
    )
    return world


def stated(world: World, **changes: Any) -> Sample:
    values = {
        "programme": world.programme,
        "name": "第一轮",
        "seed": "2024-06-20 开奖 03 11",
        "seed_source": "福彩公告",
        "percent": Decimal(25),
        "minimum": 1,
    }
    return state_seed(access=world.access("supervisor"), row=Sample(**{**values, **changes}))


def drawn(world: World, **changes: Any) -> Sample:
    return draw_sample(access=world.access("supervisor"), sample_id=stated(world, **changes).pk)


class TestTheDraw:
    def test_each_district_has_its_share_and_the_frame_is_kept(self, frame: World) -> None:
        sample = drawn(frame)
        assert (sample.frame_size, sample.drawn_count) == (18, 5)  # 3 of 12, 1.5 of 6 rounded up
        kept = SampleFrame.objects.get(sample=sample)
        assert frame_hash(kept.content) == sample.frame_hash
        assert kept.content.count("\n") == 18
        entry = AuditEntry.objects.get(action="sample.draw")
        assert entry.payload["changed"]["frame_hash"] == ["", sample.frame_hash]
        assert set(SampledSite.objects.values_list("district", flat=True)) == {"330203", "330212"}
        for row in SampledSite.objects.select_related("site"):
            assert standing_of(row.site).awaits is Awaits.SPOT_CHECK
        assert waiting_for(frame.access("verifier"), SPOT).count() == 5
        assert waiting_for(frame.access("verifier-yinzhou"), SPOT).count() == 2
        assert left_for(frame.access("verifier")).count() == 5

    def test_it_is_drawn_once_with_the_seed_that_was_stated(self, frame: World) -> None:
        access, sample = frame.access("supervisor"), stated(frame)
        with pytest.raises(Invalid, match="不能更换"):
            draw_sample(access=access, sample_id=sample.pk, seed="别的")
        draw_sample(access=access, sample_id=sample.pk)
        with pytest.raises(Invalid, match="不能重抽"):
            draw_sample(access=access, sample_id=sample.pk)
        with pytest.raises(Invalid, match="另开一轮"):
            state_seed(access=access, row=Sample.objects.get(pk=sample.pk))

    def test_a_seed_of_days_to_come(self, frame: World) -> None:
        access, sample = frame.access("supervisor"), stated(frame, seed="", seed_source="6 月 30 日双色球")
        assert sample.seed_was_open
        with pytest.raises(Invalid, match="填写种子"):
            draw_sample(access=access, sample_id=sample.pk)
        found = draw_sample(access=access, sample_id=sample.pk, seed="05 12 19")
        assert (found.seed, found.seed_was_open) == ("05 12 19", True)

    @pytest.mark.parametrize(
        "change",
        [
            {"seed": "a|b"},
            {"name": ""},
            {"percent": Decimal(0)},
            {"maximum": 1, "minimum": 2},
            {"seed_source": " "},
        ],
    )
    def test_what_cannot_be_stated(self, frame: World, change: dict[str, Any]) -> None:
        with pytest.raises(Invalid):
            stated(frame, **change)

    @pytest.mark.parametrize("who", ["haishu", "civil", "verifier", "publisher", "stranger"])
    def test_who_draws(self, frame: World, who: str) -> None:
        sample = stated(frame)
        for call in (
            lambda: state_seed(access=frame.access(who), row=Sample(programme=frame.programme, name="x")),
            lambda: draw_sample(access=frame.access(who), sample_id=sample.pk),
            lambda: accept_rest(access=frame.access(who), sample_id=sample.pk, on_day=DAY),
        ):
            with pytest.raises(NotAllowed):
                call()
        assert Sample.objects.get(pk=sample.pk).drawn_at is None

    def test_nothing_eligible_is_no_draw(self, frame: World) -> None:
        drawn(frame)
        Site.objects.filter(stage="finished").update(stage="suspended")
        with pytest.raises(Invalid, match="没有符合条件"):
            drawn(frame, name="第二轮")

    def test_what_is_drawn_is_not_drawn_again_nor_what_was_visited_this_year(self, frame: World) -> None:
        drawn(frame)
        again = Sample(programme=frame.programme, level=SPOT.value, skips_visited=True)
        assert eligible(again).count() == 13
        looked = Site.objects.filter(
            sampled__isnull=True, stage="finished", contributions__isnull=False
        ).first()
        assert looked is not None
        visit(frame.access("verifier2"), looked, REVISIT, USABLE)
        assert eligible(again, DAY).count() == 12
        assert eligible(again, dt.date(2025, 3, 1)).count() == 13
        again.skips_visited = False
        assert eligible(again, DAY).count() == 13


class TestTheRound:
    def test_the_rest_is_accepted_when_all_were_visited(self, frame: World) -> None:
        sample, supervisor = drawn(frame), frame.access("supervisor")
        chosen = [row.site for row in SampledSite.objects.order_by("pk")]
        for site in chosen[:-1]:
            visit(frame.access("verifier"), site, SPOT, day=DAY)
        with pytest.raises(Invalid, match="还有 1 个"):
            accept_rest(access=supervisor, sample_id=sample.pk, on_day=DAY)
        visit(frame.access("verifier"), chosen[-1], SPOT, RETURNED, DAY)
        assert rest_count(sample) == 13
        with pytest.raises(Invalid):
            accept_rest(access=supervisor, sample_id=sample.pk, on_day=dt.date(2024, 5, 1))
        head = ChangeHead.objects.get().seq
        assert accept_rest(access=supervisor, sample_id=sample.pk, on_day=DAY) == 13
        assert ChangeHead.objects.get().seq == head + 14
        assert Site.objects.filter(stage="verified", verified_on=DAY, light="blue").count() == 17
        assert standing_of(Site.objects.get(pk=chosen[-1].pk)).awaits is Awaits.REWORK
        with pytest.raises(Invalid, match="已经通过"):
            accept_rest(access=supervisor, sample_id=sample.pk, on_day=DAY)
        whole = round_of(sample, supervisor).whole
        assert (whole.drawn, whole.visited, whole.failed, whole.left, whole.rework) == (5, 5, 1, 0, 1)
        assert whole.interval is not None and round(whole.interval.share) == 20

    def test_a_round_is_seen_within_ones_scope(self, frame: World) -> None:
        sample = drawn(frame)
        seen = round_of(sample, frame.access("verifier-yinzhou"))
        assert {row.drawn.district for row in seen.rows} == {"330212"} and seen.whole.drawn == 2
        assert not round_of(sample, frame.access("haishu")).rows

    def test_a_round_of_revisits(self, frame: World) -> None:
        """Half the chargers broken for a year: found by looking again at what is said to be open."""
        sample = drawn(frame, level=REVISIT.value, percent=Decimal(100), name="回头看")
        assert sample.drawn_count == 18
        site = SampledSite.objects.order_by("pk")[0].site
        row = visit(
            frame.access("verifier"), site, REVISIT, UNUSABLE, DAY, service_after=Service.CLOSED_TEMPORARILY
        )
        assert row.sample == sample
        assert Site.objects.get(pk=site.pk).service == "closed_temporarily"
        assert left_for(frame.access("verifier")).count() == 17


class TestTheCommands:
    def run(self, *arguments: str) -> tuple[int, str]:
        import io

        out = io.StringIO()
        try:
            call_command(*arguments, stdout=out)
        except CommandError as problem:
            return problem.returncode, str(problem)
        return 0, out.getvalue()

    def arguments(self, *more: str) -> tuple[str, ...]:
        return (
            "draw_sample", "--programme", "330200-2024", "--level", "spot_check", "--name", "一", "--seed", "种子",
            "--seed-source", "公告", "--percent", "25", "--actor", "supervisor", *more,
        )  # fmt: skip

    def test_drawn_checked_and_caught(self, frame: World) -> None:
        code, text = self.run(*self.arguments("--dry-run", "--json"))
        told = json.loads(text)
        assert (code, told["frame"], told["drawn"]) == (0, 18, 5) and not Sample.objects.exists()
        assert told["districts"] == {"330203": [12, 3], "330212": [6, 2]}
        code, text = self.run(*self.arguments("--json"))
        assert code == 0 and json.loads(text)["drawn"] == 5
        sample = Sample.objects.get()
        for name in ("一", str(sample.pk)):
            assert self.run("verify_sample", name, "--json")[0] == 0
        assert self.run(*self.arguments())[0] == 1
        row = SampledSite.objects.first()
        other = Site.objects.filter(sampled__isnull=True, stage="finished").first()
        assert row is not None and other is not None
        with recordguards.lifted(connection):
            SampledSite.objects.filter(pk=row.pk).update(site=other)
        code, text = self.run("verify_sample", "一")
        assert code == 1 and other.public_id in text

    def test_a_changed_frame_is_caught(self, frame: World) -> None:
        sample = drawn(frame)
        with recordguards.lifted(connection):
            SampleFrame.objects.update(content="330203,meal-point,x\n")
        assert self.run("verify_sample", str(sample.pk))[0] == 1

    def test_so_is_another_district_or_another_count(self, frame: World) -> None:
        sample = drawn(frame)
        row = SampledSite.objects.filter(district="330203").first()
        assert row is not None
        with recordguards.lifted(connection):
            SampledSite.objects.filter(pk=row.pk).update(district="330212")
            Sample.objects.update(frame_size=40)
        code, text = self.run("verify_sample", str(sample.pk))
        assert code == 1 and row.site.public_id in text and "抽样框点位数" in text

    def test_what_could_not_run(self, frame: World) -> None:
        assert self.run("verify_sample", "没有")[0] == 2
        assert self.run(*self.arguments("--level", "nonsense"))[0] in (1, 2)
        assert self.run(*self.arguments("--programme", "x"))[0] == 2
        assert self.run("verify_sample", str(stated(frame).pk))[0] == 2
