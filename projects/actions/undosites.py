"""What undoing writes to the sites of a batch, some at a time: removals, returns, and values from before."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import shapely

from projects.actions import ledger, siteupdates, standings
from projects.actions.batchscope import outside_updates
from projects.actions.ledger import as_json
from projects.actions.lights import CACHED, Judges, Respan, current_by_site, judge_for, respan
from projects.actions.siterows import public_id_of
from projects.actions.siteupdates import SiteUpdate
from projects.actions.sitewriting import CHANGEABLE, departments_of, entry_for
from projects.actions.standings import Rewrite
from projects.models import AuditEntry, Contribution, Site
from projects.models.bulk import update_rows
from projects.permissions.access import Access, Permission, Target, may
from projects.rules.rollups import Movements
from projects.rules.vocabulary import Publication

#: Entries of a batch, and of the batch that undoes one.
ADDED: Final = ("site.add", "site.restore")
REMOVED: Final = ("site.remove",)
CHANGED: Final = "site.change"
#: What says nothing about a site but who may see it.
PUBLISHING: Final = ("site.submitted", "site.published", "site.withdrawn")
_DAYS: Final = frozenset(
    {
        "service_checked_on",
        "baseline_start",
        "baseline_finish",
        "started_on",
        "finished_on",
        "verified_on",
    }
)
_ALWAYS: Final = ("deleted_seq", "changed_seq", "version", "updated_at", "code", "public_id")


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of the batch that is undone."""

    seq: int
    action: str
    site_id: int
    payload: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """What undoing it is: the words of `undoing.Undone`."""
        return {CHANGED: "changed_back", **dict.fromkeys(REMOVED, "restored")}.get(self.action, "removed")

    @property
    def code(self) -> str:
        """The site's code before (of a removal) or with the step; empty for a change."""
        return str(self.payload.get("code", ""))


def updates_back(steps: Sequence[Step]) -> list[SiteUpdate]:
    """The changes that take changes back."""
    changed = {step.site_id: step for step in steps if step.action == CHANGED}
    sites = {site.pk: site for site in Site.objects.filter(pk__in=changed)}
    return [
        SiteUpdate(pk, sites[pk].version, _before(step, sites[pk]), undoes_seq=step.seq)
        for pk, step in changed.items()
    ]


def _before(step: Step, site: Site) -> dict[str, object]:
    """The values that the entry says were there before. A hand-over for publication that the change took back
    is not made again: that takes a person."""
    found: dict[str, object] = {}
    for name, (value, _after) in step.payload["changed"].items():
        if name == "geom":
            found["geometry"] = shapely.from_wkb(bytes.fromhex(value))
        elif name == "contributions":
            found[name] = tuple((int(pk), Decimal(quantity)) for pk, quantity in value.items())
        elif name == "attributes":
            found[name] = _attributes(value, site)
        elif name in CHANGEABLE:
            found[name] = _value(name, value)
    return found


def _value(name: str, value: Any) -> object:
    if value is None:
        return None
    if name in _DAYS:
        return dt.date.fromisoformat(value)
    return float(value) if name in ("source_x", "source_y") else value


def _attributes(before: Mapping[str, Any], site: Site) -> dict[str, object]:
    """Entries hold no floats but their text: what did not change keeps its own type."""
    return {
        key: site.attributes[key]
        if key in site.attributes and as_json(site.attributes[key]) == value
        else value
        for key, value in before.items()
    }


def outside(access: Access, steps: Sequence[Step]) -> list[str]:
    """The codes of sites that this person may not treat so: removing takes the right to remove (or one's own
    unpublished site), putting back the right to add, changing back the right to change."""
    found = outside_updates(access, updates_back(steps))
    action_of = {step.site_id: step.action for step in steps if step.action != CHANGED}
    counted: dict[int, set[int]] = {}
    for pk, indicator_id in Contribution.objects.filter(site__in=action_of).values_list("site", "indicator"):
        counted.setdefault(pk, set()).add(indicator_id)
    added = AuditEntry.objects.filter(
        subject_type="site", subject_id__in=[str(pk) for pk in action_of], action="site.add"
    )
    creators = {int(subject): actor for subject, actor in added.values_list("subject_id", "actor_id")}
    departments: dict[frozenset[int], frozenset[int]] = {}
    sites = Site.objects.filter(pk__in=action_of).values_list("pk", "code", "managed_by_id", "publication")
    for pk, code, managed_by, publication in sites:
        indicators = frozenset(counted.get(pk, ()))
        if indicators not in departments:
            departments[indicators] = departments_of(indicators)
        is_removal = action_of[pk] in ADDED
        # What is public is not one's own any more.
        own = creators.get(pk) if is_removal and publication != Publication.PUBLISHED else None
        permission = Permission.SITE_DELETE if is_removal else Permission.SITE_ADD
        if not may(access, permission, Target(managed_by, departments[indicators], own)):
            found.append(code)
    return found


def write(
    steps: Sequence[Step],
    numbers: ledger.Numbers,
    first_seq: int,
    judges: Judges,
    movements: Movements,
    access: Access,
    reason: str,
) -> None:
    """Undo these steps under consecutive numbers, one entry each: removals, then returns, then changes."""
    removing = [step for step in steps if step.action in ADDED]
    restoring = [step for step in steps if step.action in REMOVED]
    _remove(removing, numbers, first_seq, movements, reason)
    seq = first_seq + len(removing)
    _restore(restoring, numbers, seq, judges, movements, reason)
    seq += len(restoring)
    updates = updates_back(steps)
    if updates:
        prepared = siteupdates.prepare(updates, access=access, judges=judges, reason=reason)
        siteupdates.write(prepared, numbers, seq, movements)


def _remove(
    steps: Sequence[Step], numbers: ledger.Numbers, first_seq: int, movements: Movements, reason: str
) -> None:
    if not steps:
        return
    sites = list(Site.objects.filter(pk__in=[step.site_id for step in steps]).order_by("pk"))
    entries = []
    for seq, site in enumerate(sites, start=first_seq):
        code, site.code = site.code, removed_code(site.pk)
        site.public_id = public_id_of(site.code)
        site.deleted_seq = site.changed_seq = seq
        _touch(site, numbers.recorded_at)
        entries.append(entry_for(site, "site.remove", _payload(reason, code, code, site.code)))
    update_rows(sites, _ALWAYS)
    standings.republish(sites, now=numbers.recorded_at).write(movements, superseded_seq=numbers.last)
    numbers.write(entries)


def removed_code(pk: int) -> str:
    """The code of a site that was removed by undoing: no file can mean it by a code of its own."""
    return f"~{pk}"


def _restore(
    steps: Sequence[Step],
    numbers: ledger.Numbers,
    first_seq: int,
    judges: Judges,
    movements: Movements,
    reason: str,
) -> None:
    if not steps:
        return
    codes = {step.site_id: step.code for step in steps}
    sites = list(
        Site.objects.filter(pk__in=codes)
        .order_by("pk")
        .prefetch_related("contributions", "reports", "states", "plan_changes")
    )
    current = current_by_site(list(codes))
    together = Respan([], [], Rewrite())
    entries = []
    for seq, site in enumerate(sites, start=first_seq):
        gone, site.code = site.code, codes[site.pk]
        site.public_id = public_id_of(site.code)
        site.deleted_seq, site.changed_seq = None, seq
        _touch(site, numbers.recorded_at)
        judge = judge_for((row.indicator_id for row in site.contributions.all()), judges)
        found = respan(
            site, judge, judges, current[site.pk], states=site.states.all(), now=numbers.recorded_at
        )
        found.stamp(changed_seq=seq, now=numbers.recorded_at)
        together.extend(found)
        entries.append(entry_for(site, "site.restore", _payload(reason, site.code, gone, site.code)))
    update_rows(sites, (*_ALWAYS, *CACHED))
    together.write(movements, now=numbers.recorded_at, superseded_seq=numbers.last)
    numbers.write(entries)


def _touch(site: Site, now: dt.datetime) -> None:
    site.version += 1
    site.updated_at = now


def _payload(reason: str, code: str, before: str, after: str) -> dict[str, ledger.JSON]:
    return {"reason": reason, "code": code, "changed": {"code": [before, after]}}
