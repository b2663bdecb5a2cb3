"""The packaged facility kinds, for a city that starts without the demo."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from projects.demo.loading import load_kinds
from projects.models.access import system_access


class Command(BaseCommand):
    help = "载入随软件附带的设施种类(助餐点、充电桩……);已有的种类不改动。"

    def handle(self, *args: Any, **options: Any) -> None:
        count = load_kinds(system_access())
        self.stdout.write(
            _("新增 %(count)d 种设施。") % {"count": count} if count else _("附带的设施种类都已载入。")
        )
