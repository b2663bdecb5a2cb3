"""The map page when things fail, and for every reader: no script, large text, other language, dark, contrast."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.mapsteps import open_map, wait_for_quiet

Axe = Callable[[Page], list[str]]


# ------------------------------------------------------------------------------------------ when things fail


def test_a_failing_server_can_be_tried_again(phone: Page, watch: Any) -> None:
    watch.network_errors_expected = True

    def refuse(route: Route) -> None:
        route.fulfill(
            status=503, content_type="application/problem+json", body='{"detail": "数据库忙,请稍后"}'
        )

    phone.route("**/sites/nearest/**", refuse)
    phone.goto("/")
    expect(phone.locator(".empty__title")).to_have_text("没有取到数据")
    expect(phone.locator(".empty")).to_contain_text("数据库忙")
    phone.unroute("**/sites/nearest/**")
    phone.get_by_role("button", name="重试").click()
    expect(phone.locator("[data-list] .site-item").first).to_be_visible()


def test_offline_keeps_the_map_and_recovers(desktop: Page, watch: Any) -> None:
    watch.network_errors_expected = True
    open_map(desktop, "/#11/29.87/121.55")
    wait_for_quiet(desktop)
    drawn = desktop.locator(".cluster").count()
    desktop.context.set_offline(True)
    desktop.locator("[data-kinds] .chip").nth(1).click()
    expect(desktop.locator(".empty__title")).to_have_text("网络已断开")
    assert drawn > 0
    desktop.context.set_offline(False)
    expect(desktop.locator("[data-list] .site-item").first).to_be_visible()


def test_position_refused_says_what_else_works(phone: Page) -> None:
    open_map(phone)
    phone.locator("[data-locate]").click()
    expect(phone.locator("[data-map-message]")).to_contain_text("没有定位权限")


def test_position_moves_the_map_there(browser: Browser, base_url: str, watch: Any) -> None:
    context = browser.new_context(
        base_url=base_url,
        viewport={"width": 390, "height": 844},
        geolocation={"longitude": 121.6241, "latitude": 29.8622, "accuracy": 30},
        permissions=["geolocation"],
    )
    watch.follow(context)
    page = open_map(context.new_page())
    page.locator("[data-locate]").click()
    expect(page.locator(".me-dot")).to_have_count(1)
    page.wait_for_function("() => Number(location.hash.slice(1).split('/')[0]) >= 15")
    context.close()


# ------------------------------------------------------------------------------------------ every reader


def test_without_a_script_the_form_and_the_list_work(browser: Browser, base_url: str) -> None:
    context = browser.new_context(
        base_url=base_url, java_script_enabled=False, viewport={"width": 390, "height": 844}
    )
    page = context.new_page()
    page.goto("/")
    expect(page.locator("#map")).to_be_hidden()
    assert page.locator(".site-item").count() == 50
    page.locator("[data-kinds] .chip", has_text="助餐点").first.click()
    page.locator(".segments .chip", has_text="全部").click()
    page.get_by_role("button", name="查找").click()
    assert "kind=meal-point" in page.url
    assert "show=all" in page.url
    first = page.locator(".site-item__name").first.inner_text()
    page.get_by_role("link", name="下一页").click()
    assert page.locator(".site-item__name").first.inner_text() != first
    assert "kind=meal-point" in page.url
    page.get_by_role("link", name="按距离查看附近列表").click()
    expect(page.locator("h1")).to_have_text("附近列表")
    context.close()


def test_large_text_stays_on_every_link(phone: Page) -> None:
    open_map(phone, "/?view=large")
    assert phone.evaluate("() => parseFloat(getComputedStyle(document.documentElement).fontSize)") == 21
    phone.locator(".segments .chip", has_text="在建").click()
    phone.wait_for_url("**show=building**")
    assert "view=large" in phone.url
    leads_elsewhere = phone.locator("a[href^='/']:not([href*='view=large'])")
    kept = leads_elsewhere.evaluate_all(
        "found => found.filter(a => !a.closest('.site-tools')).map(a => a.href)"
    )
    assert kept == []
    phone.get_by_role("link", name="标准字号").click()
    phone.wait_for_url(lambda url: "view=large" not in url)
    assert "show=building" in phone.url


def test_the_other_language_keeps_filters_and_place(desktop: Page) -> None:
    open_map(desktop, "/")
    desktop.locator("[data-kinds] .chip", has_text="助餐点").first.click()
    desktop.wait_for_url("**kind=meal-point**")
    place = desktop.url.split("#")[1]
    desktop.get_by_role("link", name="English").click()
    desktop.wait_for_url("**/en/**")
    assert "kind=meal-point" in desktop.url
    assert desktop.url.split("#")[1] == place
    expect(desktop.locator("[data-status]")).to_contain_text("in this view")


def test_nothing_jumps_while_loading(phone: Page) -> None:
    phone.add_init_script(
        """window.shift = 0;
        new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
        }).observe({type: "layout-shift", buffered: true});"""
    )
    open_map(phone)
    wait_for_quiet(phone)
    assert phone.evaluate("() => window.shift") < 0.05


def test_a_gcj02_basemap_shifts_the_projection_and_never_the_data(desktop: Page) -> None:
    desktop.goto("/nearby/")
    found = desktop.evaluate(
        """async () => {
            const { crsFor } = await import("/static/js/maps/crs.js");
            const at = { lat: 29.8683, lng: 121.544 };
            const [plain, shifted] = [crsFor("wgs84"), crsFor("gcj02")];
            const [a, b] = [plain.projection.project(at), shifted.projection.project(at)];
            const back = shifted.projection.unproject(b);
            return {
                metres: Math.hypot(a.x - b.x, a.y - b.y) * Math.cos(at.lat * Math.PI / 180),
                error: Math.hypot(back.lat - at.lat, back.lng - at.lng),
            };
        }"""
    )
    assert 300 < found["metres"] < 800
    assert found["error"] < 1e-6


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("contrast", ["more", "no-preference"])
def test_every_colour_set_is_legible(
    browser: Browser, base_url: str, watch: Any, axe: Axe, scheme: Any, contrast: Any
) -> None:
    context = browser.new_context(base_url=base_url, color_scheme=scheme, contrast=contrast)
    watch.follow(context)
    page = open_map(context.new_page(), "/?show=building")
    page.locator(".more-filters__summary").click()
    assert axe(page) == []
    context.close()
