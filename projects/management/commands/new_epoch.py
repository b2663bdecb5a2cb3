"""After a backup was restored: give this history a new name, so that no cache of the other is believed."""

import uuid
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils.translation import gettext as _

from projects.models import ChangeHead


class Command(BaseCommand):
    help = "恢复备份之后运行:更换变更序列的纪元,各进程的缓存和点位索引随即作废重建。"

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            head = ChangeHead.objects.select_for_update().filter(id=1).first()
            if head is None:
                self.stdout.write(_("还没有任何变更,不需要新的纪元。"))
                return
            head.epoch = uuid.uuid4()
            head.save(update_fields=["epoch"])
        self.stdout.write(
            _("新的纪元:%(epoch)s(变更序号 %(seq)d)。") % {"epoch": head.epoch, "seq": head.seq}
        )
