"""Take a lost second factor off an account: when no administrator can get in to do it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from projects.actions.errors import ActionError
from projects.actions.secondfactor import reset_second_factor
from projects.management.people import find_user
from projects.models.access import system_access


class Command(BaseCommand):
    help = "重置账号的两步登录(手机和恢复码都没有了);原有登录失效,记入审计链。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", metavar="USERNAME", help="登录名")
        parser.add_argument("--reason", required=True, help="原因,写进历史")

    def handle(self, *args: Any, username: str, reason: str, **options: Any) -> None:
        try:
            reset_second_factor(access=system_access(), user=find_user(username), reason=reason)
        except ActionError as problem:
            raise CommandError(str(problem), returncode=1) from problem
        self.stdout.write(_("账号 %(name)s 的两步登录已重置,下次登录时重新设置。") % {"name": username})
