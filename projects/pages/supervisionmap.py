"""The map of the supervisor's desk, and what its scripts are told."""

from django.templatetags.static import static
from django.utils import translation
from django.utils.translation import gettext as _

from maps.pagemap import AreaOutlines, DistrictOutlines, PageMap, SiteTiles
from maps.tiles import BBox
from maps.widgets import editor_labels
from projects.pages.citymap import add_controls
from projects.pages.mapsettings import AREAS, COUNTIES
from projects.readmodels.mapview import configured_basemap
from projects.readmodels.siteindex import snapshot
from projects.readmodels.vocabulary import map_vocabulary

STAFF_API = "/api/staff/v1/"
TILES = f"{STAFF_API}supervision/tiles/{{z}}/{{x}}/{{y}}.json"


def desk_map(extent: BBox, *, chosen: str = "") -> PageMap:
    """Counties, stored areas, and what the table lists."""
    basemap = configured_basemap()
    page_map = PageMap(
        "desk-map",
        location=((extent.min_lat + extent.max_lat) / 2, (extent.min_lon + extent.max_lon) / 2),
        zoom=9,
        label=_("滞后点位地图。方向键移动,加号和减号缩放;同样的内容在表格里。"),
        basemap=basemap,
        bounds=((extent.min_lat, extent.min_lon), (extent.max_lat, extent.max_lon)),
        fit=True,
        zoom_snap=0.5 if basemap.name == "none" else 1,
    )
    DistrictOutlines(COUNTIES, chosen=chosen).add_to(page_map)
    AreaOutlines(AREAS).add_to(page_map)
    SiteTiles(TILES).add_to(page_map)
    add_controls(page_map)
    return page_map


def desk_settings(query: str, *, large: bool) -> dict[str, object]:
    """`query`: the words of the address. Its shape is `DeskSettings` in static/js/types.js."""
    language = "en" if (translation.get_language() or "").startswith("en") else "zh-hans"
    return {
        "language": language,
        "large": large,
        "messages": _messages(),
        "labels": editor_labels(),
        "vocabulary": map_vocabulary(language, snapshot().vocabulary),
        "api": {"late": f"{STAFF_API}supervision/late/", "areas": f"{STAFF_API}areas/"},
        "query": query,
        "sprites": {
            "kinds": static("vendor/icons/sprite.svg"),
            "ui": static("img/ui.svg"),
            "states": static("img/states.svg"),
        },
    }


def _messages() -> dict[str, str]:
    """Every sentence that a script may say. `%(n)s` and the like are filled in by the script."""
    return {
        "places": _("%(n)s 处"),
        "mix": _("%(name)s %(n)s"),
        "red": _("红灯"),
        "yellow": _("黄灯"),
        "risk": _("临近"),
        "in_place": _("这个位置有 %(n)s 处,请在表格里查看。"),
        "map_capped": _("这里点位太多,先合并显示。放大地图可看到每一处。"),
        "failed": _("没有取到数据"),
        "offline": _("网络已断开"),
        "site_gone": _("这个点位已不在名单里。"),
        "loading": _("正在加载…"),
        "close": _("关闭"),
        "open_in_admin": _("在管理后台打开"),
        "open_page": _("公开页面"),
        "demo": _("演示数据"),
        "planned": _("计划进度"),
        "actual": _("上报进度"),
        "not_reported": _("未上报"),
        "gap": _("落后"),
        "points": _("%(n)s 个百分点"),
        "of_plan": _("比计划少 %(n)s%%"),
        "rule": _("适用规则"),
        "since": _("本灯起始日"),
        "ahead": _("不再上报时"),
        "ahead_text": _("%(day)s 起为%(light)s"),
        "stays": _("到年底不变"),
        "baseline": _("原定计划"),
        "approved": _("批准的计划"),
        "from_to": _("%(start)s 至 %(finish)s"),
        "problem": _("堵点卡点"),
        "way": _("推进方案"),
        "overdue": _("已逾期"),
        "days": _("%(n)s 天"),
        "as_of": _("截至"),
        "disagrees": _("重算的灯与存储的不一致,请系统管理员运行 check_data。"),
        "drawing": _("逐点点击地图;也可移动地图,再按“在地图中心加一点”。至少三点,然后保存。"),
        "stored": _("正在保存范围…"),
        "too_few": _("至少要三个点。"),
        "area_name": _("范围名称(可不填)"),
        "copied": _("链接已复制"),
        "copy_failed": _("没有复制成功,请从地址栏复制。"),
    }
