"""Every public page, both languages, phone and desktop: loads, no axe violation, needs no script."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

PAGES = (
    "/",
    "/?show=building",
    "/?q=没有这样的地方",
    "/nearby/",
    "/nearby/?lon=121.55&lat=29.87",
    "/districts/",
    "/districts/330212/",
    "/districts/?measure=change&sort=-overdue",
    "/districts/330200/",
    "/districts/330212/?as_of=2024-01-31",
    "/districts/330212/?as_of=2024-09-30",
    "/programmes/330200-2024/",
    "/indicators/06-ev-piles/",
    "/programmes/330200-2024/projects/",
    "/methodology/",
    "/no-such-page/",
)
Axe = Callable[[Page], list[str]]


@pytest.mark.parametrize("prefix", ["", "/en"])
@pytest.mark.parametrize("path", PAGES)
def test_no_violations(phone: Page, desktop: Page, axe: Axe, watch: "object", prefix: str, path: str) -> None:
    watch.network_errors_expected = path == "/no-such-page/"  # type: ignore[attr-defined]
    for page in (phone, desktop):
        answer = page.goto(prefix + path)
        assert answer is not None
        assert answer.status == (404 if path == "/no-such-page/" else 200)
        page.wait_for_load_state("networkidle")
        assert axe(page) == []
        overflow = page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow <= 0, f"{path} scrolls sideways by {overflow} px"


@pytest.mark.parametrize("view", ["", "large"])
def test_site_page(phone: Page, axe: Axe, base_url: str, view: str) -> None:
    found = phone.request.get("/api/v1/sites/?limit=1&stage=building&light=red").json()
    phone.goto(found["features"][0]["properties"]["url"] + (f"?view={view}" if view else ""))
    expect(phone.locator("h1")).to_contain_text(found["features"][0]["properties"]["name"])
    expect(phone.locator("body")).to_contain_text("演示数据")
    assert axe(phone) == []
    phone.get_by_role("link", name="反馈问题").click()
    expect(phone.get_by_label("是什么情况")).to_be_editable()
    assert axe(phone) == []


@pytest.mark.parametrize("path", [page for page in PAGES if page != "/no-such-page/"])
def test_useful_without_scripts(browser: Browser, base_url: str, path: str) -> None:
    context = browser.new_context(base_url=base_url, java_script_enabled=False)
    page = context.new_page()
    page.goto(path)
    expect(page.locator("h1").first).to_be_attached()
    if path == "/":
        assert page.locator("a[href*='/sites/']").count() >= 20
    context.close()


def test_language_switch_keeps_the_place(desktop: Page) -> None:
    desktop.goto("/districts/330212/")
    expect(desktop.locator("html")).to_have_attribute("lang", "zh-Hans")
    desktop.goto("/en/districts/330212/")
    expect(desktop.locator("html")).to_have_attribute("lang", "en")
    text = desktop.locator("main").inner_text()
    assert "Yinzhou" in text


def test_large_text_is_kept_in_links(phone: Page) -> None:
    phone.goto("/districts/?view=large")
    hrefs = phone.locator("main a[href^='/'], header a[href^='/']").evaluate_all(
        "links => links.map(link => link.getAttribute('href'))"
    )
    inner = [href for href in hrefs if not href.startswith(("/api/", "/static/", "/admin/"))]
    assert inner
    switch_back = [href for href in inner if "view=large" not in href]
    assert len(switch_back) <= 1, switch_back
