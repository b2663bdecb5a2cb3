"""Publishing takes a second person."""

import pytest

from projects.actions.batches import apply_site_drafts
from projects.actions.errors import Invalid, NotAllowed
from projects.actions.publishing import publish_site, submit_site, withdraw_site
from projects.actions.sites import add_site, remove_site
from projects.actions.siteupdates import SiteUpdate
from projects.rules.vocabulary import Publication
from tests.factories import World, database_content

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

    def test_a_new_site_cannot_be_written_as_published_by_one_person(self, world: World) -> None:
        before = database_content()
        with pytest.raises(NotAllowed):
            apply_site_drafts(access=world.access("admin"), drafts=[world.draft()], reason="x")
        with pytest.raises(NotAllowed):
            add_site(access=world.access("admin"), draft=world.draft())
        with pytest.raises(NotAllowed):
            apply_site_drafts(
                access=world.access("admin"),
                publisher=world.access("admin"),
                drafts=[world.draft()],
                reason="x",
            )
        assert database_content() == before

    def test_a_removed_site_is_not_updated_by_a_batch(self, world: World) -> None:
        site = world.site()
        remove_site(access=world.access("admin"), site_id=site.pk, expected_version=1, reason="重复")
        before = database_content()
        with pytest.raises(Invalid):
            apply_site_drafts(
                access=world.access("admin"), updates=[SiteUpdate(site.pk, 2, {"name": "x"})], reason="x"
            )
        assert database_content() == before

    def test_a_department_editor_updates_its_own_by_batch(self, world: World) -> None:
        site = world.add(world.planned(kind="ev-charging", counts_for=(("06-piles", 4),)))[0]
        result = apply_site_drafts(
            access=world.access("energy"), updates=[SiteUpdate(site.pk, 1, {"phone": "1"})], reason="x"
        )
        assert result.updated == 1
