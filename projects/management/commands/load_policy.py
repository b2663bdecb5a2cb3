"""Take a policy for lights in: a packaged city's, or one from a file. Always a new version, never an edit.

Exit status 0: stored, or there already; 1: the rules refuse it; 2: could not run.
"""

import datetime as dt
import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError
from django.utils import timezone
from django.utils.translation import gettext as _

from projects.actions.errors import ActionError
from projects.actions.policies import adopt_policy
from projects.models import User
from projects.models.access import access_of
from projects.rules.errors import RuleError
from projects.rules.policy import Policy, packaged, packaged_keys


class Command(BaseCommand):
    help = "载入一份亮灯规则(随软件附带的,或 JSON 文件):内容不同就存为新版本,从不修改旧版本。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add(
            "policy",
            metavar="KEY|FILE",
            help="附带规则的代码(" + "、".join(packaged_keys()) + "),或 JSON 文件",
        )
        add("--actor", required=True, metavar="USER", help="由谁载入(用户名)")
        add("--effective-from", type=dt.date.fromisoformat, metavar="D", help="生效日期;缺省为今天")
        add("--json", action="store_true", help="结果写成 JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["actor"], is_active=True).first()
        if user is None:
            raise CommandError(_("没有可用的用户 %(name)s。") % {"name": options["actor"]}, returncode=2)
        try:
            row, created = adopt_policy(
                access=access_of(user, timezone.localdate()),
                policy=_read(options["policy"]),
                effective_from=options["effective_from"] or timezone.localdate(),
            )
        except RuleError as problem:
            raise CommandError(_(problem.msgid).format(**problem.params), returncode=1) from problem
        except ActionError as problem:
            raise CommandError(str(problem), returncode=1) from problem
        except OperationalError as problem:
            raise CommandError(
                _("数据库正忙,没有写入任何数据;请稍后再试(%(problem)s)。") % {"problem": problem},
                returncode=2,
            ) from problem
        if options["json"]:
            self.stdout.write(json.dumps({"key": row.key, "version": row.version, "created": created}))
            return
        said = (
            _("已存为 %(key)s 第 %(version)d 版。")
            if created
            else _("%(key)s 第 %(version)d 版内容相同,没有改动。")
        )
        self.stdout.write(said % {"key": row.key, "version": row.version})


def _read(given: str) -> Policy:
    if given in packaged_keys():
        return packaged(given)
    try:
        return Policy.from_json(json.loads(Path(given).read_text("utf-8")))
    except OSError as problem:
        raise CommandError(
            _("%(given)s 不是附带规则的代码(%(known)s),也读不到这个文件:%(reason)s。")
            % {"given": given, "known": "、".join(packaged_keys()), "reason": problem.strerror},
            returncode=2,
        ) from problem
    except (ValueError, RecursionError) as problem:
        if isinstance(problem, RuleError):
            raise
        raise CommandError(_("%(given)s 不是 JSON 文件。") % {"given": given}, returncode=1) from problem
