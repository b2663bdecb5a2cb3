"""Pages of one site beside its form: photos, and what is filled in on the spot."""

from functools import partial
from typing import Any

from django.urls import URLPattern, path

from projects.actions.sitewriting import target_of
from projects.admin.base import ScopedAdmin
from projects.admin.sitephotos import photo_view, photos_view
from projects.admin.visiting import rework_view, visit_view
from projects.admin.visiting import site_context as verification_context
from projects.admin.visits import visit_view as report_view
from projects.models import Site
from projects.permissions.access import Access, Permission, holds, may
from projects.readmodels.orders import orders_of_site


def site_context(access: Access, site: Site) -> dict[str, Any]:
    """What the site's own page shows of its verification and of its supervision orders."""
    return {
        **verification_context(access, site),
        "orders": orders_of_site(access, site.pk)[:12],
        # Whose site it is takes three questions: only for who issues orders at all.
        "may_issue": holds(access, Permission.ORDER_ISSUE)
        and may(access, Permission.ORDER_ISSUE, target_of(site)),
    }


def one_site_urls(admin: ScopedAdmin[Site]) -> list[URLPattern]:
    """Their addresses, under the site's own."""

    def wrap(view: Any) -> Any:
        return admin.admin_site.admin_view(partial(view, admin))

    return [
        path("<int:object_id>/verify/", wrap(visit_view), name="projects_site_verify"),
        path("<int:object_id>/rework/", wrap(rework_view), name="projects_site_rework"),
        path("<int:object_id>/visit/", wrap(report_view), name="projects_site_visit"),
        path("<int:object_id>/photos/", wrap(photos_view), name="projects_site_photos"),
        path(
            "<int:object_id>/photos/<int:photo_id>/<slug:part>/",
            wrap(photo_view),
            name="projects_site_photo",
        ),
    ]
