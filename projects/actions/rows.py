"""One row of the city's own data (divisions, programmes, kinds, policies): checked, written, audited."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from django.contrib.gis.geos import GEOSGeometry
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _

from projects.actions import ledger
from projects.actions.errors import Conflict, Invalid, NotAllowed
from projects.models import Division
from projects.models.base import AppendOnly
from projects.permissions.access import Access, Permission, Target, may

Row = TypeVar("Row", bound=models.Model)

#: What the ledger itself keeps, or what follows from other rows.
_UNAUDITED = frozenset(
    {"changed_seq", "deleted_seq", "tree_left", "tree_right", "recorded_at", "recorded_by_id"}
)


def require_city(access: Access, permission: Permission) -> None:
    """Raises NotAllowed unless `access` holds `permission` for the city as a whole."""
    if not may(access, permission, Target()):
        raise NotAllowed(_("您没有权限修改全市的基础数据。"))


def save_row(
    *,
    access: Access,
    row: Row,
    permission: Permission,
    reason: str = "",
    target: Target | None = None,
    guard: Callable[[Row | None], None] = lambda stored: None,
    then: Callable[[ledger.Numbers], None] = lambda numbers: None,
) -> Row:
    """Write a new or changed row and its one audit entry (`<model>.add` or `<model>.change`); returns it.

    `target` says whose row it is, for rows that are not the city's (default: the city as a whole). `guard` is
    asked with the row as stored (None: a new one) when all else is right, before the head is taken. `then` is
    called with the row written and the head held: for what follows from it under the same number.

    The row is stamped with the entry's number. A row that equals what is stored writes nothing. Raises
    NotAllowed before anything is written, and Invalid naming the fields.
    """
    if target is None:
        require_city(access, permission)
    elif not may(access, permission, target):
        raise NotAllowed(_("您没有权限修改这个区划的数据。"))
    with transaction.atomic():
        stored = None if row._state.adding else _locked(row)
        if stored is not None and getattr(stored, "changed_seq", 0) != getattr(row, "changed_seq", 0):
            raise Conflict(
                _("“%(name)s”在您打开之后已被他人修改,请重新打开。") % {"name": stored}, current_version=0
            )
        clean(row)
        before = audited(stored) if stored is not None else {}
        after = audited(row)
        changed: dict[str, ledger.JSON] = {
            name: [before.get(name), value] for name, value in after.items() if before.get(name) != value
        }
        if stored is not None and not changed:
            return row
        guard(stored)
        with ledger.take(1, actor_id=access.user_id) as numbers:
            if hasattr(row, "changed_seq"):
                row.changed_seq = numbers.first
            if stored is None and isinstance(row, AppendOnly):
                row.recorded_by_id = access.user_id
                row.recorded_at = numbers.recorded_at
            row.save()
            then(numbers)
            numbers.write([entry_of(row, "add" if stored is None else "change", changed, reason)])
    return row


def entry_of(row: models.Model, verb: str, changed: Mapping[str, ledger.JSON], reason: str) -> ledger.Entry:
    """The audit entry of a row that has its primary key."""
    name = str(row._meta.model_name)
    division = row if isinstance(row, Division) else getattr(row, "division", None)
    return ledger.Entry(
        action=f"{name}.{verb}",
        subject_type=name,
        subject_id=str(row.pk),
        division_id=division.pk if isinstance(division, Division) else None,
        payload={"reason": reason, "changed": dict(changed)},
    )


def audited(row: models.Model) -> dict[str, ledger.JSON]:
    """Every stored field that a person may set; a geometry as the SHA-256 of its WKB (borders are long)."""
    values: dict[str, ledger.JSON] = {}
    for field in row._meta.concrete_fields:
        if field.primary_key or field.attname in _UNAUDITED:
            continue
        value = getattr(row, field.attname)
        if isinstance(field, models.DecimalField) and value is not None:
            value = f"{value:.{field.decimal_places}f}"
        if isinstance(value, GEOSGeometry):
            value = f"sha256:{hashlib.sha256(bytes(value.wkb)).hexdigest()}"
        values[field.attname] = ledger.as_json(value)
    return values


def clean(row: models.Model) -> None:
    """Model validation with every constraint; raises Invalid with one sentence a field."""
    try:
        row.full_clean()
    except ValidationError as problem:
        raise Invalid(
            {
                "" if name == "__all__" else name: " ".join(texts)
                for name, texts in problem.message_dict.items()
            }
        ) from problem


def check_correction(corrected: AppendOnly, reason: str) -> None:
    """A correction says why, and replaces what still stands. The caller holds the subject's row."""
    if not reason.strip():
        raise Invalid({"correction_reason": _("更正须写明原因。")})
    rows: models.QuerySet[Any] = type(corrected)._base_manager.all()
    newer = rows.filter(corrects_id=corrected.pk).first()
    if newer is not None:
        raise Invalid(
            {"corrects": _("这条记录已被更正(第 %(number)d 号),请更正最新的那一条。") % {"number": newer.pk}}
        )


def _locked(row: Row) -> Row:
    stored = type(row)._default_manager.select_for_update().filter(pk=row.pk).first()
    if stored is None:
        raise Invalid({"": _("这条记录不存在或已被删除。")})
    return stored
