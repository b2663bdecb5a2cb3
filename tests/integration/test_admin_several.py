"""Several sites at once: another stage with a preview, and the table to type into with its conflicts."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from projects.actions.closing import close_period
from projects.actions.sites import change_site
from projects.admin.sitebulk import BULK_LIMIT
from projects.models import AuditEntry, ChangeHead, CorrectionRequest, Site
from projects.models.access import system_access
from tests.factories import World
from tests.integration.adminforms import LIST, client_of, form_of

pytestmark = pytest.mark.django_db

CHANGES = f"{LIST}changes/"
SHEET = f"{LIST}sheet/"
TODAY = dt.date.today().isoformat()


def chosen(client: Client, sites: list[Site], **typed: str) -> dict[str, str]:
    """The form that follows the choice in the list, filled in."""
    answer = client.post(
        LIST, {"action": "change_selected", "_selected_action": [str(site.pk) for site in sites]}
    )
    assert answer.status_code == 200
    return {**form_of(answer.content.decode()), "reason": "现场核实", **typed}


def confirmed(answer: Any, button: str) -> dict[str, str]:
    """The preview's own form, with the button that is pressed."""
    assert button in answer.content.decode()
    return {**form_of(answer.content.decode()), button: "1"}


def head() -> int:
    return int(ChangeHead.objects.get().seq)


def test_several_become_finished_in_one_action(world: World, haishu: Client) -> None:
    sites = world.add(*[world.planned() for _number in range(3)])
    before = head()
    answer = haishu.post(CHANGES, chosen(haishu, sites, stage="finished", service="open", effective_on=TODAY))
    assert head() == before, "a preview writes nothing"
    assert [line.site.pk for line in answer.context["clear"]] == [site.pk for site in sites]
    assert haishu.post(CHANGES, confirmed(answer, "_apply")).status_code == 302
    for site in sites:
        site.refresh_from_db()
        assert (site.stage, site.service, site.finished_on) == ("finished", "open", dt.date.today())
        assert site.service_checked_on == dt.date.today()
    entries = AuditEntry.objects.filter(seq__gt=before).order_by("seq")
    assert [(entry.action, int(entry.subject_id)) for entry in entries] == [
        ("site.change", s.pk) for s in sites
    ]
    assert {entry.payload["reason"] for entry in entries} == {"现场核实"}
    assert entries.last().seq - before == 3  # type: ignore[union-attr]


def test_all_or_nothing_unless_the_rest_is_asked_for(world: World, haishu: Client) -> None:
    """One was built before the day that is typed as its finish: it is refused by name, and so are all."""
    good, bad = world.add(world.planned(), world.planned(started_on=dt.date(2024, 5, 1)))
    typed = chosen(haishu, [good, bad], stage="finished", effective_on="2024-03-01")
    before = head()
    answer = haishu.post(CHANGES, {**typed, "_apply": "1"})
    assert head() == before
    refused = answer.context["refused"]
    assert [line.site.pk for line in refused] == [bad.pk]
    assert "2024-05-01" in refused[0].refusal.sentence
    assert bad.name in answer.content.decode() and "_apply" not in answer.content.decode()
    assert haishu.post(CHANGES, confirmed(answer, "_rest")).status_code == 302
    assert [Site.objects.get(pk=site.pk).stage for site in (good, bad)] == ["finished", "building"]


def test_what_somebody_changed_after_the_choice_is_refused_by_name(world: World, haishu: Client) -> None:
    sites = world.add(world.planned(), world.planned())
    typed = chosen(haishu, sites, stage="suspended", effective_on=TODAY)
    change_site(access=world.access("admin"), site_id=sites[0].pk, expected_version=1, changes={"phone": "1"})
    answer = haishu.post(CHANGES, {**typed, "_apply": "1"})
    assert [line.site.pk for line in answer.context["refused"]] == [sites[0].pk]


def test_foreign_and_verified_sites_are_left_alone(world: World, haishu: Client) -> None:
    own, foreign = world.add(world.planned(), world.planned(county="330212", name="外区点位"))
    typed = chosen(haishu, [own], stage="suspended", effective_on=TODAY)
    picked = f"{own.pk}:1,{foreign.pk}:1,{'9' * 18}:1,x:1,7"
    answer = haishu.post(CHANGES, {**typed, "picked": picked, "_apply": "1"})
    assert answer.status_code == 302
    foreign.refresh_from_db()
    assert foreign.stage == "building"
    answer = haishu.post(CHANGES, {**typed, "picked": f"{foreign.pk}:1", "_rest": "1"})
    assert "外区点位" not in answer.content.decode() and not answer.context["clear"]


def test_a_closed_month_can_be_asked_for_as_a_correction(world: World, haishu: Client) -> None:
    site = world.add(world.planned())[0]
    close_period(access=system_access(), programme=world.programme, through=dt.date(2024, 3, 31))
    typed = chosen(haishu, [site], stage="suspended", effective_on="2024-02-01")
    answer = haishu.post(CHANGES, {**typed, "_apply": "1"})
    assert answer.context["refused"][0].refusal.is_closed
    asked = {**form_of(answer.content.decode()), "correction": "漏报", "_as_correction": "1"}
    assert haishu.post(CHANGES, asked).status_code == 302
    request = CorrectionRequest.objects.get()
    assert (request.action, Site.objects.get(pk=site.pk).stage) == ("apply_site_drafts", "building")


def test_everything_that_the_filter_finds_up_to_the_limit(world: World, haishu: Client) -> None:
    world.add(*[world.planned() for _number in range(60)], world.planned(county="330212"))
    across = {"action": "change_selected", "_selected_action": "1", "select_across": "1"}
    answer = haishu.post(f"{LIST}?stage=building", across)
    assert answer.context["count"] == 60 and BULK_LIMIT >= 500


# -- the table -------------------------------------------------------------------------------------------


def opened(client: Client, sites: list[Site]) -> tuple[str, dict[str, str]]:
    """Address and form of the table of these sites, as the list leads to it."""
    answer = client.post(
        LIST, {"action": "edit_selected", "_selected_action": [str(site.pk) for site in sites]}
    )
    address = answer["Location"]
    return address, form_of(client.get(address).content.decode())


def cell(site: Site, name: str) -> str:
    return f"r{site.pk}-{name}"


def test_a_table_is_saved_as_one_action_and_only_what_was_typed(world: World, haishu: Client) -> None:
    sites = world.add(world.planned(), world.planned(), world.planned())
    address, form = opened(haishu, sites)
    before = head()
    typed = {
        **form,
        cell(sites[0], "phone"): "0574-1",
        cell(sites[1], "stage"): "suspended",
        "reason": "核对",
    }
    assert haishu.post(address, typed).status_code == 302
    entries = AuditEntry.objects.filter(seq__gt=before).order_by("seq")
    changed = {int(entry.subject_id): set(entry.payload["changed"]) for entry in entries}
    assert changed == {sites[0].pk: {"phone"}, sites[1].pk: {"stage"}}


def test_a_conflict_is_decided_field_by_field_and_nobody_loses(world: World, haishu: Client) -> None:
    both, only_mine, calm = world.add(world.planned(), world.planned(), world.planned())
    address, form = opened(haishu, [both, only_mine, calm])
    for site, changes in (
        (both, {"phone": "他的", "opening_hours": "9-17"}),
        (only_mine, {"opening_hours": "8-12"}),
    ):
        change_site(access=world.access("admin"), site_id=site.pk, expected_version=1, changes=changes)
    typed = {
        **form,
        cell(both, "phone"): "我的",
        cell(both, "service"): "closed",
        cell(only_mine, "phone"): "我的2",
        cell(calm, "phone"): "我的3",
    }
    answer = haishu.post(address, typed)
    calm.refresh_from_db()
    assert calm.phone == "我的3", "a row that nobody else touched is written at once"
    shown = {row.site.pk: row.conflict for row in answer.context["rows"]}
    assert shown.keys() == {both.pk, only_mine.pk}
    fields = {line.name: line for line in shown[both.pk].differences}
    assert (fields["phone"].now, fields["phone"].mine, fields["phone"].both) == ("他的", "我的", True)
    assert fields["opening_hours"].now == "9-17" and not fields["opening_hours"].mine_kept
    assert fields["service"].mine_kept and not fields["service"].both
    again = form_of(answer.content.decode())
    undecided = haishu.post(address, again)
    assert undecided.status_code == 200 and [row.site.pk for row in undecided.context["rows"]] == [both.pk]
    only_mine.refresh_from_db()
    assert (only_mine.phone, only_mine.opening_hours) == ("我的2", "8-12"), (
        "different fields merge once confirmed"
    )
    decided = {**form_of(undecided.content.decode()), f"choose-{cell(both, 'phone')}": "theirs"}
    assert haishu.post(address, decided).status_code == 302
    both.refresh_from_db()
    assert (both.phone, both.opening_hours, both.service) == ("他的", "9-17", "closed")


def test_a_choice_does_not_outlive_another_change(world: World, haishu: Client) -> None:
    site = world.add(world.planned())[0]
    address, form = opened(haishu, [site])
    change_site(access=world.access("admin"), site_id=site.pk, expected_version=1, changes={"phone": "二"})
    answer = haishu.post(address, {**form, cell(site, "phone"): "我"})
    decided = {**form_of(answer.content.decode()), f"choose-{cell(site, 'phone')}": "mine"}
    change_site(access=world.access("admin"), site_id=site.pk, expected_version=2, changes={"phone": "三"})
    assert haishu.post(address, decided).status_code == 200
    site.refresh_from_db()
    assert site.phone == "三"


def test_a_row_that_cannot_be_is_shown_again_and_the_others_are_written(world: World, haishu: Client) -> None:
    bad, good = world.add(world.draft(
        finished_on=dt.date(2024, 3, 1)), world.planned())  # fmt: skip
    address, form = opened(haishu, [bad, good])
    answer = haishu.post(address, {**form, cell(bad, "stage"): "building", cell(good, "phone"): "1"})
    good.refresh_from_db()
    bad.refresh_from_db()
    assert (good.phone, bad.stage) == ("1", "finished")
    assert [row.site.pk for row in answer.context["rows"]] == [bad.pk]
    assert answer.context["rows"][0].refusal.sentence


def test_the_table_holds_ones_own_alone(world: World, haishu: Client) -> None:
    own, foreign = world.add(world.planned(), world.planned(county="330212", name="外区点位"))
    address, form = opened(haishu, [own])
    body = haishu.get(f"{SHEET}?ids={own.pk},{foreign.pk},x,{'9' * 18}").content.decode()
    assert own.name in body and "外区点位" not in body
    before = head()
    foreign_row = {key.replace(f"r{own.pk}-", f"r{foreign.pk}-"): value for key, value in form.items()}
    haishu.post(f"{SHEET}?ids={own.pk},{foreign.pk}", {**foreign_row, cell(foreign, "phone"): "1"})
    assert head() == before
    assert client_of(world.users["supervisor"]).get(address).status_code == 403
