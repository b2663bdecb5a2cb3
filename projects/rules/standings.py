"""What figures ask of a site on any day, as spans of days: the timeline that is counted.

A site stands still between two of these days: a new state (stage, manager, contributions), the days on which
its baseline expects the start and the finish, and the days on which its light changes. What is known of
publication, removal and the baseline holds for all days at once: they are decisions of today about the whole
record, not events of a day (`known_at` tells them apart).
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from projects.rules.vocabulary import STARTED, Light, Stage

#: The end of a span that nothing ends.
FOREVER: Final = date.max
#: Contributions of a site that counts towards nothing (存量).
NOTHING: Final = "{}"


class Counted(NamedTuple):
    """Everything that a figure counts of one site on one day; sites that agree in it are one group.

    `managed_by`: the division whose target it counts towards. `started`: a state has said so, whatever
    happened later. `start_due`, `finish_due`: the baseline expects the start / the finish by the day; False
    where `has_plan` is False. `light`: by the programme `judged_by`, which governs the site that day (None:
    no programme does). `contributions`: quantities by indicator, see `contributions_text`.
    """

    managed_by: int
    stage: Stage
    started: bool
    has_plan: bool
    start_due: bool
    finish_due: bool
    light: Light
    judged_by: int | None
    contributions: str
    is_public: bool
    is_demo: bool


class Standing(NamedTuple):
    """`counted` holds from `valid_from` up to, not including, `valid_to`."""

    valid_from: date
    valid_to: date
    counted: Counted


class StateFact(NamedTuple):
    """From `effective` on: stage, manager, contributions, and the programme that governs these."""

    effective: date
    stage: Stage
    managed_by: int
    contributions: str
    judged_by: int | None


class Lit(NamedTuple):
    """`light` holds from `valid_from` up to, not including, `valid_to`."""

    valid_from: date
    valid_to: date
    light: Light


@dataclass(frozen=True, slots=True)
class Record:
    """What holds for all days of a site, as far as is known."""

    baseline_start: date | None
    baseline_finish: date | None
    is_public: bool
    is_demo: bool


def contributions_text(quantities: Mapping[int, Decimal] | Mapping[str, object]) -> str:
    """One text for the same contributions however they were written: by indicator, with three decimals."""
    pairs = sorted((int(pk), Decimal(str(quantity))) for pk, quantity in quantities.items())
    return json.dumps({str(pk): f"{quantity:.3f}" for pk, quantity in pairs}, separators=(",", ":"))


def timeline(states: Sequence[StateFact], lights: Sequence[Lit], record: Record) -> tuple[Standing, ...]:
    """The site's days from its first state on, as disjoint spans; neighbours differ.

    `states` in the order in which they hold (of one day the last one counts), without corrected ones;
    `lights` ascending and disjoint. A day on which the site counts towards nothing is in no span; otherwise
    there are no gaps.
    """
    if not states:
        return ()
    start, finish = record.baseline_start, record.baseline_finish
    has_plan = start is not None and finish is not None
    planned = (start, finish) if has_plan else ()
    first = states[0].effective
    days = sorted({first, *(day for day in _changes(states, lights, planned) if day > first)})
    found: list[Standing] = []
    at = lit = 0
    started = False
    state = states[0]
    for day, until in zip(days, [*days[1:], FOREVER], strict=True):
        while at < len(states) and states[at].effective <= day:
            state = states[at]
            started = started or state.stage in STARTED
            at += 1
        if state.contributions == NOTHING:
            continue
        while lit < len(lights) and lights[lit].valid_to <= day:
            lit += 1
        shines = lit < len(lights) and lights[lit].valid_from <= day
        counted = Counted(
            state.managed_by,
            state.stage,
            started,
            has_plan,
            has_plan and start is not None and start <= day,
            has_plan and finish is not None and finish <= day,
            lights[lit].light if shines else Light.NONE,
            state.judged_by,
            state.contributions,
            record.is_public,
            record.is_demo,
        )
        if found and found[-1].valid_to == day and found[-1].counted == counted:
            found[-1] = Standing(found[-1].valid_from, until, counted)
        else:
            found.append(Standing(day, until, counted))
    return tuple(found)


def _changes(
    states: Sequence[StateFact], lights: Sequence[Lit], planned: Iterable[date | None]
) -> Iterator[date]:
    for state in states:
        yield state.effective
    for light in lights:
        yield light.valid_from
        yield light.valid_to
    for day in planned:
        if day is not None:
            yield day
