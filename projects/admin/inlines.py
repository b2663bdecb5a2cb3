"""Rows that are edited on their parent's page. Their rights are their parent's."""

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django import forms
from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext as _

from projects.admin.base import ScopedAdmin

M = TypeVar("M", bound=models.Model)
P = TypeVar("P", bound=models.Model)

if TYPE_CHECKING:

    class _TabularInline(admin.TabularInline[M, P]):
        pass

else:

    class _TabularInline(admin.TabularInline, Generic[M, P]):
        pass


class NamedCheckbox(forms.CheckboxInput):
    """The box that takes a row out, with its word."""

    def __init__(self) -> None:
        super().__init__({"aria-label": _("删除")})


class ScopedInline(_TabularInline[M, P]):
    """May be seen by who may see the parent, changed by who may change it. The parent's admin writes it."""

    template = "admin/inline-table.html"
    extra = 0
    show_change_link = False

    @property
    def parent_admin(self) -> ScopedAdmin[Any]:
        found = self.admin_site._registry[self.parent_model]
        assert isinstance(found, ScopedAdmin)
        return found

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.parent_admin.has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is None or obj.pk is None:
            return self.parent_admin.has_add_permission(request)
        return self.parent_admin.has_change_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_add_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_add_permission(request, obj)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", self.parent_admin.choices_for(request, db_field.remote_field.model))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        for name in ("can_add_related", "can_change_related", "can_delete_related", "can_view_related"):
            if field is not None and hasattr(field.widget, name):
                setattr(field.widget, name, False)
        if field is not None:
            # The label of a cell is its column's head, which a screen reader does not read out in a form.
            inner: Any = getattr(field.widget, "widget", field.widget)
            inner.attrs["aria-label"] = str(field.label)
        return field

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        made = super().get_formset(request, obj, **kwargs)
        made.deletion_widget = NamedCheckbox
        return made
