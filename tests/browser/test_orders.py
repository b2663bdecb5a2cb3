"""An order from the list of late sites to its end: a supervisor at a desk, a district editor with a phone."""

from collections.abc import Callable

from playwright.sync_api import Browser, Page, expect

from tests.browser.server import PHONE

Axe = Callable[[Page], list[str]]


def test_an_order_is_issued_answered_and_closed(
    desktop: Page,
    browser: Browser,
    base_url: str,
    log_in: Callable[[Page, str], None],
    axe: Axe,
) -> None:
    log_in(desktop, "demo-supervisor")
    desktop.goto("/supervision/?managed_by=330212")
    box = desktop.get_by_role("checkbox", name="选择:").first
    box.check()
    assert axe(desktop) == []
    desktop.get_by_role("button", name="发督办单").click()
    desktop.get_by_label("督办要求").fill("演示:七月底前复工。")
    assert axe(desktop) == []
    desktop.get_by_role("button", name="预览").click()
    desktop.get_by_role("button", name="发出 1 份").click()
    expect(desktop.locator(".messagelist")).to_contain_text("已发出 1 份")
    page = desktop.url
    number = desktop.get_by_role("heading", level=1).inner_text()
    assert axe(desktop) == []

    # The district's phone, without a script.
    context = browser.new_context(
        base_url=base_url, viewport=PHONE, java_script_enabled=False, locale="zh-CN"
    )
    phone = context.new_page()
    log_in(phone, "demo-district")
    phone.get_by_role("link", name="督办单待签收").click()
    phone.get_by_role("link", name=number).click()
    for step, text in (("签收", ""), ("开始办理", "演示:街道牵头"), ("反馈办理结果", "演示:已复工")):
        phone.get_by_role("link", name=step, exact=True).click()
        phone.locator("textarea[name=text]").fill(text)
        phone.get_by_role("button", name=step).click()
        expect(phone.locator(".messagelist")).to_contain_text(f"已{step}")
    context.close()

    desktop.goto(page)
    desktop.get_by_role("link", name="销号").click()
    desktop.get_by_role("button", name="销号").click()
    expect(desktop.locator(".order-now")).to_contain_text("已销号")
    desktop.get_by_role("link", name="打印督办单").click()
    expect(desktop.get_by_role("heading", level=1)).to_have_text("民生实事督办单")
    assert axe(desktop) == []
