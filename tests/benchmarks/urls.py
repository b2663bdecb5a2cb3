"""The application's addresses, and under /bench/ what its answers are compared with."""

from django.urls import path

from config import urls as application
from tests.benchmarks import baselines, figures, staffview

urlpatterns = [
    path("bench/constant/", baselines.constant),
    path("bench/drf/sites/", baselines.SiteList.as_view()),
    path("bench/drf/sites/<slug:public_id>/", baselines.SiteDetail.as_view()),
    path("bench/drf/nearest/", baselines.NearestList.as_view()),
    path("bench/drf/late/", baselines.LateList.as_view()),
    path("bench/orm/nearest/", baselines.nearest),
    path("bench/orm/facets/", baselines.facets),
    path("bench/mvt/<int:z>/<int:x>/<int:y>/", baselines.mvt),
    path("bench/figures/sites/", figures.over_sites),
    path("bench/figures/sums/", figures.of_sums),
    path("bench/pid/", staffview.pid),
    path("bench/staff/", staffview.services),
    *application.urlpatterns,
]

handler400 = application.handler400
handler403 = application.handler403
handler404 = application.handler404
handler500 = application.handler500
