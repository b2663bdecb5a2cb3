"""What the components print: words, distances, figures, bars."""

from decimal import Decimal

import pytest
from django.template import Context, Template
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from projects.rules.vocabulary import Light, Service, Stage
from projects.templatetags import chrome


@pytest.mark.parametrize(
    ("metres", "said"),
    [
        (None, ""),
        (0.0, "10 米"),  # nobody stands on the very spot
        (4.0, "10 米"),
        (844.0, "840 米"),
        (994.0, "990 米"),
        (1260.0, "1.3 公里"),
        (19_960.0, "20 公里"),
        (38_499.0, "38 公里"),
    ],
)
def test_distances_are_rounded_to_what_a_walker_can_tell_apart(metres: float | None, said: str) -> None:
    with translation.override("zh-hans"):
        assert chrome.distance(metres) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "–"), (Decimal("72.50"), "72.5%"), (Decimal("100.00"), "100%"), (0, "0%"), (130.04, "130%")],
)
def test_percentages(value: Decimal | float | None, said: str) -> None:
    with translation.override("zh-hans"):
        assert chrome.percent(value) == said


@given(st.one_of(st.none(), st.floats(-1e6, 1e6)))
def test_a_bar_never_leaves_its_box_and_is_never_localised(value: float | None) -> None:
    width = chrome.bar_width(value)
    assert 0 <= float(width) <= 100
    assert "," not in width


@pytest.mark.parametrize(
    ("value", "said"), [("270.000", "270"), ("1.500", "1.5"), ("0.120", "0.12"), ("10", "10")]
)
def test_quantities_lose_the_zeros_that_say_nothing(value: str, said: str) -> None:
    assert chrome.plain_number(Decimal(value)) == said


def test_names_follow_the_language_and_fall_back_to_the_one_there_is() -> None:
    both, one = {"name_zh": "学校", "name_en": "School"}, {"name_zh": "祠堂", "name_en": ""}
    with translation.override("en"):
        assert (chrome.local_name(both), chrome.local_name(one)) == ("School", "祠堂")
    with translation.override("zh-hans"):
        assert (chrome.local_name(both), chrome.local_name(one)) == ("学校", "祠堂")


def test_every_word_has_a_tone_and_a_drawing() -> None:
    drawn = Template("{% include 'components/stage.html' %}")
    for stage in Stage:
        html = drawn.render(Context({"stage": stage.value}))
        assert f"#stage-{stage.value}" in html
        assert f"badge--{chrome.STAGE_TONES[stage]}" in html
    assert set(chrome.SERVICE_TONES) == set(Service)


def test_a_light_that_is_not_published_draws_nothing() -> None:
    drawn = Template("{% include 'components/light.html' %}")
    assert drawn.render(Context({"light": ""})).strip() == ""
    for light in Light:
        assert f"#light-{light.value}" in drawn.render(Context({"light": light.value}))


def test_a_progress_bar_has_no_style_and_says_its_figure() -> None:
    html = Template("{% include 'components/progress.html' %}").render(
        Context({"percent": Decimal("130"), "planned": Decimal("50"), "label": "充电桩"})
    )
    assert "style" not in html
    assert 'width="100.00"' in html
    assert "充电桩: 130%" in html


@pytest.mark.parametrize("stage", list(Stage))
def test_under_way_is_whatever_is_not_finished(stage: Stage) -> None:
    assert chrome.is_under_way(stage.value) == (stage not in (Stage.FINISHED, Stage.VERIFIED))
    assert chrome.is_under_way("nonsense") is False
