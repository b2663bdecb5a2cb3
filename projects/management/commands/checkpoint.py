"""Sign the end of the audit chain: run it by a timer, as somebody whom the web server is not."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from projects.actions.checkpointing import take_checkpoint
from projects.actions.errors import ActionError
from projects.management.checkpointfiles import explained
from projects.models.access import system_access
from projects.rules.checkpoints import CheckpointError


class Command(BaseCommand):
    help = "签署审计校验点:把审计链的末条序号和哈希签名后追加到数据库之外的文件。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", dest="as_json", help="输出 JSON")

    def handle(self, *args: Any, as_json: bool, **options: Any) -> None:
        try:
            line = take_checkpoint(
                access=system_access(),
                key_file=settings.AUDIT_KEY_FILE,
                file=settings.AUDIT_CHECKPOINT_FILE,
            )
        except ActionError as problem:
            raise CommandError(str(problem), returncode=1) from problem
        except CheckpointError as problem:
            raise CommandError(explained(problem, settings.AUDIT_CHECKPOINT_FILE), returncode=1) from problem
        except FileNotFoundError as problem:
            raise CommandError(
                _("没有 %(path)s:请先运行 manage.py audit_key --create。") % {"path": problem.filename},
                returncode=2,
            ) from problem
        except OSError as problem:
            raise CommandError(
                _("读写 %(path)s 失败:%(reason)s。")
                % {"path": problem.filename or settings.AUDIT_CHECKPOINT_FILE, "reason": problem.strerror},
                returncode=2,
            ) from problem
        if as_json:
            self.stdout.write(json.dumps(asdict(line) if line else None, ensure_ascii=False))
        elif line is None:
            self.stdout.write(_("审计链还没有任何一条,没有可签署的。"))
        else:
            self.stdout.write(
                _("已签署第 %(line)d 个校验点:第 %(seq)d 条 · %(hash)s · %(time)s,写入 %(file)s。")
                % {
                    "line": line.line,
                    "seq": line.seq,
                    "hash": line.hash[:16],
                    "time": line.time,
                    "file": settings.AUDIT_CHECKPOINT_FILE,
                }
            )
