"""What a file is, before anybody has said how to read it: what the upload page shows first."""

from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from projects.exchange.readers import MAX_MEGABYTES, MAX_ROWS, read_table
from projects.exchange.tables import Sheet

_SAMPLE: Final = 5


@dataclass(frozen=True, slots=True)
class FileDescription:
    """What was found. `format`: csv, geojson, xlsx, xls, ods, gpkg or shapefile. `encoding` and `delimiter`
    are empty where the format has none. `sheet` is the one that was looked at; empty when a person must
    choose (then there are no headers, and a note says so) and where there are no sheets. `header_row`: the
    row of the names, as a spreadsheet numbers it; None where the format has no such row. `sample`: the first
    rows, as texts in the order of `headers`. `row_count`: rows of data, unusable ones included."""

    format: str
    encoding: str
    delimiter: str
    sheets: tuple[Sheet, ...]
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

    Raises OSError, OptionError (a sheet of a CSV), UnsupportedFormat, or UnreadableFile with a sentence that
    says what to do.
    """
    table = read_table(
        path,
        name=name,
        sheet=sheet,
        header_row=header_row,
        encoding=encoding,
        degrees=False,  # nobody has said yet whether it is in metres
        max_megabytes=max_megabytes,
        max_rows=max_rows,
        is_look=True,
    )
    facts = table.facts
    return FileDescription(
        format=facts.format,
        encoding=facts.encoding,
        delimiter=facts.delimiter,
        sheets=facts.sheets,
        sheet=facts.sheet,
        header_row=facts.header_row,
        headers=table.headers,
        sample=tuple(
            tuple(row.cells.get(header, "") for header in table.headers)
            for row in islice(table.rows, _SAMPLE)
        ),
        row_count=table.row_count,
        has_geometry=table.has_geometry,
        declared_crs=table.declared_crs,
        notes=table.notes,
    )
