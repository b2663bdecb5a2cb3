"""A monthly round: many reports as one action, all or none of them."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from projects.actions.drafts import ReportDraft
from projects.actions.errors import Invalid, NotAllowed
from projects.actions.reports import report_site
from projects.actions.rounddrafts import RoundRefused, RoundRow
from projects.actions.rounds import preview_round, report_round
from projects.actions.sites import change_site, remove_site
from projects.models import AuditEntry, ChangeHead, LightSpan, Photo, RollUp, Site, SiteReport, SiteStanding
from projects.rules.reporting import Hint
from projects.rules.vocabulary import Light, Stage
from tests.factories import CUTOFF, World, database_content
from tests.photographs import draft_of_photo

pytestmark = pytest.mark.django_db


def row(site: Site, percent: int | str, **more: Any) -> RoundRow:
    """As the page sends it: the version that it read."""
    return RoundRow(site.pk, site.version, Decimal(percent), **more)


WORDS = {"problem": "管线未迁改", "plan": "七月底前完成"}


@pytest.fixture
def sites(world: World) -> list[Site]:
    """Four of 海曙, planned January to June."""
    return world.add(*(world.planned() for _number in range(4)))


def test_one_run_of_numbers_one_entry_a_site(world: World, sites: list[Site]) -> None:
    first = ChangeHead.objects.get().seq + 1
    rows = [row(sites[0], 100), row(sites[1], 80, **WORDS), row(sites[2], "12.5", **WORDS)]
    result = report_round(access=world.access("haishu"), as_of=CUTOFF, rows=rows)
    assert result.count == 3
    entries = list(AuditEntry.objects.filter(seq__gte=first).order_by("seq"))
    assert [entry.action for entry in entries] == ["site.report"] * 3
    assert [entry.subject_id for entry in entries] == [str(site.pk) for site in sites[:3]]
    assert all({"site", "sitereport"} <= set(entry.payload["rows"]) for entry in entries)
    reported = list(Site.objects.order_by("pk").values_list("percent", "reported_on", "version", "light"))
    assert reported == [
        (Decimal(100), CUTOFF, sites[0].version + 1, "green"),
        (Decimal(80), CUTOFF, sites[1].version + 1, "yellow"),
        (Decimal("12.5"), CUTOFF, sites[2].version + 1, "red"),
        (None, None, sites[3].version, "red"),
    ]


def test_it_writes_what_one_report_after_the_other_writes(world: World) -> None:
    """Lights, what figures count and their sums: as by `report_site` and `change_site`."""
    day = dt.date(2024, 5, 31)

    def derived(site: Site) -> list[Any]:
        spans = LightSpan.objects.filter(site=site, superseded_at__isnull=True).order_by("valid_from")
        stood = SiteStanding.objects.filter(site=site, superseded_seq__isnull=True).order_by("valid_from")
        fields = [each.attname for each in SiteStanding._meta.concrete_fields]
        kept = [name for name in fields if name not in ("id", "site_id", "recorded_at", "changed_seq")]
        return [
            list(spans.values_list("valid_from", "valid_to", "light", "reason")),
            list(stood.values_list(*kept)),
            Site.objects.filter(pk=site.pk).values_list("stage", "finished_on", "percent", "light").get(),
        ]

    one, other = world.add(world.planned(), world.planned())
    access = world.access("haishu")
    finished: dict[str, object] = {"stage": "finished", "finished_on": day}
    change_site(
        access=access, site_id=one.pk, expected_version=one.version, changes=finished, effective_on=day
    )
    report_site(access=access, site_id=one.pk, report=ReportDraft(CUTOFF, Decimal(100)))
    sums = list(RollUp.objects.order_by("pk").values_list())
    report_round(access=access, as_of=CUTOFF, rows=[row(other, 100, stage=Stage.FINISHED, stage_on=day)])
    assert derived(one) == derived(other)
    assert list(RollUp.objects.order_by("pk").values_list()) != sums
    entry = AuditEntry.objects.latest("seq")
    assert entry.payload["changed"]["stage"] == ["building", "finished"]


def test_an_older_day_leaves_the_latest_figure(world: World, sites: list[Site]) -> None:
    access = world.access("haishu")
    report_round(access=access, as_of=CUTOFF, rows=[row(sites[0], 90, **WORDS)])
    site = Site.objects.get(pk=sites[0].pk)
    report_round(access=access, as_of=dt.date(2024, 5, 31), rows=[row(site, 70, **WORDS)])
    site.refresh_from_db()
    assert (site.percent, site.reported_on) == (Decimal(90), CUTOFF)


class TestRefusals:
    def refused(self, world: World, rows: list[RoundRow], who: str = "haishu", **more: Any) -> RoundRefused:
        before = database_content(), SiteReport.objects.count()
        with pytest.raises(RoundRefused) as found:
            report_round(access=world.access(who), as_of=CUTOFF, rows=rows, **more)
        assert (database_content(), SiteReport.objects.count()) == before
        return found.value

    @pytest.mark.parametrize(
        ("typed", "field"),
        [
            ({"percent": "101"}, "percent"),
            ({"percent": "-1"}, "percent"),
            ({"percent": "NaN"}, "percent"),
            ({"percent": "33.333"}, "percent"),
            ({"percent": "40", "problem": "无", "plan": "七月完成"}, "problem"),
            ({"percent": "40", "problem": "用地未批"}, "plan"),
            ({"percent": "40", "problem": "字" * 1001, "plan": "七月完成"}, "problem"),
            ({"percent": "90", **WORDS, "stage": Stage.FINISHED, "stage_on": CUTOFF}, "percent"),
            ({"percent": "100", "stage": Stage.FINISHED}, "stage_on"),
            ({"percent": "100", "stage_on": CUTOFF}, "stage"),
            ({"percent": "100", "stage": Stage.FINISHED, "stage_on": dt.date(2024, 7, 1)}, "stage_on"),
            ({"percent": "100", "stage": Stage.FINISHED, "stage_on": dt.date(2023, 1, 1)}, "stage_on"),
            ({"percent": "100", "stage": Stage.VERIFIED, "stage_on": CUTOFF}, "stage"),
            ({"percent": "100", "stage": Stage.BUILDING, "stage_on": CUTOFF}, "stage"),
        ],
    )
    def test_by_row_and_field(
        self, world: World, sites: list[Site], typed: dict[str, Any], field: str
    ) -> None:
        wrong = row(sites[1], **typed)
        refusal = self.refused(world, [row(sites[0], 100), wrong])
        assert set(refusal.rows) == {sites[1].pk} and set(refusal.rows[sites[1].pk]) == {field}
        assert not refusal.conflicts

    def test_words_are_asked_by_the_light_after_the_report(self, world: World, sites: list[Site]) -> None:
        """Red without a report, green with this one: nothing to explain."""
        assert sites[0].light == "red"
        report_round(access=world.access("haishu"), as_of=CUTOFF, rows=[row(sites[0], 95)])

    def test_somebody_was_faster(self, world: World, sites: list[Site]) -> None:
        report_site(
            access=world.access("admin"), site_id=sites[0].pk, report=ReportDraft(CUTOFF, Decimal(50))
        )
        change_site(
            access=world.access("admin"), site_id=sites[1].pk, expected_version=sites[1].version,
            changes={"phone": "1"},
        )  # fmt: skip
        rows = [row(sites[0], 100), row(sites[1], 100), row(sites[2], 100)]
        refusal = self.refused(world, rows)
        assert refusal.conflicts == {sites[0].pk, sites[1].pk}
        assert "已经报过(50%)" in refusal.rows[sites[0].pk]["percent"]

    def test_a_second_report_of_the_day_is_a_correction(self, world: World, sites: list[Site]) -> None:
        access = world.access("haishu")
        report_round(access=access, as_of=CUTOFF, rows=[row(sites[0], 100)])
        again = Site.objects.get(pk=sites[0].pk)
        assert "更正" in self.refused(world, [row(again, 90, **WORDS)]).rows[again.pk]["percent"]

    def test_a_removed_site(self, world: World, sites: list[Site]) -> None:
        remove_site(access=world.access("admin"), site_id=sites[0].pk, expected_version=1, reason="重复")
        refusal = self.refused(world, [row(sites[0], 100), row(sites[1], 100)])
        assert set(refusal.rows) == {sites[0].pk}

    def test_what_a_call_cannot_be(self, world: World, sites: list[Site]) -> None:
        access = world.access("haishu")
        one = row(sites[0], 100)
        later = dt.date.today() + dt.timedelta(days=2)
        for as_of, rows, key in (
            (CUTOFF, [], ""), (later, [one], ""), (CUTOFF, [one, one], ""), (CUTOFF, [one] * 501, ""),
            (CUTOFF, [one], "k" * 37),
        ):  # fmt: skip
            with pytest.raises(Invalid):
                report_round(access=access, as_of=as_of, rows=rows, key=key)

    @pytest.mark.parametrize("who", ["yinzhou", "energy", "supervisor", "publisher", "stranger"])
    def test_one_site_of_somebody_else_keeps_all_out(self, world: World, sites: list[Site], who: str) -> None:
        own = world.add(world.planned(county="330212"))[0]
        before = database_content()
        with pytest.raises(NotAllowed):
            report_round(access=world.access(who), as_of=CUTOFF, rows=[row(own, 100), row(sites[0], 100)])
        assert database_content() == before
        assert sites[0].pk not in preview_round(
            access=world.access(who), as_of=CUTOFF, rows=[row(sites[0], 100)]
        )

    def test_a_department_reports_its_own_in_every_district(self, world: World) -> None:
        piles = [
            world.planned(county=county, kind="ev-charging", counts_for=(("06-piles", 4),))
            for county in ("330203", "330212")
        ]
        rows = [row(site, 100) for site in world.add(*piles)]
        assert report_round(access=world.access("energy"), as_of=CUTOFF, rows=rows).count == 2


def test_a_form_that_arrives_twice_is_recorded_once(world: World, sites: list[Site]) -> None:
    access, rows = world.access("haishu"), [row(sites[0], 100)]
    assert not report_round(access=access, as_of=CUTOFF, rows=rows, key="k1").was_there
    entries = AuditEntry.objects.count()
    assert report_round(access=access, as_of=CUTOFF, rows=rows, key="k1").was_there
    assert (AuditEntry.objects.count(), SiteReport.objects.count()) == (entries, 1)
    with pytest.raises(Invalid):
        report_round(access=world.access("admin"), as_of=CUTOFF, rows=rows, key="k1")


def test_photos_belong_to_the_report(world: World, sites: list[Site]) -> None:
    photo = draft_of_photo()
    report_round(access=world.access("haishu"), as_of=CUTOFF, rows=[row(sites[0], 100, photos=(photo,))])
    stored = Photo.objects.get()
    assert stored.report == SiteReport.objects.get()
    assert AuditEntry.objects.latest("seq").payload["photos"] == [[stored.pk, photo.original_sha256]]


def test_the_preview_says_the_light_and_writes_nothing(world: World, sites: list[Site]) -> None:
    report_site(
        access=world.access("haishu"),
        site_id=sites[2].pk,
        report=ReportDraft(dt.date(2024, 5, 31), Decimal(90)),
    )
    sites[2].refresh_from_db()
    before = database_content()
    rows = [row(sites[0], 95), row(sites[1], 80), row(sites[2], 60), row(sites[3], 100)]
    found = preview_round(access=world.access("haishu"), as_of=CUTOFF, rows=rows)
    assert database_content() == before
    said = [(found[each.site_id].light, found[each.site_id].asks_words) for each in rows]
    assert said == [
        (Light.GREEN, False), (Light.YELLOW, True), (Light.RED, True), (Light.GREEN, False),
    ]  # fmt: skip
    assert [hint for hint, _said in found[sites[2].pk].hints] == [Hint.LOWER]
    assert [hint for hint, _said in found[sites[3].pk].hints] == [Hint.WHOLE_NOT_FINISHED]


def test_a_single_report_asks_the_same_words(world: World, sites: list[Site]) -> None:
    access = world.access("haishu")
    with pytest.raises(Invalid) as refusal:
        report_site(
            access=access, site_id=sites[0].pk, report=ReportDraft(CUTOFF, Decimal(40)), asks_words=True
        )
    assert set(refusal.value.errors) == {"problem", "plan"}
    report = ReportDraft(CUTOFF, Decimal(40), WORDS["problem"], WORDS["plan"])
    wrong = report_site(access=access, site_id=sites[0].pk, report=report, asks_words=True)
    # What it is corrected to is green: the corrected report no longer speaks.
    report_site(
        access=access, site_id=sites[0].pk, report=ReportDraft(CUTOFF, Decimal(95)), corrects_id=wrong.pk,
        correction_reason="看错了", asks_words=True,
    )  # fmt: skip
