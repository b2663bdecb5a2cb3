"""What a file is, before anybody has said how to read it: what the upload page shows first."""

from dataclasses import dataclass
from pathlib import Path

from projects.exchange.readers import MAX_MEGABYTES, MAX_ROWS


@dataclass(frozen=True, slots=True)
class SheetInfo:
    """One sheet of a workbook, or one layer of a vector file. `rows`: how many rows it holds, headers and
    titles included."""

    name: str
    rows: int
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class FileDescription:
    """What was found. `format`: csv, geojson, xlsx, xls, ods, gpkg or shapefile. `encoding` and `delimiter`
    are empty where the format has none. `sheet` is the one that was looked at; empty when a person must
    choose (then there are no headers, and a note says so). `header_row`: the row of the names, as a
    spreadsheet numbers it; None where the format has no such row. `sample`: the first rows, as texts in the
    order of `headers`. `row_count`: rows of data, unusable ones included."""

    format: str
    encoding: str
    delimiter: str
    sheets: tuple[SheetInfo, ...]
    sheet: str
    header_row: int | None
    headers: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]
    row_count: int
    has_geometry: bool
    declared_crs: str | None
    notes: tuple[str, ...]


def describe(
    path: Path,
    *,
    name: str | None = None,
    sheet: str | None = None,
    header_row: int | None = None,
    encoding: str | None = None,
    max_megabytes: int = MAX_MEGABYTES,
    max_rows: int = MAX_ROWS,
) -> FileDescription:
    """Look at a file. `name` is what the person called it, when `path` is a stored file without a suffix.

    Raises OSError, UnsupportedFormat, or UnreadableFile with a sentence that says what to do.
    """
    raise NotImplementedError
