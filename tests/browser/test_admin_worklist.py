"""The list of sites with its map in Chromium: row and point show each other, on a phone and without a script."""

from collections.abc import Callable

from playwright.sync_api import Browser, Page, expect

LIST = "/admin/projects/site/?light=red"
LogIn = Callable[[Page, str], None]


def test_a_row_shows_its_point_and_the_map_is_narrowed_with_the_list(desktop: Page, log_in: LogIn) -> None:
    log_in(desktop, "demo-district")
    asked: list[str] = []
    desktop.on(
        "request", lambda request: asked.append(request.url) if "/site/tiles/" in request.url else None
    )
    desktop.goto(LIST)
    expect(desktop.locator("#list-map[data-quiet]")).to_be_visible()
    assert asked and all("light=red" in url for url in asked)
    row = desktop.locator("#result_list tbody tr").nth(1)
    row.get_by_role("button").click()
    expect(row).to_have_class("on-map")
    expect(desktop.locator(".list-map__ring")).to_be_attached()
    desktop.get_by_text("筛选", exact=False).first.click()
    desktop.get_by_role("link", name="亮灯:红灯").click()
    expect(desktop.locator(".list-chips")).to_have_count(0)


def test_a_phone_turns_from_the_table_to_the_map(phone: Page, log_in: LogIn) -> None:
    log_in(phone, "demo-district")
    phone.goto(LIST)
    expect(phone.locator("#list-map")).to_be_hidden()
    phone.get_by_role("button", name="只看地图").click()
    expect(phone.locator("#list-map")).to_be_visible()
    expect(phone.locator("#result_list")).to_be_hidden()


def test_without_a_script_the_filters_work(browser: Browser, base_url: str, logins: dict[str, str]) -> None:
    context = browser.new_context(base_url=base_url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/admin/login/")
    page.fill("#id_username", "demo-district")
    page.fill("#id_password", logins["demo-district"])
    page.click("[type=submit]")
    page.wait_for_url("**/admin/")
    page.goto("/admin/projects/site/")
    page.locator("details.list-filters > summary").click()
    page.locator("details.list-filters__group", has_text="建设阶段").locator("summary").click()
    page.get_by_label("建设中", exact=True).check()
    page.get_by_label("已暂停", exact=True).check()
    page.get_by_role("button", name="按所选筛选").click()
    assert "stage=building" in page.url and "stage=suspended" in page.url
    expect(page.locator(".list-chips li")).to_have_count(2)
    expect(page.locator("#list-map")).to_be_hidden()
    context.close()
