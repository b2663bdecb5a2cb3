"""Writes to the division tree: areas, who belongs to whom from which day, borders, former codes and names."""

import datetime as dt

import shapely
from django.contrib.gis.geos import GEOSGeometry
from django.contrib.gis.geos import MultiPolygon as GeosMultiPolygon
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from maps.geometry import validate
from projects.actions import closing, ledger, subjectlights
from projects.actions.errors import Invalid
from projects.actions.rows import clean, entry_of, require_city, save_row
from projects.models import Boundary, Division, DivisionAlias, DivisionParent, Programme
from projects.permissions.access import Access, Permission
from projects.rules.errors import RuleError
from projects.rules.tree import Edge, intervals
from projects.rules.vocabulary import DivisionLevel


def save_division(
    *,
    access: Access,
    code: str,
    name_zh: str,
    level: DivisionLevel,
    name_en: str = "",
    valid_from: dt.date | None = None,
    valid_to: dt.date | None = None,
    reason: str = "",
) -> Division:
    """Add the division with that code, or bring it up to date; an empty English name leaves the one there is.

    A new division lies within no other until `set_parent` says so. Raises NotAllowed, Invalid.
    """
    require_city(access, Permission.DIVISION_CHANGE)
    with transaction.atomic():
        # A new area renumbers others: all rows are locked, by id, before the head is taken.
        list(Division.objects.select_for_update().order_by("pk").values_list("pk"))
        row = Division.objects.filter(code=code).first() or Division(code=code)
        is_new = row._state.adding
        row.name_zh, row.level = name_zh, level.value
        row.name_en = name_en or row.name_en
        row.valid_from = valid_from or row.valid_from
        row.valid_to = valid_to or row.valid_to
        save_row(
            access=access,
            row=row,
            permission=Permission.DIVISION_CHANGE,
            reason=reason,
            then=lambda numbers: _number_tree(numbers.first) if is_new else None,
        )
        if is_new:
            row.refresh_from_db(fields=["tree_left", "tree_right", "changed_seq"])
    return row


@closing.correctable
def set_parent(
    *, access: Access, child: Division, parent: Division, valid_from: dt.date, reason: str = ""
) -> DivisionParent:
    """From `valid_from` on `child` belongs to `parent`; the row that held until then ends on that day.

    Writes nothing where it belongs there already. Raises NotAllowed; Invalid for a day not after the start of
    the row in force, and for a cycle; PeriodClosed for a move on a closed day. The tree's intervals are
    numbered anew; callers' instances are stale.
    """
    require_city(access, Permission.DIVISION_CHANGE)
    if valid_from > timezone.localdate():
        # Today's tree is numbered once, when it changes: nobody would renumber it on that day.
        raise Invalid({"valid_from": _("隶属关系的开始日期不能晚于今天;请在生效当天再改。")})
    with transaction.atomic():
        list(Division.objects.select_for_update().order_by("pk").values_list("pk"))
        current = (
            DivisionParent.objects.select_for_update().filter(child=child, valid_to__isnull=True).first()
        )
        if current is not None:
            if current.parent_id == parent.pk:
                return current
            if valid_from <= current.valid_from:
                raise Invalid(
                    {
                        "valid_from": _(
                            "%(child)s 自 %(day)s 起隶属 %(parent)s;新的隶属关系须从更晚的日期开始。"
                        )
                        % {"child": child, "day": current.valid_from, "parent": current.parent}
                    }
                )
            # Whose township it was on a closed day is part of that day's figures.
            closing.ask(Programme.objects.values_list("pk", flat=True), valid_from)
            current.valid_to = valid_from
            current.save(update_fields=["valid_to"])
        row = DivisionParent(child=child, parent=parent, valid_from=valid_from)
        clean(row)
        row.save()
        with ledger.take(1, actor_id=access.user_id) as numbers:
            Division.objects.filter(pk=child.pk).update(changed_seq=numbers.first)
            _number_tree(numbers.first)
            # Whose output it is has changed, from that day on.
            subjectlights.follow_all(seq=numbers.last, now=numbers.recorded_at)
            before = current.parent.code if current is not None else None
            numbers.write(
                [
                    entry_of(
                        child,
                        "move",
                        {"parent": [before, parent.code], "from": valid_from.isoformat()},
                        reason,
                    )
                ]
            )
    return row


def add_alias(
    *,
    access: Access,
    division: Division,
    kind: str,
    value: str,
    valid_from: dt.date | None = None,
    valid_to: dt.date | None = None,
    reason: str = "",
) -> DivisionAlias:
    """Record a code or name (`DivisionAlias.CODE`, `.NAME`) under which a division is or was known.

    One that is on record already is brought up to date. Raises NotAllowed, Invalid.
    """
    require_city(access, Permission.DIVISION_CHANGE)
    known = DivisionAlias.objects.filter(division=division, kind=kind, value=value).first()
    row = known or DivisionAlias(division=division, kind=kind, value=value)
    row.valid_from, row.valid_to = valid_from, valid_to
    return save_row(access=access, row=row, permission=Permission.DIVISION_CHANGE, reason=reason)


def save_boundary(
    *,
    access: Access,
    division: Division,
    geometry: shapely.Polygon | shapely.MultiPolygon,
    source: str,
    licence: str,
    valid_from: dt.date,
    declared_datum: str = "EPSG:4490",
    review_number: str = "",
    reason: str = "",
) -> Boundary:
    """The division's border (EPSG:4326) from `valid_from` on; the one that held until then ends on that day.

    The border that is in force already, from the same source and with the same review number, is left as it
    is. Raises NotAllowed; Invalid for a geometry that is not a valid area, and for a day not after the start
    of the border in force.
    """
    require_city(access, Permission.DIVISION_CHANGE)
    geom = _as_geos(geometry, division)
    with transaction.atomic():
        current = (
            Boundary.objects.select_for_update().filter(division=division, valid_to__isnull=True).first()
        )
        if current is not None:
            same = (current.source, current.review_number) == (source, review_number)
            if same and current.geom.equals_exact(geom):
                return current
            if valid_from <= current.valid_from:
                raise Invalid(
                    {
                        "valid_from": _(
                            "%(division)s 已有自 %(day)s 起生效的边界;新的边界须从更晚的日期开始。"
                        )
                        % {"division": division, "day": current.valid_from}
                    }
                )
            current.valid_to = valid_from
            save_row(access=access, row=current, permission=Permission.DIVISION_CHANGE, reason=reason)
        row = Boundary(
            division=division,
            geom=geom,
            valid_from=valid_from,
            source=source,
            licence=licence,
            declared_datum=declared_datum,
            review_number=review_number,
        )
        return save_row(access=access, row=row, permission=Permission.DIVISION_CHANGE, reason=reason)


def _as_geos(geometry: shapely.Polygon | shapely.MultiPolygon, division: Division) -> GeosMultiPolygon:
    problems = validate(geometry)
    if problems:
        raise Invalid(
            {
                "geom": _("%(division)s 的边界不能用:%(problem)s")
                % {"division": division, "problem": problems[0]}
            }
        )
    geom = GEOSGeometry(memoryview(shapely.to_wkb(geometry, output_dimension=2)), srid=4326)
    return geom if isinstance(geom, GeosMultiPolygon) else GeosMultiPolygon(geom, srid=4326)


def _number_tree(changed_seq: int) -> None:
    """Number today's tree in pre-order and stamp the rows whose numbers moved. Raises Invalid for a cycle."""
    rows = {row.code: row for row in Division.objects.all()}
    edges = [
        Edge(child, parent, valid_from, valid_to)
        for child, parent, valid_from, valid_to in DivisionParent.objects.values_list(
            "child__code", "parent__code", "valid_from", "valid_to"
        )
    ]
    try:
        numbered = intervals(edges, list(rows), timezone.localdate())
    except RuleError as problem:
        raise Invalid({"": _(problem.msgid).format(**problem.params)}) from problem
    moved = []
    for code, interval in numbered.items():
        row = rows[code]
        if (row.tree_left, row.tree_right) != (interval.left, interval.right):
            row.tree_left, row.tree_right, row.changed_seq = interval.left, interval.right, changed_seq
            moved.append(row)
    Division.objects.bulk_update(moved, ["tree_left", "tree_right", "changed_seq"])
