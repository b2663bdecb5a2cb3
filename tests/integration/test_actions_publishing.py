"""Publishing takes a second person."""

import pytest

from projects.actions.errors import Invalid, NotAllowed
from projects.actions.publishing import publish_site, submit_site, withdraw_site
from projects.rules.vocabulary import Publication
from tests.factories import World

pytestmark = pytest.mark.django_db


class TestPublishing:
    def test_takes_a_second_person(self, world: World) -> None:
        site = world.site(publication=Publication.DRAFT)
        submit_site(access=world.access("haishu"), site_id=site.pk, expected_version=1)
        with pytest.raises(NotAllowed):
            publish_site(access=world.access("haishu"), site_id=site.pk, expected_version=2)
        published = publish_site(access=world.access("publisher"), site_id=site.pk, expected_version=2)
        assert published.publication == "published"

    def test_the_administrator_cannot_publish_what_they_submitted(self, world: World) -> None:
        site = world.site(publication=Publication.DRAFT)
        submit_site(access=world.access("admin"), site_id=site.pk, expected_version=1)
        with pytest.raises(NotAllowed):
            publish_site(access=world.access("admin"), site_id=site.pk, expected_version=2)

    def test_a_draft_is_not_published_without_being_submitted(self, world: World) -> None:
        site = world.site(publication=Publication.DRAFT)
        with pytest.raises(NotAllowed):
            publish_site(access=world.access("publisher"), site_id=site.pk, expected_version=1)

    def test_withdrawing_needs_a_reason(self, world: World) -> None:
        site = world.site()
        with pytest.raises(Invalid):
            withdraw_site(access=world.access("publisher"), site_id=site.pk, expected_version=1, reason=" ")
