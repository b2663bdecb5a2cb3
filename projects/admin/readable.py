"""Audited values as a person reads them: names for numbers, words for codes."""

import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from projects.models import Indicator

_SHORT = 120


def field_label(model: type[models.Model], name: str) -> str:
    """The form's word for an audited field."""
    special = {"contributions": _("贡献"), "geom": _("位置"), "parent": _("上级")}
    if name in special:
        return special[name]
    field = _field(model, name)
    return str(field.verbose_name) if field is not None else name


def readable(model: type[models.Model], name: str, value: Any) -> str:
    """An audited value in the language of the page."""
    if value is None or value == "":
        return "–"
    if name == "geom":
        return _("图形 %(mark)s") % {"mark": _mark(str(value))}
    if name == "contributions" and isinstance(value, Mapping):
        return _contributions(value)
    field = _field(model, name)
    if isinstance(field, models.ForeignKey):
        found = field.related_model._default_manager.filter(pk=value).first()
        return str(found) if found is not None else f"#{value}"
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if field is not None and field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {item}" for key, item in value.items()) or "–"
    if isinstance(value, list | tuple):
        return "; ".join(
            " ".join(map(str, item)) if isinstance(item, list | tuple) else str(item) for item in value
        )
    text = str(value)
    return text if len(text) <= _SHORT else text[:_SHORT] + "…"


def _contributions(value: Mapping[str, Any]) -> str:
    names = {str(row.pk): row.name for row in Indicator.objects.filter(pk__in=[int(key) for key in value])}
    parts = []
    for key, quantity in value.items():
        number = str(quantity)
        number = number.rstrip("0").rstrip(".") if "." in number else number
        parts.append(f"{names.get(key, '#' + key)} {number}")
    return "; ".join(parts) or "–"


def _mark(text: str) -> str:
    """Two shapes that differ get two marks: a border or road is too long to print."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _field(model: type[models.Model], name: str) -> Any:
    for candidate in (name, name.removesuffix("_id")):
        try:
            return model._meta.get_field(candidate)
        except FieldDoesNotExist:
            continue
    return None


@cache
def drawn(component: str, name: str, word: str, language: str | None) -> str:
    """A component of one word, drawn once a language: a page of a list has two hundred of them."""
    return render_to_string(f"components/{component}.html", {name: word} if name else {})
