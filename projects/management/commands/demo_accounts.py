"""Which demo accounts are active, switch them off, show their logins."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.translation import gettext as _

from projects.actions.people import record_accounts
from projects.models import User
from projects.models.access import system_access


class Command(BaseCommand):
    help = "演示账号:--active 列出启用的(有则退出码为 1),--disable 全部停用,--print 显示登录信息。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument(
            "--active", action="store_true", help="列出启用的演示账号;一个都没有时退出码为 0,否则为 1"
        )
        what.add_argument("--disable", action="store_true", help="停用所有演示账号")
        what.add_argument("--print", action="store_true", dest="show", help="显示登录信息文件")

    def handle(self, *args: Any, active: bool, disable: bool, show: bool, **options: Any) -> None:
        if active:
            self._active()
        elif disable:
            self._disable()
        elif show:
            self._show()

    def _active(self) -> None:
        names = list(_active_accounts().values_list("username", flat=True))
        for name in names:
            self.stdout.write(name)
        if names:
            raise SystemExit(1)

    def _disable(self) -> None:
        with transaction.atomic():
            users = list(_active_accounts().select_for_update())
            for user in users:
                user.is_active = False
                user.save(update_fields=["is_active"])
            record_accounts(access=system_access(), users=users, reason="demo_accounts --disable")
        self.stdout.write(_("已停用 %(count)d 个演示账号。") % {"count": len(users)})

    def _show(self) -> None:
        path = settings.VAR_DIR / "demo-logins.txt"
        try:
            self.stdout.write(path.read_text(encoding="utf-8"), ending="")
        except FileNotFoundError:
            raise CommandError(
                _("没有 %(path)s:这里还没有载入过演示数据。") % {"path": path}, returncode=2
            ) from None


def _active_accounts() -> Any:
    return User.objects.filter(is_demo=True, is_active=True).order_by("username")
