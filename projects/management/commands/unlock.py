"""Unlock an account that wrong passwords or codes have locked."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from projects.actions.lockouts import unlock
from projects.management.people import find_user
from projects.models.access import system_access


class Command(BaseCommand):
    help = "解除账号因多次输错密码或验证码造成的锁定;记入审计链。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", metavar="USERNAME", help="登录名")
        parser.add_argument("--reason", default="", help="原因,写进历史")

    def handle(self, *args: Any, username: str, reason: str, **options: Any) -> None:
        count = unlock(access=system_access(), user=find_user(username), reason=reason or "manage.py unlock")
        self.stdout.write(
            _("账号 %(name)s 已解锁(清除了 %(count)d 次失败记录)。") % {"name": username, "count": count}
        )
