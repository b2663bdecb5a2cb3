"""A verifier at the site with a phone: nearest first, position, list, photo, result; and without a script."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.browser.server import PHONE
from tests.photographs import photo

Axe = Callable[[Page], list[str]]
DESK = "/admin/projects/verification/desk/?level=revisit"


def test_a_visit_on_the_phone(phone: Page, log_in: Callable[[Page, str], None], axe: Axe) -> None:
    log_in(phone, "demo-verifier")
    phone.context.grant_permissions(["geolocation"])
    phone.context.set_geolocation({"longitude": 121.87, "latitude": 29.48, "accuracy": 12})
    phone.goto(DESK)
    phone.get_by_role("button", name="离我近的在前").click()
    phone.wait_for_url("**lon=121.87**")
    assert axe(phone) == []
    first = phone.locator(".desk__rows > li").first
    name = first.locator(".desk__name a").inner_text()
    first.get_by_role("link", name="核验").click()
    # Not there: said before anything is sent.
    phone.context.set_geolocation({"longitude": 120.0, "latitude": 29.0, "accuracy": 12})
    phone.get_by_role("button", name="记录我的位置").click()
    expect(phone.locator("#visit-status")).to_contain_text("太远了")
    assert axe(phone) == []
    overflow = phone.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
    assert overflow <= 0
    for group in phone.get_by_role("radiogroup").all():
        group.locator("label").first.click()
    for field in phone.locator("input[inputmode=decimal][name^=item_]").all():
        field.fill("8")
    picture: Any = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo()}
    phone.locator("input[name=photos]").first.set_input_files(picture)
    phone.get_by_role("button", name="提交核验").click()
    phone.wait_for_url("**/verification/desk/**")
    expect(phone.locator(".messagelist")).to_contain_text(f"{name}:已记录:回头看,正常可用")
    expect(phone.locator(".messagelist")).to_contain_text("离点位约")
    expect(phone.locator(".desk__name", has_text=name)).to_have_count(0)


def test_it_works_without_a_script(
    browser: Browser, base_url: str, log_in: Callable[[Page, str], None]
) -> None:
    context = browser.new_context(
        base_url=base_url, viewport=PHONE, java_script_enabled=False, locale="zh-CN"
    )
    page = context.new_page()
    log_in(page, "demo-verifier")
    page.goto(DESK)
    expect(page.locator("button[data-position]")).to_be_hidden()
    page.locator(".desk__rows > li").last.get_by_role("link", name="核验").click()
    page.get_by_label("未能核验").check()
    page.get_by_label("原因").fill("演示:大门锁着")
    page.get_by_role("button", name="提交核验").click()
    expect(page.locator(".messagelist")).to_contain_text("未能核验")
    context.close()
