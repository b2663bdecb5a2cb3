"""The arguments of an action as JSON and back, so that a refused call can be made again when it is approved.

Values are tagged where JSON has no type for them: `{"$": "date", "v": "2024-06-30"}`. A stored row is kept as
the fields that were to change: whatever else happened to it meanwhile stays.
"""

import dataclasses
import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

import shapely
from django.apps import apps
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from projects.actions.batches import FileStamp
from projects.actions.drafts import PlanChangeDraft, ReportDraft, SiteDraft, VisitDraft
from projects.actions.errors import Invalid
from projects.actions.phasedrafts import CategoryDraft, PhaseDraft, PhaseUpdate, ProjectDraft, ProjectUpdate
from projects.actions.photodrafts import Fix, PhotoDraft
from projects.actions.rounddrafts import RoundRow
from projects.actions.siteupdates import SiteUpdate
from projects.models import User
from projects.models.access import access_of
from projects.permissions.access import Access
from projects.rules.phases import Gap, Meaning, Standing
from projects.rules.vocabulary import CheckLevel, CheckResult, PhotoPurpose, Publication, Service, Stage, Word

#: Dataclasses and words that actions take.
_SHAPES: Final[Mapping[str, type[Any]]] = {
    shape.__name__: shape
    for shape in (
        *(ReportDraft, PlanChangeDraft, VisitDraft, SiteDraft, SiteUpdate, FileStamp),
        *(RoundRow, PhotoDraft, Fix),
        *(CategoryDraft, ProjectDraft, ProjectUpdate, PhaseDraft, PhaseUpdate, Standing, Gap),
    )
}
_WORDS: Final[Mapping[str, type[Word]]] = {
    word.__name__: word
    for word in (Stage, Service, Publication, Meaning, CheckLevel, CheckResult, PhotoPurpose)
}
#: What the ledger sets when the row is written.
_LEDGERS: Final = frozenset({"changed_seq", "recorded_at", "recorded_by_id"})


def encode(value: object) -> Any:
    """A value as JSON. Raises Invalid for one that cannot be kept."""
    if isinstance(value, Word):
        return _tagged("word", [type(value).__name__, value.value])
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, models.Model):
        return _tagged("row", [str(value._meta.model_name), value.pk, _fields(value)])
    if isinstance(value, Access):
        return _tagged("access", value.user_id)
    if _SHAPES.get(type(value).__name__) is type(value):
        names = getattr(value, "_fields", None) or [part.name for part in dataclasses.fields(value)]  # type: ignore[arg-type]
        return _tagged(type(value).__name__, {name: encode(getattr(value, name)) for name in names})
    if isinstance(value, Mapping):
        return _tagged("map", {str(key): encode(item) for key, item in value.items()})
    if isinstance(value, tuple):
        return _tagged("tuple", [encode(item) for item in value])
    if isinstance(value, list):
        return [encode(item) for item in value]
    for kind, name, write in _SCALARS:
        if isinstance(value, kind):
            return _tagged(name, write(value))
    raise Invalid({"": _("这项操作不能作为更正提交,请与系统管理员联系。")})


def decode(value: Any) -> Any:
    """The inverse of `encode`. A stored row is read anew and gets the fields that were to change.

    Raises Invalid when the row is gone.
    """
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    tag, held = value["$"], value["v"]
    if tag in _SHAPES:
        return _SHAPES[tag](**{name: decode(item) for name, item in held.items()})
    return _READ[tag](held)


_SCALARS: Final[tuple[tuple[type[Any], str, Callable[[Any], object]], ...]] = (
    (dt.datetime, "moment", lambda value: value.isoformat()),
    (dt.date, "date", lambda value: value.isoformat()),
    (Decimal, "decimal", str),
    (float, "float", repr),
    (shapely.Geometry, "geometry", lambda value: shapely.to_wkb(value, hex=True)),
)


def _tagged(tag: str, value: object) -> dict[str, object]:
    return {"$": tag, "v": value}


def _fields(row: models.Model) -> dict[str, Any]:
    """Of a new row every field; of a stored one those that differ from what is stored."""
    names = [
        field.attname
        for field in row._meta.concrete_fields
        if not field.primary_key and field.attname not in _LEDGERS
    ]
    stored = None if row._state.adding else type(row)._base_manager.filter(pk=row.pk).first()
    return {
        name: encode(getattr(row, name))
        for name in names
        if stored is None or getattr(stored, name) != getattr(row, name)
    }


def _row(held: list[Any]) -> models.Model:
    name, pk, fields = held
    model = apps.get_model("projects", name)
    values = {field: decode(item) for field, item in fields.items()}
    if pk is None:
        made: models.Model = model(**values)
        return made
    row: models.Model | None = model._base_manager.filter(pk=pk).first()
    if row is None:
        raise Invalid({"": _("要更正的记录已不存在。")})
    for field, item in values.items():
        setattr(row, field, item)
    return row


def _access(user_id: int | None) -> Access:
    user = None if user_id is None else User.objects.filter(pk=user_id).first()
    if user is None:
        raise Invalid({"": _("申请中的账号已不存在。")})
    return access_of(user, timezone.localdate())


_READ: Final[Mapping[str, Callable[[Any], Any]]] = {
    "word": lambda held: _WORDS[held[0]](held[1]),
    "row": _row,
    "access": _access,
    "map": lambda held: {key: decode(item) for key, item in held.items()},
    "tuple": lambda held: tuple(decode(item) for item in held),
    "moment": dt.datetime.fromisoformat,
    "date": dt.date.fromisoformat,
    "decimal": Decimal,
    "float": float,
    "geometry": shapely.from_wkb,
}
