"""Roads, sewers and areas on the map: there, touchable, gone with their kind, for every reader."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.mapsteps import on_screen, open_map, shapes_drawn, wait_for_quiet, wait_for_sheet

Axe = Callable[[Page], list[str]]


def some_site(page: Page, query: str) -> dict[str, Any]:
    """A site of a kind with its real geometry."""
    found = page.request.get(f"/api/v1/sites/?{query}&limit=1").json()["features"][0]
    site: dict[str, Any] = page.request.get(f"/api/v1/sites/{found['id']}/").json()
    return site


def along(site: dict[str, Any], share: float) -> tuple[float, float]:
    """A position on the first piece of a line, or on the border of an area."""
    line = site["geometry"]["coordinates"]
    if site["geometry"]["type"] == "Polygon":
        line = line[0]
    (x0, y0), (x1, y1) = line[0][:2], line[1][:2]
    return x0 + share * (x1 - x0), y0 + share * (y1 - y0)


@pytest.mark.parametrize(
    ("query", "language", "field"),
    [
        ("kind=road&stage=finished", "", "name_zh"),
        ("kind=sewer", "", "name_zh"),
        ("kind=road&stage=finished", "en/", "name_en"),
    ],
)
def test_a_line_can_be_pointed_at_and_opened(desktop: Page, query: str, language: str, field: str) -> None:
    site = some_site(desktop, query)
    lon, lat = along(site, 0.3)
    open_map(desktop, f"/{language}?show=all&kind={site['properties']['kind']['slug']}#16/{lat}/{lon}")
    wait_for_quiet(desktop)
    assert shapes_drawn(desktop) >= 1
    x, y = on_screen(desktop, lon, lat)
    point_at(desktop, x, y)
    expect(desktop.locator(".map-tip").first).to_have_text(site["properties"]["kind"][field])
    desktop.mouse.click(x, y)
    expect(desktop.locator("#site-card-title")).to_have_text(site["properties"]["name"])
    assert desktop.url.endswith(f"/{site['id']}")


def test_an_area_opens_by_a_finger_inside_it(phone: Page) -> None:
    site = some_site(phone, "kind=farm-area")
    lon, lat = along(site, 0.5)
    phone.goto(f"/?show=all&kind=farm-area#15/{lat}/{lon}")
    phone.wait_for_selector("html.map-ready")
    wait_for_quiet(phone)
    assert shapes_drawn(phone) >= 1
    phone.locator("[data-grip]").focus()
    phone.keyboard.press("ArrowDown")  # the sheet would lie over it
    expect(phone.locator("[data-panel]")).to_have_attribute("data-stop", "peek")
    wait_for_sheet(phone)
    phone.touchscreen.tap(*on_screen(phone, lon, lat))
    expect(phone.locator("#site-card-title")).to_have_text(site["properties"]["name"])


def test_shapes_go_with_their_kind_and_come_back(desktop: Page) -> None:
    open_map(desktop, "/?show=all#12/29.87/121.55")
    wait_for_quiet(desktop)
    everything = shapes_drawn(desktop)
    assert everything > 20
    desktop.locator("[data-kinds] .chip", has_text="助餐点").first.click()
    desktop.wait_for_url("**kind=meal-point**")
    wait_for_quiet(desktop)
    desktop.wait_for_function("() => document.querySelector('#map').dataset.shapes === '0'")
    desktop.locator("[data-kinds] .chip", has_text="助餐点").first.click()
    wait_for_quiet(desktop)
    desktop.wait_for_function(f"() => document.querySelector('#map').dataset.shapes === '{everything}'")


def test_the_place_of_a_line_is_its_own_at_every_zoom(desktop: Page) -> None:
    """The canvas is coloured where the road is, whatever the zoom, and nowhere else on an empty map."""
    site = some_site(desktop, "kind=road&stage=finished")
    lon, lat = along(site, 0.5)
    for zoom in (12, 13, 15):
        open_map(desktop, f"/?show=all&q={site['properties']['name']}#{zoom}/{lat}/{lon}")
        wait_for_quiet(desktop)
        expect(desktop.locator("#map")).to_have_attribute("data-shapes", "1")
        x, y = on_screen(desktop, lon, lat)
        wait_until(painted, desktop, x, y)
        assert not painted(desktop, x + 300, y - 200)


def wait_until(true: Callable[[Page, float, float], bool], page: Page, x: float, y: float) -> None:
    """Ask for up to ten seconds: a busy machine paints late."""
    for _ in range(200):
        if true(page, x, y):
            return
        page.wait_for_timeout(50)
    pytest.fail("it did not come true within ten seconds")


def point_at(page: Page, x: float, y: float) -> None:
    """Move the mouse to a place as a hand does; Leaflet looks under the pointer some thirty times a second."""
    page.mouse.move(x + 60, y + 60)
    for _ in range(50):
        page.mouse.move(x + 1, y + 1, steps=4)
        page.wait_for_timeout(80)
        page.mouse.move(x, y)
        page.wait_for_timeout(80)
        if page.locator(".map-tip").count():
            return


def painted(page: Page, x: float, y: float) -> bool:
    """Is there ink on the map's canvas within three pixels?"""
    return bool(
        page.evaluate(
            """([x, y]) => {
                const canvas = document.querySelector("#map canvas");
                const box = canvas.getBoundingClientRect();
                const scale = canvas.width / box.width;
                const [at, size] = [[(x - box.x) * scale - 3, (y - box.y) * scale - 3], 7];
                const pixels = canvas.getContext("2d").getImageData(at[0], at[1], size, size).data;
                return pixels.some((value, n) => n % 4 === 3 && value > 60);
            }""",
            [x, y],
        )
    )


@pytest.mark.parametrize("address", ["/?view=large&show=all", "/en/?show=all"])
def test_for_large_text_and_in_english(phone: Page, axe: Axe, address: str) -> None:
    phone.goto(f"{address}&kind=road,sewer#13/29.87/121.55")
    phone.wait_for_selector("html.map-ready")
    wait_for_quiet(phone)
    phone.wait_for_function("() => Number(document.querySelector('#map').dataset.shapes) > 0")
    assert axe(phone) == []


def test_another_colour_scheme_draws_anew(desktop: Page) -> None:
    open_map(desktop, "/?show=all&kind=road#14/29.87/121.55")
    wait_for_quiet(desktop)
    ink = "() => document.querySelector('#map canvas').toDataURL()"
    before = desktop.evaluate(ink)
    desktop.emulate_media(color_scheme="dark")
    desktop.wait_for_function(
        "before => document.querySelector('#map canvas').toDataURL() !== before", arg=before
    )


def test_the_legend_shows_lines_beside_signs(desktop: Page) -> None:
    open_map(desktop)
    desktop.locator(".map-legend > summary").click()
    expect(desktop.locator(".map-legend__line")).to_have_count(4)
