"""The shape that every format is read into."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from shapely.geometry.base import BaseGeometry

from projects.exchange.problems import Problem


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row: its number, its cells as text by header, its geometry where the format has one."""

    number: int
    cells: Mapping[str, str]
    geometry: BaseGeometry | None = None


class Rows(Protocol):
    """Rows in the order of the file; they may be walked through again and again, and by several at once."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[SourceRow]: ...


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet of a workbook or layer of a vector file. `rows`: how many there are, headers and titles
    included; None when nobody counted."""

    name: str
    rows: int | None
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file turned out to be. `format`: csv, geojson, xlsx, xls, ods, gpkg or shapefile. `sheet` is the
    one that was read, `header_row` the (last) row of names as a spreadsheet numbers it; None where there is
    none."""

    format: str
    encoding: str = ""
    delimiter: str = ""
    sheets: tuple[Sheet, ...] = ()
    sheet: str = ""
    header_row: int | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A file as read. `declared_crs`: the system that the file itself names, if any. `problems`: bad rows."""

    name: str
    sha256: str
    headers: tuple[str, ...]
    rows: Rows
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    has_geometry: bool = False
    declared_crs: str | None = None
    facts: Facts = Facts("")

    @property
    def row_count(self) -> int:
        return len(self.rows) + len({problem.row for problem in self.problems})
