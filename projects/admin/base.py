"""ScopedAdmin: the one base of every ModelAdmin. Rows and rights follow from memberships alone."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, TypeVar, cast

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db import OperationalError, models
from django.forms import ModelForm, Script
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from projects.actions.errors import ActionError
from projects.admin import drafts
from projects.admin.conflicts import subject_entries
from projects.admin.correcting import asked_for, offer
from projects.admin.forms import SEEN_SEQ, PlainJSONField, ScopedForm
from projects.admin.paging import KeyedAutocomplete, KeyPage, KeysetChangeList, Place
from projects.admin.readable import field_label, readable
from projects.admin.scope import access_for, departments_of, divisions_of, indicators_for
from projects.models import Department, Division, Indicator, Site
from projects.permissions.access import Access, Permission, Target, holds, may

M = TypeVar("M", bound=models.Model)

if TYPE_CHECKING:

    class _ModelAdmin(admin.ModelAdmin[M]):
        pass

else:

    class _ModelAdmin(admin.ModelAdmin, Generic[M]):
        pass


#: Lookups that list filters write into addresses.
_LOOKUPS: Final = frozenset({"exact", "isnull", "gte", "lt"})
_LONGEST_VALUE: Final = 60


class ScopedAdmin(drafts.KeepsDrafts, _ModelAdmin[M]):
    """A model's pages. A subclass names its permissions, says whose a row is, and writes by an action.

    `see`, `add`, `change`, `remove`: the permission for each; None = nobody. `rows` limits what is listed,
    `target` says whose a row is, `write_row` writes it.
    """

    see: ClassVar[Permission] = Permission.SITE_VIEW_INTERNAL
    add: ClassVar[Permission | None] = None
    change: ClassVar[Permission | None] = None
    remove: ClassVar[Permission | None] = None
    #: One sentence above the list, for who sees it for the first time.
    list_hint: ClassVar[str | Promise] = ""

    form = ScopedForm
    formfield_overrides: ClassVar[Any] = {models.JSONField: {"form_class": PlainJSONField}}
    list_per_page = 50
    list_max_show_all = 200
    show_full_result_count = False
    # Counts beside every choice of a filter would be one count of the whole table each.
    show_facets = admin.ShowFacets.NEVER
    #: Characters of one filter's value in the address.
    longest_filter: ClassVar[int] = _LONGEST_VALUE
    #: For tables that grow with the sites: pages by key, in the admin's own order (which must be indexed).
    by_key: ClassVar[bool] = False
    view_on_site = False
    save_on_top = False
    actions_selection_counter = True
    change_form_template: ClassVar[str | None] = None

    class Media:
        js = (Script("js/admin/name-comboboxes.js", type="module"),)

    # -- whose rows ---------------------------------------------------------------------------------

    def rows(self, access: Access, permission: Permission) -> models.QuerySet[M]:
        """Rows that may be treated so. Here: the city's own data, which all staff may read."""
        everything = self.model._default_manager.all()
        if hasattr(self.model, "deleted_seq"):
            everything = everything.filter(deleted_seq__isnull=True)
        return everything if holds(access, permission) else everything.none()

    def target(self, obj: M) -> Target:
        """Whose row it is. Here: the city's."""
        return Target()

    def write_row(self, request: HttpRequest, obj: M, form: ModelForm[M], reason: str) -> None:
        """Write by an action."""
        raise NotImplementedError(f"{type(self).__name__} does not write")

    # -- rights, from memberships alone ---------------------------------------------------------------

    def has_module_permission(self, request: HttpRequest) -> bool:
        return holds(access_for(request), self.see)

    def has_view_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        access = access_for(request)
        if obj is None or obj.pk is None:
            return holds(access, self.see)
        return self.rows(access, self.see).filter(pk=obj.pk).exists()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.add is not None and holds(access_for(request), self.add)

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return self._may(request, self.change, obj)

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return self._may(request, self.remove, obj)

    def _may(self, request: HttpRequest, permission: Permission | None, obj: M | None) -> bool:
        if permission is None:
            return False
        access = access_for(request)
        if obj is None or obj.pk is None:
            return holds(access, permission)
        return may(access, permission, self.target(obj))

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[M]:
        rows = self.rows(access_for(request), self.see)
        ordering = self.get_ordering(request)
        return rows.order_by(*ordering) if ordering else rows

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeysetChangeList if self.by_key else super().get_changelist(request, **kwargs)

    # -- choices ----------------------------------------------------------------------------------------

    def choosing(self) -> list[Permission]:
        """The permissions for which somebody picks a division, indicator or site on this form."""
        return [permission for permission in (self.add, self.change) if permission is not None]

    def choices_for(self, request: HttpRequest, related: type[models.Model]) -> models.QuerySet[Any]:
        """The rows of another model that may be chosen on this form."""
        access = access_for(request)
        if related is Division:
            return divisions_of(access, self.choosing())
        if related is Indicator:
            return indicators_for(access, self.choosing())
        if related is Department:
            return departments_of(access, self.choosing())
        if related is Site:
            wanted = Site.objects.none()
            for permission in self.choosing():
                wanted = wanted | Site.objects.visible_to(access, permission)
            return wanted
        registered = self.admin_site._registry.get(related)
        return registered.get_queryset(request) if registered is not None else related._default_manager.none()

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", self.choices_for(request, db_field.remote_field.model))
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", KeyedAutocomplete(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", self.choices_for(request, db_field.remote_field.model))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        # The pencils and plus signs beside a choice lead to other forms in pop-ups; the menu does that.
        for name in ("can_add_related", "can_change_related", "can_delete_related", "can_view_related"):
            if field is not None and hasattr(field.widget, name):
                setattr(field.widget, name, False)
        return field

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Only what this list's own filters ask: an exact value, or a range of days.

        Django lets through every lookup on a model's own fields: a regular expression that never ends, a
        geometry that ends the process, the beginning of a password's hash.
        """
        name, _sign, kind = lookup.rpartition("__")
        if kind not in _LOOKUPS:
            name, kind = lookup, "exact"
        offered = {
            each
            if isinstance(each, str)
            else str(getattr(each, "parameter_name", "")).removesuffix("__exact")
            for each in self.get_list_filter(request)
        }
        return name in offered and len(value) <= self.longest_filter

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[M], search_term: str
    ) -> tuple[models.QuerySet[M], bool]:
        return super().get_search_results(request, queryset, cut(search_term))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    # -- writing ------------------------------------------------------------------------------------------

    def get_form(
        self, request: HttpRequest, obj: M | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        made = super().get_form(request, obj, change=change, **kwargs)
        return type(made.__name__, (made,), {"request": request})

    def save_model(self, request: HttpRequest, obj: M, form: Any, change: bool) -> None:
        """Nothing yet: the row is written together with what hangs on it, in save_related."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        self.write_row(request, form.instance, form, request.POST.get("reason", "").strip()[:300])

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        return ""

    # The audit chain is the record of what was done; Django's own log would be a second one without scope.
    def log_addition(self, request: HttpRequest, obj: M, message: Any) -> Any: ...

    def log_change(self, request: HttpRequest, obj: M, message: Any) -> Any: ...

    def log_deletions(self, request: HttpRequest, queryset: models.QuerySet[M]) -> Any: ...

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except ActionError as refused:
            refusal = asked_for(request, refused)
            if refusal is None:
                return HttpResponseRedirect(self.list_url())
            # Everything was rolled back. The same form again, with the reason and all that was typed.
            request.refusal = refusal  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, extra_context)
        except OperationalError:
            return self.busy(request)

    def busy(self, request: HttpRequest) -> HttpResponse:
        """Somebody else writes at this moment. Going back in the browser keeps the form as it was."""
        context = {**self.admin_site.each_context(request), "title": _("系统正忙"), "opts": self.opts}
        return TemplateResponse(request, "admin/busy.html", context, status=503)

    def render_change_form(
        self, request: HttpRequest, context: Any, add: bool = False, change: bool = False, form_url: str = "",
        obj: M | None = None,
    ) -> Any:  # fmt: skip
        form = context["adminform"].form
        seen = form.data.get(SEEN_SEQ) if form.is_bound else getattr(obj, "changed_seq", None)
        may_write = self.has_change_permission(request, obj) if change else add
        context.update(
            **(drafts.draft_context(request, context, obj) if may_write else {}),
            seen_seq=seen,
            conflict=getattr(form, "conflict", None),
            asks_reason=add or self.has_change_permission(request, obj),
            typed_reason=request.POST.get("reason", ""),
            **offer(request),
        )
        return super().render_change_form(request, context, add, change, form_url, obj)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        title = {"title": self.opts.verbose_name_plural}
        return super().changelist_view(request, {**title, **(extra_context or {})})

    # -- removing: the row stays, its removal gets a number and a reason ------------------------------------

    def remove_row(self, request: HttpRequest, obj: M, reason: str) -> None:
        """Remove by an action."""
        raise NotImplementedError(f"{type(self).__name__} does not remove")

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> Any:
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            if not self.has_delete_permission(request):
                raise PermissionDenied
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]
        if not self.has_delete_permission(request, obj):
            raise PermissionDenied
        problem = ""
        if request.method == "POST":
            reason = request.POST.get("reason", "").strip()[:300]
            try:
                if reason:
                    self.remove_row(request, obj, reason)
                    messages.success(request, _("已删除“%(name)s”,记录保留在历史中。") % {"name": obj})
                    return HttpResponseRedirect(self.list_url())
                problem = _("请写明删除原因。")
            except ActionError as refused:
                refusal = asked_for(request, refused)
                if refusal is None:
                    return HttpResponseRedirect(self.list_url())
                problem = str(refusal)
            except OperationalError:
                return self.busy(request)
        context = {
            **self.admin_site.each_context(request),
            "title": _("删除"),
            "opts": self.opts,
            "object": obj,
            "problem": problem,
            "reason": request.POST.get("reason", ""),
            "version": getattr(obj, "version", ""),
            **offer(request),
        }
        return TemplateResponse(request, "admin/remove.html", context)

    def list_url(self) -> str:
        return reverse(f"{self.admin_site.name}:projects_{self.opts.model_name}_changelist")

    # -- history ----------------------------------------------------------------------------------------

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What the audit chain says of this row: read-only, for whoever may see the row."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            return cast(
                HttpResponse,
                self._get_obj_does_not_exist_redirect(request, self.opts, object_id),  # type: ignore[attr-defined]
            )
        if not self.has_view_permission(request, obj):
            raise PermissionDenied
        from projects.admin.audit import newest_checkpoint

        page = KeyPage(subject_entries(obj), ["-pk"], 50, Place.of(request.GET))
        context = {
            **self.admin_site.each_context(request),
            "title": _("历史:%(name)s") % {"name": obj},
            "opts": self.opts,
            "object": obj,
            "page": page,
            "checkpoint": newest_checkpoint(),
            "lines": [history_line(type(obj), entry) for entry in page.rows],
        }
        return TemplateResponse(request, "admin/object_history.html", context)


def cut(text: str) -> str:
    """A long text is no search: each of its words would be one more condition."""
    return text.replace("\x00", "")[:_LONGEST_VALUE]


def history_line(model: type[models.Model], entry: Any) -> Mapping[str, Any]:
    """One audit entry as a page shows it."""
    from projects.admin.audit import action_label

    payload = entry.payload
    return {
        "seq": entry.seq,
        "when": entry.recorded_at,
        "who": entry.actor,
        "action": action_label(entry.action),
        "reason": payload.get("reason", ""),
        "changes": [
            {
                "label": field_label(model, name),
                "before": readable(model, name, pair[0]),
                "after": readable(model, name, pair[1]),
            }
            for name, pair in payload.get("changed", {}).items()
            if isinstance(pair, Sequence) and len(pair) == 2
        ],
    }
