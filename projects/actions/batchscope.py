"""Whose the rows of a batch are: asked of every row before the first one is written."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from projects.actions.drafts import SiteDraft
from projects.actions.errors import Invalid, NotAllowed
from projects.actions.siteupdates import SiteUpdate
from projects.actions.sitewriting import departments_of, pairs_of, refuse_verified, targets_of
from projects.actions.streams import Stream
from projects.models import Contribution, Site
from projects.permissions.access import Access, Permission, Target, divisions_for, may, may_publish
from projects.rules.vocabulary import Publication, Stage

_ASKED: Final = 2_000
#: Who manages a site and what it counts for: all that permissions ask of a new one.
Kind = tuple[int, tuple[int, ...]]
Hashes = NDArray[np.int64]


@dataclass(slots=True)
class Survey:
    """What one look at the new sites tells: whose they are (with one code of each), whether any is public
    already or said to be verified, and the first code that is taken."""

    kinds: dict[Kind, str] = field(default_factory=dict)
    is_public: bool = False
    is_verified: bool = False
    taken: str | None = None
    hashes: Hashes = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    @property
    def indicators(self) -> frozenset[int]:
        """What they count for."""
        return frozenset(pk for _division, indicators in self.kinds for pk in indicators)


def survey(added: Stream[SiteDraft]) -> Survey:
    """Look at every new site once: a stream is read anew each time."""
    found = Survey()
    for drafts in added.chunks():
        for draft in drafts:
            found.kinds.setdefault(kind_of(draft), draft.code)
            found.is_verified |= draft.stage is Stage.VERIFIED and not draft.is_demo
            found.is_public |= draft.publication is Publication.PUBLISHED and not draft.is_demo
        codes = [draft.code for draft in drafts]
        hashes = np.fromiter(map(hash, codes), dtype=np.int64, count=len(codes))
        found.hashes = np.concatenate([found.hashes, hashes])
        for start in range(0, len(codes), _ASKED):
            if found.taken is None:
                there = Site.objects.filter(code__in=codes[start : start + _ASKED])
                found.taken = there.values_list("code", flat=True).first()
    return found


def kind_of(draft: SiteDraft) -> Kind:
    """Who manages it and what it counts for."""
    return draft.managed_by_id, tuple(pk for pk, _quantity in draft.contributions)


def check_codes(found: Survey, added: Stream[SiteDraft]) -> None:
    """Raises Invalid for a code that another site has, or two of these."""
    if found.taken is not None:
        raise Invalid({"code": _("点位编码 %(code)s 已经存在。") % {"code": found.taken}})
    if len(np.unique(found.hashes)) == len(found.hashes):
        return
    counts = Counter(draft.code for drafts in added.chunks() for draft in drafts)
    for code, count in counts.items():
        if count > 1:
            raise Invalid({"code": _("点位编码 %(code)s 出现了两次。") % {"code": code}})


def check(
    access: Access,
    publisher: Access | None,
    found: Survey,
    added: Stream[SiteDraft],
    changed: Stream[SiteUpdate],
) -> None:
    """Raises NotAllowed when a row lies outside the actor's divisions or the publisher's, Invalid for a new
    site that is said to be verified."""
    outside: list[str] = []
    kinds = found.kinds
    if divisions_for(access, Permission.SITE_ADD) is not None:
        refused = {
            kind
            for kind in kinds
            if not all(may(access, Permission.SITE_ADD, target) for target in targets_of(*kind))
        }
        if refused:
            outside += [
                draft.code for drafts in added.chunks() for draft in drafts if kind_of(draft) in refused
            ]
    for updates in changed.chunks():
        outside += outside_updates(access, updates)
    if outside:
        raise NotAllowed(
            _("有 %(count)d 个点位不在您的管理区划内(例如 %(code)s),没有写入任何数据。")
            % {"count": len(outside), "code": outside[0]}
        )
    if found.is_verified:
        refuse_verified(access, {"stage": Stage.VERIFIED.value})
    _check_publisher(publisher, access, kinds, published=found.is_public)


def outside_updates(access: Access, updates: Sequence[SiteUpdate]) -> list[str]:
    """The codes of sites that this person may not change so."""
    outside: dict[str, None] = {}
    for start in range(0, len(updates), _ASKED):
        by_id = {update.site_id: update for update in updates[start : start + _ASKED]}
        theirs = Site.objects.live().filter(pk__in=by_id)
        mine = Site.objects.visible_to(access, Permission.SITE_CHANGE).filter(pk__in=by_id)
        outside |= dict.fromkeys(theirs.exclude(pk__in=mine.values("pk")).values_list("code", flat=True))
        if divisions_for(access, Permission.SITE_CHANGE) is None:
            continue
        moving = {pk: update for pk, update in by_id.items() if _MOVES & update.changes.keys()}
        outside |= dict.fromkeys(_moving_outside(access, moving))
    return list(outside)


_MOVES: Final = frozenset({"managed_by_id", "contributions"})


def _moving_outside(access: Access, updates: Mapping[int, SiteUpdate]) -> list[str]:
    """Handing a site over, and counting it for somebody else's indicator or no longer for it, takes a right
    on both sides."""
    counted: dict[int, set[tuple[int, Decimal]]] = {pk: set() for pk in updates}
    rows = Contribution.objects.filter(site__in=updates).values_list("site_id", "indicator_id", "quantity")
    for pk, indicator_id, quantity in rows:
        counted[pk].add((indicator_id, quantity))
    allowed: dict[Kind, bool] = {}
    outside = []
    sites = Site.objects.filter(pk__in=updates).values_list("pk", "code", "managed_by_id")
    for pk, code, managed_by in sites:
        changes = updates[pk].changes
        after = counted[pk]
        if "contributions" in changes:
            after = set(pairs_of(changes["contributions"]))
        moved = changes.get("managed_by_id", managed_by)
        assert isinstance(moved, int)
        touched = tuple(sorted({indicator for indicator, _quantity in after ^ counted[pk]}))
        kinds = [(managed_by, touched)] if touched else []
        if moved != managed_by:
            kinds.append((moved, tuple(sorted(indicator for indicator, _quantity in after))))
        for kind in kinds:
            if kind not in allowed:
                allowed[kind] = all(
                    may(access, Permission.SITE_CHANGE, target) for target in targets_of(*kind)
                )
            if not allowed[kind]:
                outside.append(code)
    return outside


def _check_publisher(
    publisher: Access | None, access: Access, kinds: Mapping[Kind, str], *, published: bool
) -> None:
    """Publishing takes a second person with the right to publish each of these sites; demo data does not."""
    if publisher is None:
        if published:
            raise NotAllowed(_("发布须由提交人以外、有发布权限的人进行。"))
        return
    for division_id, indicators in sorted(kinds):
        if not may_publish(publisher, access.user_id, Target(division_id, departments_of(indicators))):
            raise NotAllowed(_("发布须由提交人以外、有发布权限的人进行。"))
