"""Export sites as CSV, XLSX, GeoJSON or GeoPackage that import_sites reads back unchanged.

Without --actor only what is public; with it, what that person may see. Exit status 0: done; 2: could not run.
"""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from projects.exchange.exportabout import about_sites
from projects.exchange.exporting import SiteExport, check_export_path, export_sites
from projects.exchange.problems import OptionError
from projects.models import Division, FacilityKind, Site, User
from projects.models.access import access_of

READ_BACK: Final = (
    "--code code --kind-from kind --datum wgs84 --division-from column --allow-division-conflicts"
)


class Command(BaseCommand):
    help = "把点位导出为 CSV、XLSX、GeoJSON 或 GeoPackage(WGS-84);import_sites 可原样读回。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("file", type=Path, metavar="OUT", help=".csv、.xlsx、.geojson 或 .gpkg")
        add("--actor", metavar="USER", help="以谁的身份导出;缺省只导出公众能看到的点位")
        add(
            "--division",
            action="append",
            default=[],
            metavar="CODE",
            help="区划代码(含下级),按所在区划;可多次",
        )
        add("--kind", action="append", default=[], metavar="SLUG", help="设施种类,可多次给出")
        add("--internal", action="store_true", help="带上发布状态、亮灯和进度(须有 --actor;导入时不读)")
        add("--json", action="store_true", help="结果写成 JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            check_export_path(path)
            if options["internal"] and not options["actor"]:
                raise OptionError(_("--internal 是内部资料,须写明以谁的身份导出(--actor)。"))
            sites = _chosen(options)
            about = about_sites(
                sites,
                who=options["actor"] or "",
                filters=_filters(options),
                internal=options["internal"],
            )
            count = export_sites(path, SiteExport(sites, about, options["internal"]))
        except OptionError as problem:
            raise CommandError(str(problem), returncode=2) from problem
        except OSError as problem:
            raise CommandError(
                _("读写 %(path)s 失败:%(reason)s。") % {"path": path, "reason": problem.strerror},
                returncode=2,
            ) from problem
        if options["json"]:
            self.stdout.write(json.dumps({"file": str(path), "sites": count}, ensure_ascii=False))
            return
        self.stdout.write(_("%(count)d 个点位写入 %(path)s。") % {"count": count, "path": path})
        self.stdout.write(_("读回:import_sites %(path)s %(options)s") % {"path": path, "options": READ_BACK})


def _filters(options: dict[str, Any]) -> str:
    """The filters in words, for the file."""
    words = [*(f"--division {code}" for code in options["division"])]
    return " ".join([*words, *(f"--kind {slug}" for slug in options["kind"])])


def _chosen(options: dict[str, Any]) -> Any:
    if options["actor"]:
        user = User.objects.filter(username=options["actor"], is_active=True).first()
        if user is None:
            raise OptionError(_("没有可用的用户 %(name)s。") % {"name": options["actor"]})
        sites = Site.objects.visible_to(access_of(user, timezone.localdate()))
    else:
        sites = Site.objects.public()
    if options["kind"]:
        known = set(FacilityKind.objects.values_list("slug", flat=True))
        for slug in options["kind"]:
            if slug not in known:
                raise OptionError(
                    _("没有设施种类 %(slug)s;可用:%(slugs)s。")
                    % {"slug": slug, "slugs": "、".join(sorted(known))}
                )
        sites = sites.filter(kind__slug__in=options["kind"])
    if options["division"]:
        found = Site.objects.none()
        for code in options["division"]:
            division = Division.objects.live().filter(code=code).first()
            if division is None:
                raise OptionError(_("没有区划 %(code)s。") % {"code": code})
            found |= Site.objects.in_division(division)
        sites = sites.filter(pk__in=found.values("pk"))
    return sites
