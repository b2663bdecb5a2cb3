"""One row held against the site that is there: a draft when there is none, else only what differs."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from django.utils.translation import gettext as _
from shapely.geometry.base import BaseGeometry

from projects.actions.drafts import SiteDraft
from projects.exchange.columns import COLUMNS, Shape
from projects.exchange.dividing import Divided
from projects.exchange.options import ImportOptions
from projects.exchange.placing import Place
from projects.exchange.rows import RowValues
from projects.exchange.values import CellError, Parser, attribute_of, plain_cell
from projects.rules.vocabulary import Service, Stage

# A tenth of a millimetre: another release of PROJ may differ in the last digits.
_SAME_DEGREES = 1e-9
_PARSERS: Final = {
    column.site_field: column.parse for column in COLUMNS if column.parse and column.shape is Shape.TEXT
}
_IN_ORDER = (("baseline_start", "baseline_finish"), ("started_on", "finished_on"))


@dataclass(frozen=True, slots=True)
class ExistingSite:
    """A site as the database has it; `fields` holds every model field that a column can fill.

    `is_own`: the person who imports may change it. Of any other nothing may be said, not even whether the
    file agrees with it.
    """

    id: int
    code: str
    version: int
    is_removed: bool
    kind_id: int
    geometry: BaseGeometry
    source: tuple[float | None, float | None, str]
    located_in_id: int
    managed_by_id: int
    fields: Mapping[str, object]
    attributes: Mapping[str, object]
    contributions: Mapping[int, Decimal] = field(default_factory=lambda: MappingProxyType({}))
    is_own: bool = True


def draft_of(
    values: RowValues,
    code: str,
    place: Place,
    divisions: Divided,
    options: ImportOptions,
    contribution: tuple[int, Decimal] | None,
) -> tuple[SiteDraft, list[str]]:
    """A new site, and what to say about it."""
    fields, warnings = _wanted(values, None)
    x, y, datum = _source(place, options)
    draft = SiteDraft(
        code=code,
        kind_id=values.kind.id,
        name=values.name,
        geometry=place.geometry,
        located_in_id=divisions.located_in,
        managed_by_id=divisions.managed_by,
        address=str(fields.get("address", "")),
        source_x=x,
        source_y=y,
        source_datum=datum,
        attributes={key: value for key, value in values.attributes.items() if value is not None},
        opening_hours=str(fields.get("opening_hours", "")),
        phone=str(fields.get("phone", "")),
        stage=Stage(str(fields.get("stage") or options.stage)),
        service=Service(str(fields.get("service") or options.service)),
        service_checked_on=_day(fields, "service_checked_on"),
        baseline_start=_day(fields, "baseline_start"),
        baseline_finish=_day(fields, "baseline_finish"),
        started_on=_day(fields, "started_on"),
        finished_on=_day(fields, "finished_on"),
        contributions=() if contribution is None else (contribution,),
    )
    return draft, warnings


def changes_of(
    values: RowValues,
    there: ExistingSite,
    place: Place,
    divisions: Divided,
    options: ImportOptions,
    contribution: tuple[int, Decimal] | None,
) -> tuple[dict[str, object], list[str]]:
    """What the row changes (empty: nothing), and what to say about it. Columns that the file lacks stay."""
    wanted, warnings = _wanted(values, there)
    wanted = {"name": values.name, "kind_id": values.kind.id, **wanted}
    has = {"kind_id": there.kind_id, **there.fields}
    changes = {
        name: _stored(value)
        for name, value in wanted.items()
        if _stored(value) != has[name] and not _reads_as(_PARSERS.get(name), has[name], value)
    }
    said = {
        key: value
        for key, value in values.attributes.items()
        if not _reads_as(attribute_of(values.kind.attributes.get(key, "")), there.attributes.get(key), value)
    }
    attributes = {key: value for key, value in {**there.attributes, **said}.items() if value is not None}
    if attributes != dict(there.attributes):
        changes["attributes"] = attributes
    is_moved = not _is_same(place.geometry, there.geometry)
    if is_moved and _source(place, options) == there.source and there.source[0] is not None:
        # The file says what it said before, so somebody has put the site right here: that stays.
        warnings.append(_("位置已在系统中改正过,保留系统中的位置。"))
    else:
        if is_moved:
            changes["geometry"] = place.geometry
            changes |= dict(
                zip(("source_x", "source_y", "source_datum"), _source(place, options), strict=True)
            )
        if divisions.located_in != there.located_in_id:
            changes["located_in_id"] = divisions.located_in
    follows = is_moved and "geometry" in changes and there.managed_by_id == there.located_in_id
    if (options.division_from_column or follows) and divisions.managed_by != there.managed_by_id:
        changes["managed_by_id"] = divisions.managed_by
    if contribution is not None and there.contributions.get(contribution[0]) != contribution[1]:
        merged = {**there.contributions, contribution[0]: contribution[1]}
        changes["contributions"] = tuple(merged.items())
    return changes, warnings


def order_problem(values: RowValues, there: ExistingSite | None) -> str:
    """A sentence when two dates would stand in the wrong order, else an empty text."""
    merged = {**(there.fields if there else {}), **values.fields}
    for start, finish in _IN_ORDER:
        first, last = merged.get(start), merged.get(finish)
        if isinstance(first, dt.date) and isinstance(last, dt.date) and last < first:
            return _("完工日期 %(finish)s 早于开工日期 %(start)s。") % {"finish": last, "start": first}
    return ""


def _wanted(values: RowValues, there: ExistingSite | None) -> tuple[dict[str, object], list[str]]:
    """The fields that the row sets. An empty stage or service says nothing; only a verifier verifies."""
    fields = dict(values.fields)
    warnings = []
    for name in ("stage", "service"):
        if fields.get(name) is None:
            fields.pop(name, None)
    if fields.get("stage") is Stage.VERIFIED and (there is None or there.fields["stage"] != Stage.VERIFIED):
        fields["stage"] = Stage.FINISHED
        warnings.append(_("“已核验”须由核验人在系统中登记,这里按“已完工”导入。"))
    if (
        fields.get("stage") is Stage.FINISHED
        and there is not None
        and there.fields["stage"] == Stage.VERIFIED
    ):
        # Verified is finished, and more: a file does not take it back.
        del fields["stage"]
    return fields, warnings


def _reads_as(parse: Parser | None, stored: object, value: object) -> bool:
    """Whether a cell that holds what is stored is read as `value`: a line break in a name, which the site has
    from elsewhere and import makes a space of, is no change."""
    if parse is None or stored is None or stored == value:
        return False
    try:
        return parse(plain_cell(stored)).value == value
    except CellError:
        return False


def _stored(value: object) -> object:
    return value.value if isinstance(value, Stage | Service) else value


def _source(place: Place, options: ImportOptions) -> tuple[float | None, float | None, str]:
    datum = str(options.fallback_datum if place.raw.is_fallback else options.datum)
    if place.raw.shape is not None:
        return None, None, datum
    return place.raw.x, place.raw.y, datum


def _day(fields: Mapping[str, object], name: str) -> dt.date | None:
    value = fields.get(name)
    return value if isinstance(value, dt.date) else None


def _is_same(one: BaseGeometry, other: BaseGeometry) -> bool:
    return one.geom_type == other.geom_type and bool(one.equals_exact(other, _SAME_DEGREES))
