"""The supervisor's desk in Chromium: map and table, drawing an area by mouse, touch and keys, no script."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

Axe = Callable[[Page], list[str]]
Enter = Callable[[Page, str], None]
DESK = "/supervision/"
MAP = "#desk-map"


@pytest.fixture(scope="module")
def enter(browser: Browser, base_url: str, logins: dict[str, str]) -> Enter:
    """Log an account in; the log-in itself is made once."""
    known: dict[str, Any] = {}

    def give(page: Page, name: str) -> None:
        if name not in known:
            context = browser.new_context(base_url=base_url)
            first = context.new_page()
            first.goto(f"/admin/login/?next={DESK}")
            first.fill("input[name=username]", name)
            first.fill("input[name=password]", logins[name])
            first.click("[type=submit]")
            first.wait_for_url(f"**{DESK}")
            known[name] = context.cookies()
            context.close()
        page.context.add_cookies(known[name])

    return give


def open_desk(page: Page, address: str = DESK) -> Page:
    page.goto(address)
    page.wait_for_selector("html.map-ready")
    wait_for_map(page)
    return page


def wait_for_map(page: Page) -> None:
    page.wait_for_function("() => !document.querySelector('.leaflet-zoom-anim, .leaflet-pan-anim')")
    expect(page.locator(f"{MAP}[data-quiet]")).to_have_count(1)


def listed(page: Page) -> int:
    found = re.search(r"\d+", page.locator("#desk-list-title").inner_text())
    assert found
    return int(found[0])


def tap(page: Page, touch: bool, *places: tuple[float, float]) -> None:
    """Points of the map, as shares of its width and height."""
    stage = page.locator(MAP)
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    assert box is not None
    for across, down in places:
        x, y = box["x"] + box["width"] * across, box["y"] + box["height"] * down
        if touch:
            page.touchscreen.tap(x, y)
        else:
            page.mouse.click(x, y)


def test_the_log_in_leads_back_to_the_very_address(desktop: Page, logins: dict[str, str]) -> None:
    address = f"{DESK}?show=late&light=red&division=330212"
    desktop.goto(address)
    expect(desktop).to_have_url(re.compile("/admin/login/"))
    desktop.fill("input[name=username]", "demo-supervisor")
    desktop.fill("input[name=password]", logins["demo-supervisor"])
    desktop.click("[type=submit]")
    desktop.wait_for_url(f"**{address}")
    expect(desktop.locator("h1")).to_have_text("督查:滞后点位")


@pytest.mark.parametrize(
    "address",
    [DESK, "/en/supervision/?view=large&show=risk", f"{DESK}?as_of=2024-03-31&light=red", f"{DESK}?q=没有的"],
)
def test_no_violations(phone: Page, desktop: Page, enter: Enter, axe: Axe, address: str) -> None:
    for page in (phone, desktop):
        enter(page, "demo-supervisor")
        open_desk(page, address)
        if page.locator("[data-why]").count():
            page.locator("[data-why] > summary").first.click()
            expect(page.locator(".why").first).to_be_visible()
        page.locator(".desk-more > summary").click()
        assert axe(page) == []
        overflow = page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow <= 0, f"{address} scrolls sideways by {overflow} px"


def test_map_and_table_say_the_same_of_a_site(desktop: Page, enter: Enter, axe: Axe) -> None:
    enter(desktop, "demo-supervisor")
    open_desk(desktop, f"{DESK}?show=late")
    row = desktop.locator("tbody.late").first
    finding = row.locator(".late__finding").inner_text()
    row.locator("summary").click()
    row.get_by_role("button", name="在地图上查看").click()
    card = desktop.locator("[data-card]")
    expect(card).to_contain_text(finding)
    expect(card).to_contain_text(row.locator(".late__title").inner_text())
    wait_for_map(desktop)
    assert axe(desktop) == []
    card.press("Escape")
    expect(card).to_be_hidden()
    # The sign of that very site lies in the middle of the map.
    tap(desktop, False, (0.5, 0.5))
    expect(card).to_contain_text(finding)


def test_a_district_sees_its_own(desktop: Page, enter: Enter) -> None:
    enter(desktop, "demo-supervisor")
    everything = listed(open_desk(desktop))
    desktop.context.clear_cookies()
    enter(desktop, "demo-district")
    own = listed(open_desk(desktop))
    assert 0 < own < everything
    tile = desktop.request.get("/api/staff/v1/supervision/tiles/0/0/0.json").json()
    assert tile["total"] == own
    names = set(desktop.locator("tbody.late td:nth-child(3)").all_inner_texts())
    assert names == {"鄞州区"}


@pytest.mark.parametrize("hand", ["mouse", "finger"])
def test_an_area_is_drawn_shown_and_taken_off(
    desktop: Page, phone: Page, enter: Enter, axe: Axe, hand: str
) -> None:
    page = desktop if hand == "mouse" else phone
    enter(page, "demo-supervisor")
    everything = listed(open_desk(page))
    page.get_by_role("button", name="在图上划定范围").click()
    tap(page, hand == "finger", (0.3, 0.35), (0.62, 0.3), (0.6, 0.62), (0.31, 0.6))
    expect(page.locator("[data-draw-vertices] tbody tr")).to_have_count(4)
    page.get_by_role("button", name="撤销").click()
    expect(page.locator("[data-draw-vertices] tbody tr")).to_have_count(3)
    page.locator("[data-draw-name]").fill(f"督查画的 {hand}")
    assert axe(page) == []
    page.get_by_role("button", name="保存并按范围筛选").click()
    page.wait_for_url(re.compile(r"[?&]area=\w+"))
    wait_for_map(page)
    expect(page.locator("path.area-outline")).to_have_count(1)
    assert listed(page) < everything
    page.get_by_role("link", name=f"去掉筛选:范围: 督查画的 {hand}").click()
    page.wait_for_url(re.compile(r"/supervision/$"))
    assert listed(page) == everything


def test_an_area_by_keys_alone(desktop: Page, enter: Enter) -> None:
    enter(desktop, "demo-supervisor")
    open_desk(desktop, f"{DESK}?show=late")
    desktop.get_by_role("button", name="在图上划定范围").focus()
    desktop.keyboard.press("Enter")
    centre = desktop.get_by_role("button", name="在地图中心加一点")
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft"):
        centre.focus()
        desktop.keyboard.press("Enter")
        desktop.locator(MAP).focus()
        desktop.keyboard.press(key)
        wait_for_map(desktop)
    expect(desktop.locator("[data-draw-vertices] tbody tr")).to_have_count(3)
    # A number typed in the table is a corner, too.
    first = desktop.locator("[data-draw-vertices] input").first
    first.fill("121.1")
    first.press("Tab")
    desktop.get_by_role("button", name="保存并按范围筛选").focus()
    desktop.keyboard.press("Enter")
    desktop.wait_for_url(re.compile(r"show=late&area=\w+"))


def test_a_shape_that_crosses_itself_is_refused_in_words(
    desktop: Page, enter: Enter, watch: "object"
) -> None:
    watch.network_errors_expected = True  # type: ignore[attr-defined]
    enter(desktop, "demo-supervisor")
    open_desk(desktop)
    desktop.get_by_role("button", name="在图上划定范围").click()
    desktop.get_by_role("button", name="保存并按范围筛选").click()
    expect(desktop.locator("[data-draw-status]")).to_have_text("至少要三个点。")
    tap(desktop, False, (0.3, 0.3), (0.6, 0.6), (0.6, 0.3), (0.3, 0.6))
    desktop.get_by_role("button", name="保存并按范围筛选").click()
    expect(desktop.locator("[data-draw-status]")).to_contain_text("自相交")
    desktop.get_by_role("button", name="取消").click()
    expect(desktop.locator("[data-draw-panel]")).to_be_hidden()


def test_without_a_script(browser: Browser, base_url: str, enter: Enter) -> None:
    context = browser.new_context(base_url=base_url, java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    enter(page, "demo-supervisor")
    page.goto(DESK)
    expect(page.locator("body")).to_contain_text("地图需要脚本")
    page.locator(".desk-more > summary").click()
    choice = page.locator("label.facet__choice", has_text="黄灯")
    count = choice.locator(".facet__count").inner_text()
    choice.click()
    page.get_by_role("button", name="应用筛选").click()
    assert page.url.endswith("/supervision/?light=yellow"), "nothing empty, no default"
    assert str(listed(page)) == count
    page.locator("[data-why] > summary").first.click()
    expect(page.locator(".why").first).to_contain_text("适用规则")
    page.get_by_role("link", name="下一页").click()
    assert "after=" in page.url and "light=yellow" in page.url
    assert page.locator("tbody.late").count() == 50
    page.get_by_role("link", name="去掉筛选:灯: 黄灯").click()
    assert page.url.endswith("/supervision/")
    context.close()
