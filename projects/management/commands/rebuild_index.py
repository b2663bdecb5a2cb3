"""Build the point index anew from the database."""

import time
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from projects.readmodels import siteindex


class Command(BaseCommand):
    help = "从数据库重建点位索引(索引文件随时可以删除:数据库是唯一的依据)。"

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        built = siteindex.rebuild()
        self.stdout.write(
            _("索引已重建:%(count)d 个点位,%(seconds).1f 秒,变更序号 %(seq)d。")
            % {"count": len(built.index), "seconds": time.monotonic() - started, "seq": built.seq}
        )
