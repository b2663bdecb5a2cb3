"""Figures of a division and of the programme: by SQL over all sites, by one read of the sums, and who is right."""

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any, Final

from django.http import HttpRequest, JsonResponse

from tests.benchmarks import checks, sitesql
from tests.benchmarks.operations import Baseline, Operation
from tests.benchmarks.servers import Answer

OVER_SITES: Final = "SQL over sites"
OF_SUMS: Final = "one read of the sums"
#: So many days of the year are asked for; a process keeps some of them.
DAYS: Final = 120
#: What is compared: columns of the baselines, members of the answer.
_COUNTED: Final = ("sites", "finished", "due", "overdue", "unplanned")
_STARTED: Final = "('building', 'finished', 'verified')"

#: The divisions that lie within one, and what each site gives in its newest state by the day.
_SITES: Final = f"""
    WITH inside AS (
        SELECT d.id FROM projects_division d JOIN projects_division t
        ON d.tree_left BETWEEN t.tree_left AND t.tree_right WHERE t.code = %s
    ),
    newest AS (
        SELECT * FROM (
            SELECT st.*, ROW_NUMBER() OVER (
                PARTITION BY st.site_id ORDER BY st.effective_on DESC, st.id DESC
            ) AS place
            FROM projects_sitestate st
            WHERE st.effective_on <= %s
            AND st.site_id IN (SELECT c.site_id FROM projects_contribution c)
        ) AS ranked WHERE place = 1 AND CAST(contributions AS text) <> '{{{{}}}}'
    ),
    gives AS (
        SELECT c.site_id, {{unit}} AS unit,
            MIN(CASE WHEN i.completion_type = 'construction_started' THEN 1 ELSE 0 END) AS by_start
        FROM projects_contribution c JOIN projects_indicator i ON i.id = c.indicator_id
        JOIN projects_category y ON y.id = i.category_id
        GROUP BY 1, 2
    ),
    counted AS (
        SELECT g.unit, s.baseline_finish IS NOT NULL AS planned,
            CASE WHEN g.by_start = 1 THEN EXISTS (
                SELECT 1 FROM projects_sitestate b WHERE b.site_id = s.id
                AND b.effective_on <= %s AND b.stage IN {_STARTED}
            ) ELSE n.stage IN ('finished', 'verified') END AS done,
            COALESCE(CASE WHEN g.by_start = 1 THEN s.baseline_start ELSE s.baseline_finish END <= %s, FALSE)
                AS due
        FROM newest n JOIN projects_site s ON s.id = n.site_id JOIN gives g ON g.site_id = s.id
        WHERE s.publication = 'published' AND s.deleted_seq IS NULL AND n.stage <> 'cancelled'
        AND n.managed_by_id IN (SELECT id FROM inside)
    )
    SELECT unit, COUNT(*), SUM(CASE WHEN done THEN 1 ELSE 0 END), SUM(CASE WHEN due THEN 1 ELSE 0 END),
        SUM(CASE WHEN due AND NOT done THEN 1 ELSE 0 END), SUM(CASE WHEN planned THEN 0 ELSE 1 END)
    FROM counted GROUP BY unit
"""

_SUMS: Final = """
    SELECT COALESCE(y.slug, ''), SUM(r.sites), SUM(r.done), SUM(r.due), SUM(r.overdue), SUM(r.unplanned)
    FROM projects_rollup r LEFT JOIN projects_category y ON r.unit = 'category' AND y.id = r.unit_id
    WHERE r.programme_id = (SELECT id FROM projects_programme WHERE publication = 'published' LIMIT 1)
    AND r.day = %s AND r.unit IN ('programme', 'category') AND r.managed_by_id IN (
        SELECT d.id FROM projects_division d JOIN projects_division t
        ON d.tree_left BETWEEN t.tree_left AND t.tree_right WHERE t.code = %s
    ) GROUP BY 1
"""


def over_sites(request: HttpRequest) -> JsonResponse:
    """Counted from states and sites, by category and in all; `division`, `day`."""
    day, code = request.GET["day"], request.GET["division"]
    parts = _rows(_SITES.format(unit="y.slug"), (code, day, day, day))
    whole = _rows(_SITES.format(unit="''"), (code, day, day, day))
    return JsonResponse({**parts, **whole})


def of_sums(request: HttpRequest) -> JsonResponse:
    """The same from the maintained sums of a closing day: one statement."""
    return JsonResponse(_rows(_SUMS, (request.GET["day"], request.GET["division"])))


def _rows(statement: str, parameters: tuple[Any, ...]) -> dict[str, list[int]]:
    return {
        str(row[0]): [int(value or 0) for value in row[1:]] for row in sitesql.rows(statement, parameters)
    }


def figures(codes: Sequence[str], city: str) -> list[Operation]:
    """The district's figures at the cut-off and on other days; the headline; both as pages, whole."""
    ((key, cutoff, start),) = sitesql.rows(
        "SELECT key, cutoff, period_start FROM projects_programme WHERE publication = 'published'"
    )
    cutoff = cutoff if isinstance(cutoff, dt.date) else dt.date.fromisoformat(cutoff)
    start = start if isinstance(start, dt.date) else dt.date.fromisoformat(start)
    days = [start + dt.timedelta(days=3 * number) for number in range(DAYS)]
    asked = [(code, day) for code, day in zip(_again(codes, DAYS), days, strict=True)]
    at_cutoff = [(code, cutoff) for code in (city, *codes)]
    of_city = [(city, cutoff)]
    headline = f"/api/v1/programmes/{key}/headline/"
    return [
        Operation(
            "figures of a division",
            tuple(f"/api/v1/divisions/{code}/progress/" for code, _day in at_cutoff),
            same_figures,
            _both(at_cutoff),
        ),
        Operation(
            "figures of a division, any day",
            tuple(f"/api/v1/divisions/{code}/progress/?as_of={day}" for code, day in asked),
            same_figures,
            _both(asked)[:1],
        ),
        Operation("headline", (headline,), checks.answers, _both(of_city, compared=False)),
        Operation(
            "page /districts/CODE/",
            tuple(f"/districts/{code}/" for code, _day in at_cutoff),
            checks.answers,
            _both(at_cutoff, compared=False),
        ),
        Operation(
            "page /programmes/KEY/",
            (f"/programmes/{key}/",),
            checks.answers,
            _both(of_city, compared=False),
        ),
    ]


def _both(asked: Sequence[tuple[str, dt.date]], *, compared: bool = True) -> tuple[Baseline, ...]:
    return tuple(
        Baseline(
            name,
            tuple(f"/bench/figures/{word}/?division={code}&day={day}" for code, day in asked),
            compared,
        )
        for name, word in ((OVER_SITES, "sites"), (OF_SUMS, "sums"))
    )


def _again(codes: Sequence[str], most: int) -> list[str]:
    return [codes[number % len(codes)] for number in range(most)]


def same_figures(path: str, ours: Answer, other: Answer | None) -> list[str]:
    """Every count of the whole and of each category is the baseline's."""
    if other is None:
        return []
    body, reply = json.loads(ours.body), json.loads(other.body)
    mine = {"": body, **{row["slug"]: row for row in body["categories"]}}
    said = []
    for unit in sorted(mine.keys() | reply.keys()):
        told = [mine[unit][name] for name in _COUNTED] if unit in mine else []
        wanted = reply.get(unit, [0] * len(_COUNTED))
        if told != wanted:
            said.append(f"{path}: {unit or 'all'} is {told}, the baseline says {wanted}")
    return said
