"""What reading borders gives, whatever they come from: a city, its counties, the province, their source."""

from dataclasses import dataclass

from shapely.geometry.base import BaseGeometry


class BoundaryError(Exception):
    """Borders that cannot be read; `str()` is a sentence that says which and what to do."""


@dataclass(frozen=True, slots=True)
class Area:
    """A division and its border (EPSG:4326 once read; None where the source has none)."""

    code: str
    name: str
    border: BaseGeometry | None


@dataclass(frozen=True, slots=True)
class City:
    """A city, its counties, the province above it (None: city and province are one), and their source."""

    city: Area
    province: Area | None
    counties: tuple[Area, ...]
    source: str
    licence: str
    declared_datum: str
    review_number: str = ""
