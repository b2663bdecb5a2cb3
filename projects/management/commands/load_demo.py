"""Load the demo: programme 330200-2024 with its published figures and marked synthetic sites."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from projects.actions.errors import ActionError
from projects.demo.catalogue import ningbo_2024
from projects.demo.generator import DEFAULT_SEED, DEFAULT_SITES, TooFewSitesError
from projects.demo.loading import DemoError, load, loaded_with, write_logins
from projects.exchange.areas import BoundaryError
from projects.models.access import system_access


class Command(BaseCommand):
    help = "载入演示数据:宁波市 2024 年民生实事的公布数字,以及标明“演示”的合成点位。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--sites",
            type=int,
            default=DEFAULT_SITES,
            metavar="N",
            help=f"点位总数(默认 {DEFAULT_SITES},可到百万)",
        )
        parser.add_argument(
            "--seed", type=int, default=DEFAULT_SEED, metavar="S", help="随机种子;同一种子得到同样的数据"
        )

    def handle(self, *args: Any, sites: int, seed: int, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError(
                _("演示模式没有打开,没有载入任何数据:请先设置环境变量 DEMO=1(或写入 var/env)。"), returncode=2
            )
        if seed < 0:
            raise CommandError(_("--seed 不能是负数。"), returncode=2)
        before = loaded_with(ningbo_2024().key)
        if before is not None:
            self._say_loaded(before, (seed, sites))
            return
        try:
            passwords = self._load(seed, sites, show=options["verbosity"] > 0)
        except TooFewSitesError as problem:
            raise CommandError(
                _("--sites 至少为 %(least)d:公布的完成数需要这么多点位。") % {"least": problem.least},
                returncode=2,
            ) from problem
        except (DemoError, BoundaryError, ActionError) as problem:
            raise CommandError(str(problem), returncode=2) from problem
        path = settings.VAR_DIR / "demo-logins.txt"
        write_logins(path, passwords)
        self.stdout.write(
            _("演示数据已载入:%(sites)d 个点位。演示账号(也在 %(path)s):") % {"sites": sites, "path": path}
        )
        for username, password in passwords.items():
            self.stdout.write(f"  {username}  {password}")

    def _load(self, seed: int, sites: int, *, show: bool) -> dict[str, str]:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), disable=not show) as progress:
            task = progress.add_task(_("载入演示点位"), total=sites)
            return load(
                access=system_access(),
                seed=seed,
                sites=sites,
                on_progress=lambda count: progress.advance(task, count),
            )

    def _say_loaded(self, before: tuple[int, int], wanted: tuple[int, int]) -> None:
        if before != wanted:
            raise CommandError(
                _(
                    "演示数据已用 --seed %(seed)d --sites %(sites)d 载入过;"
                    "要用别的参数,请换一个空数据库(DATABASE_URL)或删除现有的演示数据库。"
                )
                % {"seed": before[0], "sites": before[1]},
                returncode=2,
            )
        self.stdout.write(_("演示数据已经载入(%(sites)d 个点位),没有改动。") % {"sites": before[1]})
