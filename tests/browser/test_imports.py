"""A clerk's spreadsheet from the file to the map and back, with a worker in a process of its own.

Once with scripts on a desktop, looked at by axe on every page; once on a phone without any script.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.server import PHONE

LogIn = Callable[[Page, str], None]
Axe = Callable[[Page], list[str]]

HEAD = "编号,站点名称,经度,纬度,所属区县,地址\n"
GOOD = "{code}-1,演示导入一,121.5621,29.8312,鄞州区,宁南南路 1 号\n{code}-2,演示导入二,121.5312,29.8145,鄞州区,\n"
#: To choose the file, send it, say where the coordinates are from, of which kind, by which code, check, write.
FIRST_TIME = 7
#: The same columns again: the file, send, confirm the coordinates, check, write.
NEXT_TIME = 5


class Clerk:
    """Does what a person does, counts it, and has every page looked at."""

    def __init__(self, page: Page, look: Callable[[Page], None]) -> None:
        self.page = page
        self.clicks = 0
        self._look = look

    def hand_in(self, path: Path, button: str = "上传") -> None:
        self.page.set_input_files("input[type=file]", path)
        self.clicks += 1
        self.press(button)

    def press(self, button: str) -> None:
        self.page.get_by_role("button", name=button, exact=True).click()
        self.clicks += 1

    def choose(self, label: str, value: str) -> None:
        self.page.get_by_label(label, exact=True).select_option(value)
        self.clicks += 1

    def declare(self, datum: str) -> None:
        self.page.locator("label", has_text=datum).click()
        self.clicks += 1

    def sees(self, title: str) -> None:
        """The page that says so; waiting for the worker is waiting for the page."""
        expect(self.page.locator("h1, h2").filter(has_text=title).first).to_be_visible(timeout=30_000)
        overflow = self.page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow <= 0, f"{title}: scrolls sideways by {overflow} px"
        self._look(self.page)


@pytest.fixture
def no_script(browser: Browser, base_url: str) -> Iterator[Page]:
    context = browser.new_context(
        base_url=base_url, viewport=PHONE, java_script_enabled=False, locale="zh-CN"
    )
    yield context.new_page()
    context.close()


def import_and_undo(clerk: Clerk, folder: Path, code: str) -> None:
    good = HEAD + GOOD.format(code=code)
    bad, corrected, again = (folder / name for name in ("表.csv", "改好.csv", "下月.csv"))
    # The Excel of a Chinese Windows saves GBK.
    bad.write_bytes(good.replace("121.5312", "121.x312").encode("gb18030"))
    corrected.write_bytes(good.encode("gb18030"))
    again.write_bytes(good.replace("宁南南路 1 号", "宁南南路 2 号").encode("gb18030"))
    page = clerk.page

    page.goto("/admin/projects/stagedimport/")
    clerk.sees("导入一个文件")
    clerk.hand_in(bad)
    clerk.sees("文件读出来是这样")
    expect(page.get_by_role("cell", name="演示导入一", exact=True)).to_be_visible()
    clerk.press("检查(不写入)")
    clerk.sees("请您确定")
    expect(page.get_by_role("alert")).to_contain_text("坐标是哪里来的")
    clerk.declare("高德地图、腾讯地图拾取的坐标")
    clerk.choose("设施种类", "meal-point")
    clerk.choose("点位编码", "编号")
    clerk.press("检查(不写入)")
    clerk.sees("有 1 个错误,一行也没有写入")
    expect(page.get_by_role("row", name="121.x312")).to_contain_text("经度")
    with page.expect_download() as copy:
        page.get_by_role("link", name="下载标注副本").click()
    assert copy.value.suggested_filename.endswith(".xlsx")
    clerk.clicks -= 1  # the check that was refused; the corrected file comes instead of a new upload
    clerk.hand_in(corrected, "更换文件并重新检查")
    clerk.sees("检查通过,还没有写入")
    clerk.press("写入这 2 个点位")
    clerk.sees("已写入(第")
    assert clerk.clicks == FIRST_TIME + 2, "and two for the corrected file"

    page.get_by_role("link", name="看这个批次的点位").click()
    clerk.sees("点位")
    expect(page.locator("#result_list tbody tr")).to_have_count(2)

    clerk.clicks = 0
    page.goto("/admin/projects/stagedimport/")
    clerk.hand_in(again)
    clerk.declare("高德地图、腾讯地图拾取的坐标")
    clerk.press("检查(不写入)")
    clerk.sees("检查通过,还没有写入")
    expect(page.locator("del")).to_have_text(["宁南南路 1 号"])
    expect(page.get_by_role("button", name="写入这 1 个点位")).to_be_visible()
    assert clerk.clicks + 1 == NEXT_TIME

    page.goto("/admin/projects/importbatch/")
    page.locator("#result_list tbody tr").first.get_by_role("link").first.click()
    clerk.sees("这个批次写入的记录")
    page.get_by_role("link", name="撤销这个批次").click()
    clerk.sees("撤销会做什么")
    page.get_by_label("撤销原因").fill("演示:坐标系填错了")
    clerk.press("撤销这个批次")
    expect(page.locator(".messagelist")).to_contain_text("已撤销")
    page.goto(f"/admin/projects/site/?q={code}-1")
    expect(page.locator("body")).to_contain_text("没有符合条件的记录")


def test_with_scripts_on_a_desktop(desktop: Page, log_in: LogIn, axe: Axe, tmp_path: Path) -> None:
    def look(page: Page) -> None:
        assert axe(page) == []

    log_in(desktop, "demo-district")
    import_and_undo(Clerk(desktop, look), tmp_path, "YW-D")


def test_without_a_script_on_a_phone(no_script: Page, log_in: LogIn, tmp_path: Path) -> None:
    log_in(no_script, "demo-district")
    import_and_undo(Clerk(no_script, lambda page: None), tmp_path, "YW-P")
