"""Changes to many sites: locked and asked about before the head of the sequence is taken, worked out and
written piece by piece.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from projects.actions import closing, ledger, sitedays, siterows
from projects.actions.errors import ActionError, Conflict, Invalid, NotAllowed
from projects.actions.lights import CACHED, Current, Judges, Respan, current_by_site, judge_for, respan
from projects.actions.sitewriting import (
    FOLLOWS_GEOMETRY,
    STATE_FIELDS,
    alter,
    change_entry,
    check_since,
    clean,
    clean_changed,
    refuse_verified,
)
from projects.actions.standings import Rewrite
from projects.actions.streams import Stream
from projects.models import Contribution, Indicator, Programme, Site, SiteState
from projects.models.bulk import fresh, insert_rows, update_rows
from projects.permissions.access import Access, Permission
from projects.rules.rollups import Movements

_CHUNK: Final = 2_000
#: Codes that a refusal names.
_NAMED: Final = 10
_LONGEST_REASON: Final = 500
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
    """New values for fields of a site that is there already; `version` is the one that was read.

    `undoes_seq`: the number of a change that this one takes back. The state record of that change is
    corrected then, from its own day on, and a baseline may go back to what it was.
    `effective_on`: the day from which a new stage or service holds (None: the day on which it is written).
    """

    site_id: int
    version: int
    changes: Mapping[str, object]
    undoes_seq: int | None = None
    effective_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything that one update writes, but for its number and its moment."""

    site: Site
    changes: Mapping[str, object]
    contributions: list[tuple[int, Decimal]]
    state: SiteState | None
    respan: Respan
    entry: ledger.Entry


def lock(updates: Stream[SiteUpdate]) -> None:
    """Lock the sites by id, until the transaction ends.

    Raises Invalid when one is gone, Conflict naming those that changed since they were read.
    """
    pairs = np.array(
        [(update.site_id, update.version) for chunk in updates.chunks() for update in chunk], dtype=np.int64
    ).reshape(-1, 2)
    pairs = pairs[np.argsort(pairs[:, 0])]
    changed: list[str] = []
    found = 0
    for start in range(0, len(pairs), _CHUNK):
        wanted = dict(pairs[start : start + _CHUNK].tolist())
        rows = Site.objects.select_for_update().filter(pk__in=wanted, deleted_seq__isnull=True)
        for pk, version, code in rows.order_by("pk").values_list("pk", "version", "code"):
            found += 1
            if version != wanted[pk]:
                changed.append(code)
    if found < len(pairs):
        raise Invalid({"": _("有点位在读取之后被删除,没有写入任何数据;请重新读取文件。")})
    if changed:
        raise changed_since(changed)


def changed_since(codes: Sequence[str]) -> Conflict:
    """The refusal that names sites which somebody else changed meanwhile."""
    said = "、".join(codes[:_NAMED]) + ("…" if len(codes) > _NAMED else "")
    return Conflict(
        _("有 %(count)d 个点位在检查之后被他人修改(%(codes)s),没有写入任何数据;请重新检查。")
        % {"count": len(codes), "codes": said},
        current_version=0,
    )


def ask(updates: Stream[SiteUpdate]) -> None:
    """The guard of closed periods, of everything that the updates state. Raises PeriodClosed."""
    closing.hold(Programme.objects.values_list("pk", flat=True))
    if closing.closed_through():
        closing.ask_each(facts_of(updates))


def facts_of(updates: Stream[SiteUpdate]) -> Iterator[sitedays.Fact]:
    """What the updates state, for the guard of closed periods."""
    programme_of = dict(Indicator.objects.values_list("pk", "category__programme_id"))
    now = timezone.now()
    for chunk in updates.chunks():
        for start in range(0, len(chunk), _CHUNK):
            by_id = {update.site_id: update for update in chunk[start : start + _CHUNK]}
            sites = Site.objects.filter(pk__in=by_id).prefetch_related("contributions", "states")
            for site in sites:
                update = by_id[site.pk]
                had = [(row.indicator_id, row.quantity) for row in site.contributions.all()]
                undone = _undone_state(site, update)
                since = _since(update, now) if undone is None else undone.effective_on
                yield from sitedays.facts_of_change(
                    site, update.changes, had, since, programme_of=programme_of
                )


def _undone_state(site: Site, update: SiteUpdate) -> SiteState | None:
    """The state record of the change that is taken back."""
    if update.undoes_seq is None:
        return None
    return next((state for state in site.states.all() if state.changed_seq == update.undoes_seq), None)


def prepare(
    updates: Sequence[SiteUpdate],
    *,
    access: Access,
    judges: Judges,
    reason: str,
    is_verified: bool = False,
) -> list[Prepared]:
    """Work out what each update of locked sites writes, in the order of the updates.

    `is_verified`: asked by who may accept, and did.

    Raises Invalid when a site is gone or a value cannot be, Conflict when a site changed since it was read.
    """
    now = timezone.now()
    by_id = {update.site_id: update for update in updates}
    ids = sorted(by_id)
    prepared: dict[int, Prepared] = {}
    for start in range(0, len(ids), _CHUNK):
        sites = _locked(ids[start : start + _CHUNK])
        current = current_by_site([site.pk for site in sites])
        for site in sites:
            prepared[site.pk] = _prepare(
                site, by_id[site.pk], current[site.pk], access=access, judges=judges, reason=reason, now=now,
                is_verified=is_verified,
            )  # fmt: skip
    if len(prepared) < len(updates):
        raise Invalid({"": _("有点位在读取之后被删除,没有写入任何数据;请重新读取文件。")})
    return [prepared[update.site_id] for update in updates]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one site would not be changed; `is_closed`: it may be asked for as a correction."""

    sentence: str
    is_closed: bool = False


def examine(updates: Sequence[SiteUpdate], *, access: Access) -> dict[int, Refusal]:
    """By site why an update would be refused, for a page that asks before anything is written.

    Nothing is locked: `apply_site_drafts` asks all of it again, and what only the database knows besides.
    """
    now = timezone.now()
    programme_of = dict(Indicator.objects.values_list("pk", "category__programme_id"))
    closed = closing.closed_through()
    refused: dict[int, Refusal] = {}
    for start in range(0, len(updates), _CHUNK):
        chunk = updates[start : start + _CHUNK]
        mine = Site.objects.visible_to(access, Permission.SITE_CHANGE)
        found = mine.filter(pk__in=[row.site_id for row in chunk])
        sites = {site.pk: site for site in found.prefetch_related("contributions", "states")}
        for update in chunk:
            site = sites.get(update.site_id)
            try:
                if site is None:
                    raise NotAllowed(_("这个点位不在您的管理范围内。"))
                had = [(row.indicator_id, row.quantity) for row in site.contributions.all()]
                refuse_verified(access, update.changes, site.stage, site.verified_on)
                # Asked of the site as it is; raised only where nothing else is wrong.
                facts = list(
                    sitedays.facts_of_change(
                        site, update.changes, had, _since(update, now), programme_of=programme_of
                    )
                )
                alter(site, update.changes, had, expected_version=update.version)
                clean_changed(site, update.changes)
                _check_since(site, update, now)
            except ActionError as refusal:
                refused[update.site_id] = Refusal(str(refusal))
                continue
            for _name, fact in closing.closed_facts(facts, closed):
                sentence = _("属于已关账的期间(关账至 %(through)s)。") % {"through": fact.through}
                refused[update.site_id] = Refusal(sentence, is_closed=True)
    return refused


def write(
    prepared: Sequence[Prepared], numbers: ledger.Numbers, first_seq: int, movements: Movements
) -> None:
    """Write them under consecutive numbers. What figures gain and lose is noted in `movements`, for the
    caller to post.

    Raises Invalid for what only the database knows to be wrong, naming the site.
    """
    _stamp(prepared, numbers.recorded_at, first_seq)
    try:
        with transaction.atomic():
            _write_sites(prepared)
    except IntegrityError:
        for item in prepared:
            with _naming(item.site):
                clean(item.site)
        raise
    _write_contributions([item for item in prepared if "contributions" in item.changes])
    insert_rows([item.state for item in prepared if item.state is not None])
    together = Respan([], [], Rewrite())
    for item in prepared:
        together.extend(item.respan)
    # Of the whole run: nothing is known between two numbers of one transaction.
    together.write(movements, now=numbers.recorded_at, superseded_seq=numbers.last)
    numbers.write([item.entry for item in prepared])


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
    is_verified: bool,
) -> Prepared:
    had = [(row.indicator_id, row.quantity) for row in site.contributions.all()]
    with _naming(site):
        if not is_verified and update.undoes_seq is None:
            refuse_verified(access, update.changes, site.stage, site.verified_on)
    before, contributions = alter(
        site,
        update.changes,
        had,
        expected_version=update.version,
        is_taken_back=update.undoes_seq is not None,
    )
    undone = _undone_state(site, update)
    with _naming(site):
        clean_changed(site, update.changes)
        _check_since(site, update, now)
    state = None
    if STATE_FIELDS & update.changes.keys():
        state = siterows.state_row(
            site,
            effective_on=_since(update, now) if undone is None else undone.effective_on,
            stage=site.stage,
            contributions=contributions,
            now=now,
            actor_id=access.user_id,
        )
        if undone is not None:
            state.corrects_id, state.correction_reason = undone.pk, reason[:_LONGEST_REASON]
    states = [*site.states.all(), *([state] if state is not None else [])]
    judge = judge_for((indicator_id for indicator_id, _quantity in contributions), judges)
    spans = respan(site, judge, judges, current, states=states, now=now)
    entry = change_entry(site, before, contributions, reason)
    return Prepared(site, update.changes, contributions, state, spans, entry)


def _since(update: SiteUpdate, now: dt.datetime) -> dt.date:
    return update.effective_on or timezone.localdate(now)


def _check_since(site: Site, update: SiteUpdate, now: dt.datetime) -> None:
    """A stated day is not to come, and not before the site became what it is. Asks the states read before."""
    if update.effective_on is None or not STATE_FIELDS & update.changes.keys():
        return
    today = timezone.localdate(now)
    if update.effective_on > today:
        raise Invalid({"effective_on": _("生效日期不能晚于今天。")})
    rows = list(site.states.all())
    corrected = {row.corrects_id for row in rows}
    days = [row.effective_on for row in rows if row.pk not in corrected and row.effective_on <= today]
    check_since(update.effective_on, max(days, default=None))


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
