"""Writing a city's divisions, their tree and their borders, as they were read from outside."""

import datetime as dt
from collections.abc import Callable, Mapping

import shapely
from django.db import transaction

from projects.actions.divisions import save_boundary, save_division, set_parent
from projects.exchange.areas import Area, City
from projects.models import Division
from projects.permissions.access import Access
from projects.rules.vocabulary import DivisionLevel


def apply_city(
    *,
    access: Access,
    city: City,
    valid_from: dt.date,
    member_from: dt.date | None = None,
    names_en: Mapping[str, str] | None = None,
    reason: str = "",
    on_progress: Callable[[int], None] | None = None,
) -> Division:
    """Write the city's divisions, tree and borders, all or nothing; the same again changes nothing.

    Borders hold from `valid_from`, membership in the tree from `member_from` (default: the same day). A
    border that differs from the one in force ends that one on the day. Raises as projects.actions.divisions.
    """
    english = names_en or {}
    tell = on_progress or (lambda count: None)
    since = member_from or valid_from

    def write(area: Area, level: DivisionLevel, parent: Division | None) -> Division:
        division = save_division(
            access=access,
            code=area.code,
            name_zh=area.name,
            name_en=english.get(area.code, ""),
            level=level,
            reason=reason,
        )
        if parent is not None:
            set_parent(access=access, child=division, parent=parent, valid_from=since, reason=reason)
        if isinstance(area.border, shapely.Polygon | shapely.MultiPolygon):
            save_boundary(
                access=access,
                division=division,
                geometry=area.border,
                source=city.source,
                licence=city.licence,
                valid_from=valid_from,
                declared_datum=city.declared_datum,
                review_number=city.review_number,
                reason=reason,
            )
        tell(1)
        return division

    with transaction.atomic():
        above = write(city.province, DivisionLevel.PROVINCE, None) if city.province is not None else None
        whole = write(city.city, DivisionLevel.CITY, above)
        for county in city.counties:
            write(county, DivisionLevel.COUNTY, whole)
    whole.refresh_from_db()
    return whole
