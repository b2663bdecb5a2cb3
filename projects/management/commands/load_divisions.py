"""Load a city's divisions and borders, from the packaged set or a vector file with a declared datum."""

import datetime as dt
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from projects.actions.errors import ActionError
from projects.exchange.areas import BoundaryError, City
from projects.exchange.boundaries import FileOptions, read_file
from projects.exchange.city_divisions import apply_city
from projects.exchange.packaged_borders import read_packaged
from projects.models import Boundary, Division
from projects.models.access import system_access


class Command(BaseCommand):
    help = "载入一个城市的行政区划和边界:用自带数据,或用声明了坐标系的矢量文件。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "file", nargs="?", type=Path, metavar="FILE", help=".geojson、.gpkg 或压缩的 shapefile(.zip)"
        )
        parser.add_argument("--city", required=True, metavar="CODE", help="城市代码(GB/T 2260),例如 330200")
        parser.add_argument("--crs", metavar="CRS", help="文件的坐标系:EPSG:4490、EPSG:4549、gcj02、bd09……")
        parser.add_argument(
            "--code-field", default="code", metavar="F", help="文件中区划代码的字段(默认 code)"
        )
        parser.add_argument(
            "--name-field", default="name", metavar="F", help="文件中区划名称的字段(默认 name)"
        )
        parser.add_argument("--source", default="", metavar="TEXT", help="来源(默认文件名)")
        parser.add_argument("--licence", default="", metavar="TEXT", help="许可;用文件时必填")
        parser.add_argument(
            "--review-number", default="", metavar="N", help="审图号;没有的边界只在演示模式下显示"
        )
        parser.add_argument(
            "--valid-from",
            type=_day,
            metavar="DATE",
            help="自哪天起有效(默认今年 1 月 1 日);原有边界在这一天结束",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        valid_from = options["valid_from"] or timezone.localdate().replace(month=1, day=1)
        try:
            city = self._read(options)
            whole = apply_city(
                access=system_access(), city=city, valid_from=valid_from, reason="load_divisions"
            )
        except BoundaryError as problem:
            raise CommandError(str(problem), returncode=2) from problem
        except ActionError as problem:
            raise CommandError(str(problem), returncode=1) from problem
        within = Division.objects.within(whole)
        borders = Boundary.objects.newest().filter(division__in=within)
        self.stdout.write(
            _("%(name)s(%(code)s):%(counties)d 个下级区划,%(borders)d 条边界,来源 %(source)s。")
            % {
                "name": whole.name_zh,
                "code": whole.code,
                "counties": within.count() - 1,
                "borders": borders.count(),
                "source": city.source,
            }
        )
        if not city.review_number:
            self.stdout.write(_("这些边界没有审图号:只在演示模式下显示,并标明“示意,未经地图审核”。"))

    def _read(self, options: dict[str, Any]) -> City:
        path: Path | None = options["file"]
        if path is None:
            if options["crs"] not in (None, "EPSG:4490"):
                raise CommandError(_("自带数据的坐标系是 EPSG:4490;--crs 只用于文件。"), returncode=2)
            return read_packaged(options["city"])
        if not options["crs"]:
            raise CommandError(
                _("请用 --crs 声明文件的坐标系(例如 EPSG:4490、gcj02);系统从不猜测。"), returncode=2
            )
        if not options["licence"]:
            raise CommandError(_("请用 --licence 写明边界的许可。"), returncode=2)
        return read_file(
            path,
            options["city"],
            FileOptions(
                crs=options["crs"],
                code_field=options["code_field"],
                name_field=options["name_field"],
                source=options["source"] or path.name,
                licence=options["licence"],
                review_number=options["review_number"],
            ),
        )


def _day(text: str) -> dt.date:
    """A date for argparse; its own message names the option."""
    return dt.date.fromisoformat(text)
