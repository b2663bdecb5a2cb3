"""Make the pictures of README and docs from the running demo: `script/screenshots [FOLDER]`."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from tests.browser.server import (
    CHROMIUM,
    CHROMIUM_ARGUMENTS,
    DESKTOP,
    PHONE,
    ROOT,
    DemoServer,
    running_demo,
)

#: File name, address, size, and who is logged in.
SHOTS: tuple[tuple[str, str, ViewportSize, str | None], ...] = (
    ("map-phone", "/", PHONE, None),
    ("map-desktop", "/#12/29.868/121.55", DESKTOP, None),
    ("nearby-phone", "/nearby/?lon=121.55&lat=29.87", PHONE, None),
    ("districts", "/districts/", DESKTOP, None),
    ("district", "/districts/330212/", DESKTOP, None),
    ("district-phone", "/districts/330212/", PHONE, None),
    ("programme", "/programmes/330200-2024/", DESKTOP, None),
    ("methodology", "/methodology/", DESKTOP, None),
    ("supervision", "/supervision/", DESKTOP, "demo-supervisor"),
    ("map-english", "/en/", DESKTOP, None),
    ("admin-start", "/admin/", DESKTOP, "demo-district"),
    ("admin-sites", "/admin/projects/site/", DESKTOP, "demo-district"),
    ("admin-site", "first site", DESKTOP, "demo-district"),
)


def take(browser: Browser, server: DemoServer, folder: Path) -> None:
    """All pictures, each in a fresh context."""
    for name, address, size, login in SHOTS:
        context = browser.new_context(base_url=server.url, viewport=size, locale="zh-CN")
        page = context.new_page()
        if login:
            _log_in(page, login, server.logins[login])
        if address == "first site":
            page.goto("/admin/projects/site/")
            address = page.locator("#result_list tbody th a").first.get_attribute("href") or ""
        page.goto(address)
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(800)  # the map's last frames
        if name == "admin-site":
            page.locator(".leaflet-container").scroll_into_view_if_needed()
            page.mouse.wheel(0, 260)
            page.wait_for_timeout(300)
        page.screenshot(path=folder / f"{name}.png")
        print(folder / f"{name}.png")
        context.close()


def _log_in(page: Page, name: str, password: str) -> None:
    page.goto("/admin/login/?next=/admin/")
    page.fill("input[name=username]", name)
    page.fill("input[name=password]", password)
    page.click("[type=submit]")
    page.wait_for_url("**/admin/")


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as var,
        running_demo(Path(var)) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        take(browser, server, folder)
        browser.close()


if __name__ == "__main__":
    main()
