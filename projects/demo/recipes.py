"""How each mappable indicator of the demo turns into sites: their names, shapes and sizes.

The published numbers are in the catalogue, not here. An indicator without a recipe gets no sites.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

import numpy as np

POINT: Final = "point"
LINE: Final = "line"
AREA: Final = "area"


@dataclass(frozen=True, slots=True)
class Recipe:
    """`noun` ends the sites' names; `sites` says in how many parts a published quantity comes.

    `low`, `high` bound one site's quantity (or, where sites are counted, a line's length in km or an area
    in 亩), in steps of `step`. `also` names a second indicator whose quantity the same sites give. `late` is
    how many unfinished sites come on top (None: 12 %). `counties` lists where the sites lie, one each;
    `sited` where the place is chosen and no more (published of the student guidance centres).
    """

    noun: str
    shape: str = POINT
    sites: int | None = None
    low: str = "1"
    high: str = "1"
    step: str = "1"
    rural: bool | None = None
    also: str = ""
    also_sizes: tuple[str, str] = ("1", "1")
    late: int | None = None
    counties: tuple[str, ...] = ()
    sited: tuple[str, ...] = ()


_TEN: Final = (
    "330203",
    "330205",
    "330206",
    "330211",
    "330212",
    "330213",
    "330225",
    "330226",
    "330281",
    "330282",
)
#: 镇海, 象山, 宁海: as published, only the place of the student guidance centre was settled.
_SITED: Final = ("330211", "330225", "330226")

RECIPES: Final[Mapping[str, Recipe]] = MappingProxyType(
    {
        "01-clinics-new": Recipe("卫生服务站"),
        "01-clinics-extended": Recipe("卫生室"),
        "01-chronic-disease-clinics": Recipe("慢性病一体化门诊"),
        "02-growth-centres-city": Recipe("市学生成长指导中心", counties=("330212",), late=0),
        "02-growth-centres-county": Recipe(
            "学生成长指导中心",
            counties=tuple(code for code in _TEN if code not in _SITED),
            sited=_SITED,
            late=0,
        ),
        "02-counselling-city": Recipe("市心理健康辅导中心", counties=("330203",), late=0),
        "02-counselling-county": Recipe("心理健康辅导中心", counties=_TEN, late=0),
        "03-care-homes": Recipe("养老院改扩建"),
        "03-care-homes-completed": Recipe("养老院改扩建", late=0),
        "03-canteens": Recipe("老年食堂"),
        "03-shared-restaurants": Recipe("老年共享餐厅"),
        "03-canteen-upgrades": Recipe("养老院食堂提升"),
        "03-smart-kitchens": Recipe("养老院阳光厨房"),
        "03-meal-points": Recipe("助餐服务点"),
        "04-road-sections": Recipe("路段综合改造", LINE, low="0.8", high="3", step="0.001", rural=False),
        "04-black-spots": Recipe("事故多发点段治理", LINE, low="0.15", high="0.6", step="0.001"),
        "04-sidewalks": Recipe("人行道净化", LINE, low="0.3", high="1.5", step="0.001", rural=False),
        "05-road-defects": Recipe(
            "国省道病害点段提升", LINE, sites=16, low="1", high="5", step="0.001", rural=True
        ),
        "05-rural-roads": Recipe("农村公路", LINE, sites=14, low="1", high="5", step="0.001", rural=True),
        "05-bus-shelters": Recipe("候车亭"),
        "06-ebike-stations": Recipe("电动自行车充电驿站"),
        "06-ev-piles": Recipe("电动汽车充电站", sites=190, low="4", high="20", rural=False),
        "06-ev-piles-rural": Recipe("电动汽车充电站", sites=150, low="4", high="20", rural=True),
        "08-livestock-farms": Recipe("畜牧场绿色改造", rural=True),
        "08-rice-aquaculture": Recipe("稻渔综合种养区", AREA, sites=20, low="150", high="800", rural=True),
        "09-sports-grounds": Recipe("体育场地"),
        "09-heritage-fire": Recipe("文保点消防提升"),
        "09-heritage-security": Recipe("文保点安防提升"),
        "11-zero-discharge-areas": Recipe("污水零直排区", AREA, low="60", high="500"),
        "11-new-sewers": Recipe("新建污水管网", LINE, sites=24, low="1", high="4.5", step="0.001"),
        "11-renovated-pipes": Recipe("老旧管网改造", LINE, sites=16, low="0.8", high="4", step="0.001"),
        "11-separated-sewers": Recipe("雨污合流改造", LINE, sites=12, low="0.8", high="4", step="0.001"),
        "12-childcare-places": Recipe("托育园", sites=26, low="15", high="90"),
        "12-embedded-places": Recipe("嵌入式托育点", sites=16, low="12", high="60"),
        "12-women-children-stations": Recipe("妇女儿童驿站"),
        "13-water-stations": Recipe("单村水站", rural=True),
        "14-youth-palaces": Recipe("家门口青少年宫"),
        "15-schools": Recipe("学校改扩建", also="15-school-places", also_sizes=("540", "2400")),
    }
)

#: Existing stock (存量) by kind: what it is called and its relative frequency. It counts towards no target.
STOCK: Final[Mapping[str, tuple[str, int]]] = MappingProxyType(
    {
        "bus-shelter": ("候车亭", 600),
        "ebike-charging": ("电动自行车充电驿站", 1000),
        "ev-charging": ("电动汽车充电站", 450),
        "meal-point": ("助餐服务点", 350),
        "clinic": ("卫生服务站", 600),
        "hospital": ("医院", 60),
        "school": ("学校", 420),
        "childcare": ("托育园", 260),
        "care-home": ("养老院", 160),
        "sports-ground": ("体育场地", 350),
        "culture-venue": ("文化礼堂", 250),
        "heritage-site": ("文保点", 150),
        "water-station": ("单村水站", 100),
        "commercial": ("便民商业网点", 300),
    }
)


def split(
    total: Decimal, parts: int, *, low: str, high: str, step: str, rng: np.random.Generator
) -> list[Decimal]:
    """`total` in so many unequal parts between `low` and `high`, each a multiple of `step`, summing exactly.

    ValueError when that cannot be.
    """
    unit = Decimal(step)
    whole, least, most = (int(Decimal(value) / unit) for value in (total, low, high))
    if whole * unit != total or not least * parts <= whole <= most * parts:
        raise ValueError(f"{total} does not come in {parts} parts of {low} to {high} by {step}")
    weights = rng.uniform(least, most, parts)
    found = np.clip((weights * (whole / weights.sum())).astype(np.int64), least, most)
    while (gap := whole - int(found.sum())) != 0:
        room = np.flatnonzero(found < most if gap > 0 else found > least)
        chosen = rng.permutation(room)[: abs(gap)]
        found[chosen] += 1 if gap > 0 else -1
    return [int(value) * unit for value in found]
