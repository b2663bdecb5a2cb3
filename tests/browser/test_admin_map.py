"""The map on a site's form in Chromium: points, lines and polygons, by mouse, by keyboard, without a script."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

ADD = "/admin/projects/site/add/?kind_slug="
LogIn = Callable[[Page, str], None]
PAGES = (
    "/admin/",
    "/en/admin/",
    "/admin/projects/site/",
    "/admin/projects/site/?todo=late",
    "/admin/projects/site/add/",
    "/admin/projects/site/problems/",
    "/admin/projects/site/sheet/?ids=1,2,3",
    ADD + "road",
    "/admin/projects/auditentry/",
    "/admin/projects/programme/",
    "/admin/projects/user/",
)


def geometry(page: Page) -> dict[str, object]:
    text = page.locator("[data-geojson]").input_value()
    found: dict[str, object] = json.loads(text) if text else {}
    return found


def click_map(page: Page, x: float, y: float) -> None:
    """Click at a share of the map's width and height."""
    container = page.locator("[data-map]")
    container.scroll_into_view_if_needed()
    box = container.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] * x, box["y"] + box["height"] * y)


def test_point_is_placed_moved_and_undone(desktop: Page, log_in: LogIn) -> None:
    log_in(desktop, "demo-admin")
    desktop.goto(ADD + "ev-charging")
    click_map(desktop, 0.5, 0.5)
    first = geometry(desktop)
    assert first["type"] == "Point"
    click_map(desktop, 0.6, 0.4)
    assert geometry(desktop) != first
    desktop.get_by_role("button", name="撤销").click()
    assert geometry(desktop) == first


@pytest.mark.parametrize(
    ("kind", "shape", "vertices"), [("road", "LineString", 3), ("farm-area", "Polygon", 4)]
)
def test_line_and_polygon_are_drawn(
    desktop: Page, log_in: LogIn, kind: str, shape: str, vertices: int
) -> None:
    log_in(desktop, "demo-admin")
    desktop.goto(ADD + kind)
    for x, y in ((0.4, 0.4), (0.5, 0.6), (0.6, 0.45)):
        click_map(desktop, x, y)
    desktop.get_by_role("button", name="完成").click()
    drawn = geometry(desktop)
    coordinates = drawn["coordinates"]
    assert isinstance(coordinates, list)
    assert drawn["type"] == shape
    assert len(coordinates[0] if shape == "Polygon" else coordinates) == vertices
    # The same without a mouse: the second vertex a little farther east.
    field = desktop.locator("[data-vertices] input").nth(2)
    field.fill(str(float(field.input_value()) + 0.01))
    field.press("Tab")
    assert geometry(desktop) != drawn
    desktop.get_by_role("button", name="清除").click()
    assert geometry(desktop) == {}


def test_coordinates_are_converted_by_the_server(desktop: Page, log_in: LogIn) -> None:
    log_in(desktop, "demo-admin")
    desktop.goto(ADD + "ev-charging")
    pairs = desktop.locator("[data-pairs]")
    pairs.fill("121.55,29.87")
    desktop.locator("[data-datum]").select_option("gcj02")
    pairs.press("Enter")
    expect(desktop.locator("[data-status]")).to_contain_text("已定位")
    coordinates = geometry(desktop)["coordinates"]
    assert isinstance(coordinates, list)
    assert 0.001 < abs(coordinates[0] - 121.55) < 0.01
    # Moved by hand, the typed pair no longer counts.
    click_map(desktop, 0.7, 0.7)
    expect(pairs).to_have_value("")


def test_turned_order_is_offered_not_guessed(desktop: Page, log_in: LogIn, watch: "object") -> None:
    watch.network_errors_expected = True  # type: ignore[attr-defined]
    log_in(desktop, "demo-admin")
    desktop.goto(ADD + "ev-charging")
    desktop.locator("[data-pairs]").fill("29.87, 121.55")
    desktop.get_by_role("button", name="在图上显示").click()
    desktop.get_by_role("button", name="按“纬度在前”读取").click()
    expect(desktop.locator("[data-status]")).to_contain_text("已定位")
    assert geometry(desktop) == {"type": "Point", "coordinates": [121.55, 29.87]}


def test_a_site_is_saved_from_the_map(phone: Page, log_in: LogIn) -> None:
    log_in(phone, "demo-district")
    phone.goto(ADD + "ev-charging")
    phone.fill("#id_code", "BROWSER-1")
    phone.fill("#id_name", "浏览器测试站")
    managed_by = phone.locator("#id_managed_by option:checked").inner_text()
    click_map(phone, 0.5, 0.5)
    phone.locator("#id_confirm_cross").check()
    phone.locator("[name=_continue]").click()
    expect(phone.locator(".messagelist")).to_contain_text("浏览器测试站")
    assert phone.locator("#id_managed_by option:checked").inner_text() == managed_by


def test_without_scripts_the_coordinates_do(
    browser: Browser, base_url: str, log_in: LogIn, logins: dict[str, str]
) -> None:
    context = browser.new_context(base_url=base_url, java_script_enabled=False)
    page = context.new_page()
    log_in(page, "demo-admin")
    page.goto(ADD + "ev-charging")
    assert not page.locator("[data-map]").is_visible()
    page.fill("#id_code", "BROWSER-2")
    page.fill("#id_name", "无脚本测试站")
    page.fill("[data-pairs]", "121.55, 29.87")
    page.locator("#id_managed_by").select_option(label="海曙区")
    page.locator("#id_confirm_cross").check()
    page.locator("[name=_continue]").click()
    expect(page.locator(".messagelist")).to_contain_text("无脚本测试站")
    context.close()


@pytest.mark.parametrize("path", PAGES)
def test_pages_fit_and_are_accessible(
    phone: Page, desktop: Page, log_in: LogIn, axe: Callable[[Page], list[str]], path: str
) -> None:
    for page in (phone, desktop):
        log_in(page, "demo-admin")
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert axe(page) == [], path
        wide = page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wide <= 0, f"{path} scrolls sideways by {wide} px"
