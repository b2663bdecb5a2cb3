"""Pages. In `i18n_patterns`: each is there in zh-hans and, under /en/, in English."""

from django.urls import path

from projects.pages import districts, figuresfile, mappage, methodology, programmes

urlpatterns = [
    path("", mappage.map_page, name="map"),
    path("nearby/", mappage.nearby, name="nearby"),
    path("sites/<slug:public_id>/", mappage.site_page, name="site"),
    path("districts/", districts.districts_page, name="districts"),
    path("districts/<slug:code>/", districts.district_page, name="district"),
    path("programmes/", programmes.programmes_page, name="programmes"),
    path("programmes/<slug:key>/", programmes.programme_page, name="programme"),
    path("methodology/", methodology.methodology_page, name="methodology"),
    path("programmes/<slug:key>/figures.csv", figuresfile.programme_figures, name="programme-figures"),
]
