"""What the audit chain proves of each model: found by what a model is, never by a list of what is covered.

A model whose rows carry the number of their change is covered; so is one that is named below because its
entries are about it alone. Rows that belong to another row are part of that one's digest. Everything else
is named with its reason, and a test fails for a model that is none of these.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from django.apps import apps
from django.db import models

from projects.models.base import AppendOnly

#: Models without a number of their own whose rows are the subjects of entries.
SUBJECTS: Final = frozenset({"department", "divisionalias"})

#: Rows that are part of another row, by the field that names that one.
PARTS: Final[Mapping[str, str]] = {"contribution": "site", "membership": "user", "divisionparent": "child"}

#: Models that no entry proves, and why. What check_data works out again are the rows that hold now; those
#: that were replaced, which answer `known_at`, are held by their triggers alone.
EXEMPT: Final[Mapping[str, str]] = {
    "auditentry": "the chain itself",
    "changehead": "the end of the chain: verify_chain compares it with the last entry",
    "checkpoint": "signed by a key that is not in the database",
    "lightspan": "follows from reports, states, plans and policies: check_data works it out again",
    "monthresult": "follows from reports and policies: check_data works it out again",
    "rollup": "sums of standings: check_data works them out again",
    "rollupstep": "sums of standings: check_data works them out again",
    "submission": "keeps a form that was sent twice from being recorded twice; says nothing",
    "yearresult": "follows from month results: check_data works it out again",
    "stagedimport": "a file on its way, nothing of the city's yet",
    "stagedrow": "part of a file on its way",
    "stagedproblem": "part of a file on its way",
    "columnmemory": "what a person answered last time: proposes, decides nothing",
    "authenticator": "a secret, changed by each log-in; that there is one is part of the user's row",
    "recoverycode": "secrets, used up by log-ins; that new ones were made is an entry of the user",
    "feedback": "what citizens say, with personal data: outside the change sequence, and nothing counts it",
    "formdraft": "what nobody has saved yet: no fact, gone after a week",
    "sitestanding": "follows from states, lights and plans: check_data works it out again",
}

_FOLLOWS: Final = "follows from other rows: check_data works it out again"
#: Columns that a digest leaves out, and why.
LEFT_OUT: Final[Mapping[str, Mapping[str, str]]] = {
    "site": dict.fromkeys(("light", "yellow_on", "red_on"), _FOLLOWS),
    "division": dict.fromkeys(("tree_left", "tree_right"), _FOLLOWS),
    "user": dict.fromkeys(("password", "last_login"), "log-ins are outside the change sequence"),
}
#: Of every model: compared with the entry's number by itself; when a row was replaced follows from the newer.
_SUPERSEDED: Final = frozenset({"superseded_at", "superseded_seq"})
_NEVER: Final = frozenset({"changed_seq"}) | _SUPERSEDED
#: Django's groups and permissions count for nothing here.
_NO_PARTS: Final = frozenset({"user"})


@dataclass(frozen=True, slots=True)
class Part:
    """Rows that belong to a row: their table, the column that names the owner, and what of them counts."""

    name: str
    table: str
    owner: str
    fields: "tuple[models.Field[Any, Any], ...]"


@dataclass(frozen=True, slots=True)
class Audited:
    """One covered model. `kind` is its name in entries; `fields` are what its digest is over."""

    kind: str
    model: type[models.Model]
    fields: "tuple[models.Field[Any, Any], ...]"
    parts: tuple[Part, ...]
    is_stamped: bool
    is_append_only: bool

    @property
    def table(self) -> str:
        return str(self.model._meta.db_table)


@cache
def audited_models() -> Mapping[str, Audited]:
    """Every covered model by its kind, in the order of the kinds."""
    found = {_kind(model): model for model in _models() if _is_covered(model)}
    return {kind: _audited(kind, found[kind]) for kind in sorted(found)}


def unexplained() -> list[str]:
    """Models that are neither covered, nor part of a covered one, nor exempt: there must be none."""
    kinds = {_kind(model) for model in _models()}
    return sorted(kinds - audited_models().keys() - PARTS.keys() - EXEMPT.keys())


def append_only_tables() -> list[str]:
    """Tables whose rows are never changed and never removed."""
    return sorted(
        str(model._meta.db_table)
        for model in _models()
        if (issubclass(model, AppendOnly) or _kind(model) in {"auditentry", "checkpoint", "storedarea"})
        and not _can_be_superseded(model)
    )


def superseded_tables() -> dict[str, tuple[list[str], list[str]]]:
    """Tables whose rows may be superseded once and not be changed otherwise: the columns that say so, and
    all others."""
    return {
        str(model._meta.db_table): (
            [str(field.column) for field in model._meta.concrete_fields if field.attname in _SUPERSEDED],
            [str(field.column) for field in model._meta.concrete_fields if field.attname not in _SUPERSEDED],
        )
        for model in sorted(_models(), key=_kind)
        if _can_be_superseded(model)
    }


def _models() -> list[type[models.Model]]:
    return list(apps.get_app_config("projects").get_models())


def _kind(model: type[models.Model]) -> str:
    return str(model._meta.model_name)


def _is_covered(model: type[models.Model]) -> bool:
    kind = _kind(model)
    if kind in EXEMPT or kind in PARTS:
        return False
    return kind in SUBJECTS or "changed_seq" in _attributes(model)


def _can_be_superseded(model: type[models.Model]) -> bool:
    return "superseded_seq" in _attributes(model)


def _attributes(model: type[models.Model]) -> set[str]:
    return {field.attname for field in model._meta.concrete_fields}


def _audited(kind: str, model: type[models.Model]) -> Audited:
    left_out = _NEVER | LEFT_OUT.get(kind, {}).keys()
    fields = [
        field
        for field in model._meta.concrete_fields
        if not field.primary_key and field.attname not in left_out
    ]
    return Audited(
        kind=kind,
        model=model,
        fields=tuple(sorted(fields, key=lambda field: str(field.attname))),
        parts=tuple(_parts(kind, model)),
        is_stamped="changed_seq" in _attributes(model),
        is_append_only=issubclass(model, AppendOnly),
    )


def _parts(kind: str, model: type[models.Model]) -> list[Part]:
    parts = []
    for other in _models():
        owner = PARTS.get(_kind(other))
        if owner is not None and other._meta.get_field(owner).related_model is model:
            parts.append(_part(_kind(other), other, owner))
    for many in model._meta.local_many_to_many:
        through: Any = many.remote_field.through
        if through._meta.auto_created and kind not in _NO_PARTS:
            parts.append(_part(str(many.name), through, many.m2m_field_name()))
    return sorted(parts, key=lambda part: part.name)


def _part(name: str, model: Any, owner: str) -> Part:
    field = model._meta.get_field(owner)
    others = [each for each in model._meta.concrete_fields if not each.primary_key and each is not field]
    return Part(
        name,
        str(model._meta.db_table),
        str(field.column),
        tuple(sorted(others, key=lambda each: str(each.attname))),
    )
