"""The page of an indicator in a browser: its own sites on the map, a day, paper, dark and large."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

Axe = Callable[[Page], list[str]]
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
PAGE = "/indicators/06-ev-piles/"


def test_the_map_asks_for_its_own_sites_only(phone: Page) -> None:
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(request.url))
    phone.goto(PAGE)
    expect(phone.locator(".leaflet-marker-icon").first).to_be_visible()
    tiles = [url for url in asked if "/sites/tiles/" in url or "/sites/shapes/" in url]
    assert tiles
    assert all("indicator=06-ev-piles" in url for url in tiles)


def test_from_the_headline_and_back_on_the_same_day(desktop: Page) -> None:
    desktop.goto("/programmes/330200-2024/?as_of=2024-05-31")
    desktop.get_by_role("link", name="电动汽车充电桩", exact=True).click()
    expect(desktop.locator("h1")).to_have_text("电动汽车充电桩")
    expect(desktop.locator("input[name=as_of]")).to_have_value("2024-05-31")
    desktop.locator("main a", has_text="6. 充电设施").click()
    expect(desktop.locator("#category-6")).to_be_in_viewport()
    expect(desktop.locator("input[name=as_of]")).to_have_value("2024-05-31")


def test_a_day_and_a_list_without_a_script(browser: Browser, base_url: str) -> None:
    context = browser.new_context(base_url=base_url, java_script_enabled=False)
    page = context.new_page()
    page.goto(PAGE)
    page.fill("input[name=as_of]", "2024-03-31")
    page.click(".day-form button")
    expect(page).to_have_url(f"{base_url}{PAGE}?as_of=2024-03-31")
    page.click(".map-card__foot a:not(.button--primary)")
    expect(page.locator(".site-item").first).to_be_attached()
    context.close()


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_large_text_and_dark(browser: Browser, base_url: str, axe: Axe, scheme: str) -> None:
    context = browser.new_context(
        base_url=base_url,
        viewport={"width": 390, "height": 844},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    page.goto(f"{PAGE}?view=large", wait_until="networkidle")
    assert axe(page) == []
    assert page.evaluate(OVERFLOW) <= 0
    context.close()


def test_on_paper(desktop: Page) -> None:
    desktop.goto(PAGE)
    desktop.emulate_media(media="print")
    expect(desktop.locator("h1")).to_be_visible()
    expect(desktop.locator("table").first).to_be_visible()
    expect(desktop.locator(".site-header")).to_be_hidden()
    expect(desktop.locator("[data-page-map]")).to_be_hidden()
    assert desktop.evaluate(OVERFLOW) <= 0
