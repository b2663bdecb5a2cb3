"""/api/staff/v1/: for members of staff, with the session of their log-in."""

from django.urls import path

from projects.api import staffareas, staffdrafts, stafflate, staffsubjects
from projects.signin.seen import no_activity

urlpatterns = [
    path("drafts/", no_activity(staffdrafts.DraftStore.as_view()), name="staff-drafts"),
    path("areas/", staffareas.AreaStore.as_view(), name="staff-areas"),
    path("supervision/late/", stafflate.LateSites.as_view(), name="staff-late"),
    path("supervision/late/<slug:public_id>/", stafflate.LateSite.as_view(), name="staff-late-site"),
    path("supervision/facets/", stafflate.LateFacets.as_view(), name="staff-late-facets"),
    path(
        "supervision/tiles/<int:z>/<int:x>/<int:y>.json",
        stafflate.LateTile.as_view(),
        name="staff-late-tile",
    ),
    path("supervision/subjects/", staffsubjects.SubjectList.as_view(), name="staff-subjects"),
    path("supervision/divergence/", staffsubjects.DivergenceList.as_view(), name="staff-divergence"),
]
