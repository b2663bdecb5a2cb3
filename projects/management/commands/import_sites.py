"""Import places from a spreadsheet or a vector file: all is checked, then all of it is written or nothing.

Exit status 0: done (or clean, with --dry-run); 1: errors, nothing was written; 2: could not run.
"""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError
from django.utils import timezone
from django.utils.translation import gettext as _
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from maps.crs import EpsgCode
from maps.datum import Datum
from projects.exchange.annotated import annotate_file, check_annotated_path
from projects.exchange.findings import check_report_path, write_report
from projects.exchange.importjob import ImportOutcome, Status, run_import
from projects.exchange.options import (
    GENERATED,
    ImportOptions,
    WordRule,
    read_datum,
    read_kind,
    read_mapping,
    read_words,
    template_columns,
)
from projects.exchange.problems import OptionError
from projects.exchange.readers import MAX_MEGABYTES, MAX_ROWS, UnsupportedFormat
from projects.management.outcomes import SHOWN, access_by_name, plain_reason, print_findings
from projects.permissions.access import Access, Permission, holds
from projects.rules.vocabulary import Service, Stage

_STATUS: Final = {Status.APPLIED: 0, Status.CLEAN: 0, Status.UNCHANGED: 0, Status.REFUSED: 1}


class Command(BaseCommand):
    help = (
        "从表格(xlsx、csv)或矢量文件(geojson、gpkg、shapefile)导入点位:先全部检查,要么全部写入,要么一行不写。"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add(
            "file",
            type=Path,
            metavar="FILE",
            help=".xlsx、.xls、.ods、.csv、.geojson(后两种可以是 .gz)、.gpkg,或压缩成 .zip 的 shapefile",
        )
        add(
            "--actor", required=True, metavar="USER", help="以谁的身份导入(用户名);只能写自己管理区划内的点位"
        )
        add("--code", required=True, metavar="COLUMN|generated", help="点位编码所在的列,或 generated")
        add("--kind", metavar="SLUG", help="所有行的设施种类")
        add(
            "--kind-from",
            metavar="COLUMN:value=SLUG,...",
            help="设施种类取自一列;不写对应关系时列里应是代码或名称",
        )
        add(
            "--datum",
            required=True,
            metavar="DATUM",
            help="wgs84、cgcs2000、gcj02(高德、腾讯)、bd09(百度)或 EPSG:编号",
        )
        add(
            "--fallback-datum",
            metavar="DATUM",
            help="第二位置的坐标系,用于第一位置空着的行;与 --map fallback_x=列 --map fallback_y=列 一起给",
        )
        add("--map", action="append", default=[], metavar="field=column", help="字段取自哪一列,可多次给出")
        add(
            "--name-from",
            default="",
            metavar="TEMPLATE",
            help="没有名称列时用几列拼成名称,例如 '充电站 {station_id}'",
        )
        add("--indicator", default="", metavar="CODE", help="计入哪个指标(缺省:存量,不计入)")
        add(
            "--division-from",
            choices=["geometry", "column"],
            default="geometry",
            help="管理区划取自位置或取自一列",
        )
        add("--allow-division-conflicts", action="store_true", help="区划列与位置矛盾时照样导入,只提示")
        add("--border-tolerance", type=float, default=0.0, metavar="M", help="边界以外多少米之内算在该区划内")
        add(
            "--stage",
            choices=[s.value for s in Stage if s is not Stage.VERIFIED],
            default=Stage.FINISHED.value,
        )
        add("--service", choices=[s.value for s in Service], default=Service.UNKNOWN.value)
        for word, values in (("stage", Stage), ("service", Service)):
            add(
                f"--{word}-from",
                metavar="COLUMN:value=WORD,...",
                help=f"{values.__name__.lower()} 取自一列,文件里的词各是什么意思",
            )
        add("--source", default="", metavar="NAME", help="来源名称,用于 generated(缺省:文件名)")
        add("--publish-by", metavar="USER2", help="由另一人(有发布权限)当场发布新点位;缺省为草稿")
        add("--sheet", metavar="S", help="工作表或图层的名称,或第几个;缺省为唯一有内容的那个")
        add("--header-row", type=int, metavar="N", help="表头在第几行;缺省自动识别(标题行、两行表头)")
        add("--encoding", metavar="E", help="文件编码;缺省自动识别 UTF-8、UTF-16、GB18030")
        add(
            "--max-mb",
            type=int,
            default=MAX_MEGABYTES,
            metavar="N",
            help=f"文件大小上限,缺省 {MAX_MEGABYTES}",
        )
        add("--max-rows", type=int, default=MAX_ROWS, metavar="N", help=f"行数上限,缺省 {MAX_ROWS}")
        add("--dry-run", action="store_true", help="照样检查,但不写入")
        add("--report", type=Path, metavar="OUT.xlsx|.csv", help="把全部问题按行写成表格")
        add(
            "--annotate",
            type=Path,
            metavar="OUT.xlsx",
            help="写出原文件的标注副本:有问题的格子标出,改好可直接导入",
        )
        add("--json", action="store_true", help="结果写成 JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        as_json: bool = options["json"]
        try:
            outcome = self._run(options, as_json)
            if options["report"]:
                write_report(options["report"], outcome.problems)
            if options["annotate"]:
                _annotate(options, outcome)
        except (OptionError, UnsupportedFormat, OSError) as problem:
            raise CommandError(plain_reason(problem), returncode=2) from problem
        except OperationalError as problem:
            raise CommandError(
                _("数据库正忙,没有写入任何数据;请稍后再试(%(problem)s)。") % {"problem": problem},
                returncode=2,
            ) from problem
        if as_json:
            self.stdout.write(json.dumps(outcome.as_dict(), ensure_ascii=False, indent=1))
        else:
            self._print(outcome, options)
        if _STATUS[outcome.status]:
            raise SystemExit(_STATUS[outcome.status])

    def _run(self, options: dict[str, Any], as_json: bool) -> ImportOutcome:
        if options["report"]:
            check_report_path(options["report"])
        if options["annotate"]:
            check_annotated_path(options["annotate"])
        path: Path = options["file"]
        actor = access_by_name(options["actor"])
        if not holds(actor, Permission.IMPORT_RUN):
            raise OptionError(_("用户 %(name)s 没有导入的权限。") % {"name": options["actor"]})
        publisher = _publisher(options["publish_by"], options["actor"]) if options["publish_by"] else None
        template_columns(options["name_from"])
        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(
            *columns, console=console, transient=True, disable=as_json or not console.is_terminal
        ) as bar:
            task = bar.add_task(_("写入"), total=None)
            return run_import(
                path,
                ImportOptions(
                    datum=read_datum(options["datum"]),
                    kind=read_kind(options["kind"], options["kind_from"]),
                    code_column=None if options["code"] == GENERATED else options["code"],
                    source=options["source"] or path.name,
                    mapping=read_mapping(options["map"]),
                    indicator=options["indicator"],
                    division_from_column=options["division_from"] == "column",
                    allow_division_conflicts=options["allow_division_conflicts"],
                    border_tolerance_m=_metres(options["border_tolerance"]),
                    stage=Stage(options["stage"]),
                    service=Service(options["service"]),
                    name_template=options["name_from"],
                    fallback_datum=_fallback_datum(options["fallback_datum"]),
                    words=_words(options),
                ),
                access=actor,
                publisher=publisher,
                today=timezone.localdate(),
                encoding=options["encoding"],
                sheet=options["sheet"],
                header_row=options["header_row"],
                max_megabytes=options["max_mb"],
                max_rows=options["max_rows"],
                is_dry_run=options["dry_run"],
                on_total=lambda total: bar.update(task, total=total),
                on_progress=lambda count: bar.advance(task, count),
            )

    def _print(self, outcome: ImportOutcome, options: dict[str, Any]) -> None:
        out = self.stdout.write
        print_findings(out, outcome)
        for code, name in outcome.missing[:SHOWN]:
            out(_("以前导入过、这次文件里没有:%(name)s(%(code)s)。") % {"name": name, "code": code})
        if options["report"]:
            out(_("问题清单写在 %(path)s。") % {"path": options["report"]})
        if options["annotate"]:
            out(_("标注副本写在 %(path)s。") % {"path": options["annotate"]})
        out(
            _(
                "%(rows)d 行:新增 %(created)d,更新 %(updated)d,未变 %(unchanged)d;"
                "%(errors)d 个错误,%(warnings)d 个提示。"
            )
            % outcome.counts()
        )
        out(_verdict(outcome, options["publish_by"]))


def _annotate(options: dict[str, Any], outcome: ImportOutcome) -> None:
    annotate_file(
        options["file"],
        options["annotate"],
        outcome.problems,
        mapping=read_mapping(options["map"]),
        encoding=options["encoding"],
        sheet=options["sheet"],
        header_row=options["header_row"],
        max_megabytes=options["max_mb"],
        max_rows=options["max_rows"],
    )


def _verdict(outcome: ImportOutcome, published_by: str | None) -> str:
    """The last line: what happened and what to do next."""
    match outcome.status:
        case Status.REFUSED:
            return _("文件有错误,没有写入任何数据;请改正后再导入。")
        case Status.CLEAN:
            return _("检查通过(--dry-run),没有写入任何数据。")
        case Status.UNCHANGED:
            return _("与系统中的数据相同,没有写入任何数据。")
    if not outcome.created:
        return _("已写入(批次 %(batch)d)。") % {"batch": outcome.batch or 0}
    if published_by:
        return _("已写入并由 %(user)s 发布(批次 %(batch)d)。") % {
            "user": published_by,
            "batch": outcome.batch or 0,
        }
    return _(
        "已写入(批次 %(batch)d)。新点位是草稿,公众看不到;请另一人发布:"
        "manage.py publish_sites --batch %(batch)d --actor 另一人,或在管理后台批量发布。"
    ) % {"batch": outcome.batch or 0}


def _fallback_datum(text: str | None) -> Datum | EpsgCode | None:
    return read_datum(text) if text else None


def _words(options: dict[str, Any]) -> dict[str, WordRule]:
    """What the file calls stages and service states. Only a verifier verifies."""
    allowed = {
        "stage": [s.value for s in Stage if s is not Stage.VERIFIED],
        "service": [s.value for s in Service],
    }
    rules = {name: read_words(f"--{name}-from", options[f"{name}_from"], allowed[name]) for name in allowed}
    return {name: rule for name, rule in rules.items() if rule is not None}


def _metres(value: float) -> float:
    if not 0.0 <= value <= 10_000.0:
        raise OptionError(_("--border-tolerance 应在 0 到 10000 米之间。"))
    return value


def _publisher(username: str, actor: str) -> Access:
    access = access_by_name(username)
    if username == actor:
        raise OptionError(_("发布须由另一人进行:--publish-by 不能与 --actor 相同。"))
    if not holds(access, Permission.SITE_PUBLISH):
        raise OptionError(_("用户 %(name)s 没有发布的权限。") % {"name": username})
    return access
