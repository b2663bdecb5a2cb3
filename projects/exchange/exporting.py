"""Sites as files that import reads back unchanged: CSV and GeoJSON, WGS-84, streamed to a file.

A file appears under its name only when it is complete. Text that a spreadsheet would run as a formula carries
an apostrophe in CSV, which import takes off again.
"""

import contextlib
import csv
import datetime as dt
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Final

import shapely
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from projects.exchange.columns import ATTRIBUTES, COLUMNS, POSITION_FIELDS
from projects.exchange.problems import OptionError
from projects.exchange.values import quoted
from projects.models import FacilityKind, Site
from projects.readmodels.checkpoints import latest_checkpoint

EXPORT_SUFFIXES: Final = frozenset({".csv", ".geojson"})
FIELDS: Final = tuple(column.field for column in COLUMNS if column.is_exported)
#: Besides what import reads: where the geometry lies, which import finds out by itself.
EXTRA_FIELDS: Final = ("located_in",)
_CHUNK: Final = 2000


def check_export_path(path: Path) -> None:
    """Raises OptionError for a format that is not written and a folder that is not there."""
    if path.suffix.lower() not in EXPORT_SUFFIXES:
        raise OptionError(
            _("不能写 %(name)s:现在能写 .csv(表格软件可打开)和 .geojson(GIS 软件可打开)。")
            % {"name": path.suffix or path.name}
        )
    if not path.parent.is_dir():
        raise OptionError(_("文件夹 %(folder)s 不存在。") % {"folder": path.parent})


def export_sites(path: Path, sites: "QuerySet[Site]") -> int:
    """Write the sites in the order of their codes; returns how many. Raises OSError."""
    rows = (
        sites.select_related("kind", "located_in", "managed_by").order_by("code").iterator(chunk_size=_CHUNK)
    )
    keys = _attribute_keys(sites)
    with complete_or_nothing(path) as file:
        if path.suffix.lower() == ".csv":
            return _write_csv(file, rows, keys)
        return _write_geojson(file, rows)


def _attribute_keys(sites: "QuerySet[Site]") -> list[str]:
    """The attribute columns of a CSV: those of the kinds that are in it."""
    kinds = FacilityKind.objects.filter(pk__in=sites.order_by().values("kind_id"))
    return list(dict.fromkeys(str(item["key"]) for kind in kinds for item in kind.attributes))


@contextlib.contextmanager
def complete_or_nothing(path: Path) -> Iterator[IO[str]]:
    """A file that appears under its name when the block is through, and not at all when it raises."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    temporary = Path(name)
    try:
        # Excel takes a CSV without the mark for the local encoding; JSON must not have one.
        encoding = "utf-8-sig" if path.suffix.lower() == ".csv" else "utf-8"
        with os.fdopen(handle, "w", encoding=encoding, newline="") as file:
            yield file
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _write_csv(file: IO[str], sites: Iterable[Site], keys: Sequence[str]) -> int:
    writer = csv.writer(file)
    writer.writerow([*FIELDS, *EXTRA_FIELDS, *(f"{ATTRIBUTES}{key}" for key in keys)])
    count = 0
    for site in sites:
        count += 1
        values = values_of(site)
        row = [_cell(values[name]) for name in (*FIELDS, *EXTRA_FIELDS)]
        writer.writerow([*row, *(_cell(site.attributes.get(key)) for key in keys)])
    return count


def _write_geojson(file: IO[str], sites: Iterable[Site]) -> int:
    file.write('{"type": "FeatureCollection", ')
    point = latest_checkpoint()
    if point is not None:
        # A member that readers of GeoJSON pass over (RFC 7946, 6.1); CSV has no room for one.
        said = {"seq": point.seq, "hash": point.hash, "time": point.signed_at.isoformat()}
        file.write(f'"audit_checkpoint": {json.dumps(said)}, ')
    file.write('"features": [')
    count = 0
    for count, site in enumerate(sites, start=1):
        properties = {
            name: value for name, value in values_of(site).items() if name not in POSITION_FIELDS
        } | {f"{ATTRIBUTES}{key}": value for key, value in site.attributes.items()}
        feature = {
            "type": "Feature",
            "properties": properties,
            # All digits: what is rounded here would come back as a move.
            "geometry": shapely.geometry.mapping(shapely.from_wkb(bytes(site.geom.wkb))),
        }
        file.write("\n" if count == 1 else ",\n")
        json.dump(feature, file, ensure_ascii=False, allow_nan=False)
    file.write("\n]}\n")
    return count


def values_of(site: Site) -> dict[str, object]:
    """Field to value, for every exported column. Positions are WGS-84 degrees, divisions are codes."""
    is_point = site.geom.geom_type == "Point"
    values: dict[str, object] = {
        "code": site.code,
        "kind": site.kind.slug,
        "lon": repr(site.location.x),
        "lat": repr(site.location.y),
        "wkt": ""
        if is_point
        else shapely.to_wkt(shapely.from_wkb(bytes(site.geom.wkb)), rounding_precision=-1),
        "division": site.managed_by.code,
        "located_in": site.located_in.code,
    }
    for column in COLUMNS:
        if column.is_exported and column.site_field:
            value = getattr(site, column.site_field)
            values[column.field] = value.isoformat() if isinstance(value, dt.date) else value
    return values


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            # A number may begin with a minus; only words can be formulas.
            return value if _is_number(value) else quoted(value)
        case _:
            return str(value)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
