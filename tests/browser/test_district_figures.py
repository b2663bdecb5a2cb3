"""Charts, sorting, files and paper of the district pages, in a browser."""

import io
import re
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Browser, Page, expect

#: Corners of drawn words and signs that lie outside the page.
OUTSIDE = """() => [...document.querySelectorAll('.chart text, .chart circle, .chart rect, .chart path')]
    .map(node => [node.textContent.trim() || node.tagName, node.getBoundingClientRect()])
    .filter(([, box]) => box.width && (box.left < 0 || box.right > document.documentElement.clientWidth))
    .map(([name, box]) => `${name}: ${box.left.toFixed()}..${box.right.toFixed()}`)"""
#: Words of one chart that lie on top of each other.
OVERLAPS = """selector => {
    const boxes = [...document.querySelectorAll(selector + ' text')]
        .map(node => [node.textContent.trim(), node.getBoundingClientRect()]).filter(([, box]) => box.width);
    const found = [];
    boxes.forEach(([name, a], n) => boxes.slice(n + 1).forEach(([other, b]) => {
        const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (across > 1 && down > 4) found.push(`${name} | ${other}`);
    }));
    return found;
}"""
CHARTS = ("categories-chart", "history-chart", "comparison-chart")


@pytest.mark.parametrize("prefix", ["", "/en"])
@pytest.mark.parametrize("view", ["", "view=large"])
def test_charts_fit_a_phone(phone: Page, prefix: str, view: str) -> None:
    phone.goto(f"{prefix}/districts/330212/?{view}")
    for name in CHARTS:
        chart = phone.locator(f"svg[aria-labelledby^='{name}']")
        expect(chart).to_be_visible()
        expect(chart).to_have_attribute("role", "img")
        assert chart.locator("title").first.text_content()
        assert chart.locator("desc").first.text_content()
        assert phone.evaluate(OVERLAPS, f"svg[aria-labelledby^='{name}']") == []
    assert phone.evaluate(OUTSIDE) == []


def test_bars_are_as_long_as_their_figures(desktop: Page) -> None:
    desktop.goto("/districts/330212/")
    chart = desktop.locator("svg[aria-labelledby^='categories-chart']")
    shown = [float(text.rstrip("%")) for text in chart.locator(".chart__value").all_text_contents()]
    table = desktop.locator("section", has=desktop.locator("#categories-title")).locator("tbody tr")
    cells = table.locator("td:nth-of-type(3)").all_text_contents()
    assert shown == [float(text.rstrip("%")) for text in cells]
    backs = chart.locator(".chart__back").evaluate_all(
        "nodes => nodes.map(n => n.getBoundingClientRect().width)"
    )
    bars = chart.locator(".chart__done").evaluate_all(
        "nodes => nodes.map(n => n.getBoundingClientRect().width)"
    )
    for figure, back, bar in zip(shown, backs, bars, strict=True):
        assert abs(bar / back * 100 - figure) < 0.6


def test_the_other_counties_are_there_and_this_one_is_marked(desktop: Page) -> None:
    desktop.goto("/districts/330226/")
    chart = desktop.locator("svg[aria-labelledby^='comparison-chart']")
    expect(chart.locator("circle.chart__dot")).to_have_count(10)
    expect(chart.locator(".chart__label--chosen")).to_have_text(re.compile(r"宁海县\s*\(本页\)"))
    expect(chart.locator(".chart__chosen")).to_have_count(1)


def test_sorted_by_the_keyboard(desktop: Page) -> None:
    desktop.goto("/districts/")
    head = desktop.locator("th a.sort", has_text="逾期未完成")
    head.focus()
    desktop.keyboard.press("Enter")
    expect(desktop).to_have_url(re.compile(r"sort=-overdue"))
    sorted_head = desktop.locator("th", has=desktop.locator("a.sort", has_text="逾期未完成"))
    expect(sorted_head).to_have_attribute("aria-sort", "descending")
    rows = desktop.locator("section", has=desktop.locator("#table-title")).locator("tbody tr")
    found = [int(text) for text in rows.locator("td:nth-of-type(5)").all_text_contents()]
    assert found == sorted(found, reverse=True)
    sorted_head.locator("a").focus()
    desktop.keyboard.press("Enter")
    expect(sorted_head).to_have_attribute("aria-sort", "ascending")


def test_everything_without_a_script(browser: Browser, base_url: str, tmp_path: Path) -> None:
    context = browser.new_context(
        base_url=base_url, java_script_enabled=False, viewport={"width": 390, "height": 844}
    )
    page = context.new_page()
    page.goto("/en/districts/?view=large")
    page.get_by_role("link", name="Overdue share").click()
    expect(page).to_have_url(re.compile(r"measure=overdue.*#map$"))
    expect(page.locator(".legend__title")).to_contain_text("Overdue share")
    page.locator("th a.sort", has_text="Completion").first.click()
    expect(page).to_have_url(re.compile(r"/en/districts/.*view=large.*measure=overdue.*sort=-completion"))
    expect(page.locator("th[aria-sort]")).to_have_attribute("aria-sort", "descending")
    page.locator("tbody th a").first.click()
    expect(page.locator("h1")).to_be_visible()
    for name in CHARTS:
        expect(page.locator(f"svg[aria-labelledby^='{name}']")).to_be_visible()
    with page.expect_download() as started:
        page.get_by_role("link", name="All tables (Excel)").click()
    saved = tmp_path / started.value.suggested_filename
    started.value.save_as(saved)
    assert re.fullmatch(r"\d{6}_2024-06-30\.xlsx", saved.name)
    book = openpyxl.load_workbook(io.BytesIO(saved.read_bytes()), read_only=True)
    assert book.sheetnames[0] == "About"
    assert "Late sites" in book.sheetnames
    context.close()


@pytest.mark.parametrize("path", ["/districts/", "/districts/330212/", "/en/districts/330212/"])
def test_on_a_sheet_of_a4(browser: Browser, base_url: str, path: str) -> None:
    """210 mm less margins of 10 mm: nothing is cut, and the sheet says where and when it is from."""
    context = browser.new_context(base_url=base_url, viewport={"width": 718, "height": 1000})
    page = context.new_page()
    page.goto(path)
    page.emulate_media(media="print")
    for hidden in (".site-header", ".site-footer", ".day-form", ".map-card", ".pagination"):
        for box in page.locator(hidden).all():
            expect(box).to_be_hidden()
    cut = page.evaluate(
        "() => [...document.querySelectorAll('.table-wrap')]"
        ".filter(box => box.scrollWidth > box.clientWidth + 1).map(box => box.textContent.trim().slice(0, 60))"
    )
    assert cut == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 718
    address = page.locator(".cite__address")
    expect(address).to_be_visible()
    expect(address).to_contain_text("as_of=2024-06-30")
    expect(address).to_contain_text("known_at=")
    context.close()


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_charts_in_colours_of_the_readers_own(browser: Browser, base_url: str, scheme: str) -> None:
    """Forced colours and high contrast: signs keep their shapes, nothing vanishes into the page."""
    context = browser.new_context(
        base_url=base_url,
        viewport={"width": 390, "height": 844},
        color_scheme="dark" if scheme == "dark" else "light",
        forced_colors="active",
        contrast="more",
    )
    page = context.new_page()
    page.goto("/districts/330212/")
    for name in (".chart__done", ".chart__dot", ".chart__label", ".chart__cap"):
        fill = page.locator(name).first.evaluate("node => getComputedStyle(node).fill")
        back = page.locator("body").evaluate("node => getComputedStyle(node).backgroundColor")
        assert fill != back, name
    context.close()
