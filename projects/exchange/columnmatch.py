"""Which column gives which field: what a person said, then what the headers say by themselves."""

import difflib
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from django.utils.translation import gettext as _

from projects.exchange.attributeheaders import ATTRIBUTES, attribute_of
from projects.exchange.columns import (
    BY_FIELD,
    COLUMNS,
    FALLBACK_FIELDS,
    POSITION_FIELDS,
    WKB_HEADERS,
    ColumnMap,
)
from projects.exchange.headers import bare_header, clean_header
from projects.exchange.problems import OptionError


def match_columns(
    headers: Iterable[str],
    explicit: Mapping[str, str],
    *,
    has_geometry: bool,
    skip: Iterable[str] = (),
    by_header: bool = True,
) -> ColumnMap:
    """What was said explicitly, then (`by_header`) what the headers say by themselves, never for a field in
    `skip`.

    Raises OptionError for a field or a column that is not there.
    """
    present = list(headers)
    mapped: dict[str, str] = {}
    for field, column in explicit.items():
        if field not in BY_FIELD and not _is_attribute(field):
            raise OptionError(
                _("没有字段 %(field)s;可用:%(fields)s,以及 attributes.属性。")
                % {"field": field, "fields": "、".join(BY_FIELD)}
            )
        if has_geometry and field in POSITION_FIELDS | FALLBACK_FIELDS:
            raise OptionError(
                _("这种文件的位置取自图形(geometry),不能用 --map %(field)s=…。") % {"field": field}
            )
        mapped[field] = _present(column, present, field)
    automatic = _by_header(present, mapped, set(skip), has_geometry=has_geometry) if by_header else []
    if not has_geometry:
        _one_position(mapped, automatic)
    return ColumnMap(MappingProxyType(mapped), tuple(automatic))


def recognised(headers: Iterable[str], *, has_geometry: bool) -> ColumnMap:
    """What the headers say by themselves, whether or not it is enough for an import."""
    mapped: dict[str, str] = {}
    automatic = _by_header(list(headers), mapped, set(), has_geometry=has_geometry)
    return ColumnMap(MappingProxyType(mapped), tuple(automatic))


def _by_header(
    present: list[str], mapped: dict[str, str], skip: set[str], *, has_geometry: bool
) -> list[str]:
    """Add to `mapped` what headers are known by; returns the fields that were added."""
    taken = set(mapped.values())
    skipped = skip | (POSITION_FIELDS if has_geometry or POSITION_FIELDS & mapped.keys() else set())
    by_name = {header.lower(): header for header in present if header not in taken}
    automatic = []
    for column_ in COLUMNS:
        if column_.field in mapped or column_.field in skipped:
            continue
        found = next((by_name.pop(alias) for alias in column_.aliases if alias in by_name), None)
        if found is not None:
            mapped[column_.field] = found
            automatic.append(column_.field)
    # An attribute that is called 电话 for people is no phone.
    for name, header in list(by_name.items()):
        field = attribute_of(header)
        if field and field not in mapped:
            del by_name[name]
            mapped[field] = header
            automatic.append(field)
    for column_ in COLUMNS:
        if column_.field in mapped or column_.field in skipped:
            continue
        similar = [name for name in by_name if bare_header(name) in column_.aliases]
        if len(similar) == 1:
            mapped[column_.field] = by_name.pop(similar[0])
            automatic.append(column_.field)
    return automatic


def _is_attribute(field: str) -> bool:
    return field.startswith(ATTRIBUTES) and len(field) > len(ATTRIBUTES)


def _present(column: str, headers: list[str], field: str) -> str:
    wanted = clean_header(column)
    if wanted in headers:
        return wanted
    known = BY_FIELD[field].aliases if field in BY_FIELD else ()
    if wanted.lower() in known and (own := next((h for h in headers if h.lower() in known), None)):
        # `--code code` for a workbook whose header says 点位编码: the same field by another of its names.
        return own
    close = difflib.get_close_matches(wanted, headers, n=1)
    hint = _("您是不是要用“%(close)s”?") % {"close": close[0]} if close else ""
    raise OptionError(
        _("文件没有“%(column)s”这一列;它有:%(headers)s。%(hint)s")
        % {"column": column, "headers": "、".join(headers), "hint": hint}
    )


def _one_position(mapped: dict[str, str], automatic: list[str]) -> None:
    """Leave one way of saying where: lon and lat, a pair, or WKT (which may stand beside lon and lat)."""
    has_other = {"lon", "lat"} <= mapped.keys() or {"lonlat", "latlon"} & mapped.keys()
    if has_other and "wkt" in automatic and mapped["wkt"].lower() in WKB_HEADERS:
        automatic.remove("wkt")
        del mapped["wkt"]
    if "lon" in mapped and "lat" in mapped:
        for field in ("lonlat", "latlon"):
            if field in automatic:
                automatic.remove(field)
                del mapped[field]
    if {"lonlat", "latlon"} <= mapped.keys():
        raise OptionError(_("lonlat 和 latlon 只能用一个。"))
    half = {"lon", "lat"} & mapped.keys()
    if not (len(half) == 2 or {"lonlat", "latlon", "wkt"} & mapped.keys()):
        raise OptionError(
            _("不知道坐标在哪一列:请用 --map lon=列 --map lat=列,或 --map lonlat=列(一格两个数)。")
        )
