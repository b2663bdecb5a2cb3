"""Which admin site Django's `admin.site` is. In INSTALLED_APPS in the place of "django.contrib.admin"."""

from django.contrib.admin.apps import AdminConfig


class StaffAdminConfig(AdminConfig):
    default_site = "projects.admin.staffsite.StaffSite"
