"""After a backup was restored: give this history a new name, so that no cache of the other is believed."""

import uuid
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.translation import gettext as _

from projects.actions.checkpointing import take_checkpoint
from projects.actions.errors import ActionError
from projects.management.checkpointfiles import explained
from projects.models import ChangeHead
from projects.models.access import system_access
from projects.rules.checkpoints import CheckpointError, Line


class Command(BaseCommand):
    help = "恢复备份之后运行:更换变更序列的纪元,各进程的缓存和点位索引随即作废重建;有签名密钥时签署恢复声明。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reason", default="", metavar="TEXT", help="恢复的原因,写入校验点文件")

    def handle(self, *args: Any, reason: str, **options: Any) -> None:
        try:
            with transaction.atomic():
                head = ChangeHead.objects.select_for_update().filter(id=1).first()
                if head is None:
                    self.stdout.write(_("还没有任何变更,不需要新的纪元。"))
                    return
                head.epoch = uuid.uuid4()
                head.save(update_fields=["epoch"])
                line = _declared(reason)
        except ActionError as problem:
            raise CommandError(str(problem), returncode=1) from problem
        except CheckpointError as problem:
            raise CommandError(explained(problem, settings.AUDIT_CHECKPOINT_FILE), returncode=1) from problem
        except OSError as problem:
            raise CommandError(
                _("读写 %(path)s 失败:%(reason)s。")
                % {"path": problem.filename or settings.AUDIT_CHECKPOINT_FILE, "reason": problem.strerror},
                returncode=2,
            ) from problem
        self.stdout.write(
            _("新的纪元:%(epoch)s(变更序号 %(seq)d)。") % {"epoch": head.epoch, "seq": head.seq}
        )
        if line is not None:
            self.stdout.write(
                _("第 %(line)d 个校验点声明:审计链止于第 %(seq)d 条,之后的校验点作废。")
                % {"line": line.line, "seq": line.seq}
            )


def _declared(reason: str) -> Line | None:
    """Say in the checkpoint file that the chain now ends here: what was signed beyond is void.

    Where no checkpoint was ever signed there is nothing to declare.
    """
    if not settings.AUDIT_CHECKPOINT_FILE.is_file():
        return None
    return take_checkpoint(
        access=system_access(),
        key_file=settings.AUDIT_KEY_FILE,
        file=settings.AUDIT_CHECKPOINT_FILE,
        is_restore=True,
        note=reason.strip() or "new_epoch",
    )
