"""Links that people send each other open where they point, whatever a chat program hangs on them."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect


@pytest.mark.parametrize(
    "path", ["/?from=singlemessage", "/?utm_source=x&kind=meal-point", "/nearby/?from=timeline"]
)
def test_words_of_others_are_passed_over(phone: Page, path: str) -> None:
    answer = phone.goto(path)
    assert answer is not None and answer.status == 200


def test_a_position_in_another_city_is_kept(desktop: Page) -> None:
    """The README's link to Shenzhen, far outside the city of the programme."""
    desktop.goto("/#11/22.60/114.05")
    desktop.wait_for_load_state("networkidle")
    desktop.wait_for_timeout(500)
    zoom, lat, lon = desktop.url.split("#")[1].split("/")
    assert (int(zoom), round(float(lat), 1), round(float(lon), 1)) == (11, 22.6, 114.0) or (
        abs(float(lat) - 22.6) < 0.05 and abs(float(lon) - 114.05) < 0.05
    )


def test_a_district_link_shows_that_district(desktop: Page, manage: Callable[..., str]) -> None:
    desktop.goto("/?show=all&division=330225")
    desktop.wait_for_load_state("networkidle")
    shown = desktop.evaluate("() => location.hash")
    expect(desktop.locator("main")).to_contain_text("处")
    if shown:
        _zoom, lat, lon = shown.lstrip("#").split("/")
        assert 28.8 < float(lat) < 29.8 and 121.4 < float(lon) < 122.5, "象山县"
