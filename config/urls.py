"""Addresses. Pages live under `/` (zh-hans) and `/en/`; the API and `/healthz` have one address each."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from config import errors
from projects.pages import health, photos

urlpatterns = [
    path("api/staff/v1/", include("projects.api.staffurls")),
    path("api/v1/", include("projects.api.urls")),
    path("healthz", health.healthz, name="healthz"),
    path("robots.txt", health.robots, name="robots"),
    path("photos/<slug:digest>.jpg", photos.public_photo, name="public-photo"),
    path("favicon.ico", RedirectView.as_view(url=f"{settings.STATIC_URL}img/mark.svg", permanent=False)),
    *i18n_patterns(
        path("admin/", admin.site.urls),
        path("", include("projects.pages.urls")),
        prefix_default_language=False,
    ),
]

handler404 = errors.not_found
handler500 = errors.server_error
handler403 = errors.forbidden
handler400 = errors.bad_request
