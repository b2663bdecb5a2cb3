"""A site on its way to the public: submitted by one person, published by another, withdrawn by either."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _

from projects.actions import closing, ledger, rollups, sitedays, standings, subjectlights
from projects.actions.errors import Invalid, NotAllowed
from projects.actions.sitewriting import (
    check_version,
    departments_of,
    entry_for,
    lock,
    require,
    target_of,
)
from projects.models import AuditEntry, Contribution, ImportBatch, Site
from projects.models.bulk import update_rows
from projects.permissions.access import Access, Permission, Target, may_publish
from projects.rules.rollups import Movements
from projects.rules.vocabulary import Publication

_CHUNK: Final = 2_000

#: From which state each step may be taken.
STEPS: Final[Mapping[Publication, frozenset[Publication]]] = {
    Publication.SUBMITTED: frozenset({Publication.DRAFT, Publication.WITHDRAWN}),
    Publication.PUBLISHED: frozenset({Publication.SUBMITTED}),
    Publication.WITHDRAWN: frozenset({Publication.PUBLISHED, Publication.SUBMITTED}),
}


def submit_site(*, access: Access, site_id: int, expected_version: int) -> Site:
    """Hand a draft over for publication. Raises NotAllowed, Invalid or Conflict."""
    return _step(access, site_id, expected_version, Publication.SUBMITTED, reason="")


@closing.correctable
def publish_site(*, access: Access, site_id: int, expected_version: int) -> Site:
    """Make a submitted site public; whoever submitted it cannot.

    Raises NotAllowed, Invalid or Conflict; PeriodClosed when it enters closed figures.
    """
    return _step(access, site_id, expected_version, Publication.PUBLISHED, reason="")


@closing.correctable
def withdraw_site(*, access: Access, site_id: int, expected_version: int, reason: str) -> Site:
    """Take a site off the public pages.

    Raises NotAllowed, Invalid or Conflict; PeriodClosed when it leaves closed figures.
    """
    if not reason.strip():
        raise Invalid({"reason": _("撤回须写明原因。")})
    return _step(access, site_id, expected_version, Publication.WITHDRAWN, reason=reason)


@closing.correctable
def publish_batch(*, access: Access, batch_id: int) -> int:
    """Make public what one import brought in and is not public yet; returns how many sites.

    Whoever ran the import has thereby submitted its sites, so it takes another person. Sites that were
    withdrawn or removed since stay as they are. All or nothing: raises NotAllowed when one of them may not be
    published, Invalid when there is no such import, PeriodClosed when one of them enters closed figures.
    """
    with transaction.atomic():
        batch = ImportBatch.objects.filter(pk=batch_id).first()
        if batch is None:
            raise Invalid({"batch": _("没有编号为 %(number)d 的导入批次。") % {"number": batch_id}})
        ids = _lock_waiting(batch, access)
        if not ids:
            return 0
        closing.ask_each(sitedays.facts_of_sites(ids))
        movements = Movements()
        moved: rollups.Moved = frozenset()
        with ledger.take(len(ids), actor_id=access.user_id) as numbers:
            for start in range(0, len(ids), _CHUNK):
                chunk = ids[start : start + _CHUNK]
                _publish(chunk, batch, access, numbers, numbers.first + start, movements)
                moved |= rollups.post(movements, at_least=rollups.MOST)
            moved |= rollups.post(movements)
            subjectlights.follow_output(moved, seq=numbers.last, now=numbers.recorded_at)
    return len(ids)


def _lock_waiting(batch: ImportBatch, access: Access) -> list[int]:
    """The batch's new sites that are not public yet, locked in the order of their ids. Raises NotAllowed."""
    added = AuditEntry.objects.filter(
        seq__gte=batch.first_seq or 0, seq__lte=batch.last_seq or -1, action="site.add"
    ).values_list("subject_id", flat=True)
    waiting = Site.objects.live().filter(
        publication__in=[Publication.DRAFT.value, Publication.SUBMITTED.value]
    )
    ids = sorted(map(int, added))
    locked: list[int] = []
    departments: dict[tuple[int, ...], frozenset[int]] = {}
    for start in range(0, len(ids), _CHUNK):
        rows = waiting.filter(pk__in=ids[start : start + _CHUNK]).select_for_update().order_by("pk")
        found = list(rows.values_list("pk", "managed_by_id", "submitted_by_id"))
        contributions = _contributions([pk for pk, _division, _submitter in found])
        for pk, division_id, submitter in found:
            indicators = tuple(indicator for indicator, _quantity in contributions[pk])
            if indicators not in departments:
                departments[indicators] = departments_of(indicators)
            target = Target(division_id, departments[indicators])
            if not may_publish(access, submitter or batch.recorded_by_id, target):
                raise NotAllowed(_("发布须由提交人以外、有发布权限的人进行。"))
            locked.append(pk)
    return locked


def _publish(
    ids: Sequence[int],
    batch: ImportBatch,
    access: Access,
    numbers: ledger.Numbers,
    first_seq: int,
    movements: Movements,
) -> None:
    sites = list(Site.objects.filter(pk__in=ids).order_by("pk"))
    entries = []
    for seq, site in enumerate(sites, start=first_seq):
        before, site.publication = site.publication, Publication.PUBLISHED.value
        site.submitted_by_id = site.submitted_by_id or batch.recorded_by_id
        site.published_by_id = access.user_id
        site.version += 1
        site.changed_seq = seq
        site.updated_at = numbers.recorded_at
        payload: dict[str, ledger.JSON] = {
            "batch": batch.pk,
            "changed": {"publication": [before, site.publication]},
        }
        entries.append(entry_for(site, "site.published", payload))
    update_rows(
        sites, ["publication", "submitted_by_id", "published_by_id", "version", "changed_seq", "updated_at"]
    )
    rewrite = standings.republish(sites, now=numbers.recorded_at)
    rewrite.write(movements, superseded_seq=numbers.last)
    numbers.write(entries)


def _contributions(ids: Sequence[int]) -> dict[int, list[tuple[int, Decimal]]]:
    """(indicator, quantity) pairs by site."""
    found: dict[int, list[tuple[int, Decimal]]] = {pk: [] for pk in ids}
    for row in Contribution.objects.filter(site__in=ids):
        found[row.site_id].append((row.indicator_id, row.quantity))
    return found


def _step(access: Access, site_id: int, expected_version: int, to: Publication, *, reason: str) -> Site:
    with transaction.atomic():
        site = lock(site_id)
        _allow(access, site, to)
        check_version(site, expected_version)
        if Publication(site.publication) not in STEPS[to]:
            raise Invalid({"publication": _("现在的发布状态不能做这一步。")})
        if Publication.PUBLISHED in (to, site.publication):
            closing.ask_each(sitedays.facts_of_sites([site.pk]))
        with ledger.take(1, actor_id=access.user_id) as numbers:
            before = site.publication
            site.publication = to.value
            if to is Publication.SUBMITTED:
                site.submitted_by_id = access.user_id
            if to is Publication.PUBLISHED:
                site.published_by_id = access.user_id
            site.version += 1
            site.changed_seq = numbers.first
            site.updated_at = numbers.recorded_at
            site.save()
            standings.recount(site, now=numbers.recorded_at)
            numbers.write(
                [
                    entry_for(
                        site,
                        f"site.{to.value}",
                        {
                            "reason": reason,
                            "changed": {"publication": [before, to.value]},
                        },
                    )
                ]
            )
    return site


def _allow(access: Access, site: Site, to: Publication) -> None:
    target = target_of(site)
    if to is Publication.SUBMITTED:
        require(access, Permission.SITE_SUBMIT, target)
    elif to is Publication.WITHDRAWN:
        require(access, Permission.SITE_PUBLISH, target)
    elif not may_publish(access, site.submitted_by_id, target):
        raise NotAllowed(_("发布须由提交人以外、有发布权限的人进行。"))
