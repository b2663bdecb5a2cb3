"""The lights of indicators, divisions, projects and money on a day, as they were known at a moment: look-ups.

What the public may see is asked first and fails closed: a programme's lights are internal until it says
otherwise, and published up to its cut-off; reasons are another decision, and what a district has to answer
for (书面说明、约谈、问责) is never public.
"""

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from projects.models import Indicator, LightSpan, MonthResult, YearResult
from projects.permissions.access import Access
from projects.querysets.lights import SubjectQuerySet
from projects.readmodels.clocks import Clocks
from projects.readmodels.subjectfacts import Judging, cell_facts, cells_with_targets, line_facts
from projects.readmodels.subjects import kind_of
from projects.readmodels.tallies import may_show_lights
from projects.readmodels.vocabulary import ProgrammeWords
from projects.rules.facts import Facts
from projects.rules.lights import subject_light_at
from projects.rules.verdicts import Reason, Verdict
from projects.rules.vocabulary import Light, Subject


@dataclass(frozen=True, slots=True)
class Named:
    """What a light is about, in words. `code` is the indicator's or division's own; `place`: its division."""

    key: str
    kind: Subject
    code: str
    name_zh: str
    name_en: str
    place_id: int | None
    place: str | None
    place_zh: str
    place_en: str


@dataclass(frozen=True, slots=True)
class SubjectLight:
    """`light` holds from `since` up to, not including, `until`, if nothing more is reported.

    `reason` None: it is not published. `because`: of a project the code of the indicator whose light it is.
    """

    subject: Named
    light: Light
    reason: Reason | None
    note: str
    because: str | None
    since: dt.date
    until: dt.date
    policy: str
    policy_version: int


def subject_lights(
    programme_id: int,
    clocks: Clocks,
    *,
    access: Access | None,
    kinds: Collection[Subject] = (),
    division_id: int | None = None,
    indicator_id: int | None = None,
    subject: str = "",
) -> list[SubjectLight]:
    """By kind and key; `access` None: everything (for commands, and behind a public decision)."""
    rows: SubjectQuerySet[LightSpan] = LightSpan.objects.known(clocks.known_seq).on(clocks.as_of)
    rows = rows.filter(programme_id=programme_id)
    if access is not None:
        rows = rows.visible_to(access)
    if division_id is not None:
        rows = rows.filter(division_id=division_id)
    if indicator_id is not None:
        rows = rows.filter(indicator_id=indicator_id)
    if subject:
        rows = rows.filter(subject_key=subject)
    rows = rows.select_related("indicator", "division", "project", "funding_line", "policy")
    found = list(rows.order_by("subject_key", "-changed_seq"))
    codes = _because(found)
    lights = [_light(row, codes) for row in found]
    wanted = set(kinds)
    order = list(Subject)
    return sorted(
        (row for row in lights if not wanted or row.subject.kind in wanted),
        key=lambda row: (
            order.index(row.subject.kind),
            row.subject.place or "",
            row.subject.code,
            row.subject.key,
        ),
    )


def public_lights(
    programme: ProgrammeWords,
    clocks: Clocks,
    *,
    kinds: Collection[Subject] = (),
    division_id: int | None = None,
) -> list[SubjectLight] | None:
    """None where the lights of that day are not published. Without reasons where those are not."""
    if not may_show_lights(programme, clocks.as_of):
        return None
    found = subject_lights(programme.pk, clocks, access=None, kinds=kinds, division_id=division_id)
    if programme.publishes_reasons:
        return found
    return [replace(row, reason=None, note="", because=None) for row in found]


def _because(rows: Iterable[LightSpan]) -> dict[int, str]:
    ids = {row.detail["indicator"] for row in rows if "indicator" in row.detail}
    return dict(Indicator.objects.filter(pk__in=ids).values_list("pk", "code")) if ids else {}


def _light(row: LightSpan, codes: dict[int, str]) -> SubjectLight:
    return SubjectLight(
        named(row),
        Light(row.light),
        Reason(row.reason),
        row.detail.get("note", ""),
        codes.get(row.detail.get("indicator", 0)),
        row.valid_from,
        row.valid_to,
        row.policy.key,
        row.policy.version,
    )


def named(row: LightSpan | MonthResult | YearResult) -> Named:
    """The words of a stored row, with its relations read."""
    kind = kind_of(row.subject_key)
    place = row.division
    about = {
        Subject.INDICATOR: row.indicator,
        Subject.DIVISION: row.division,
        Subject.PROJECT: row.project,
        Subject.FUNDING: row.funding_line,
        Subject.SITE: row.site,
    }[kind]
    assert about is not None
    name_zh = getattr(about, "name_zh", "") or getattr(about, "name", "")
    return Named(
        row.subject_key,
        kind,
        str(getattr(about, "code", "") or getattr(about, "number", "") or about.pk),
        name_zh,
        getattr(about, "name_en", "") or name_zh,
        place.pk if place else None,
        place.code if place else None,
        place.name_zh if place else "",
        (place.name_en or place.name_zh) if place else "",
    )


def explained(subject: str, clocks: Clocks) -> Verdict | None:
    """The judgement behind a light with its figures: plan, actual, lag. None where nothing is judged.

    Worked out from the facts as they were known, under the policy of the stored span. Divisions and projects
    have no figures of their own.
    """
    row = (
        LightSpan.objects.known(clocks.known_seq)
        .on(clocks.as_of)
        .filter(subject_key=subject, programme__isnull=False)
        .select_related("programme__policy", "policy")
        .order_by("-changed_seq")
        .first()
    )
    if row is None or row.programme is None:
        return None
    judging = Judging.then(row.programme, clocks.known_seq)
    facts = _facts_of(judging, row, clocks)
    return None if facts is None else subject_light_at(facts, judging.policy, kind_of(subject), clocks.as_of)


def _facts_of(judging: Judging, row: LightSpan, clocks: Clocks) -> Facts | None:
    if row.indicator_id is not None and row.division_id is not None:
        cell = (row.indicator_id, row.division_id)
        if cell not in cells_with_targets(judging.programme, known_seq=clocks.known_seq):
            return None
        return cell_facts(judging, [cell], known_seq=clocks.known_seq)[cell].facts
    if row.funding_line_id is not None:
        lines = line_facts(judging, [row.funding_line_id], known_seq=clocks.known_seq)
        return lines[0].facts if lines else None
    return None
