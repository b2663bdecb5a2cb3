"""System checks: nothing of the admin is reachable that does not ask whose rows are shown.

`register` of the site refuses an unscoped admin already; these find what comes in past it: an inline of
Django's own, a list that is edited past the actions, a view that a `get_urls` adds without the site's door.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from inspect import unwrap
from typing import Any, Final

from django.apps import AppConfig
from django.contrib import admin
from django.core import checks
from django.urls import URLPattern, URLResolver

from projects.admin.base import ScopedAdmin
from projects.admin.inlines import ScopedInline
from projects.admin.staffsite import StaffSite

#: How one gets in.
_LOGGING_IN: Final = frozenset({"login", "login_code", "login_phone"})


@checks.register(checks.Tags.security)
def check_scopes(app_configs: Sequence[AppConfig] | None, **_kwargs: Any) -> list[checks.CheckMessage]:
    """projects.E101 to E103, of the admin site in use."""
    return [*of_admins(admin.site), *of_addresses(admin.site)]


def of_admins(site: admin.AdminSite) -> Iterator[checks.CheckMessage]:
    """E101: an admin without scope. E102: an inline without, or a way to write past the actions."""
    for model, found in site._registry.items():
        if not isinstance(found, ScopedAdmin):
            yield checks.Error(
                f"The admin of {model.__name__} knows no scope.",
                hint="Derive it from projects.admin.base.ScopedAdmin.",
                obj=model,
                id="projects.E101",
            )
            continue
        for inline in found.inlines:
            if not issubclass(inline, ScopedInline):
                yield _loose(
                    model,
                    f"Its inline {inline.__name__} knows no scope.",
                    "projects.admin.inlines.ScopedInline",
                )
        if found.raw_id_fields or found.list_editable:
            yield _loose(
                model,
                "raw_id_fields and list_editable name and write rows past scope and actions.",
                "Choices are look-ups; a list is edited on projects.admin.sitesheet's page.",
            )


def of_addresses(site: admin.AdminSite) -> Iterator[checks.CheckMessage]:
    """E103: an address of the admin whose view is neither a scoped admin's nor the site's own."""
    for route, pattern in _leaves(site.get_urls(), "admin/"):
        if pattern.name not in _LOGGING_IN and not is_behind_the_door(pattern.callback):
            yield checks.Error(
                f"{route} ({pattern.name}) does not ask who opens it.",
                hint="Wrap it in self.admin_site.admin_view(...), and make it a method of a ScopedAdmin.",
                id="projects.E103",
            )


def is_behind_the_door(callback: Any) -> bool:
    """Whether a view is a scoped admin's or the site's own, and asks `has_permission` of the site first."""
    if isinstance(getattr(callback, "model_admin", None), ScopedAdmin):
        return True
    if isinstance(getattr(callback, "admin_site", None), StaffSite):
        return True
    view = unwrap(callback)
    if isinstance(view, partial):
        # A page in a file of its own, which is given the admin whose rows and rights it goes by.
        owner = view.args[0] if view.args else None
    else:
        owner = getattr(view, "__self__", None)
    ours = isinstance(owner, ScopedAdmin | StaffSite) or view.__module__.startswith("projects.admin.")
    return bool(getattr(callback, "asks_who", False)) and ours


def _loose(model: type[Any], problem: str, hint: str) -> checks.CheckMessage:
    return checks.Error(f"The admin of {model.__name__}: {problem}", hint=hint, obj=model, id="projects.E102")


def _leaves(found: Sequence[URLPattern | URLResolver], prefix: str) -> Iterator[tuple[str, URLPattern]]:
    for each in found:
        route = prefix + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _leaves(each.url_patterns, route)
        else:
            yield route, each
