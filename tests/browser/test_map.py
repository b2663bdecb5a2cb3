"""The map page as a person uses it: what it shows first, filters, moving about, one site."""

import re
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.mapsteps import cluster_total, open_map, status_count, wait_for_quiet, wait_for_sheet

Axe = Callable[[Page], list[str]]
#: The middle of the city, close enough for single places.
CLOSE = "#16/29.87200/121.55000"


# ------------------------------------------------------------------------------------------ what is shown first


def test_first_sight_is_what_is_open_and_usable(phone: Page) -> None:
    open_map(phone)
    expect(phone.locator("input[name=show][value=open]")).to_be_checked()
    wait_for_quiet(phone)
    badges = phone.locator("[data-list] .site-item .badge:first-child").all_inner_texts()
    assert set(badges) == {"开放"}
    assert phone.locator(".cluster").count() > 5
    assert phone.locator(".district").count() == 10
    # The list is nearest to the middle of the map first.
    texts = phone.locator(".site-item__distance").all_inner_texts()
    metres = [
        float(re.sub(r"[^\d.]", "", text)) * (1000 if "公里" in text else 1) for text in texts if text.strip()
    ]
    assert len(metres) == 50
    assert metres == sorted(metres)


def test_under_construction_is_one_tap_away_and_looks_different(phone: Page) -> None:
    open_map(phone)
    before = status_count(phone)
    phone.locator(".segments .chip", has_text="在建").click()
    phone.wait_for_url("**show=building**")
    expect(phone.locator("[data-list] .site-item .badge").first).to_have_text(
        re.compile("计划中|已选址|建设中")
    )
    wait_for_quiet(phone)
    assert 0 < status_count(phone) < before
    # Not by colour alone: the sign is another shape, dashed.
    first = phone.locator("[data-list] .site-item").first
    expect(first.locator(".kind-icon rect[stroke-dasharray]")).to_have_count(1)
    expect(first.locator(".kind-icon circle")).to_have_count(0)


def test_clusters_say_how_many_and_what(desktop: Page) -> None:
    open_map(desktop)
    wait_for_quiet(desktop)
    cluster = desktop.locator(".cluster").first
    title = cluster.get_attribute("title")
    assert title is not None
    assert re.fullmatch(r"[\d,]+ 处( · \S+ \d+)+", title)
    assert cluster.get_attribute("tabindex") is None  # hundreds of tab stops help nobody
    assert cluster.locator(".cluster__share").count() >= 1


# ------------------------------------------------------------------------------------------ filters and address


def test_filters_go_into_the_address_and_come_back_out(desktop: Page) -> None:
    open_map(desktop)
    desktop.locator("[data-kinds] .chip", has_text="助餐点").first.click()
    desktop.wait_for_url("**kind=meal-point**")
    desktop.locator(".more-filters__summary").click()
    desktop.select_option("select[name=division]", "330212")
    desktop.wait_for_url("**division=330212**")
    expect(desktop.locator("[data-active-filters] button")).to_have_text(["鄞州区"])
    wait_for_quiet(desktop)
    narrowed = status_count(desktop)
    desktop.reload()
    open_map(desktop, desktop.url)
    wait_for_quiet(desktop)
    assert status_count(desktop) == narrowed
    desktop.locator("[data-active-filters] button").click()
    desktop.wait_for_function("() => !location.search.includes('division')")
    assert "kind=meal-point" in desktop.url
    desktop.go_back()
    desktop.wait_for_url("**division=330212**")
    expect(desktop.locator("select[name=division]")).to_have_value("330212")


def test_search_waits_for_the_typing_to_end(desktop: Page) -> None:
    open_map(desktop)
    asked: list[str] = []
    desktop.on("request", lambda request: asked.append(request.url) if "/nearest/" in request.url else None)
    desktop.locator("input[name=q]").press_sequentially("卫生服务站", delay=30)
    desktop.wait_for_function("() => new URLSearchParams(location.search).get('q') === '卫生服务站'")
    wait_for_quiet(desktop)
    assert 1 <= len(asked) <= 2
    assert all("卫生" in name for name in desktop.locator(".site-item__name").all_inner_texts())


def test_chips_count_what_the_map_would_show(desktop: Page) -> None:
    open_map(desktop)
    wait_for_quiet(desktop)
    desktop.wait_for_load_state("networkidle")
    chip = desktop.locator('[data-count="kind:meal-point"]')
    told = int(chip.inner_text().replace(",", ""))
    desktop.locator("[data-kinds] .chip", has_text="助餐点").first.click()
    desktop.wait_for_url("**kind=meal-point**")
    wait_for_quiet(desktop)
    expect(desktop.locator("[data-status]")).to_contain_text(f"{told:,}")


def test_nothing_found_says_what_to_try(phone: Page) -> None:
    phone.goto("/?q=没有这样的地方")
    expect(phone.locator(".empty__title")).to_have_text("当前范围内没有符合条件的点位")
    phone.locator("[data-grip]").click()
    phone.get_by_role("button", name="清除筛选").last.click()
    expect(phone.locator("[data-list] .site-item").first).to_be_visible()
    assert "q=" not in phone.url


# ------------------------------------------------------------------------------------------ moving about


def test_a_cluster_opens_to_its_extent_and_the_position_is_in_the_hash(desktop: Page) -> None:
    open_map(desktop)
    wait_for_quiet(desktop)
    before = int(desktop.url.split("#")[1].split("/")[0])
    biggest = desktop.locator(".cluster").evaluate_all(
        "found => found.map(e => [parseInt(e.title.replace(/,/g, '')), e]).sort((a, b) => b[0] - a[0])[0][1].title"
    )
    desktop.locator(f'.cluster[title="{biggest}"]').click()
    desktop.wait_for_function(f"() => Number(location.hash.slice(1).split('/')[0]) > {before}")
    wait_for_quiet(desktop)
    place = desktop.url
    seen = status_count(desktop)
    desktop.goto("about:blank")
    open_map(desktop, place)
    wait_for_quiet(desktop)
    assert status_count(desktop) == seen


def test_nothing_is_counted_twice_or_lost_between_tiles(desktop: Page) -> None:
    """At the overview every site of the city is in view: clusters and single points add up to the count."""
    open_map(desktop, "/?kind=meal-point")
    wait_for_quiet(desktop)
    shown = desktop.request.get("/api/v1/sites/facets/?kind=meal-point&service=open").json()["total"]
    assert status_count(desktop) == shown
    assert 0 <= shown - cluster_total(desktop) < 30  # the rest are single points on the canvas


def test_the_map_by_keyboard(desktop: Page) -> None:
    open_map(desktop)
    desktop.locator("#map").focus()
    before = desktop.url
    desktop.keyboard.press("ArrowRight")
    desktop.wait_for_function("before => location.href !== before", arg=before)
    zoom = int(desktop.url.split("#")[1].split("/")[0])
    desktop.keyboard.press("+")
    desktop.wait_for_function(f"() => location.hash.startsWith('#{zoom + 1}/')")


def test_skip_link_comes_first_and_leads_to_the_list(desktop: Page) -> None:
    open_map(desktop)
    desktop.keyboard.press("Tab")
    expect(desktop.locator(".skip-link")).to_be_focused()
    desktop.keyboard.press("Enter")
    expect(desktop.locator("#main")).to_be_focused()


def test_the_sheet_has_three_stops_by_button_arrows_and_finger(phone: Page) -> None:
    open_map(phone)
    panel, grip = phone.locator("[data-panel]"), phone.locator("[data-grip]")
    expect(panel).to_have_attribute("data-stop", "half")
    grip.click()
    expect(panel).to_have_attribute("data-stop", "full")
    grip.focus()
    phone.keyboard.press("ArrowDown")
    phone.keyboard.press("ArrowDown")
    expect(panel).to_have_attribute("data-stop", "peek")
    wait_for_sheet(phone)
    box = grip.bounding_box()
    assert box is not None
    phone.mouse.move(box["x"] + 190, box["y"] + 10)
    phone.mouse.down()
    phone.mouse.move(box["x"] + 190, 300, steps=8)
    phone.wait_for_timeout(120)
    phone.mouse.move(box["x"] + 190, 90, steps=4)
    phone.mouse.up()
    expect(panel).to_have_attribute("data-stop", "full")


# ------------------------------------------------------------------------------------------ one site


def test_the_card_takes_the_focus_and_gives_it_back(desktop: Page, axe: Axe) -> None:
    open_map(desktop, "/" + CLOSE)
    link = desktop.locator(".site-item__link").first
    name = link.locator(".site-item__name").inner_text()
    site = link.get_attribute("data-site")
    link.click()
    title = desktop.locator("#site-card-title")
    expect(title).to_have_text(name)
    expect(title).to_be_focused()
    assert desktop.url.endswith(f"/{site}")
    card = desktop.locator("[data-card]")
    expect(card.get_by_role("link", name="高德导航")).to_have_attribute(
        "href", re.compile(r"^https://uri\.amap\.com")
    )
    expect(card).to_contain_text("演示数据")
    expect(card.get_by_role("link", name="查看完整信息")).to_have_attribute("href", f"/sites/{site}/")
    assert axe(desktop) == []
    desktop.keyboard.press("Escape")
    expect(card).to_be_hidden()
    expect(desktop.locator(f'[data-site="{site}"]')).to_be_focused()
    assert not desktop.url.endswith(f"/{site}")
    desktop.go_forward()
    expect(title).to_have_text(name)
    desktop.go_back()
    expect(card).to_be_hidden()


def test_a_point_on_the_canvas_opens_its_card(desktop: Page) -> None:
    open_map(desktop, "/?show=all" + CLOSE)
    wait_for_quiet(desktop)
    nearest = desktop.request.get("/api/v1/sites/nearest/?lon=121.55&lat=29.872&limit=1").json()["features"][
        0
    ]
    lon, lat = nearest["geometry"]["coordinates"]
    # The page's own projection: the middle of the map is the position in the hash.
    scale = 256 * 2**16
    box = desktop.locator("#map").bounding_box()
    assert box is not None
    dx = (lon - 121.55) / 360 * scale
    dy = desktop.evaluate(
        """([a, b, scale]) => {
            const y = (lat) => (1 - Math.asinh(Math.tan(lat * Math.PI / 180)) / Math.PI) / 2 * scale;
            return y(a) - y(b);
        }""",
        [lat, 29.872, scale],
    )
    desktop.mouse.click(box["x"] + box["width"] / 2 + dx, box["y"] + box["height"] / 2 + dy)
    expect(desktop.locator("#site-card-title")).to_have_text(nearest["properties"]["name"])


def test_a_link_to_a_card_opens_it(phone: Page, axe: Axe) -> None:
    site = phone.request.get("/api/v1/sites/?limit=1&stage=building").json()["features"][0]
    lon, lat = site["geometry"]["coordinates"]
    phone.goto(f"/?show=all#16/{lat}/{lon}/{site['id']}")
    expect(phone.locator("#site-card-title")).to_have_text(site["properties"]["name"])
    expect(phone.locator("[data-card] .progress__text")).to_be_visible()
    assert axe(phone) == []
    phone.get_by_role("button", name="返回列表").click()
    expect(phone.locator("[data-list] .site-item").first).to_be_visible()


def test_a_site_that_is_not_there_says_so(phone: Page, watch: Any) -> None:
    watch.network_errors_expected = True
    phone.goto("/#12/29.87/121.55/nosuchsite00")
    expect(phone.locator("#site-card-title")).to_contain_text("没有找到这个点位")
