"""The published figures, compared with the list that the city printed."""

import re
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from projects.demo.catalogue import Figure, ningbo_2024
from projects.demo.recipes import RECIPES, STOCK
from projects.rules.vocabulary import CompletionType, Counting, FundingSource

CATALOGUE = ningbo_2024()
INDICATORS = CATALOGUE.indicators

#: category, value, unit: every published actual, in the printed order.
PRINTED = [
    (1, "15", "家"),
    (1, "15", "家"),
    (1, "12", "家"),
    (2, "1", "个"),
    (2, "7", "个"),
    (2, "1", "个"),
    (2, "10", "个"),
    (2, "600", "名"),
    (3, "16", "家"),
    (3, "4", "家"),
    (3, "32", "个"),
    (3, "24", "个"),
    (3, "100", "家"),
    (3, "100", "家"),
    (3, "374", "个"),
    (3, "863", "万人次"),
    (4, "13", "条"),
    (4, "33", "处"),
    (4, "87", "条"),
    (4, "42", "条"),
    (5, "42.7", "公里"),
    (5, "35.7", "公里"),
    (5, "58", "座"),
    (6, "5073", "个"),
    (6, "3645", "个"),
    (6, "1518", "个"),
    (7, "12.7", "万人次"),
    (8, "59487", "人"),
    (8, "18594", "人次"),
    (8, "624.5", "万元"),
    (8, "10", "个"),
    (8, "8000", "亩"),
    (9, "60", "个"),
    (9, "3228", "场"),
    (9, "52", "处"),
    (9, "72", "处"),
    (10, "1605", "人"),
    (10, "12100", "个"),
    (11, "39", "个"),
    (11, "59.88", "公里"),
    (11, "32.33", "公里"),
    (11, "21.86", "公里"),
    (12, "1171", "个"),
    (12, "506", "个"),
    (12, "179", "家"),
    (13, "45", "座"),
    (14, "15.1", "万人次"),
    (14, "66", "万人次"),
    (14, "64", "家"),
    (14, "3.3", "万人次"),
    (15, "7", "个"),
    (15, "9915", "个"),
]


def test_every_published_actual_is_there_once_and_to_the_digit() -> None:
    found = [
        (category.number, str(row.published.value), row.published.unit)
        for category in CATALOGUE.categories
        for row in category.indicators
    ]
    assert found == PRINTED


def test_fifteen_categories_in_order_with_both_names() -> None:
    assert [row.number for row in CATALOGUE.categories] == list(range(1, 16))
    assert len({row.slug for row in CATALOGUE.categories}) == 15
    assert all(row.name_zh and row.name_en for row in CATALOGUE.categories)


@pytest.mark.parametrize("figure", [*CATALOGUE.figures, *(row.published for row in INDICATORS.values())])
def test_a_figures_value_is_the_number_in_its_words(figure: Figure) -> None:
    assert str(figure.value) in re.findall(r"\d+(?:\.\d+)?", figure.text)


def test_only_the_rice_area_is_printed_as_more_than() -> None:
    qualified = {row.code: row.published.qualifier for row in INDICATORS.values() if row.published.qualifier}
    assert qualified == {"08-rice-aquaculture": "余"}
    assert "8000余" in INDICATORS["08-rice-aquaculture"].published.text


def test_keys_of_figures_are_unique() -> None:
    keys = [row.key for row in CATALOGUE.figures] + list(INDICATORS)
    assert len(keys) == len(set(keys))


def test_the_mean_progress_is_kept_twice_as_printed() -> None:
    printed = [row.text for row in CATALOGUE.figures if row.value == Decimal("77.7")]
    assert len(printed) == 2
    assert "37 项" not in printed[0] and "37 项" in printed[1]


@pytest.mark.parametrize(
    ("part", "whole", "percent"),
    [
        ("funds-used", "funds-arranged", "funds-used-percent"),
        ("funds-used-city", "funds-arranged-city", "funds-used-city-percent"),
    ],
)
def test_the_printed_shares_follow_from_the_printed_sums(part: str, whole: str, percent: str) -> None:
    figures = {row.key: row.value for row in CATALOGUE.figures}
    assert round(100 * figures[part] / figures[whole], 1) == figures[percent]


def test_money_is_the_printed_sums_in_yuan_and_only_the_citys_use_is_known() -> None:
    figures = {row.key: row.value for row in CATALOGUE.figures}
    yuan = Decimal(100_000_000)
    arranged = {row.source: row.arranged / yuan for row in CATALOGUE.funding}
    assert arranged == {
        FundingSource.CITY: figures["funds-arranged-city"],
        FundingSource.DISTRICT: figures["funds-arranged-district"],
        FundingSource.OTHER: figures["funds-arranged-other"],
    }
    assert sum(arranged.values()) == figures["funds-arranged"]
    used = {row.source: row.used for row in CATALOGUE.funding if row.used is not None}
    assert used == {FundingSource.CITY: figures["funds-used-city"] * yuan}


def test_subsets_are_of_their_wholes_unit_and_not_larger() -> None:
    subsets = {row.code: row.subset_of for row in INDICATORS.values() if row.subset_of}
    assert subsets == {"03-care-homes-completed": "03-care-homes", "06-ev-piles-rural": "06-ev-piles"}
    for code, whole in subsets.items():
        assert INDICATORS[code].unit_zh == INDICATORS[whole].unit_zh
        assert INDICATORS[code].published.value <= INDICATORS[whole].published.value


def test_places_stand_behind_exactly_what_is_not_merely_reported() -> None:
    for row in INDICATORS.values():
        assert bool(row.kind) == (row.counting is not Counting.REPORTED), row.code
    # The new school places are given by the seven schools.
    assert {row.code for row in INDICATORS.values() if row.kind} - set(RECIPES) == {"15-school-places"}
    started = {
        row.code for row in INDICATORS.values() if row.completion_type is CompletionType.CONSTRUCTION_STARTED
    }
    assert started == {"03-care-homes", "11-zero-discharge-areas"}


def test_kinds_are_numbered_once_and_cover_what_is_used() -> None:
    kinds = CATALOGUE.kinds
    assert [row.number for row in kinds] == list(range(1, len(kinds) + 1))
    slugs = {row.slug for row in kinds}
    assert len(slugs) == len(kinds)
    assert {row.kind for row in INDICATORS.values() if row.kind} | set(STOCK) <= slugs


def test_every_kinds_icon_is_in_the_sprite() -> None:
    sprite = Path("static/vendor/icons/sprite.svg").read_text(encoding="utf-8")
    assert {row.icon for row in CATALOGUE.kinds} <= set(re.findall(r'symbol id="([^"]+)"', sprite))


def test_colours_of_kinds_differ_in_lightness_and_carry_white() -> None:
    found = sorted(_luminance(row.colour) for row in CATALOGUE.kinds)
    lightness = [116 * value ** (1 / 3) - 16 for value in found]
    assert min(b - a for a, b in pairwise(lightness)) > 1.0
    # White on the lightest of them still has a contrast of 3 : 1 (WCAG 1.4.11, graphical objects).
    assert (1.0 + 0.05) / (found[-1] + 0.05) >= 3.0


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
