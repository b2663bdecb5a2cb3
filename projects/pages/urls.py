"""Pages. In `i18n_patterns`: each is there in zh-hans and, under /en/, in English."""

from django.urls import path

from projects.pages import (
    district,
    districtfiles,
    districts,
    feedback,
    figuresfile,
    mappage,
    methodology,
    programmes,
    projects,
    supervision,
)

urlpatterns = [
    path("", mappage.map_page, name="map"),
    path("nearby/", mappage.nearby, name="nearby"),
    path("sites/<slug:public_id>/", mappage.site_page, name="site"),
    path("sites/<slug:public_id>/feedback/", feedback.feedback_page, name="feedback"),
    path("sites/<slug:public_id>/feedback/<slug:reference>/", feedback.sent_page, name="feedback-sent"),
    path("districts/", districts.districts_page, name="districts"),
    path("districts/<slug:code>/", district.district_page, name="district"),
    path("districts/<slug:code>/figures.csv", districtfiles.district_csv, name="district-csv"),
    path("districts/<slug:code>/figures.xlsx", districtfiles.district_xlsx, name="district-xlsx"),
    path("programmes/", programmes.programmes_page, name="programmes"),
    path("programmes/<slug:key>/", programmes.programme_page, name="programme"),
    path("methodology/", methodology.methodology_page, name="methodology"),
    path("programmes/<slug:key>/figures.csv", figuresfile.programme_figures, name="programme-figures"),
    path("programmes/<slug:key>/projects/", projects.projects_page, name="programme-projects"),
    path("projects/<int:pk>/", projects.project_page, name="project"),
    path("projects/<int:pk>/matrix.csv", projects.project_matrix, name="project-matrix"),
    path("indicators/<slug:code>/", projects.indicator_page, name="indicator"),
    path("indicators/<slug:code>/matrix.csv", projects.indicator_matrix, name="indicator-matrix"),
    path("supervision/", supervision.supervision_page, name="supervision"),
    path("supervision/late.csv", supervision.supervision_csv, name="supervision-csv"),
    path("supervision/late.xlsx", supervision.supervision_xlsx, name="supervision-xlsx"),
]
