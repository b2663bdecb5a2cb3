"""Steps that tests of the map page share."""

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
