"""What an exported file says of itself: when and by whom it was made, of what, and what is made up in it."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from projects.models import Programme, Site
from projects.readmodels.checkpoints import LatestCheckpoint, latest_checkpoint
from projects.rules.vocabulary import Publication


@dataclass(frozen=True, slots=True)
class ExportAbout:
    """`who` is empty for what everybody may see; `filters` is said in words, empty for none.

    `programme` and `cutoff` are those that stages and lights of the present are about. `demo` counts the
    sites that are made up.
    """

    who: str
    filters: str
    made_at: dt.datetime
    programme: str
    programme_key: str
    cutoff: dt.date | None
    count: int
    demo: int
    checkpoint: LatestCheckpoint | None
    internal: bool = False

    def for_programs(self) -> dict[str, object]:
        """As a JSON object."""
        return {
            "programme": self.programme_key,
            "cutoff": self.cutoff.isoformat() if self.cutoff else None,
            "exported_at": self.made_at.isoformat(timespec="seconds"),
            "exported_by": self.who or None,
            "filters": self.filters,
            "sites": self.count,
            "demo_sites": self.demo,
            "datum": "EPSG:4326",
        }

    def lines(self) -> list[tuple[str, str]]:
        """Label and text, line by line, in the language that is active."""
        lines = [
            (_("内容"), _("点位清单,%(count)d 个点位") % {"count": self.count}),
            (_("年度"), f"{self.programme}({self.programme_key})" if self.programme else _("无")),
            (_("数据截止日"), self.cutoff.isoformat() if self.cutoff else _("无")),
            (_("导出时间"), timezone.localtime(self.made_at).isoformat(sep=" ", timespec="seconds")),
            (_("导出人"), self.who or _("公开数据,公众都能看到")),
            (_("筛选条件"), self.filters or _("无,全部点位")),
            (_("坐标系"), _("WGS-84(EPSG:4326)。改好以后导回时,坐标系选 WGS-84。")),
        ]
        if self.internal:
            lines.append((_("内部资料"), _("发布状态、亮灯和进度是内部资料,请勿对外;导入时不读这几列。")))
        if self.demo:
            lines.append(
                (_("演示数据"), _("其中 %(count)d 个点位是演示数据,不是真实的设施。") % {"count": self.demo})
            )
        lines.append((_("审计校验点"), self.checkpoint.as_line() if self.checkpoint else _("还没有校验点")))
        return lines


def about_sites(
    sites: "QuerySet[Site]", *, who: str = "", filters: str = "", internal: bool = False
) -> ExportAbout:
    """What a file of these sites says of itself, as things stand."""
    programmes = Programme.objects.filter(deleted_seq__isnull=True)
    if not who:
        programmes = programmes.filter(publication=Publication.PUBLISHED.value)
    programme = max(programmes, key=lambda row: row.rank) if programmes else None
    return ExportAbout(
        who=who,
        filters=filters,
        made_at=timezone.now(),
        programme=programme.name_zh if programme else "",
        programme_key=programme.key if programme else "",
        cutoff=programme.cutoff if programme else None,
        count=sites.order_by().count(),
        demo=sites.order_by().filter(is_demo=True).count(),
        checkpoint=latest_checkpoint(),
        internal=internal,
    )
