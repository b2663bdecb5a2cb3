"""/api/staff/v1/: for members of staff, with the session of their log-in."""

from django.urls import path

from projects.api import staffareas, supervision

urlpatterns = [
    path("areas/", staffareas.AreaStore.as_view(), name="staff-areas"),
    path("supervision/subjects/", supervision.SubjectList.as_view(), name="staff-subjects"),
    path("supervision/divergence/", supervision.DivergenceList.as_view(), name="staff-divergence"),
]
