"""Rows of the supervisor's desk: who and where, and why each is listed."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from projects.models import Site
from projects.permissions.access import Access
from projects.readmodels.explanations import Explanation, Turn, explanations
from projects.readmodels.latequeries import Found
from projects.readmodels.siteindex import Snapshot
from projects.readmodels.sitelists import DivisionRef, SiteRow, site_rows
from projects.readmodels.vocabulary import IndicatorWords


@dataclass(frozen=True, slots=True)
class LateRow:
    """A site that is late, or at risk of it; everything in `why` is about the day.

    `row`: name, place and kind as they are now. `managed_by`: whose target it counted towards on the day.
    `turns`: the worse light that comes within the days asked for, when nothing more is reported; `due_on`:
    the baseline's finish within them. Both are None for a late site.
    """

    row: SiteRow
    code: str
    publication: str
    managed_by: DivisionRef
    indicators: tuple[IndicatorWords, ...]
    why: Explanation
    turns: Turn | None
    due_on: dt.date | None


def late_rows(places: Sequence[int], found: Found, access: Access, held: Snapshot) -> tuple[LateRow, ...]:
    """In the order of the places in the board. Rows that `access` may not see (any more) are left out."""
    rows = found.board
    ids = [int(rows.ids[place]) for place in places]
    visible = {
        pk: (code, publication)
        for pk, code, publication in Site.objects.visible_to(access)
        .filter(pk__in=ids)
        .order_by()
        .values_list("pk", "code", "publication")
    }
    place_of = dict(zip(ids, places, strict=True))
    shown = site_rows([pk for pk in ids if pk in visible], held, staff=True)
    whys = explanations([row.pk for row in shown], found.query.programme, found.query.clocks)
    made = []
    for row in shown:
        if row.pk not in whys:
            continue
        place, why = place_of[row.pk], whys[row.pk]
        indicators = held.vocabulary.indicators
        made.append(
            LateRow(
                row,
                *visible[row.pk],
                _division(int(rows.manager[place]), held),
                tuple(indicators[pk] for pk in rows.combos[rows.combo[place]] if pk in indicators),
                why,
                *_risk(why, found.query.due),
            )
        )
    return tuple(made)


def _division(pk: int, held: Snapshot) -> DivisionRef:
    area = held.vocabulary.area_by_pk.get(pk)
    return DivisionRef("", "–", "–") if area is None else DivisionRef(area.code, area.name_zh, area.name_en)


def _risk(why: Explanation, due: int) -> tuple[Turn | None, dt.date | None]:
    if why.is_late:
        return None, None
    horizon = why.as_of + dt.timedelta(days=due)
    finish = why.baseline.finish if why.baseline else None
    return (
        why.ahead if why.ahead is not None and why.ahead.day <= horizon else None,
        finish if finish is not None and why.as_of < finish <= horizon else None,
    )
