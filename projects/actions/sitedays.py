"""Which days of whose figures a write to a site touches: what the guard of closed periods is asked with."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from django.utils import timezone

from projects.actions import closing, siterows
from projects.actions.drafts import SiteDraft
from projects.actions.ledger import as_json
from projects.actions.sitewriting import STATE_FIELDS, pairs_of
from projects.models import Contribution, Indicator, Site, SiteState

#: Dates that say when something happened on the ground.
STAGE_DATES: Final = frozenset({"started_on", "finished_on", "verified_on"})
BASELINE: Final = frozenset({"baseline_start", "baseline_finish", "baseline_milestones"})
_CHUNK: Final = 2_000

Pairs = Sequence[tuple[int, Decimal]]
#: (name of the row, its programmes, the earliest day): what `closing.ask_each` takes.
Fact = tuple[str, frozenset[int], dt.date]


def facts_of_change(
    site: Site,
    changes: Mapping[str, object],
    contributions: Pairs,
    effective_on: dt.date,
    *,
    programme_of: Mapping[int, int] | None = None,
) -> Iterator[Fact]:
    """What `changes` would state of a site that is not altered yet; nothing when they touch no figure.

    `programme_of`: programmes by indicator, where many sites are asked of; None: they are looked up.
    """
    days = list(_days(site, changes, contributions, effective_on))
    if not days:
        return
    counted = {pk for pk, _quantity in contributions}
    if "contributions" in changes:
        counted |= {pk for pk, _quantity in pairs_of(changes["contributions"])}
    known = closing.programmes_of(counted) if programme_of is None else _known(counted, programme_of)
    yield site.name, known, min(days)


def _known(indicators: Iterable[int], programme_of: Mapping[int, int]) -> frozenset[int]:
    return frozenset(programme_of[pk] for pk in indicators if pk in programme_of)


def facts_of_drafts(drafts: Iterable[SiteDraft]) -> Iterator[Fact]:
    """What new sites state, each from its earliest day on; existing stock is in nobody's figures."""
    programmes: dict[tuple[int, ...], frozenset[int]] = {}
    today = timezone.localdate()
    for draft in drafts:
        counted = tuple(pk for pk, _quantity in draft.contributions)
        if not counted:
            continue
        if counted not in programmes:
            programmes[counted] = closing.programmes_of(counted)
        first = draft.state_since or siterows.first_day(draft, today)
        days = [first, *(day for day in (draft.started_on, draft.finished_on, draft.verified_on) if day)]
        days += [report.as_of for report in draft.reports]
        days += [change.effective_on for change in draft.plan_changes]
        yield draft.code, programmes[counted], min(days)


def facts_of_sites(ids: Sequence[int]) -> Iterator[Fact]:
    """Sites that enter or leave the public figures as a whole: from their first day on."""
    for start in range(0, len(ids), _CHUNK):
        chunk = ids[start : start + _CHUNK]
        counted: dict[int, set[int]] = {}
        for site_id, indicator_id in Contribution.objects.filter(site__in=chunk).values_list(
            "site_id", "indicator_id"
        ):
            counted.setdefault(site_id, set()).add(indicator_id)
        programme_of = dict(
            Indicator.objects.filter(pk__in=frozenset[int]().union(*counted.values())).values_list(
                "pk", "category__programme_id"
            )
        )
        first: dict[int, dt.date] = {}
        for site_id, day in SiteState.objects.filter(site__in=counted).values_list("site_id", "effective_on"):
            first[site_id] = min(day, first.get(site_id, day))
        names = dict(Site.objects.filter(pk__in=counted).values_list("pk", "name"))
        for site_id in sorted(counted):
            programmes = frozenset(programme_of[pk] for pk in counted[site_id])
            yield names[site_id], programmes, first.get(site_id, closing.EVERY_DAY)


def _days(
    site: Site, changes: Mapping[str, object], contributions: Pairs, effective_on: dt.date
) -> Iterator[dt.date]:
    for name, value in changes.items():
        if name == "contributions":
            if sorted(pairs_of(value)) != sorted(contributions):
                yield effective_on
        elif name == "geometry" or as_json(getattr(site, name)) == as_json(value):
            continue
        elif name in STATE_FIELDS:
            yield effective_on
        elif name in STAGE_DATES:
            yield from (day for day in (getattr(site, name), value) if isinstance(day, dt.date))
        elif name in BASELINE:
            # A plan has no date of its own: it is asked on every day on which the site was there.
            yield min((state.effective_on for state in site.states.all()), default=closing.EVERY_DAY)
