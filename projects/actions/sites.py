"""Writes to one site: add, change, remove. Publishing and reporting have files of their own."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

import shapely
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from projects.actions import closing, ledger, sitedays, siterows, standings
from projects.actions.batches import apply_site_drafts
from projects.actions.drafts import SiteDraft
from projects.actions.errors import Invalid
from projects.actions.lights import judges_by_indicator
from projects.actions.sitewriting import (
    apply_changes,
    check_version,
    clean,
    contributions_of,
    entry_for,
    lock,
    pairs_of,
    refuse_verified,
    require,
    target_of,
    targets_of,
)
from projects.models import Site
from projects.permissions.access import Access, Permission
from projects.rules.vocabulary import Publication


@closing.correctable
def add_site(*, access: Access, draft: SiteDraft, reason: str = "") -> Site:
    """Write a new site with its first state, its contributions and its lights; returns it saved.

    Raises NotAllowed, Invalid naming the fields, or PeriodClosed.
    """
    for target in targets_of(draft.managed_by_id, (pk for pk, _quantity in draft.contributions)):
        require(access, Permission.SITE_ADD, target)
    clean(siterows.new_site(draft, now=timezone.now(), changed_seq=0))
    apply_site_drafts(access=access, drafts=[draft], reason=reason)
    return Site.objects.get(code=draft.code)


@closing.correctable
def change_site(
    *,
    access: Access,
    site_id: int,
    expected_version: int,
    changes: Mapping[str, object],
    effective_on: dt.date | None = None,
    reason: str = "",
) -> Site:
    """Change fields of a site. `effective_on`: the day from which a new stage or service holds (today).

    Raises NotAllowed, Invalid naming the fields, PeriodClosed, or Conflict when the site's version is no
    longer the expected one. A change that changes nothing writes nothing.
    """
    with transaction.atomic():
        site = lock(site_id)
        require(access, Permission.SITE_CHANGE, target_of(site))
        if "managed_by_id" in changes:
            # Handing a site over takes a right on both sides: it would land in somebody else's figures.
            moved = replace(target_of(site), division_id=_as_id(changes["managed_by_id"]))
            require(access, Permission.SITE_CHANGE, moved)
        if "contributions" in changes:
            # What is added, taken away or counted differently enters or leaves somebody's figures.
            touched = set(pairs_of(changes["contributions"])) ^ set(contributions_of(site))
            for target in (
                targets_of(site.managed_by_id, (pk for pk, _quantity in touched)) if touched else ()
            ):
                require(access, Permission.SITE_CHANGE, target)
        check_version(site, expected_version)
        refuse_verified(access, changes, site.stage, site.verified_on)
        if not _differs(site, changes):
            return site
        judges = judges_by_indicator()
        since = effective_on or timezone.localdate()
        closing.ask_each(sitedays.facts_of_change(site, changes, contributions_of(site), since))
        with ledger.take(1, actor_id=access.user_id) as numbers:
            entry = apply_changes(
                site,
                changes,
                expected_version=expected_version,
                access=access,
                changed_seq=numbers.first,
                now=numbers.recorded_at,
                effective_on=since,
                judges=judges,
                reason=reason,
            )
            numbers.write([entry])
    return site


@closing.correctable
def remove_site(*, access: Access, site_id: int, expected_version: int, reason: str) -> None:
    """Take a site off every page and list. Its row and history stay; contributions no longer count.

    Raises NotAllowed, Invalid, Conflict, and PeriodClosed for a public one that is in closed figures.
    """
    if not reason.strip():
        raise Invalid({"reason": _("请写明删除原因。")})
    with transaction.atomic():
        site = lock(site_id)
        # A slip of one's own is taken back before anybody saw it; what is public is not one's own any more.
        own = site.publication != Publication.PUBLISHED
        target = target_of(site)
        require(access, Permission.SITE_DELETE, target if own else replace(target, created_by=None))
        check_version(site, expected_version)
        if not own:
            closing.ask_each(sitedays.facts_of_sites([site.pk]))
        with ledger.take(1, actor_id=access.user_id) as numbers:
            site.deleted_seq = site.changed_seq = numbers.first
            site.version += 1
            site.updated_at = numbers.recorded_at
            site.save(update_fields=["deleted_seq", "changed_seq", "version", "updated_at"])
            standings.recount(site, now=numbers.recorded_at)
            numbers.write([entry_for(site, "site.remove", {"reason": reason, "code": site.code})])


def _as_id(value: object) -> int:
    assert isinstance(value, int)
    return value


def _differs(site: Site, changes: Mapping[str, object]) -> bool:
    for name, value in changes.items():
        if name == "geometry":
            assert isinstance(value, shapely.Geometry)
            if not siterows.to_geos(value).equals_exact(site.geom):
                return True
        elif name == "contributions":
            if siterows.contributions_json(pairs_of(value)) != siterows.contributions_json(
                contributions_of(site)
            ):
                return True
        elif getattr(site, name) != value:
            return True
    return False
