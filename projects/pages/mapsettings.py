"""What the scripts of a map are told: words, sentences, addresses. Nothing about a person."""

from django.templatetags.static import static
from django.utils import translation
from django.utils.translation import gettext as _

from projects.readmodels.siteindex import snapshot
from projects.readmodels.vocabulary import map_vocabulary

API = "/api/v1/"
TILES = f"{API}sites/tiles/{{z}}/{{x}}/{{y}}.json"
AREAS = f"{API}areas/{{id}}/"
SHAPES = f"{API}sites/shapes/{{z}}/{{x}}/{{y}}.json"
COUNTIES = f"{API}divisions/?level=county"


def map_settings(*, large: bool) -> dict[str, object]:
    """The JSON of `components/map-script.html`; its shape is `Settings` in static/js/types.js."""
    language = "en" if (translation.get_language() or "").startswith("en") else "zh-hans"
    return {
        "language": language,
        "large": large,
        "messages": messages(language),
        "vocabulary": map_vocabulary(language, snapshot().vocabulary),
        "api": {"sites": f"{API}sites/", "nearest": f"{API}sites/nearest/", "facets": f"{API}sites/facets/"},
        "sprites": {
            "kinds": static("vendor/icons/sprite.svg"),
            "ui": static("img/ui.svg"),
            "states": static("img/states.svg"),
        },
    }


def messages(language: str) -> dict[str, str]:
    """Every sentence that a script may say. `%(n)s` and the like are filled in by the script."""
    return {
        "site_url": ("/en" if language == "en" else "") + "/sites/{id}/",
        "metres": _("%(n)s 米"),
        "kilometres": _("%(n)s 公里"),
        "places": _("%(n)s 处"),
        "mix": _("%(name)s %(n)s"),
        "in_view": _("当前范围内 %(n)s 处"),
        "list_capped": _("列出离地图中心最近的 %(n)s 处,放大地图可看到其余。"),
        "in_place": _("这个位置有 %(n)s 处"),
        "map_capped": _("这里点位太多,先合并显示。放大地图或选择种类,可看到每一处。"),
        "shapes_capped": _("这里道路、管线和片区太多,只画出较大的一部分。请放大地图或选择种类。"),
        "nothing_here": _("当前范围内没有符合条件的点位"),
        "try_widen": _("缩小地图,看更大的范围"),
        "try_filters": _("放宽筛选,例如改看“全部”"),
        "zoom_out": _("缩小地图"),
        "clear_filters": _("清除筛选"),
        "remove_filter": _("去掉筛选:%(name)s"),
        "failed": _("没有取到数据"),
        "offline": _("网络已断开"),
        "offline_hint": _("地图会保留已经看到的内容;恢复联网后自动更新。"),
        "retry": _("重试"),
        "loading": _("正在加载…"),
        "demo": _("演示数据"),
        "demo_site": _("演示数据:这个点位是为演示而生成的,并不真实存在。"),
        "back_to_list": _("返回列表"),
        "full_page": _("查看完整信息"),
        "site_gone": _("没有找到这个点位,可能已撤回。"),
        "checked_on": _("%(date)s 核实"),
        "reported_on": _("%(date)s 上报"),
        "progress": _("形象进度"),
        "amap": _("高德导航"),
        "baidu": _("百度地图"),
        "geo": _("其他地图应用"),
        "address": _("地址"),
        "hours": _("开放时间"),
        "distance": _("距地图中心"),
        "baseline": _("原定计划"),
        "plan": _("现行计划"),
        "as_of": _("数据截止"),
        "from_to": _("%(start)s 至 %(finish)s"),
        "yes": _("是"),
        "no": _("否"),
        "sheet_raise": _("展开列表"),
        "sheet_lower": _("收起列表"),
        "more_kinds": _("展开全部种类"),
        "fewer_kinds": _("收起种类"),
        "position_unsupported": _("这台设备不能定位。可以在“附近列表”里选择区县。"),
        "position_denied": _("没有定位权限。请在浏览器设置里允许本站使用位置,或在“附近列表”里选择区县。"),
        "position_unknown": _("暂时定位不到。请到空旷处再试,或直接移动地图。"),
        "position_elsewhere": _("您现在的位置不在本市范围内。"),
    }
