"""The preview of a staged import in pages: what each row would do, in words, and what is wrong."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _

from maps.geometry import geodesic_distance_m
from projects.exchange.columns import COLUMNS
from projects.exchange.problems import Problem, Severity
from projects.exchange.stagedvalues import draft_changes
from projects.models import Division, FacilityKind, Indicator, StagedImport, StagedProblem, StagedRow
from projects.rules.vocabulary import RowAction, Service, Stage, StagedState

#: Rows on a page at most.
MOST: Final = 200
#: In which states the plan is whole.
_WHOLE: Final = (StagedState.CHECKED, StagedState.APPLYING, StagedState.APPLIED)
_TITLES: Final = {column.site_field: column.title for column in COLUMNS if column.site_field}
_WORDS: Final = {"stage": Stage, "service": Service}


@dataclass(frozen=True, slots=True)
class Change:
    """One field of a row: its model field (`attributes.key` of a kind's own), its title, and both values as a
    person reads them; an empty text is nothing."""

    field: str
    title: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One row of the preview. `number` is the file's own; `changes` of a new site have no before."""

    number: int
    action: RowAction
    code: str
    label: str
    division: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class RowsPage:
    """`next`: what to ask for as `after`; None on the last page."""

    rows: tuple[PreviewRow, ...]
    next: int | None


@dataclass(frozen=True, slots=True)
class ProblemsPage:
    """As RowsPage, of problems; `after` counts problems."""

    problems: tuple[StagedProblem, ...]
    next: int | None


def rows_page(
    staged: StagedImport,
    action: RowAction | None = None,
    *,
    after: int = 0,
    limit: int = 50,
    division_id: int | None = None,
) -> RowsPage:
    """Planned rows by their number in the file, those behind row `after`; with `division_id` only what that
    division manages. Nothing while a check goes on."""
    if staged.state not in _WHOLE:
        return RowsPage((), None)
    limit = max(1, min(limit, MOST))
    rows = StagedRow.objects.filter(staged=staged, number__gt=after)
    if action is not None:
        rows = rows.filter(action=action.value)
    if division_id is not None:
        rows = rows.filter(managed_by_id=division_id)
    found = list(rows.order_by("number", "pk")[: limit + 1])
    shown = found[:limit]
    names = _Names([_changes(row) for row in shown], {row.managed_by_id for row in shown})
    return RowsPage(
        tuple(
            PreviewRow(
                row.number,
                RowAction(row.action),
                row.code,
                row.label,
                names.divisions.get(row.managed_by_id, ""),
                tuple(names.changes(_changes(row))),
            )
            for row in shown
        ),
        shown[-1].number if len(found) > limit else None,
    )


def problems_page(
    staged: StagedImport, severity: Severity | None = None, *, after: int = 0, limit: int = 50
) -> ProblemsPage:
    """Problems by row, errors and warnings together or one of them; those behind the first `after`."""
    limit = max(1, min(limit, MOST))
    after = max(0, after)
    rows = StagedProblem.objects.filter(staged=staged)
    if severity is not None:
        rows = rows.filter(severity=severity.value)
    found = list(rows.order_by("row", "pk")[after : after + limit + 1])
    return ProblemsPage(tuple(found[:limit]), after + limit if len(found) > limit else None)


def problems_of(staged: StagedImport) -> Iterator[Problem]:
    """Every problem, errors first, then by row: what an annotated copy and a report are written from."""
    for severity in Severity:
        rows = StagedProblem.objects.filter(staged=staged, severity=severity.value).order_by("row", "pk")
        for row in rows.iterator(chunk_size=2_000):
            yield Problem(
                row.sentence, row.row or None, row.label, row.column, row.found, row.allowed, severity
            )


def _changes(row: StagedRow) -> dict[str, list[Any]]:
    held: dict[str, list[Any]] = json.loads(row.changes)
    return held or (draft_changes(row.draft) if row.draft.startswith("{") else {})


class _Names:
    """The names behind the numbers of one page, asked for at once."""

    def __init__(self, rows: Sequence[Mapping[str, list[Any]]], divisions: set[int]) -> None:
        def numbers(name: str) -> set[int]:
            return {value for row in rows for value in row.get(name, ()) if isinstance(value, int)}

        divisions = divisions | numbers("managed_by_id") | numbers("located_in_id")
        indicators = {pair[0] for row in rows for side in row.get("contributions", ()) for pair in side or ()}
        self.divisions = {row.pk: row.name for row in Division.objects.filter(pk__in=divisions)}
        self._kinds = {row.pk: row.name for row in FacilityKind.objects.filter(pk__in=numbers("kind_id"))}
        kinds = (
            FacilityKind.objects.filter(deleted_seq__isnull=True)
            if any("attributes" in row for row in rows)
            else ()
        )
        self._labels = {
            str(entry["key"]): str(entry.get("label_zh") or entry["key"])
            for kind in kinds
            for entry in kind.attributes
        }
        self._indicators = {row.pk: row.name for row in Indicator.objects.filter(pk__in=indicators)}

    def changes(self, held: Mapping[str, list[Any]]) -> Iterator[Change]:
        for name, (before, after) in held.items():
            if name == "attributes":
                yield from self._attributes(before or {}, after or {})
            elif name == "geometry":
                yield Change(name, _("位置"), _spot(before), _spot(after) + _moved(before, after))
            else:
                yield Change(name, self._title(name), self._word(name, before), self._word(name, after))

    def _attributes(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
        for key in sorted(before.keys() | after.keys()):
            if before.get(key) != after.get(key):
                title = self._labels.get(key, key)
                yield Change(f"attributes.{key}", title, _text(before.get(key)), _text(after.get(key)))

    def _title(self, name: str) -> str:
        titles = {
            "kind_id": _("设施种类"),
            "managed_by_id": _("管理区划"),
            "located_in_id": _("所在区划"),
            "contributions": _("贡献量"),
        }
        return titles.get(name) or _(_TITLES.get(name, name))

    def _word(self, name: str, value: Any) -> str:
        if value is None or value == "":
            return ""
        if name in ("managed_by_id", "located_in_id"):
            return self.divisions.get(value, str(value))
        if name == "kind_id":
            return self._kinds.get(value, str(value))
        if name == "contributions":
            return "、".join(f"{self._indicators.get(pk, pk)} {_short(quantity)}" for pk, quantity in value)
        if name in _WORDS:
            return str(_(_WORDS[name](value).term))
        return _text(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    return str(value)


def _short(quantity: str) -> str:
    return quantity.rstrip("0").rstrip(".") if "." in quantity else quantity


def _spot(spot: Sequence[Any] | None) -> str:
    """A position as longitude, latitude; a line or an area with how many corners it has."""
    if spot is None:
        return ""
    lon, lat, kind, corners = spot
    said = f"{lon:.6f}, {lat:.6f}"
    if kind == "Point":
        return said
    words = {"LineString": _("线"), "MultiLineString": _("线")}
    return _("%(kind)s(%(corners)d 个节点,中部 %(spot)s)") % {
        "kind": words.get(kind, _("面")),
        "corners": corners,
        "spot": said,
    }


def _moved(before: Sequence[Any] | None, after: Sequence[Any]) -> str:
    """How far a place moves."""
    if before is None:
        return ""
    (metres,) = geodesic_distance_m([before[0]], [before[1]], [after[0]], [after[1]]).tolist()
    return _("(移动 %(metres)d 米)") % {"metres": round(metres)}
