"""What a planned row would write, as one line of JSON and back: floats and decimals come back the same."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from decimal import Decimal
from operator import attrgetter
from typing import Any, Final

import orjson
import shapely
from shapely.geometry.base import BaseGeometry

from projects.actions.drafts import SiteDraft
from projects.actions.siteupdates import SiteUpdate
from projects.exchange.differences import ExistingSite
from projects.rules.vocabulary import Publication, Service, Stage, Word

_DAYS: Final = frozenset(
    {
        "service_checked_on",
        "baseline_start",
        "baseline_finish",
        "started_on",
        "finished_on",
        "verified_on",
        "state_since",
    }
)
_WORDS: Final[Mapping[str, Mapping[str, Word]]] = {
    name: {word.value: word for word in words}
    for name, words in (("stage", Stage), ("service", Service), ("publication", Publication))
}
#: What no file says of a new site.
_NEVER: Final = frozenset({"baseline_milestones", "plan_changes", "reports"})
_FIELDS: Final = tuple(field.name for field in fields(SiteDraft))
_values = attrgetter(*_FIELDS)
_DEFAULTS: Final[dict[str, Any]] = {
    field.name: {} if field.default_factory is not MISSING else field.default for field in fields(SiteDraft)
}


def draft_text(draft: SiteDraft) -> str:
    """A new site. ValueError for one with reports, plan changes or milestones, which no import makes."""
    return draft_texts([draft])[0]


def draft_texts(drafts: Sequence[SiteDraft]) -> list[str]:
    """See `draft_text`."""
    shapes = shapely.to_wkb([draft.geometry for draft in drafts], hex=True)
    found = []
    for draft, shape in zip(drafts, shapes, strict=True):
        held: dict[str, Any] = {}
        for name, value in zip(_FIELDS, _values(draft), strict=True):
            if value == _DEFAULTS[name]:
                continue
            if name in _NEVER:
                raise ValueError(f"a staged site has no {name}")
            held[name] = value
        held["geometry"] = shape
        if draft.contributions:
            held["contributions"] = _pairs_json(draft.contributions)
        found.append(orjson.dumps(held, default=_plain).decode())
    return found


def drafts_of(texts: Sequence[str]) -> list[SiteDraft]:
    """The inverse of `draft_texts`."""
    held: list[dict[str, Any]] = [orjson.loads(text) for text in texts]
    shapes = shapely.from_wkb([each.pop("geometry") for each in held])
    found = []
    for values, shape in zip(held, shapes.tolist(), strict=True):
        for name, value in values.items():
            if name in _DAYS:
                values[name] = dt.date.fromisoformat(value)
            elif name in _WORDS:
                values[name] = _WORDS[name][value]
        if "contributions" in values:
            values["contributions"] = _pairs(values["contributions"])
        found.append(SiteDraft(geometry=shape, **values))
    return found


def update_text(update: SiteUpdate) -> str:
    """The changes of one site, with the version that was read."""
    held: dict[str, Any] = {}
    for name, value in update.changes.items():
        if isinstance(value, BaseGeometry):
            held[name] = shapely.to_wkb(value, hex=True)
        elif name == "contributions":
            held[name] = _pairs_json(value)
        else:
            held[name] = value
    return orjson.dumps([update.site_id, update.version, held], default=_plain).decode()


def updates_of(texts: Sequence[str]) -> list[SiteUpdate]:
    """The inverse of `update_text`."""
    found = []
    for text in texts:
        site_id, version, held = orjson.loads(text)
        for name, value in held.items():
            if name == "geometry":
                held[name] = shapely.from_wkb(value)
            elif name == "contributions":
                held[name] = _pairs(value)
            elif name in _DAYS and value is not None:
                held[name] = dt.date.fromisoformat(value)
        found.append(SiteUpdate(site_id, version, held))
    return found


def changes_text(update: SiteUpdate, there: ExistingSite) -> str:
    """What differs, as a preview keeps it: `{field: [before, after]}`; places as [lon, lat, type]."""
    found: dict[str, list[Any]] = {}
    for name, after in update.changes.items():
        match name:
            case "geometry":
                found[name] = [_spot(there.geometry), _spot(after)]
            case "contributions":
                found[name] = [_pairs_json(tuple(there.contributions.items())), _pairs_json(after)]
            case "attributes":
                found[name] = [dict(there.attributes), after]
            case "source_x" | "source_y" | "source_datum":
                continue  # follows from the position
            case "kind_id" | "managed_by_id" | "located_in_id":
                found[name] = [getattr(there, name), after]
            case _:
                found[name] = [there.fields[name], after]
    return orjson.dumps(found, default=_plain).decode()


def draft_changes(text: str) -> dict[str, list[Any]]:
    """The same of a new site, of which nothing was before."""
    held: dict[str, Any] = orjson.loads(text)
    held["geometry"] = _spot(shapely.from_wkb(held["geometry"]))
    for name in ("code", "source_x", "source_y", "source_datum"):
        held.pop(name, None)
    return {name: [None, value] for name, value in held.items()}


def _spot(shape: object) -> list[Any]:
    assert isinstance(shape, BaseGeometry)
    if shape.geom_type == "Point":
        return [shape.x, shape.y, "Point", 1]
    point = shapely.point_on_surface(shape)
    return [point.x, point.y, shape.geom_type, int(shapely.get_num_coordinates(shape))]


def _pairs_json(pairs: object) -> list[list[Any]]:
    assert isinstance(pairs, tuple | list)
    return [[indicator_id, str(quantity)] for indicator_id, quantity in pairs]


def _pairs(held: Sequence[Sequence[Any]]) -> tuple[tuple[int, Decimal], ...]:
    return tuple((int(indicator_id), Decimal(quantity)) for indicator_id, quantity in held)


def _plain(value: object) -> object:
    if isinstance(value, Stage | Service | Publication):
        return value.value
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, BaseGeometry):
        return None  # replaced by its WKB
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a staged row holds no {type(value).__name__}")
