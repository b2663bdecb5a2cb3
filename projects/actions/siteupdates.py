"""Changes to many sites: all is worked out before the head of the sequence is taken, then written in bulk."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from projects.actions import closing, ledger, sitedays, siterows
from projects.actions.errors import Invalid
from projects.actions.lights import CACHED, Current, Judges, Respan, current_by_site, judge_for, respan
from projects.actions.sitewriting import (
    FOLLOWS_GEOMETRY,
    STATE_FIELDS,
    alter,
    change_entry,
    clean,
    clean_changed,
    refuse_verified,
)
from projects.actions.standings import Rewrite
from projects.models import Contribution, Indicator, Site, SiteState
from projects.models.bulk import fresh, insert_rows, update_rows
from projects.permissions.access import Access
from projects.rules.rollups import Movements

_CHUNK: Final = 2_000
#: What every change may write besides the changed fields themselves.
_ALWAYS: Final = (
    "checked",
    "publication",
    "submitted_by_id",
    "version",
    "updated_at",
    "changed_seq",
    *CACHED,
)


@dataclass(frozen=True, slots=True)
class SiteUpdate:
    """New values for fields of a site that is there already; `version` is the one that was read."""

    site_id: int
    version: int
    changes: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything that one update writes, but for its number and its moment."""

    site: Site
    changes: Mapping[str, object]
    contributions: list[tuple[int, Decimal]]
    state: SiteState | None
    respan: Respan
    entry: ledger.Entry


def prepare(
    updates: Sequence[SiteUpdate],
    *,
    access: Access,
    judges: Judges,
    reason: str,
    effective_on: dt.date | None = None,
    is_verified: bool = False,
) -> list[Prepared]:
    """Lock the sites by id and work out what each update writes, in the order of the updates.

    `effective_on`: the day from which a new stage or service holds (today). `is_verified`: asked by who may
    accept, and did.

    Raises Invalid when a site is gone or a value cannot be, Conflict when a site changed since it was read,
    PeriodClosed for what took effect in a closed period.
    """
    now = timezone.now()
    since = effective_on or timezone.localdate(now)
    facts: list[sitedays.Fact] = []
    programme_of = dict(Indicator.objects.values_list("pk", "category__programme_id"))
    by_id = {update.site_id: update for update in updates}
    ids = sorted(by_id)
    prepared: dict[int, Prepared] = {}
    for start in range(0, len(ids), _CHUNK):
        sites = _locked(ids[start : start + _CHUNK])
        current = current_by_site([site.pk for site in sites])
        for site in sites:
            update = by_id[site.pk]
            had = [(row.indicator_id, row.quantity) for row in site.contributions.all()]
            facts += sitedays.facts_of_change(site, update.changes, had, since, programme_of=programme_of)
            prepared[site.pk] = _prepare(
                site, update, current[site.pk], access=access, judges=judges, reason=reason, now=now,
                since=since, is_verified=is_verified,
            )  # fmt: skip
    if len(prepared) < len(updates):
        raise Invalid({"": _("有点位在读取之后被删除,没有写入任何数据;请重新读取文件。")})
    closing.ask_each(facts)
    return [prepared[update.site_id] for update in updates]


def write(
    prepared: Sequence[Prepared], numbers: ledger.Numbers, first_seq: int, movements: Movements
) -> Iterator[int]:
    """Write them under consecutive numbers; yields how many more are written after each chunk.

    What figures gain and lose is noted in `movements`, for the caller to post.

    Raises Invalid for what only the database knows to be wrong, naming the site.
    """
    for start in range(0, len(prepared), _CHUNK):
        chunk = prepared[start : start + _CHUNK]
        _stamp(chunk, numbers.recorded_at, first_seq + start)
        sites = [item.site for item in chunk]
        try:
            with transaction.atomic():
                _write_sites(chunk)
        except IntegrityError:
            for site in sites:
                with _naming(site):
                    clean(site)
            raise
        _write_contributions([item for item in chunk if "contributions" in item.changes])
        insert_rows([item.state for item in chunk if item.state is not None])
        together = Respan([], [], Rewrite())
        for item in chunk:
            together.extend(item.respan)
        # Of the whole run: nothing is known between two numbers of one transaction.
        together.write(movements, now=numbers.recorded_at, superseded_seq=numbers.last)
        numbers.write([item.entry for item in chunk])
        yield len(chunk)


def _locked(ids: Sequence[int]) -> list[Site]:
    return list(
        Site.objects.select_for_update()
        .filter(pk__in=ids, deleted_seq__isnull=True)
        .order_by("pk")
        .prefetch_related("contributions", "reports", "states", "plan_changes")
    )


def _prepare(
    site: Site,
    update: SiteUpdate,
    current: Current,
    *,
    access: Access,
    judges: Judges,
    reason: str,
    now: dt.datetime,
    since: dt.date,
    is_verified: bool,
) -> Prepared:
    had = [(row.indicator_id, row.quantity) for row in site.contributions.all()]
    with _naming(site):
        if not is_verified:
            refuse_verified(access, update.changes, site.stage, site.verified_on)
    before, contributions = alter(site, update.changes, had, expected_version=update.version)
    with _naming(site):
        clean_changed(site, update.changes)
    state = None
    if STATE_FIELDS & update.changes.keys():
        state = siterows.state_row(
            site,
            effective_on=since,
            stage=site.stage,
            contributions=contributions,
            now=now,
            actor_id=access.user_id,
        )
    states = [*site.states.all(), *([state] if state is not None else [])]
    judge = judge_for((indicator_id for indicator_id, _quantity in contributions), judges)
    spans = respan(site, judge, judges, current, states=states, now=now)
    entry = change_entry(site, before, contributions, reason)
    return Prepared(site, update.changes, contributions, state, spans, entry)


@contextmanager
def _naming(site: Site) -> Iterator[None]:
    """Of thousands of sites, say which one cannot be so."""
    try:
        yield
    except Invalid as problem:
        raise Invalid({name: f"{site.code}:{text}" for name, text in problem.errors.items()}) from problem


def _stamp(chunk: Sequence[Prepared], now: dt.datetime, first_seq: int) -> None:
    for seq, item in enumerate(chunk, start=first_seq):
        item.site.changed_seq = seq
        item.site.updated_at = now
        item.respan.stamp(changed_seq=seq, now=now)
        if item.state is not None:
            item.state.changed_seq = seq
            item.state.recorded_at = now


def _write_sites(chunk: Sequence[Prepared]) -> None:
    """Only what changed in one site or another: a position costs its index, so those go by themselves."""
    changed = {name for item in chunk for name in item.changes} - {"geometry", "contributions"}
    update_rows([item.site for item in chunk], [*_ALWAYS, *sorted(changed)])
    update_rows([item.site for item in chunk if "geometry" in item.changes], FOLLOWS_GEOMETRY)


def _write_contributions(chunk: Sequence[Prepared]) -> None:
    gone: list[int] = []
    other: list[Contribution] = []
    new: list[Contribution] = []
    for item in chunk:
        wanted = dict(item.contributions)
        for row in item.site.contributions.all():
            quantity = wanted.pop(row.indicator_id, None)
            if quantity is None:
                gone.append(row.pk)
            elif quantity != row.quantity:
                row.quantity = quantity
                other.append(row)
        new += [
            fresh(Contribution, site_id=item.site.pk, indicator_id=indicator_id, quantity=quantity)
            for indicator_id, quantity in wanted.items()
        ]
    for first in range(0, len(gone), _CHUNK):
        Contribution.objects.filter(pk__in=gone[first : first + _CHUNK]).delete()
    update_rows(other, ["quantity"])
    insert_rows(new)
