"""Which admin site Django's `admin.site` is. In INSTALLED_APPS in the place of "django.contrib.admin"."""

from importlib import import_module

from django.contrib.admin.apps import SimpleAdminConfig


class StaffAdminConfig(SimpleAdminConfig):
    """Registers our own admins by name: what other packages would register knows no scope."""

    default_site = "projects.admin.staffsite.StaffSite"

    def ready(self) -> None:
        super().ready()
        import_module("projects.admin.registered")
