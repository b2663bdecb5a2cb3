"""Made-up attributes of synthetic sites, in the words of `kinds.json`. Decimals are text: no floats."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

import numpy as np

Attributes = dict[str, object]

_OPERATORS: Final = ("演示运营商 A", "演示运营商 B", "演示运营商 C")
_OPENING_HOURS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ebike-charging": "全天",
        "ev-charging": "全天",
        "bus-shelter": "全天",
        "water-station": "全天",
        "meal-point": "10:30-12:30,16:30-18:00",
        "clinic": "周一至周六 08:00-11:30,13:30-17:00",
        "hospital": "全天(急诊)",
        "childcare": "周一至周五 07:30-17:30",
        "women-children-station": "周二至周日 09:00-17:00",
        "youth-palace": "周六、周日 09:00-17:00",
        "counselling-centre": "周一至周五 08:30-17:00",
        "sports-ground": "06:00-21:00",
        "culture-venue": "周二至周日 09:00-20:30",
        "commercial": "08:00-20:00",
    }
)


def opening_hours_of(kind: str) -> str:
    """When such a place is usually open; empty where the question makes no sense."""
    return _OPENING_HOURS.get(kind, "")


def attributes_of(kind: str, size: Decimal | None, rng: np.random.Generator) -> Attributes:
    """Attributes of one site; `size` is its piles, places, kilometres or 亩 (None: made up as well)."""
    maker = _MAKERS.get(kind)
    return {} if maker is None else maker(size, rng)


def _ebike(size: Decimal | None, rng: np.random.Generator) -> Attributes:
    return {
        "sockets": 10 * int(rng.integers(1, 5)),
        "price": ("1 元/4 小时", "1 元/6 小时", "1 元/8 小时")[int(rng.integers(3))],
        "operator": _OPERATORS[int(rng.integers(3))],
    }


def _ev(size: Decimal | None, rng: np.random.Generator) -> Attributes:
    piles = int(size) if size is not None else int(rng.integers(4, 21))
    fast = int(rng.integers(0, piles + 1))
    return {
        "piles": piles,
        "fast": fast,
        "slow": piles - fast,
        "power": (60, 120, 180, 240)[int(rng.integers(4))] if fast else 7,
        "price": f"{Decimal(int(rng.integers(80, 161))) / 100:.2f}",
        "operator": _OPERATORS[int(rng.integers(3))],
    }


def _meal(size: Decimal | None, rng: np.random.Generator) -> Attributes:
    return {"seats": 4 * int(rng.integers(4, 21)), "price": str(int(rng.integers(8, 17)))}


def _beds(size: Decimal | None, rng: np.random.Generator) -> Attributes:
    return {"beds": 10 * int(rng.integers(5, 31))}


def _households(size: Decimal | None, rng: np.random.Generator) -> Attributes:
    return {"households": int(rng.integers(40, 400))}


def _places(size: Decimal | None, rng: np.random.Generator) -> Attributes:
    return {"places": int(size)} if size is not None and size > 1 else {}


def _length(size: Decimal | None, rng: np.random.Generator) -> Attributes:
    return {} if size is None else {"length": f"{size:.3f}"}


def _area(size: Decimal | None, rng: np.random.Generator) -> Attributes:
    return {} if size is None else {"area": str(size)}


_MAKERS: Final[Mapping[str, Callable[[Decimal | None, np.random.Generator], Attributes]]] = MappingProxyType(
    {
        "ebike-charging": _ebike,
        "ev-charging": _ev,
        "meal-point": _meal,
        "care-home": _beds,
        "hospital": _beds,
        "water-station": _households,
        "childcare": _places,
        "road": _length,
        "sewer": _length,
        "farm-area": _area,
    }
)
