"""The district pages in a browser: the shaded map, its links, the day, paper and large text."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

Axe = Callable[[Page], list[str]]
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
PAGES = ("/districts/", "/districts/330212/", "/programmes/330200-2024/")


def test_a_county_of_the_map_opens_its_page(desktop: Page) -> None:
    desktop.goto("/districts/")
    counties = desktop.locator("path.district--link")
    expect(counties).to_have_count(10)
    # The middle of its box may lie outside a county; its name does not.
    name = desktop.locator(".district-name", has_text="宁海县")
    box = name.bounding_box()
    assert box is not None
    desktop.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(desktop).to_have_url(re.compile(r"/districts/330226/$"))
    expect(desktop.locator("h1")).to_have_text("宁海县")


def test_shades_are_those_of_the_legend_and_of_the_table(desktop: Page) -> None:
    desktop.goto("/districts/")
    expect(desktop.locator("path.district")).to_have_count(10)
    swatches = desktop.locator(".legend__items li").evaluate_all(
        "items => items.map(item => [item.innerText.trim(),"
        " getComputedStyle(item.querySelector('.swatch')).backgroundColor])"
    )
    assert len(swatches) == 6
    assert len({colour for _label, colour in swatches}) == 6
    config = desktop.locator("#districts-map-config").evaluate("node => JSON.parse(node.textContent)")
    shades = next(layer["shades"] for layer in config["layers"] if layer["type"] == "districts")
    fills = desktop.locator("path.district").evaluate_all(
        "paths => paths.map(path => [path.getAttribute('class'), getComputedStyle(path).fill])"
    )
    for classes, fill in fills:
        step = int(re.search(r"district--step-(\d)", classes)[1])  # type: ignore[index]
        assert fill == swatches[step - 1][1]
    for row in desktop.locator("#table-title >> xpath=../..").locator("tbody tr").all():
        code = re.search(r"/districts/(\d+)/", row.locator("a").get_attribute("href") or "")
        percent = float(row.locator("td").nth(2).inner_text().rstrip("%"))
        assert code is not None
        low, high = map(int, re.findall(r"\d+", swatches[shades[code[1]] - 1][0]))
        assert low - 0.05 <= percent <= high + 0.05


def test_the_map_of_a_district_asks_for_its_sites_only(phone: Page) -> None:
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(request.url))
    phone.goto("/districts/330212/")
    expect(phone.locator(".leaflet-marker-icon").first).to_be_visible()
    tiles = [url for url in asked if "/sites/tiles/" in url]
    assert tiles
    assert all("division=330212" in url for url in tiles)


def test_a_day_is_chosen_without_a_script(browser: Browser, base_url: str) -> None:
    context = browser.new_context(base_url=base_url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/en/districts/330212/?view=large")
    page.fill("input[name=as_of]", "2024-03-31")
    page.click(".day-form button")
    expect(page).to_have_url(f"{base_url}/en/districts/330212/?view=large&as_of=2024-03-31")
    expect(page.locator(".page-header")).to_contain_text("2024-03-31")
    context.close()


def test_late_sites_page_by_page(desktop: Page) -> None:
    desktop.goto("/districts/330212/?as_of=2024-05-31")
    first = desktop.locator(".late-site h3").all_inner_texts()
    desktop.click("a[rel=next]")
    expect(desktop).to_have_url(re.compile(r"page=2.*as_of=2024-05-31|as_of=2024-05-31.*page=2"))
    second = desktop.locator(".late-site h3").all_inner_texts()
    assert first
    assert second
    assert not set(first) & set(second)
    for card in desktop.locator(".late-site").all():
        expect(card.locator(".light")).to_contain_text(re.compile("红灯|黄灯"))
        expect(card.locator(".light use")).to_have_count(1)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_large_text_and_dark(browser: Browser, base_url: str, axe: Axe, path: str, scheme: str) -> None:
    context = browser.new_context(
        base_url=base_url,
        viewport={"width": 390, "height": 844},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    page.goto(f"{path}?view=large", wait_until="networkidle")
    assert axe(page) == []
    assert page.evaluate(OVERFLOW) <= 0
    context.close()


@pytest.mark.parametrize("path", PAGES)
def test_on_paper(desktop: Page, path: str) -> None:
    desktop.goto(path)
    desktop.emulate_media(media="print")
    expect(desktop.locator("h1")).to_be_visible()
    expect(desktop.locator("table").first).to_be_visible()
    expect(desktop.locator(".site-header")).to_be_hidden()
    for box in desktop.locator("[data-page-map]").all():
        expect(box).to_be_hidden()
    assert desktop.evaluate(OVERFLOW) <= 0


def test_the_programme_says_which_figures_are_published(desktop: Page) -> None:
    desktop.goto("/programmes/")
    expect(desktop).to_have_url(re.compile(r"/programmes/330200-2024/$"))
    main = desktop.locator("main")
    for words in ("15 类,平均进度 77.7%", "15 类 37 项,平均进度 77.7%", "8000余亩", "56.0%", "58.6%"):
        expect(main).to_contain_text(words)
    funds = desktop.locator("[aria-labelledby='funds-title'] table")
    expect(funds.locator("tr.is-total")).to_contain_text("超前 6.0 个百分点")
    expect(funds.locator("tbody tr").nth(1)).to_contain_text("未公布")
