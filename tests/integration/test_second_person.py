"""Publishing takes a second person: from the list, from the form, and what that person sees."""

import pytest

from projects.actions.publishing import withdraw_site
from projects.actions.sites import change_site
from projects.models import Membership, Site
from projects.rules.vocabulary import Publication
from tests.factories import World
from tests.integration.adminforms import LIST, client_of

pytestmark = pytest.mark.django_db


def state(site: Site) -> str:
    return str(Site.objects.get(pk=site.pk).publication)


def test_several_are_submitted_and_published_by_two_people(world: World) -> None:
    sites = world.add(*[world.planned(publication=Publication.DRAFT) for _number in range(3)])
    # Somebody with both roles still needs another for what they submitted.
    Membership.objects.create(user=world.users["haishu"], role="publisher", division=world.counties["330203"])
    editor, publisher = client_of(world.users["haishu"]), client_of(world.users["publisher"])
    chosen = {"_selected_action": [str(site.pk) for site in sites]}
    editor.post(LIST, {**chosen, "action": "submit_selected"})
    assert {state(site) for site in sites} == {"submitted"}
    refused = editor.post(LIST, {**chosen, "action": "publish_selected"}, follow=True).content.decode()
    assert {state(site) for site in sites} == {"submitted"}
    assert "没有处理" in refused and sites[0].name in refused
    assert editor.post(f"{LIST}{sites[0].pk}/step/publish/", {"version": "2"}).status_code == 403
    publisher.post(LIST, {**chosen, "action": "publish_selected"})
    assert {state(site) for site in sites} == {"published"}


def test_the_second_person_sees_what_changed_since_it_was_public(world: World) -> None:
    site = world.site(phone="0574-1")
    withdraw_site(access=world.access("publisher"), site_id=site.pk, expected_version=1, reason="电话错")
    change_site(
        access=world.access("haishu"), site_id=site.pk, expected_version=2, changes={"phone": "0574-2"}
    )
    client_of(world.users["haishu"]).post(f"{LIST}{site.pk}/step/submit/", {"version": "3"})
    answer = client_of(world.users["publisher"]).get(f"{LIST}{site.pk}/step/publish/")
    body = answer.content.decode()
    assert "0574-1 → 0574-2" in body and "电话" in dict(answer.context["to_check"].facts)
