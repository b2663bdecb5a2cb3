"""What a photo says of itself: when and where it was taken. Claims of the file, not to be trusted."""

import datetime as dt
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from PIL import Image

_EXIF_IFD: Final = 0x8769
_GPS_IFD: Final = 0x8825
_DATE_TIME: Final = 0x0132
_ORIGINAL: Final = 0x9003
_OFFSET_ORIGINAL: Final = 0x9011
_OFFSET: Final = 0x9010
_MODEL, _MAKE = 0x0110, 0x010F
_MOMENT: Final = re.compile(r"(\d{4})[:\-/](\d{2})[:\-/](\d{2})[ T](\d{2}):(\d{2}):(\d{2})")
_ZONE: Final = re.compile(r"([+-])(\d{2}):?(\d{2})")


@dataclass(frozen=True, slots=True)
class Taken:
    """When and where. `at` only where the file names its zone (or GPS its UTC); `text`: the time as written.

    `position`: longitude and latitude, WGS-84 as the format has it.
    """

    is_there: bool = False
    at: dt.datetime | None = None
    text: str = ""
    position: tuple[float, float] | None = None


def taken(exif: Image.Exif) -> Taken:
    """What the tags say. A tag that is broken, or says what cannot be, is left out; nothing is raised."""
    own = _part(exif, _EXIF_IFD)
    gps = _part(exif, _GPS_IFD)
    root = _root(exif)
    written = _moment(own.get(_ORIGINAL)) or _moment(root.get(_DATE_TIME))
    zone = _zone(own.get(_OFFSET_ORIGINAL)) or _zone(own.get(_OFFSET))
    at = written.replace(tzinfo=zone) if written is not None and zone is not None else _gps_moment(gps)
    text = "" if written is None else written.strftime("%Y-%m-%d %H:%M:%S")
    position = _position(gps)
    # An orientation alone says nothing of when and where.
    is_there = written is not None or at is not None or position is not None
    is_there = is_there or bool(root.get(_MODEL) or root.get(_MAKE))
    return Taken(is_there, at, text, position)


def _root(exif: Image.Exif) -> Mapping[int, Any]:
    try:
        return dict(exif)
    except Exception:  # a decoder fed with anything raises anything
        return {}


def _part(exif: Image.Exif, ifd: int) -> Mapping[int, Any]:
    try:
        return dict(exif.get_ifd(ifd))
    except Exception:  # see _root
        return {}


def _moment(value: object) -> dt.datetime | None:
    match = _MOMENT.match(str(value)) if isinstance(value, str) else None
    try:
        found = dt.datetime(*map(int, match.groups())) if match else None  # type: ignore[arg-type]  # six numbers
    except ValueError:
        return None
    return found if found is not None and found.year >= 1990 else None


def _zone(value: object) -> dt.timezone | None:
    match = _ZONE.match(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    minutes = int(match[2]) * 60 + int(match[3])
    if minutes > 14 * 60:
        return None
    return dt.timezone(dt.timedelta(minutes=minutes if match[1] == "+" else -minutes))


def _gps_moment(gps: Mapping[int, Any]) -> dt.datetime | None:
    """GPS dates and times are UTC."""
    clock = _numbers(gps.get(7))
    day = re.match(r"(\d{4})[:\-](\d{2})[:\-](\d{2})", str(gps.get(29, "")))
    if day is None or clock is None:
        return None
    hours, minutes, seconds = clock
    try:
        start = dt.datetime(int(day[1]), int(day[2]), int(day[3]), tzinfo=dt.UTC)
        found = start + dt.timedelta(hours=hours, minutes=minutes, seconds=seconds)
    except (ValueError, OverflowError):
        return None
    return found.replace(microsecond=0) if found.year >= 1990 else None


def _position(gps: Mapping[int, Any]) -> tuple[float, float] | None:
    lat, lon = _degrees(gps, 1, "NS"), _degrees(gps, 3, "EW")
    if lat is None or lon is None or abs(lat) > 90 or abs(lon) > 180 or (lat == 0 and lon == 0):
        return None  # 0, 0 is what receivers write that know nothing
    return lon, lat


def _degrees(gps: Mapping[int, Any], tag: int, signs: str) -> float | None:
    found = _numbers(gps.get(tag + 1))
    sign = str(gps.get(tag, "")).strip("\0 ").upper()
    if found is None or sign not in tuple(signs):
        return None
    degrees, minutes, seconds = found
    value = degrees + minutes / 60 + seconds / 3600
    return value if sign == signs[0] else -value


def _numbers(value: object) -> tuple[float, float, float] | None:
    """Three rationals, each finite and not negative."""
    if not isinstance(value, Sequence) or isinstance(value, str | bytes) or len(value) != 3:
        return None
    try:
        first, second, third = (float(each) for each in value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    if not all(math.isfinite(each) and each >= 0 for each in (first, second, third)):
        return None
    return first, second, third
