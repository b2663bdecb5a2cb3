"""Steps that tests of the map page share."""

import math
import re

from playwright.sync_api import Page, expect


def open_map(page: Page, address: str = "/") -> Page:
    page.goto(address)
    page.wait_for_selector("html.map-ready")
    wait_for_quiet(page)
    expect(page.locator("[data-list] .site-item").first).to_be_visible()
    return page


def status_count(page: Page) -> int:
    text = page.locator("[data-status]").inner_text()
    found = re.search(r"[\d,]+", text)
    assert found, text
    return int(found[0].replace(",", ""))


def cluster_total(page: Page) -> int:
    """What the clusters' titles add up to."""
    titles = page.locator(".cluster").evaluate_all("found => found.map(each => each.title)")
    return sum(int(re.sub(r"\D", "", title.split("·")[0])) for title in titles)


def wait_for_quiet(page: Page) -> None:
    page.wait_for_function("() => !document.querySelector('.leaflet-zoom-anim, .leaflet-pan-anim')")
    expect(page.locator(".page-map--loading")).to_have_count(0)
    # Busy from the moment that the map moves or a filter changes until the list is what was asked for.
    expect(page.locator("[data-list][aria-busy]")).to_have_count(0)


def wait_for_sheet(page: Page) -> None:
    """The sheet has come to rest: until then a tap beside it may still meet it, or its button."""
    page.wait_for_function("() => document.querySelector('[data-panel]').getAnimations().length === 0")


def shapes_drawn(page: Page) -> int:
    """How many roads, sewers and areas are on the canvas, once the first of them have come."""
    page.wait_for_function("() => document.querySelector('#map').dataset.shapes !== undefined")
    page.wait_for_timeout(150)  # tiles that come close together are drawn together
    return int(page.locator("#map").get_attribute("data-shapes") or 0)


def on_screen(page: Page, lon: float, lat: float) -> tuple[float, float]:
    """Where a position is in the window, by the page's own projection: the hash names the map's middle."""
    zoom, middle_lat, middle_lon = (float(part) for part in page.url.split("#")[1].split("/")[:3])
    box = page.locator("#map").bounding_box()
    assert box is not None
    scale = 256 * 2**zoom

    def row(degrees: float) -> float:
        return (1 - math.asinh(math.tan(math.radians(degrees))) / math.pi) / 2 * scale

    x = box["x"] + box["width"] / 2 + (lon - middle_lon) / 360 * scale
    return x, box["y"] + box["height"] / 2 + row(lat) - row(middle_lat)
