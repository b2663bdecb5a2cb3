"""/api/staff/v1/: for members of staff, with the session of their log-in."""

from django.urls import path

from projects.api import staffareas

urlpatterns = [
    path("areas/", staffareas.AreaStore.as_view(), name="staff-areas"),
]
