"""From a file to a table of rows: one shape for every format, bounded before anything is parsed.

Row numbers are those that a person sees: a spreadsheet's for CSV and workbooks, the feature's number for
GeoJSON, GeoPackage and shapefile (from 1). CSV and GeoJSON are read here, in plain Python; what takes a
library in another language is read by a limited process (`confined/`).
"""

import gzip
import hashlib
import io
import json
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.utils.translation import gettext as _

from maps.geojson import GeoJSONError, read_feature_collection
from projects.exchange.csvtext import Records, decode, delimiter_name, read_csv
from projects.exchange.headers import clean_header, refuse_duplicates
from projects.exchange.problems import OptionError, Problem, UnreadableFile, shortened
from projects.exchange.sheets import WORKBOOK_SUFFIXES, read_workbook
from projects.exchange.tables import Facts, SourceRow, Table
from projects.exchange.values import unquoted
from projects.exchange.vectorfiles import VECTOR_SUFFIXES, read_vector_file

__all__ = [
    "CSV_SUFFIXES",
    "GEOJSON_SUFFIXES",
    "MAX_MEGABYTES",
    "MAX_ROWS",
    "SUFFIXES",
    "TABLE_SUFFIXES",
    "CsvRows",
    "SourceRow",
    "Table",
    "UnsupportedFormat",
    "cell_text",
    "read_table",
]

MAX_MEGABYTES: Final = 200
MAX_ROWS: Final = 1_000_000
_MEGABYTE: Final = 1024 * 1024
CSV_SUFFIXES: Final = frozenset({".csv", ".tsv", ".txt"})
_PACKED: Final = ".gz"
GEOJSON_SUFFIXES: Final = frozenset({".geojson", ".json"})
#: Formats of rows without shapes; and all that are read.
TABLE_SUFFIXES: Final = CSV_SUFFIXES | WORKBOOK_SUFFIXES
SUFFIXES: Final = TABLE_SUFFIXES | GEOJSON_SUFFIXES | VECTOR_SUFFIXES.keys()
#: A header that stands lower than this is none.
_LOWEST_HEADER: Final = 1_000
#: How other formats begin, whatever their name says.
_MAGIC: Final = (
    (b"PK\x03\x04", "xlsx / zip"),
    (b"\x1f\x8b", "gzip"),
    (b"\xd0\xcf\x11\xe0", "xls"),
    (b"SQLite format 3\x00", "gpkg / SQLite"),
    (b"\x00\x00\x27\x0a", "shapefile"),
    (b"%PDF", "PDF"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ", "xz"),
)


class UnsupportedFormat(UnreadableFile):
    """Not a format that is read; nothing was looked at."""


@dataclass(frozen=True, slots=True)
class CsvRows:
    """The rows of a CSV file, one at a time: see `Records`."""

    records: Records

    def __len__(self) -> int:
        return len(self.records)

    def __iter__(self) -> Iterator[SourceRow]:
        headers = self.records.headers
        for number, cells in self.records:
            yield SourceRow(number, dict(zip(headers, map(unquoted, cells), strict=True)))


def read_table(
    path: Path,
    *,
    name: str | None = None,
    sheet: str | None = None,
    header_row: int | None = None,
    encoding: str | None = None,
    degrees: bool = True,
    max_megabytes: int = MAX_MEGABYTES,
    max_rows: int = MAX_ROWS,
    is_look: bool = False,
) -> Table:
    """Read a table or a vector file; its name says which format it is (`name`, when `path` is a stored file
    without a suffix).

    `sheet`: a workbook's sheet or a vector file's layer, by name or number from 1; default: that of our own
    workbooks (点位), else the only visible one with content. `header_row`: the row of the names, instead of
    the one that is found. `degrees` False takes projected coordinates. `max_megabytes` bounds the file and
    what gzip unpacks to; `sha256` is of the content. `is_look`: where a person has to choose among sheets,
    give an empty table that names them.

    Raises OSError, OptionError (a sheet of a CSV), UnsupportedFormat, or UnreadableFile with a sentence that
    says what to do.
    """
    name = name or path.name
    is_packed = Path(name).suffix.lower() == _PACKED
    suffix = Path(Path(name).stem).suffix.lower() if is_packed else Path(name).suffix.lower()
    if suffix not in (CSV_SUFFIXES | GEOJSON_SUFFIXES if is_packed else SUFFIXES):
        raise UnsupportedFormat(_unsupported(suffix or name))
    if header_row is not None and not 1 <= header_row <= _LOWEST_HEADER:
        raise OptionError(_("表头行应在 1 到 %(last)d 之间。") % {"last": _LOWEST_HEADER})
    if header_row is not None and suffix not in TABLE_SUFFIXES:
        raise OptionError(_("%(format)s 文件没有表头行。") % {"format": suffix})
    if sheet is not None and suffix in CSV_SUFFIXES | GEOJSON_SUFFIXES:
        raise OptionError(_("%(format)s 文件没有工作表。") % {"format": suffix})
    if suffix in WORKBOOK_SUFFIXES:
        return read_workbook(
            path,
            name,
            sheet=sheet,
            header_row=header_row,
            max_megabytes=max_megabytes,
            max_rows=max_rows,
            is_look=is_look,
        )
    if suffix in VECTOR_SUFFIXES:
        return read_vector_file(
            path,
            name,
            VECTOR_SUFFIXES[suffix],
            layer=sheet,
            encoding=encoding,
            degrees=degrees,
            max_megabytes=max_megabytes,
            max_rows=max_rows,
            is_look=is_look,
        )
    data = _bounded(path, name, max_megabytes)
    if is_packed:
        data = _unpacked(data, max_megabytes)
    found = next((kind for magic, kind in _MAGIC if data.startswith(magic)), None)
    if found is not None:
        raise UnsupportedFormat(_disguised(found))
    digest = hashlib.sha256(data).hexdigest()
    if suffix in CSV_SUFFIXES:
        text = read_csv(data, encoding=encoding, max_rows=max_rows, header_row=header_row)
        facts = Facts(
            "csv",
            encoding=text.encoding,
            delimiter=delimiter_name(text.records.delimiter),
            header_row=text.layout.last,
        )
        return Table(name, digest, text.headers, CsvRows(text.records), text.ragged, text.notes, facts=facts)
    if encoding:
        text_, found_encoding = decode(data, encoding)
        data, said = text_.encode(), _("编码:%(name)s。") % {"name": found_encoding}
        return _geojson(name, digest, data, (said,), degrees=degrees, max_rows=max_rows)
    return _geojson(name, digest, data, _encoding_note(data), degrees=degrees, max_rows=max_rows)


def _unsupported(what: str) -> str:
    return _(
        "不能读取 %(what)s:能读 .xlsx、.xls、.ods、.csv、.geojson、.gpkg 和压缩成 .zip 的 shapefile"
        "(整套文件压在一起)。请在表格软件中另存为 .xlsx,或在 GIS 软件中导出为 GeoPackage 或 GeoJSON 后再导入;"
        "其他压缩包请先解开(单个 .csv、.geojson 的 .gz 可以直接读)。"
    ) % {"what": what}


def _disguised(what: str) -> str:
    return _("文件的内容其实是 %(what)s,与后缀不符:请把后缀改回原样,或在原来的软件中另存后再导入。") % {
        "what": what
    }


def _unpacked(data: bytes, max_megabytes: int) -> bytes:
    """The content of a gzip file, never more than what is allowed: a small file may hold terabytes."""
    limit = max_megabytes * _MEGABYTE
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
            content = packed.read(limit + 1)
    except (OSError, EOFError, zlib.error) as problem:
        raise UnreadableFile(_("不是完好的 gzip 文件(可能没有传完);请重新下载或重新压缩。")) from problem
    if len(content) > limit:
        raise UnreadableFile(
            _(
                "文件解压之后超过上限 %(limit)d MB,没有再读下去;"
                "确是这么大的文件请用 --max-mb 放宽,或拆分后再导入。"
            )
            % {"limit": max_megabytes}
        )
    if not content.strip():
        raise UnreadableFile(_("文件是空的。"))
    return content


def _bounded(path: Path, name: str, max_megabytes: int) -> bytes:
    """The file's bytes, if it is a plain file of a bearable size. The size is asked before it is read."""
    facts = path.stat()
    if not stat.S_ISREG(facts.st_mode):
        raise UnreadableFile(_("%(name)s 不是普通文件。") % {"name": name})
    limit = max_megabytes * _MEGABYTE
    too_large = _("文件有 %(size)d MB,超过上限 %(limit)d MB;请拆分后再导入。")
    if facts.st_size > limit:
        raise UnreadableFile(too_large % {"size": facts.st_size // _MEGABYTE, "limit": max_megabytes})
    with path.open("rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:  # it grew meanwhile
        raise UnreadableFile(too_large % {"size": len(data) // _MEGABYTE, "limit": max_megabytes})
    if not data.strip():
        raise UnreadableFile(_("文件是空的。"))
    return data


# ------------------------------------------------------------------------------------------- GeoJSON


def _encoding_note(data: bytes) -> tuple[str, ...]:
    """RFC 7946 wants UTF-8; anything else is read and said."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or 0 in data[:2]:
        return (_("编码:UTF-16(GeoJSON 标准要求 UTF-8)。"),)
    return (_("编码:%(name)s。") % {"name": "utf-8"},)


def _geojson(
    name: str, digest: str, data: bytes, notes: tuple[str, ...], *, degrees: bool, max_rows: int
) -> Table:
    try:
        collection = read_feature_collection(
            data, max_features=max_rows, max_bytes=len(data) + 1, lonlat=degrees
        )
    except GeoJSONError as problem:
        raise UnreadableFile(problem.message.translated(_), _not_numbers(data)) from problem
    problems: list[Problem] = []
    rows: list[SourceRow] = []
    headers: dict[str, None] = {}
    raw: dict[str, str] = {}
    for feature in collection.features:
        if feature.error is not None:
            label = shortened(feature.properties.get("name") or "")
            problems.append(
                Problem(feature.error.translated(_), row=feature.number, label=label, column="geometry")
            )
            continue
        cells = {}
        for key, value in feature.properties.items():
            header = raw.setdefault(key, clean_header(key))
            headers[header] = None
            cells[header] = cell_text(value)
        rows.append(SourceRow(feature.number, cells, feature.geometry))
    refuse_duplicates([header for header in raw.values() if header])
    if not collection.features:
        raise UnreadableFile(_("文件里没有任何要素。"))
    return Table(
        name,
        digest,
        tuple(headers),
        tuple(rows),
        tuple(problems),
        notes,
        has_geometry=True,
        declared_crs=collection.declared_crs,
        facts=Facts("geojson", encoding="utf-16" if "UTF-16" in notes[0] else "utf-8"),
    )


def cell_text(value: object) -> str:
    """A property as a cell: text as it is, numbers in their shortest exact form, nothing as an empty cell."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case _:
            return json.dumps(value, ensure_ascii=False)


class _NotANumber:
    """Stands where a file says NaN or Infinity, which is no JSON."""


def _not_numbers(data: bytes) -> tuple[Problem, ...]:
    """Which features hold NaN or Infinity, when that is what a GeoJSON file was refused for."""
    if b"NaN" not in data and b"Infinity" not in data:
        return ()
    try:
        document = json.loads(data, parse_constant=lambda name: _NotANumber())
    except (ValueError, RecursionError):
        return ()
    features = document.get("features") if isinstance(document, dict) else None
    found = []
    for number, feature in enumerate(features if isinstance(features, list) else [], start=1):
        if not _holds_not_a_number(feature, 0):
            continue
        properties = feature.get("properties") if isinstance(feature, dict) else None
        label = properties.get("name") if isinstance(properties, dict) else ""
        found.append(
            Problem(
                _("第 %(number)d 个要素里有 NaN 或 Infinity,不是数。") % {"number": number},
                row=number,
                label=shortened(label or ""),
                column="geometry",
                found="NaN / Infinity",
            )
        )
    return tuple(found)


def _holds_not_a_number(value: object, depth: int) -> bool:
    if isinstance(value, _NotANumber):
        return True
    if depth > 20:
        return False
    if isinstance(value, dict):
        return any(_holds_not_a_number(item, depth + 1) for item in value.values())
    return isinstance(value, list) and any(_holds_not_a_number(item, depth + 1) for item in value)
