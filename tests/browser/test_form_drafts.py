"""The log-in ends while somebody types: they log in again and everything is back, nothing saved by itself."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Watch

NAME = "晨光食堂(扩建)"


def test_the_log_in_ends_while_typing(
    desktop: Page,
    log_in: Callable[[Page, str], None],
    logins: dict[str, str],
    watch: Watch,
    axe: Callable[[Page], list[str]],
) -> None:
    watch.network_errors_expected = True  # the answers that say that the log-in has ended
    page = desktop
    log_in(page, "demo-district")
    page.goto("/admin/projects/site/")
    page.click("#result_list tbody th a")
    name, state = page.locator("#id_name"), page.locator("[data-keeps-draft]")
    before, form = name.input_value(), page.url
    name.fill(f"{NAME} 一")
    expect(state).to_contain_text("草稿已存")

    # Opened anew, the form says so, and brings it back when asked to.
    page.goto(form)
    expect(page.locator("[data-draft-offer]")).to_contain_text("有未保存的内容")
    expect(name).to_have_value(before)
    page.click("[data-draft-offer] a")
    expect(name).to_have_value(f"{NAME} 一")

    # A page that offers nothing itself (`data-keeps-draft` on its form) leaves that to the script.
    def without_offer(route: Route) -> None:
        answer = route.fetch()
        text = answer.text().replace('data-keeps-draft="server"', "data-keeps-draft")
        route.fulfill(
            response=answer, body=re.sub(r'<div class="draft-offer".*?</div>', "", text, flags=re.DOTALL)
        )

    page.route(form, without_offer)
    page.goto(form)
    page.get_by_role("button", name="恢复").click()
    expect(name).to_have_value(f"{NAME} 一")
    page.unroute(form)

    # The log-in ends: thirty minutes without a request are a cookie that is not there any more.
    name.fill(f"{NAME} 二")
    page.fill("#id_address", "中山东路 9 号")
    page.context.clear_cookies(name="staff_seen")
    page.click("[name=_save]")
    expect(page.locator("h1")).to_have_text("登录已过期")
    expect(page.locator("#id_username")).to_be_focused()
    assert axe(page) == []
    page.keyboard.type("demo-district")
    page.keyboard.press("Tab")
    page.keyboard.type(logins["demo-district"])
    page.keyboard.press("Enter")
    expect(name).to_have_value(f"{NAME} 二")
    expect(page.locator("#id_address")).to_have_value("中山东路 9 号")
    expect(page.locator("[data-draft-offer]")).to_contain_text("还没有保存")
    expect(page.locator("[name=geometry]")).not_to_have_value("")

    # Thrown away, so the demo stays as it was.
    page.click("[data-draft-offer] button")
    expect(page.locator("#id_name")).to_have_value(before)
    expect(page.locator("[data-draft-offer]")).to_have_count(0)
