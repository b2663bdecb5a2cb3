from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _


class ProjectsConfig(AppConfig):
    """Livelihood projects: what was promised, where it stands, who may say so."""

    name = "projects"
    verbose_name = _("民生实事")

    def ready(self) -> None:
        from projects.actions import figures
        from projects.models import guards, recordguards, searchindex

        pre_migrate.connect(recordguards.lift_before_migrate, sender=self, dispatch_uid="projects.records")
        post_migrate.connect(guards.install_after_migrate, sender=self, dispatch_uid="projects.guards")
        post_migrate.connect(recordguards.install_after_migrate, sender=self, dispatch_uid="projects.guarded")
        post_migrate.connect(searchindex.install_after_migrate, sender=self, dispatch_uid="projects.search")
        post_migrate.connect(figures.fill_after_migrate, sender=self, dispatch_uid="projects.figures")
