"""The key that signs checkpoints of the audit chain: make one, or show its public half."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from projects.actions.checkpointing import create_key, public_file
from projects.rules.checkpoints import CheckpointError, key_id, public_keys


class Command(BaseCommand):
    help = "审计校验点的签名密钥:--create 新建(仅所有者可读),不带选项时显示公钥。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--create", action="store_true", help="新建密钥;已有密钥时不改动,退出码为 1")

    def handle(self, *args: Any, create: bool, **options: Any) -> None:
        path = settings.AUDIT_KEY_FILE
        try:
            if create:
                name = create_key(path)
                self.stdout.write(
                    _("已新建密钥 %(name)s:%(path)s(只有所有者可读),公钥 %(public)s。")
                    % {"name": name, "path": path, "public": public_file(path)}
                )
                return
            pem = public_file(path).read_bytes()
            names = [key_id(key) for key in public_keys(pem)]
        except FileExistsError as problem:
            raise CommandError(
                _("%(path)s 已经存在,没有改动;要换新密钥,请先把它移走。") % {"path": path}, returncode=1
            ) from problem
        except FileNotFoundError as problem:
            raise CommandError(
                _("没有 %(path)s:请先运行 manage.py audit_key --create。") % {"path": public_file(path)},
                returncode=2,
            ) from problem
        except OSError as problem:
            raise CommandError(
                _("读写 %(path)s 失败:%(reason)s。") % {"path": path, "reason": problem.strerror},
                returncode=2,
            ) from problem
        except CheckpointError as problem:
            raise CommandError(
                _("%(path)s 不是公钥文件。") % {"path": public_file(path)}, returncode=2
            ) from problem
        for name in names:
            self.stdout.write(_("密钥 %(name)s") % {"name": name})
        self.stdout.write(pem.decode(), ending="")
