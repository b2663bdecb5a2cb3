from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class ProjectsConfig(AppConfig):
    """Livelihood projects: what was promised, where it stands, who may say so."""

    name = "projects"
    verbose_name = _("民生实事")

    def ready(self) -> None:
        from projects.models.guards import install_after_migrate

        post_migrate.connect(install_after_migrate, sender=self, dispatch_uid="projects.guards")
