"""The query words of the API, for its OpenAPI description."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from projects.readmodels.sitecolumns import SERVICES, STAGES
from projects.rules.vocabulary import Light


def _word(name: str, text: str, *, many: bool = True, enum: list[str] | None = None) -> OpenApiParameter:
    return OpenApiParameter(name, OpenApiTypes.STR, description=text, many=many, enum=enum, explode=many)


WITHOUT_BBOX = [
    _word("kind", "设施种类代码 / facility kind slug. 重复为“或”/ repeat for or"),
    _word("category", "类代码 / category slug"),
    _word("indicator", "指标代码 / indicator code"),
    _word("project", "项目编号 / project id"),
    _word("programme", "年度代码,例如 330200-2024 / programme key"),
    _word("department", "牵头或配合单位代码 / lead or co-department code"),
    _word("division", "区划代码(含下级)/ division code, with everything in it"),
    _word("stage", "建设阶段 / construction stage", enum=[stage.value for stage in STAGES]),
    _word("service", "服务状态 / service status", enum=[service.value for service in SERVICES]),
    _word("light", "灯(仅限已公布的)/ light, where published", enum=[light.value for light in Light]),
    _word("area", "划定范围的编号 / id of a stored area; at most 10"),
    _word("q", "名称或地址中的字词 / words of name or address", many=False),
]
BBOX = OpenApiParameter(
    "bbox", OpenApiTypes.STR, description="minlon,minlat,maxlon,maxlat (WGS-84)", explode=False
)
FILTERS = [*WITHOUT_BBOX, BBOX]
AFTER = OpenApiParameter("after", OpenApiTypes.INT, description="上一页 next 给出的游标 / cursor from `next`")
LIMIT = OpenApiParameter("limit", OpenApiTypes.INT, description="1–1000, default 100")
LIMIT_100 = OpenApiParameter("limit", OpenApiTypes.INT, description="1–100, default 10")
LON = OpenApiParameter("lon", OpenApiTypes.DOUBLE, required=True, description="经度 / longitude, WGS-84")
LAT = OpenApiParameter("lat", OpenApiTypes.DOUBLE, required=True, description="纬度 / latitude, WGS-84")
TILE = [
    OpenApiParameter(name, OpenApiTypes.INT, OpenApiParameter.PATH, description=text)
    for name, text in (("z", "0–22"), ("x", "Web Mercator column"), ("y", "Web Mercator row (XYZ)"))
]
AS_OF = OpenApiParameter(
    "as_of", OpenApiTypes.DATE, description="截至日期,默认为数据截止日 / default: the cut-off"
)
KNOWN_AT = OpenApiParameter(
    "known_at",
    OpenApiTypes.DATETIME,
    description="只用此刻之前录入的数据,默认为现在 / only what had been recorded by then; default: now. "
    "A date means its end in Asia/Shanghai. The same as_of and known_at always give the same answer.",
)
LEVEL = _word("level", "级别 / level")
WITHIN = OpenApiParameter(
    "within", OpenApiTypes.STR, description="只要这个区划之内的 / only within this division"
)
