"""The form under every change page: why an action refused, and what another person changed meanwhile."""

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.forms.fields import InvalidJSONInput
from django.http import HttpRequest
from django.utils.translation import gettext as _

from projects.actions.errors import ActionError, Invalid
from projects.actions.rows import audited
from projects.admin.conflicts import Conflict, conflict_of
from projects.admin.drafts import is_restored

SEEN_SEQ = "seen_seq"
#: `choose-FIELD`: whose value is kept of a field that two people changed (templates/admin/conflict.html).
CHOOSE = "choose-"
THEIRS = "theirs"
_LONGEST_SEQ = 18  # digits of what a database holds


class ScopedForm(forms.ModelForm[Any]):
    """`request` is set by ScopedAdmin.get_form; `conflict` when the row changed since it was opened."""

    request: HttpRequest
    conflict: Conflict | None = None

    def full_clean(self) -> None:
        if self.is_bound and self.instance.pk is not None:
            self._take_chosen()
        super().full_clean()
        if self.is_bound and not self.empty_permitted:
            self._find_conflict()
            self._show_refusal()
            if is_restored(self.request):
                self.add_error(None, _("这是您之前填写、还没有保存的内容。"))

    def typed(self) -> dict[str, Any]:
        """What the form says, by audited name."""
        return self.on_form(audited(self.instance))

    def on_form(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Only what can be typed here: the rest of the row is not mine."""
        return {name: value for name, value in values.items() if name.removesuffix("_id") in self.fields}

    def take_over(self, name: str, stored: models.Model) -> None:
        """Put the stored value of a field that I left alone into the form that is shown again."""
        field_name = next((known for known in (name, name.removesuffix("_id")) if known in self.fields), None)
        if field_name is None:
            return
        value = forms.model_to_dict(stored, fields=[field_name]).get(field_name)
        field = self.fields[field_name]
        shown = field.widget.format_value(field.prepare_value(value))
        key = self.add_prefix(field_name)
        if isinstance(field, forms.BooleanField):
            self._put(key, "on" if value else None)
        else:
            self._put(key, shown[0] if isinstance(shown, list) else shown)

    def stored_values(self) -> Mapping[str, Any]:
        """The row as it is, by audited name."""
        return audited(type(self.instance)._default_manager.get(pk=self.instance.pk))

    def _take_chosen(self) -> None:
        """Of the fields that both changed, those for which the other's value was chosen on the page."""
        names = [name for name in self.fields if self.data.get(f"{CHOOSE}{name}") == THEIRS]
        names += [f"{name}_id" for name in self.fields if self.data.get(f"{CHOOSE}{name}_id") == THEIRS]
        if names:
            stored = type(self.instance)._default_manager.get(pk=self.instance.pk)
            for name in names:
                self.take_over(name, stored)

    def _put(self, key: str, value: Any) -> None:
        held: Any = self.data
        data = held.copy()
        data.pop(key, None)
        if value is not None:
            data[key] = value
        self.data = data

    def _find_conflict(self) -> None:
        current = getattr(self.instance, "changed_seq", None)
        if self.instance.pk is None or current is None:
            return
        seen = str(self.data.get(SEEN_SEQ, ""))
        if not seen.isascii() or not seen.isdigit() or len(seen) > _LONGEST_SEQ:
            self.add_error(None, _("表单不完整,请重新打开这一页。"))
        elif int(seen) != current:
            self.conflict = conflict_of(self.instance, int(seen), self.typed(), self.stored_values())
            stored = type(self.instance)._default_manager.get(pk=self.instance.pk)
            for name in self.conflict.taken:
                self.take_over(name, stored)
            self._put(SEEN_SEQ, str(current))
            self.add_error(
                None,
                _("在您打开之后,别人修改了这条记录。请看下面的对照;确认后再次保存。您填写的内容都还在。"),
            )

    def _show_refusal(self) -> None:
        refusal: ActionError | None = getattr(self.request, "refusal", None)
        if refusal is None or self.conflict is not None:
            return
        if isinstance(refusal, Invalid):
            for name, text in refusal.errors.items():
                plain = name.removesuffix("_id")
                self.add_error(plain if plain in self.fields else None, text)
        else:
            self.add_error(None, str(refusal))


class PlainJSONField(forms.JSONField):
    """JSON that can be kept: numbers of endless digits, nesting without end and halves of characters are
    refused, where Python's reader and the database would each fail in their own way."""

    def to_python(self, value: Any) -> Any:
        try:
            found = super().to_python(value)
            json.dumps(found, ensure_ascii=False).encode()
        except (ValueError, RecursionError) as problem:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from problem
        return found

    def bound_data(self, data: Any, initial: Any) -> Any:
        try:
            found = super().bound_data(data, initial)
            json.dumps(found, ensure_ascii=False).encode()
            return found
        except (ValueError, RecursionError):
            return InvalidJSONInput(data)
