"""GeoPackage and packed shapefile: what the limited process says of a layer, checked feature by feature."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.utils.translation import gettext as _

from maps.geojson_geometry import GeoJSONError, VertexBudget, read_geometry
from maps.wkb import CURVES
from projects.exchange.columns import COLUMNS
from projects.exchange.confined.limits import Limits
from projects.exchange.confined.run import Failed, answers
from projects.exchange.confinement import confined, limits_for
from projects.exchange.headers import clean_header, named
from projects.exchange.problems import Problem, UnreadableFile, shortened
from projects.exchange.sheets import check_cells, checked_sheets, is_whole
from projects.exchange.spool import Spool
from projects.exchange.tables import Facts, Sheet, SourceRow, Table

VECTOR_SUFFIXES: Final = {".gpkg": "gpkg", ".zip": "shapefile"}
MAX_VERTICES: Final = 5_000_000
_LONGEST_NAME: Final = 500
#: Bytes that the table of a shapefile has for a name.
_DBF_NAME: Final = 10
_CURVES: Final = frozenset(CURVES.values())


@dataclass(frozen=True, slots=True)
class SpooledFeatures:
    """The features of a layer, on disk. Their shapes were checked when they were written."""

    spool: Spool
    headers: tuple[str, ...]
    lonlat: bool

    def __len__(self) -> int:
        return len(self.spool)

    def __iter__(self) -> Iterator[SourceRow]:
        budget = VertexBudget(MAX_VERTICES)
        for number, cells, shape in self.spool:
            geometry = None if shape is None else read_geometry(shape, self.lonlat, budget)
            yield SourceRow(number, dict(zip(self.headers, cells, strict=True)), geometry)


def read_vector_file(
    path: Path,
    name: str,
    kind: str,
    *,
    layer: str | None,
    encoding: str | None,
    degrees: bool,
    max_megabytes: int,
    max_rows: int,
    is_look: bool = False,
    keeps_names: bool = False,
) -> Table:
    """`kind`: gpkg or shapefile (packed as zip). `degrees` False takes projected coordinates. `keeps_names`:
    fields are called what the file calls them, even where a shapefile cut them short.

    Raises OSError, UnreadableFile.
    """
    limits = limits_for(max_megabytes, max_rows)
    request = {
        "reader": "vectors",
        "format": kind,
        "sheet": layer,
        "encoding": encoding,
        "is_look": is_look,
    }
    is_packed = kind == "shapefile"
    with (
        confined(path, ".zip" if is_packed else ".gpkg", max_megabytes, unpacks=is_packed) as copy,
        closing(answers(copy, request, limits)) as said,
    ):
        head = _checked_head(next(said), kind)
        sheets = tuple(Sheet(*facts) for facts in head["sheets"])
        if head["sheet"] is None:
            names = "、".join(sheet.name for sheet in sheets)
            note = _("有几个图层:%(names)s。请选一个。") % {"names": names}
            facts = Facts(kind, sheets=sheets)
            return Table(name, copy.sha256, (), (), (), (note,), has_geometry=True, facts=facts)
        return _table(name, copy.sha256, head, sheets, said, limits, degrees, keeps_names)


def _table(
    name: str,
    sha256: str,
    head: dict[str, Any],
    sheets: tuple[Sheet, ...],
    said: Iterator[Any],
    limits: Limits,
    degrees: bool,
    keeps_names: bool,
) -> Table:
    cleaned = [clean_header(field) for field in head["fields"]]
    restored: dict[str, str] = {}
    if head["format"] == "shapefile" and not keeps_names:
        restored = _restored(cleaned, head["encoding"])
    headers = named([restored.get(field, field) for field in cleaned], len(cleaned))
    spool, problems, label = Spool(), [], _label_column(headers)
    budget = VertexBudget(MAX_VERTICES)
    for number, cells, shape in _checked_features(said, limits, len(headers)):
        problem = _problem_of(shape, degrees, budget)
        if problem is None:
            spool.add((number, cells, shape))
            continue
        problems.append(
            Problem(problem, row=number, label=shortened(cells[label]) if cells else "", column="geometry")
        )
    spool.flush()
    if not len(spool) and not problems:
        raise UnreadableFile(_("文件里没有任何要素。"))
    crs = head["crs"] or None
    facts = Facts(head["format"], encoding=head["encoding"], sheets=sheets, sheet=sheets[head["sheet"]].name)
    return Table(
        name,
        sha256,
        headers,
        SpooledFeatures(spool, headers, degrees),
        tuple(problems),
        tuple(_notes(head, sheets, restored)),
        has_geometry=True,
        declared_crs=crs,
        facts=facts,
    )


def _label_column(headers: tuple[str, ...]) -> int:
    names = next(column.aliases for column in COLUMNS if column.field == "name")
    return next((index for index, header in enumerate(headers) if header.lower() in names), 0)


def _problem_of(shape: object, degrees: bool, budget: VertexBudget) -> str | None:
    """Why a shape cannot be used; what it is made of is looked at before GEOS sees any of it."""
    if shape is None:
        return None
    kind = shape.get("type") if isinstance(shape, dict) else None
    if isinstance(kind, str) and kind in _CURVES:
        return _(
            "图形是曲线或曲面(%(type)s),不能用:请在 GIS 软件中转成折线或面(QGIS:“转换为线段”)后再导出。"
        ) % {"type": kind}
    if kind == "?":
        return _("图形已损坏,读不出来。")
    try:
        read_geometry(shape, degrees, budget)
    except GeoJSONError as problem:
        return problem.message.translated(_)
    return None


def _restored(fields: list[str], encoding: str) -> dict[str, str]:
    """The full names of fields that a shapefile cut at ten bytes, where only one of ours begins so."""
    aliases = {alias for column in COLUMNS for alias in column.aliases}
    found: dict[str, str] = {}
    for field in fields:
        if field.lower() in aliases or not field:
            continue
        for code in dict.fromkeys((encoding or "utf-8", "gb18030", "utf-8")):
            # The last character may not have fitted: the name is as long as it could be.
            meant = [
                alias for alias in aliases if len(alias) > len(field) and _cut(alias, code) == field.lower()
            ]
            owners = {column.field for column in COLUMNS if set(meant) & set(column.aliases)}
            if len(owners) == 1 and not set(meant) & {other.lower() for other in fields}:
                found[field] = meant[0]
                break
    return found


def _cut(name: str, encoding: str) -> str:
    return name.encode(encoding, "ignore")[:_DBF_NAME].decode(encoding, "ignore")


def _notes(head: dict[str, Any], sheets: tuple[Sheet, ...], restored: dict[str, str]) -> list[str]:
    notes = []
    if len(sheets) > 1:
        notes.append(_("读的是图层“%(name)s”。") % {"name": sheets[head["sheet"]].name})
    said = {
        "cpg": _("编码:%(name)s(.cpg 写明)。"),
        "cpg_wrong": _(".cpg 写的编码读不通,按 %(name)s 读取;如有乱码请用 --encoding 声明。"),
        "tried": _("编码没有写明(没有 .cpg),按 %(name)s 读取;如有乱码请用 --encoding 声明。"),
        "declared": _("编码:%(name)s。"),
    }
    if head["encoding_how"] in said:
        notes.append(said[head["encoding_how"]] % {"name": head["encoding"]})
    for field, name in restored.items():
        notes.append(
            _("字段“%(field)s”按“%(name)s”读取(shapefile 的字段名只有 10 个字节)。")
            % {"field": field, "name": name}
        )
    if head["crs"]:
        notes.append(
            _(
                "文件写明坐标系是 %(crs)s。文件没有办法写明 GCJ-02(高德、腾讯)或 BD-09(百度):"
                "数据如取自这些地图,请先在 GIS 软件中去掉图层的坐标系,再用 --datum 声明。"
            )
            % {"crs": head["crs"]}
        )
    return notes


def _checked_head(value: object, kind: str) -> dict[str, Any]:
    if not isinstance(value, dict) or value.get("format") != kind:
        raise Failed("garbage")
    sheets = checked_sheets(value.get("sheets"))
    fields, chosen = value.get("fields"), value.get("sheet")
    words = {name: value.get(name) for name in ("crs", "encoding", "encoding_how")}
    if not (
        (chosen is None or is_whole(chosen, 0, len(sheets) - 1))
        and isinstance(fields, list)
        and all(type(field) is str and len(field) <= _LONGEST_NAME for field in fields)
        and all(type(word) is str and len(word) <= _LONGEST_NAME for word in words.values())
    ):
        raise Failed("garbage")
    return {"format": kind, "sheets": sheets, "sheet": chosen, "fields": fields, **words}


def _checked_features(
    said: Iterator[Any], limits: Limits, width: int
) -> Iterator[tuple[int, list[str], object]]:
    before = 0
    for row in said:
        if type(row) is not list or len(row) != 3 or not is_whole(row[0], before + 1):
            raise Failed("garbage")
        number, cells, shape = row
        before = number
        check_cells(cells, limits)
        if len(cells) != width:
            raise Failed("garbage")
        yield number, cells, shape
