"""Keep a drawn polygon, so that an address can filter by it (`?area=ID`).

Exit status 0: stored, or there already; 1: the file or the rules refuse it; 2: could not run.
"""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError
from django.utils import timezone
from django.utils.translation import gettext as _

from maps.drawnpolygon import read_polygon
from maps.geojson import GeoJSONError
from projects.actions.areas import MAX_VERTICES, store_area
from projects.actions.errors import ActionError
from projects.models import User
from projects.models.access import access_of

#: More than any file of the most vertices needs, whatever else hangs on its feature.
MAX_BYTES: Final = 20 << 20


class Command(BaseCommand):
    help = "保存一个划定范围(GeoJSON 面),之后可用 ?area=编号 筛选;同样的图形只存一份。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("file", type=Path, metavar="FILE", help="GeoJSON 文件:几何、Feature,或只有一个要素的集合(WGS-84)")
        add("--actor", required=True, metavar="USER", help="由谁保存(用户名)")
        add("--name", metavar="NAME", help="名称;缺省取 Feature 的 name 属性")
        add("--json", action="store_true", help="结果写成 JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        user = User.objects.filter(username=options["actor"], is_active=True).first()
        if user is None:
            raise CommandError(_("没有可用的用户 %(name)s。") % {"name": options["actor"]}, returncode=2)
        try:
            drawn = read_polygon(_read(path), max_vertices=MAX_VERTICES)
            area, created = store_area(
                access=access_of(user, timezone.localdate()),
                geometry=drawn.geometry,
                name=drawn.name if options["name"] is None else options["name"],
            )
        except GeoJSONError as problem:
            said = _("%(path)s:%(problem)s。") % {"path": path, "problem": problem.message.translated(_)}
            raise CommandError(said, returncode=1) from problem
        except ActionError as problem:
            raise CommandError(str(problem), returncode=1) from problem
        except OperationalError as problem:
            raise CommandError(
                _("数据库正忙,没有写入任何数据;请稍后再试(%(problem)s)。") % {"problem": problem},
                returncode=2,
            ) from problem
        if options["json"]:
            told = {"id": area.public_id, "name": area.name, "vertices": area.vertices,
                    "area_m2": area.area_m2, "created": created}  # fmt: skip
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            return
        text = _("已保存,%(vertices)d 个顶点。") if created else _("早已保存,%(vertices)d 个顶点。")
        self.stdout.write(text % {"vertices": area.vertices})
        self.stdout.write(_("筛选:?area=%(id)s") % {"id": area.public_id})


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise CommandError(
                _("%(path)s 有 %(bytes)d 字节,超过上限 %(most)d;请先简化图形。")
                % {"path": path, "bytes": size, "most": MAX_BYTES},
                returncode=1,
            )
        return path.read_bytes()
    except OSError as problem:
        raise CommandError(
            _("读写 %(path)s 失败:%(reason)s。") % {"path": path, "reason": problem.strerror}, returncode=2
        ) from problem
