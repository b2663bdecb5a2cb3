"""The map at any size: nothing blinks, circles open or list, tiles are renewed, retried and asked for in turn."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Request, Route, expect

from maps.tiles import TileId
from tests.browser.mapsteps import open_map, status_count, wait_for_quiet

# Of every frame: circles on the map, and whether the canvas has ink (looked at in small: any of its pixels).
WATCH_FRAMES = """() => {
    window.seen = [];
    const small = document.createElement("canvas");
    small.width = small.height = 48;
    const context = small.getContext("2d", { willReadFrequently: true });
    const look = () => {
        const canvas = document.querySelector("#map canvas");
        context.clearRect(0, 0, 48, 48);
        if (canvas && canvas.width) context.drawImage(canvas, 0, 0, 48, 48);
        const ink = context.getImageData(0, 0, 48, 48).data.some((value, n) => n % 4 === 3 && value > 0);
        window.seen.push([document.querySelectorAll("#map .cluster").length, ink]);
        window.looking = requestAnimationFrame(look);
    };
    look();
}"""


def frames(page: Page) -> list[tuple[int, bool]]:
    seen = page.evaluate("() => { cancelAnimationFrame(window.looking); return window.seen; }")
    return [(circles, ink) for circles, ink in seen]


def slowly(route: Route) -> None:
    time.sleep(0.05)
    route.continue_()


# ------------------------------------------------------------------------------------------ nothing blinks


def test_the_map_is_never_empty_between_two_pictures(desktop: Page) -> None:
    """Zooming, filtering and moving, with a server that takes its time."""
    open_map(desktop, "/?show=all#11/29.87/121.55")
    wait_for_quiet(desktop)
    desktop.route("**/sites/tiles/**", slowly)
    desktop.route("**/sites/shapes/**", slowly)
    desktop.evaluate(WATCH_FRAMES)
    desktop.locator("#map").focus()
    for step in ("+", "ArrowRight", "ArrowDown", "-"):
        desktop.keyboard.press(step)
        desktop.wait_for_timeout(350)
        wait_for_quiet(desktop)
    desktop.locator(".segments .chip", has_text="现在可用").click()
    wait_for_quiet(desktop)
    desktop.locator(".segments .chip", has_text="全部").click()
    wait_for_quiet(desktop)
    seen = frames(desktop)
    assert len(seen) > 20  # a slow machine shows few
    assert [n for n, (circles, _ink) in enumerate(seen) if circles == 0] == []


def test_single_places_do_not_blink_either(desktop: Page) -> None:
    open_map(desktop, "/?show=all#16/29.872/121.55")
    wait_for_quiet(desktop)
    desktop.route("**/sites/tiles/**", slowly)
    desktop.evaluate(WATCH_FRAMES)
    desktop.locator("#map").focus()
    for step in ("ArrowRight", "+", "-", "ArrowLeft"):
        desktop.keyboard.press(step)
        desktop.wait_for_timeout(350)
        wait_for_quiet(desktop)
    seen = frames(desktop)
    assert len(seen) > 12
    assert [n for n, (_circles, ink) in enumerate(seen) if not ink] == []


# ------------------------------------------------------------------------------------------ circles


def tile_with(**parts: Any) -> Callable[[Route], None]:
    """Every tile is this one."""
    body = {"total": 0, "clusters": [], "points": [], "truncated": False, **parts}
    return lambda route: route.fulfill(content_type="application/json", body=json.dumps(body))


@pytest.mark.parametrize("stacked", [True, False])
def test_sites_at_one_position_are_listed(phone: Page, stacked: bool) -> None:
    """Two points in one place become a circle; it opens the list and does not zoom for ever."""
    site = phone.request.get("/api/v1/sites/nearest/?lon=121.55&lat=29.872&limit=1").json()["features"][0]
    lon, lat = site["geometry"]["coordinates"]
    point = [lon, lat, site["id"], "meal-point", "finished", "open", ""]
    cluster = [lon, lat, 2, [lon, lat, lon, lat], [["meal-point", 2]]]
    parts = {"points": [point, point]} if stacked else {"clusters": [cluster]}
    phone.route("**/sites/tiles/**", tile_with(**parts))
    phone.goto(f"/?show=all#16/{lat}/{lon}")
    phone.wait_for_selector("html.map-ready")
    wait_for_quiet(phone)
    before = phone.url
    phone.locator(".cluster").first.dispatch_event("click")
    expect(phone.locator("[data-status]")).to_have_text("这个位置有 1 处")
    expect(phone.locator("[data-list]")).to_be_focused()
    expect(phone.locator("[data-list] .site-item__name").first).to_have_text(site["properties"]["name"])
    assert phone.url == before


def test_a_circle_always_leads_closer(phone: Page) -> None:
    """Also where its extent would not fit into the part of the map that the sheet leaves free."""
    wide = [121.55, 29.87, 50, [121.2, 29.6, 121.9, 30.1], [["meal-point", 50]]]
    phone.route("**/sites/tiles/**", tile_with(clusters=[wide]))
    phone.goto("/?show=all#11/29.87/121.55")
    phone.wait_for_selector(".cluster")
    phone.locator(".cluster").first.dispatch_event("click")
    phone.wait_for_function("() => location.hash.startsWith('#12/')")


@pytest.mark.parametrize(
    ("address", "words"), [("/", "这里点位太多,先合并显示"), ("/en/", "Too many places here")]
)
def test_a_full_tile_says_so(phone: Page, address: str, words: str) -> None:
    full = [[121.55, 29.87, 900, [121.549, 29.869, 121.551, 29.871], []]]
    phone.route("**/sites/tiles/**", tile_with(clusters=full, truncated=True))
    phone.goto(f"{address}?show=all#16/29.87/121.55")
    expect(phone.locator("[data-map-message]")).to_contain_text(words)


def test_too_many_lines_are_told_close_by_only(desktop: Page) -> None:
    body = json.dumps({"extent": 4096, "shapes": [], "truncated": True})
    desktop.route(
        "**/sites/shapes/**", lambda route: route.fulfill(content_type="application/json", body=body)
    )
    open_map(desktop, "/?show=all#16/29.872/121.55")
    expect(desktop.locator("[data-map-message]")).to_contain_text("只画出较大的一部分")
    desktop.goto("about:blank")
    open_map(desktop, "/?show=all#11/29.872/121.55")
    wait_for_quiet(desktop)
    expect(desktop.locator("[data-map-message]")).to_be_hidden()


# ------------------------------------------------------------------------------------------ the list at every zoom


def test_the_list_is_filled_at_every_zoom(desktop: Page) -> None:
    site = desktop.request.get("/api/v1/sites/nearest/?lon=121.55&lat=29.872&limit=1").json()["features"][0]
    lon, lat = site["geometry"]["coordinates"]
    everything = desktop.request.get("/api/v1/sites/facets/").json()["total"]
    counts = []
    for zoom in range(3, 19):
        desktop.goto("about:blank")
        open_map(desktop, f"/?show=all#{zoom}/{lat}/{lon}")
        wait_for_quiet(desktop)
        counts.append(status_count(desktop))
        assert desktop.locator("[data-list] .site-item").count() == min(50, counts[-1])
    assert counts[0] == everything
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] >= 1


@pytest.mark.parametrize("view", ["5/0/179.99", "5/10/-180", "7/-84.9/10"])
def test_the_edges_of_the_world_are_an_empty_list_and_no_error(desktop: Page, view: str) -> None:
    refused: list[str] = []
    desktop.on("response", lambda answer: refused.append(answer.url) if answer.status >= 400 else None)
    desktop.goto(f"/?show=all#{view}")
    expect(desktop.locator(".empty__title")).to_have_text("当前范围内没有符合条件的点位")
    expect(desktop.locator("[data-status]")).to_have_text("当前范围内 0 处")
    assert refused == []


def test_beyond_the_antimeridian_the_next_round_of_the_world_is_shown(desktop: Page) -> None:
    """From 179 degrees east, 240 degrees wide: Ningbo is on the left, and the list has it."""
    desktop.goto("/?show=all#3/29.87/179")
    desktop.wait_for_selector("html.map-ready")
    wait_for_quiet(desktop)
    expect(desktop.locator(".cluster").first).to_be_visible()
    assert status_count(desktop) == desktop.request.get("/api/v1/sites/facets/").json()["total"]
    found = desktop.evaluate(
        """async () => {
            const { worldBoxes, wrapped } = await import("/static/js/maps/world-boxes.js");
            const { tileRange } = await import("/static/js/maps/tile-range.js");
            const box = { west: 170, east: 200, south: -10, north: 10 };
            return [worldBoxes(box), worldBoxes({ ...box, west: -300, east: 100 }), wrapped(181), wrapped(-541),
                tileRange(box, 3).map(({ x, shift }) => `${x}+${shift}`)];
        }"""
    )
    two, whole, east, west, tiles = found
    assert [(box["west"], box["east"]) for box in two] == [(170, 180), (-180, -160)]
    assert [(box["west"], box["east"]) for box in whole] == [(-180, 180)]
    assert (east, west) == (-179, 179)
    assert set(tiles) == {"7+0", "0+360"}


# ------------------------------------------------------------------------------------------ asking the server


def is_tile(request: Request) -> bool:
    return "/sites/tiles/" in request.url or "/sites/shapes/" in request.url


def test_tiles_are_asked_for_a_few_at_a_time_and_those_in_the_middle_first(desktop: Page) -> None:
    waiting: list[Route] = []
    most = 0

    def hold(route: Route) -> None:
        nonlocal most
        waiting.append(route)
        most = max(most, len(waiting))

    desktop.route("**/sites/tiles/**", hold)
    desktop.goto("/?show=all#12/29.87/121.55")
    desktop.wait_for_selector("html.map-ready")
    for _ in range(100):
        if len(waiting) >= 4:
            break
        desktop.wait_for_timeout(50)
    desktop.wait_for_timeout(400)  # a fifth would have come by now
    assert len(waiting) == most == 4
    first = {tuple(map(int, route.request.url.split("?")[0][:-5].split("/")[-2:])) for route in waiting}
    middle = TileId.at(121.55, 29.87, 12)
    assert all(abs(x - middle.x) <= 1 and abs(y - middle.y) <= 1 for x, y in first)
    aborted: list[str] = []
    desktop.on("requestfailed", lambda request: aborted.append(request.url))
    desktop.locator("#map").focus()
    for _ in range(2):
        desktop.keyboard.press("-")
        desktop.wait_for_timeout(400)
    # What nobody waits for any more is given up: zoom 12 is not on the map now.
    for _ in range(100):
        if sum("/tiles/12/" in url for url in aborted) == 4:
            break
        desktop.wait_for_timeout(50)
    assert sum("/tiles/12/" in url for url in aborted) == 4
    desktop.unroute("**/sites/tiles/**")


def test_what_fails_is_tried_again_by_itself(desktop: Page, watch: Any) -> None:
    watch.network_errors_expected = True
    refused = 0

    def refuse(route: Route) -> None:
        nonlocal refused
        refused += 1
        route.fulfill(status=503, content_type="application/problem+json", body='{"detail": "忙"}')

    desktop.route("**/sites/tiles/**", refuse)
    desktop.goto("/?show=all#11/29.87/121.55")
    expect(desktop.locator("[data-map-message]")).to_contain_text("没有取到数据")
    assert refused > 0
    desktop.unroute("**/sites/tiles/**")
    expect(desktop.locator(".cluster").first).to_be_visible()
    expect(desktop.locator("[data-map-message]")).to_be_hidden()


def test_offline_keeps_what_was_seen_whatever_is_asked(desktop: Page, watch: Any) -> None:
    watch.network_errors_expected = True
    open_map(desktop, "/?show=all#11/29.87/121.55")
    wait_for_quiet(desktop)
    desktop.context.set_offline(True)
    desktop.locator("#map").focus()
    desktop.keyboard.press("+")
    desktop.keyboard.press("+")
    desktop.locator("[data-kinds] .chip").nth(1).click()
    expect(desktop.locator("[data-map-message]")).to_contain_text("网络已断开")
    assert desktop.locator(".cluster").count() > 0
    desktop.context.set_offline(False)
    expect(desktop.locator("[data-map-message]")).to_be_hidden()


def test_a_page_that_stays_open_is_renewed(desktop: Page) -> None:
    """After half a minute every tile in view is asked for again, and a change shows without a touch."""
    desktop.clock.install()
    open_map(desktop, "/?show=all#11/29.87/121.55")
    wait_for_quiet(desktop)
    asked: list[str] = []
    desktop.on("request", lambda request: asked.append(request.url) if is_tile(request) else None)
    desktop.clock.fast_forward(20_000)
    desktop.wait_for_timeout(300)
    assert asked == []
    new = [121.55, 29.87, 4321, [121.5, 29.8, 121.6, 29.9], []]
    desktop.route("**/sites/tiles/**", tile_with(clusters=[new]))
    desktop.clock.fast_forward(16_000)
    expect(desktop.locator(".cluster__count", has_text="4321").first).to_be_attached()
    assert any("/sites/shapes/" in url for url in asked)


def test_a_tile_that_was_seen_is_not_asked_for_again_at_once(desktop: Page) -> None:
    open_map(desktop, "/?show=all#12/29.87/121.55")
    wait_for_quiet(desktop)
    asked: list[str] = []
    desktop.on("request", lambda request: asked.append(request.url) if is_tile(request) else None)
    desktop.locator("#map").focus()
    desktop.keyboard.press("+")
    desktop.wait_for_timeout(400)
    wait_for_quiet(desktop)
    desktop.keyboard.press("-")
    desktop.wait_for_timeout(400)
    wait_for_quiet(desktop)
    assert [url for url in asked if "/tiles/12/" in url or "/shapes/11/" in url] == []
