"""Give a person an account and a role: the first administrator, above all."""

import secrets
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from projects.actions.errors import ActionError
from projects.actions.people import save_user
from projects.models import Department, Division, Membership, User
from projects.models.access import system_access
from projects.rules.vocabulary import Role


class Command(BaseCommand):
    help = "新建工作人员账号并授予角色;初始密码随机生成,只显示这一次。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", metavar="USERNAME", help="登录名")
        parser.add_argument("--role", required=True, choices=[role.value for role in Role], help="角色")
        parser.add_argument("--division", metavar="CODE", help="区划代码:只管这个区划(区县编辑必填)")
        parser.add_argument("--department", metavar="CODE", help="部门代码:只管这个部门(部门编辑必填)")

    def handle(
        self,
        *args: Any,
        username: str,
        role: str,
        division: str | None,
        department: str | None,
        **options: Any,
    ) -> None:
        if User.objects.filter(username=username).exists():
            raise CommandError(_("账号 %(name)s 已经存在。") % {"name": username}, returncode=2)
        membership = Membership(
            role=role, division=_find_division(division), department=_find_department(department)
        )
        password = secrets.token_urlsafe(12)
        try:
            save_user(
                access=system_access(),
                user=User(username=username, is_staff=True),
                memberships=[membership],
                password=password,
                reason="add_staff",
            )
        except ActionError as problem:
            raise CommandError(str(problem), returncode=1) from problem
        self.stdout.write(
            _("账号 %(name)s 已建立,初始密码 %(password)s(请登录后修改)。")
            % {"name": username, "password": password}
        )


def _find_division(code: str | None) -> Division | None:
    if code is None:
        return None
    found = Division.objects.live().filter(code=code).first()
    if found is None:
        raise CommandError(
            _("没有代码为 %(code)s 的区划,请先用 load_divisions 载入。") % {"code": code}, returncode=2
        )
    return found


def _find_department(code: str | None) -> Department | None:
    if code is None:
        return None
    found = Department.objects.filter(code=code).first()
    if found is None:
        raise CommandError(_("没有代码为 %(code)s 的部门。") % {"code": code}, returncode=2)
    return found
