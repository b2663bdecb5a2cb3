"""A real server with the demo, in a process of its own, and Chromium in front of it.

Started once a session: granian, hashed static files and the strict content security policy, as in
production. Every test fails when its page logs an error, breaks the policy or asks another host.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect

from tests.browser.server import (
    CHROMIUM,
    CHROMIUM_ARGUMENTS,
    DESKTOP,
    PHONE,
    ROOT,
    DemoServer,
    running_demo,
)

AXE = ROOT / "tests" / "browser" / "vendor" / "axe.min.js"

expect.set_options(timeout=10_000)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoServer]:
    """The running server with the demo loaded."""
    with running_demo(tmp_path_factory.mktemp("browser-var")) as server:
        yield server


@pytest.fixture(scope="session")
def base_url(demo: DemoServer) -> str:
    """The address of the running server."""
    return demo.url


@pytest.fixture(scope="session")
def manage(demo: DemoServer) -> Callable[..., str]:
    """Run a management command against the server's database; returns what it printed."""
    return demo.manage


@pytest.fixture(scope="session")
def logins(demo: DemoServer) -> dict[str, str]:
    """Demo accounts and their passwords."""
    return demo.logins


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    return {"executable_path": CHROMIUM, "args": CHROMIUM_ARGUMENTS}


class Watch:
    """What went wrong in the pages of one browser context."""

    def __init__(self, base_url: str) -> None:
        self._base = base_url
        self.troubles: list[str] = []
        #: Set by a test that provokes failing requests on purpose.
        self.network_errors_expected = False

    def follow(self, context: BrowserContext) -> None:
        context.on("console", self._console)
        context.on("weberror", lambda error: self.troubles.append(f"uncaught: {error.error}"))
        context.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type != "error":
            return
        if self.network_errors_expected and "Failed to load resource" in message.text:
            return
        if "429" in message.text and message.location.get("url", "").endswith("/api/staff/v1/drafts/"):
            return  # a form that was opened again within 20 seconds: its draft is kept a little later
        self.troubles.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((self._base, "data:", "blob:", "about:")):
            self.troubles.append(f"request to another host: {request.url}")


@pytest.fixture
def watch(context: BrowserContext, base_url: str) -> Iterator[Watch]:
    """Fails the test when its pages log errors, break the policy or leave the host."""
    watched = Watch(base_url)
    watched.follow(context)
    yield watched
    assert watched.troubles == []


@pytest.fixture(autouse=True)
def _watched(watch: Watch) -> None:
    """Every browser test is watched."""


@pytest.fixture
def phone(browser: Browser, base_url: str, watch: Watch) -> Iterator[Page]:
    """A phone: 390 x 844, touch."""
    context = browser.new_context(
        base_url=base_url,
        viewport=PHONE,
        device_scale_factor=2,
        has_touch=True,
        is_mobile=True,
        locale="zh-CN",
    )
    watch.follow(context)
    yield context.new_page()
    context.close()


@pytest.fixture
def desktop(browser: Browser, base_url: str, watch: Watch) -> Iterator[Page]:
    """A desktop: 1440 x 900."""
    context = browser.new_context(base_url=base_url, viewport=DESKTOP, locale="zh-CN")
    watch.follow(context)
    yield context.new_page()
    context.close()


@pytest.fixture
def log_in(logins: dict[str, str]) -> Callable[[Page, str], None]:
    """Log a demo account in: `log_in(page, "demo-district")`."""

    def enter(page: Page, name: str) -> None:
        page.goto("/admin/login/?next=/admin/")
        page.fill("input[name=username]", name)
        page.fill("input[name=password]", logins[name])
        page.click("[type=submit]")
        page.wait_for_url("**/admin/")

    return enter


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], list[str]]:
    """axe-core's violations on a page, a line each."""
    source = AXE.read_text("utf-8")

    def check(page: Page) -> list[str]:
        # Evaluated by the debugger, not as a script of the page: its policy stays as strict as it is.
        page.evaluate(source)
        found = page.evaluate("() => axe.run(document, {resultTypes: ['violations'], preload: false})")
        return [
            f"{rule['id']}: {rule['help']} {[node['html'][:160] for node in rule['nodes'][:3]]}"
            for rule in found["violations"]
        ]

    return check
