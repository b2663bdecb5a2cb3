"""Write a workbook to fill in, for one district and one indicator or kind; import_sites reads it as it is.

Exit status 0: written; 1: not this person's to fill in, nothing was written; 2: could not run.
"""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from projects.exchange.problems import OptionError
from projects.exchange.templates import NotTheirs, TemplateWish, write_template
from projects.management.outcomes import access_by_name, plain_reason
from projects.models import Division, FacilityKind, Indicator


class Command(BaseCommand):
    help = "写出填报模板(XLSX):一个区划、一个指标或一种设施;填好以后 import_sites 可直接读。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("file", type=Path, metavar="OUT.xlsx")
        add("--actor", required=True, metavar="USER", help="给谁填(用户名);只能是他管理的区划")
        add("--division", required=True, metavar="CODE", help="区划代码")
        add("--indicator", default="", metavar="CODE", help="计入哪个指标")
        add("--kind", default="", metavar="SLUG", help="设施种类;有 --indicator 时可省略,缺省为指标的种类")
        add("--prefill", action="store_true", help="预填现有的点位(坐标为 WGS-84)")
        add("--json", action="store_true", help="结果写成 JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            if path.suffix.lower() != ".xlsx":
                raise OptionError(_("模板是 .xlsx,实际是 %(name)s。") % {"name": path.name})
            if not path.parent.is_dir():
                raise OptionError(_("文件夹 %(folder)s 不存在。") % {"folder": path.parent})
            count = write_template(path, _wish(options))
        except NotTheirs as refusal:
            self.stderr.write(str(refusal))
            raise SystemExit(1) from refusal
        except (OptionError, OSError) as problem:
            raise CommandError(plain_reason(problem), returncode=2) from problem
        if options["json"]:
            self.stdout.write(json.dumps({"file": str(path), "prefilled": count}, ensure_ascii=False))
            return
        self.stdout.write(_("模板写在 %(path)s,预填了 %(count)d 个点位。") % {"path": path, "count": count})


def _wish(options: dict[str, Any]) -> TemplateWish:
    """Raises OptionError for a word that means nothing."""
    division = Division.objects.live().filter(code=options["division"]).first()
    if division is None:
        raise OptionError(_("没有区划 %(code)s。") % {"code": options["division"]})
    indicator = None
    if options["indicator"]:
        indicator = Indicator.objects.filter(code=options["indicator"], deleted_seq__isnull=True).first()
        if indicator is None:
            raise OptionError(_("没有指标 %(code)s。") % {"code": options["indicator"]})
    return TemplateWish(
        access_by_name(options["actor"]),
        options["actor"],
        division,
        _kind(options["kind"], indicator),
        indicator,
        options["prefill"],
    )


def _kind(slug: str, indicator: Indicator | None) -> FacilityKind:
    if not slug:
        if indicator is None or indicator.kind is None:
            raise OptionError(_("请用 --indicator 指标代码,或 --kind 种类代码;没有种类的指标两个都要。"))
        return indicator.kind
    found = FacilityKind.objects.filter(slug=slug, deleted_seq__isnull=True).first()
    if found is None:
        slugs = "、".join(FacilityKind.objects.order_by("slug").values_list("slug", flat=True))
        raise OptionError(_("没有设施种类 %(slug)s;可用:%(slugs)s。") % {"slug": slug, "slugs": slugs})
    return found
