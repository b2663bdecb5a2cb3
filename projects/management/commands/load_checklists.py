"""The packaged checklists of verification, for the facility kinds that are there."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from projects.actions.checklists import load_checklists
from projects.models.access import system_access


class Command(BaseCommand):
    help = "载入随软件附带的核验清单;已有清单的设施种类不改动。"

    def handle(self, *args: Any, **options: Any) -> None:
        count = load_checklists(access=system_access(), reason="load_checklists")
        self.stdout.write(
            _("新增 %(count)d 份核验清单。") % {"count": count} if count else _("附带的核验清单都已载入。")
        )
