"""The monthly round at a desk and the report on the spot with a phone, as people do them."""

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.photographs import photo

LogIn = Callable[[Page, str], None]
Axe = Callable[[Page], list[str]]
#: After the cut-off: no figure that another test looks at changes.
ROUND = "/admin/round/?day=2024-12-31&show=unreported"
WORDS = ("管线迁改未完成", "一月底前完成迁改")


def overflow(page: Page) -> int:
    width: int = page.evaluate(
        "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    return width


def test_a_round_by_keyboard_and_paste(desktop: Page, phone: Page, log_in: LogIn, axe: Axe) -> None:
    log_in(desktop, "demo-district")
    desktop.goto(ROUND)
    assert axe(desktop) == []
    cells = desktop.locator('[data-column="percent"]')
    names = [desktop.locator("[data-row] .round-line__site a").nth(row).inner_text() for row in range(3)]
    cells.nth(0).fill("40")
    cells.nth(0).press("Enter")
    expect(cells.nth(1)).to_be_focused()
    # A column and its neighbour, as Excel puts them on the clipboard.
    desktop.evaluate(
        """text => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text/plain", text);
            document.activeElement.dispatchEvent(
                new ClipboardEvent("paste", {clipboardData, bubbles: true, cancelable: true}));
        }""",
        f"100\t\r\n50\t{WORDS[0]}\r\n",
    )
    expect(cells.nth(2)).to_have_value("50")
    lines = desktop.locator("[data-row]")
    expect(lines.nth(0).locator(".round-line__preview")).to_contain_text("红灯")
    expect(lines.nth(0).locator("textarea[data-asked]")).to_have_count(2)
    expect(lines.nth(1).locator("textarea[data-asked]")).to_have_count(0)
    desktop.get_by_role("button", name="保存本页").click()
    expect(desktop.locator(".errorlist")).to_contain_text("有 2 行要改")
    wrong = desktop.locator("[data-row]").nth(0)
    expect(wrong.locator('[data-error="plan"]')).to_contain_text("请写明推进方案")
    for row in (0, 2):
        for column, text in zip(("problem", "plan"), WORDS, strict=True):
            desktop.locator("[data-row]").nth(row).locator(f'[data-column="{column}"]').fill(text)
    assert axe(desktop) == []
    desktop.get_by_role("button", name="保存本页").click()
    expect(desktop.locator(".messagelist")).to_contain_text("已保存 3 个点位")
    for name in names:
        expect(desktop.locator("[data-row]").filter(has_text=name)).to_have_count(0)
    # The same table on a phone: nothing scrolls sideways.
    log_in(phone, "demo-district")
    phone.goto(ROUND)
    assert overflow(phone) <= 0
    assert axe(phone) == []


def test_a_report_on_the_spot_survives_a_bad_network(
    browser: Browser, base_url: str, watch: "object", log_in: LogIn, axe: Axe, tmp_path: Path
) -> None:
    watch.network_errors_expected = True  # type: ignore[attr-defined]
    context = browser.new_context(
        base_url=base_url,
        viewport={"width": 390, "height": 844},
        has_touch=True,
        locale="zh-CN",
        geolocation={"longitude": 121.62, "latitude": 29.86, "accuracy": 15},
        permissions=["geolocation"],
    )
    watch.follow(context)  # type: ignore[attr-defined]
    page = context.new_page()
    log_in(page, "demo-district")
    page.goto("/admin/round/nearest/")
    page.get_by_role("button", name="用我现在的位置查找").tap()
    page.wait_for_url("**lon=121.62**")
    page.locator(".nearest__site").first.tap()
    page.wait_for_url("**/visit/")
    assert overflow(page) <= 0
    assert axe(page) == []
    page.get_by_label("截至日期").fill("2024-12-31")
    page.get_by_label("形象进度 %").last.fill("70")
    expect(page.locator("[data-words]")).to_have_attribute("data-asked", "")
    page.get_by_label("堵点卡点").fill(WORDS[0])
    page.get_by_role("button", name="取当前位置").tap()
    expect(page.locator("[data-say]")).to_contain_text("精度约 15 米")
    picture = tmp_path / "site.jpg"
    picture.write_bytes(photo())
    page.locator("input[capture]").set_input_files(picture)

    send = page.get_by_role("button", name="提交")
    context.set_offline(True)
    send.tap()
    expect(page.locator("[data-state]")).to_contain_text("没有发出去")
    context.set_offline(False)
    send.tap()
    expect(page.locator('[data-error="plan"]')).to_contain_text("请写明推进方案")
    page.get_by_label("推进方案").fill(WORDS[1])
    send.tap()
    page.wait_for_url(re.compile(r"/change/$"))
    expect(page.locator(".messagelist")).to_contain_text("已保存")
    page.get_by_role("link", name="现场照片").tap()
    expect(page.locator(".photo")).to_have_count(1)
    expect(page.locator(".photo__found")).to_contain_text("请核对")
    assert axe(page) == []
    context.close()


def test_a_refused_position_is_no_obstacle(phone: Page, log_in: LogIn) -> None:
    log_in(phone, "demo-district")
    phone.goto("/admin/round/nearest/?lon=121.62&lat=29.86")
    phone.locator(".nearest__site").first.tap()
    phone.wait_for_url("**/visit/")
    phone.get_by_role("button", name="取当前位置").tap()
    expect(phone.locator("[data-say]")).to_contain_text("没有允许使用位置")
    expect(phone.get_by_role("button", name="提交")).to_be_enabled()
