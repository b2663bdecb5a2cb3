"""How the map page feels in Chromium on a slow device: `python -m tests.benchmarks.browser_map ADDRESS`.

The processor is slowed down four times by Chromium's own switch. Times are milliseconds. What is measured is
the page as it is served, with the server beside it: on a busy machine both are slow, so compare runs of one
hour only.
"""

import argparse
import json
import statistics
from typing import Any, Final

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from tests.browser.server import CHROMIUM, CHROMIUM_ARGUMENTS, DESKTOP, PHONE

SLOWER: Final = 4
#: Goals of the project, at a million sites.
FIRST_CLUSTERS_MS: Final = 1_600
PAN_FRAME_MS: Final = 34
#: Where to drag: clusters of a city, of a district, single places.
VIEWS: Final = ("9/29.75/121.55", "12/29.87/121.55", "16/29.87/121.55")

# The moment after the frame in which the first circle was there.
_WATCH: Final = """
window.firstCluster = null;
new MutationObserver((_, observer) => {
    if (!document.querySelector(".cluster")) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => { window.firstCluster = performance.now(); }));
}).observe(document, { childList: true, subtree: true });
"""
_FRAMES: Final = """
() => {
    window.frames_ = [];
    window.framing = true;
    let last = performance.now();
    const tick = (now) => {
        window.frames_.push(now - last);
        last = now;
        if (window.framing) requestAnimationFrame(tick);
    };
    requestAnimationFrame((now) => { last = now; requestAnimationFrame(tick); });
}
"""
_STOP: Final = "() => { window.framing = false; return window.frames_; }"


def measure(base_url: str, *, rounds: int = 5) -> dict[str, Any]:
    """Opens the map page of a running server and drags it.

    `first_clusters_ms`: from navigation to the frame with the first circles, median and every run, with an
    empty cache. `pan`: by view, milliseconds between frames while the map is dragged (median, p95, the
    longest), with the circles in view. `goals`: whether the project's goals are met.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        try:
            first = {
                name: [_first_clusters(browser, base_url, size) for _ in range(rounds)]
                for name, size in (("desktop", DESKTOP), ("phone", PHONE))
            }
            pan = {view: _pan(browser, base_url, view) for view in VIEWS}
        finally:
            browser.close()
    medians = {name: statistics.median(times) for name, times in first.items()}
    return {
        "cpu_slower": SLOWER,
        "first_clusters_ms": {name: {"median": medians[name], "runs": first[name]} for name in first},
        "pan": pan,
        "goals": {
            "first_clusters": max(medians.values()) <= FIRST_CLUSTERS_MS,
            "pan": all(row["p95_ms"] <= PAN_FRAME_MS for row in pan.values()),
        },
    }


def _slow_page(browser: Browser, base_url: str, size: Any) -> tuple[Page, CDPSession]:
    context = browser.new_context(base_url=base_url, viewport=size, locale="zh-CN")
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    return page, session


def _first_clusters(browser: Browser, base_url: str, size: Any) -> float:
    page, _session = _slow_page(browser, base_url, size)
    page.add_init_script(_WATCH)
    page.goto("/?show=all", wait_until="commit")
    page.wait_for_function("() => window.firstCluster !== null", timeout=60_000)
    took = float(page.evaluate("() => window.firstCluster"))
    page.context.close()
    return round(took, 1)


def _pan(browser: Browser, base_url: str, view: str) -> dict[str, Any]:
    """Drags half a screen each way, there and back: what is dragged into view is fetched and drawn as well."""
    page, session = _slow_page(browser, base_url, DESKTOP)
    # At full speed until everything is there: loading is measured elsewhere.
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    page.goto(f"/?show=all#{view}")
    page.wait_for_selector("html.map-ready")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    box = page.locator("#map").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    frames: list[float] = []
    for dx, dy in ((-300, 0), (300, 0), (0, -250), (0, 250)):
        page.mouse.move(x, y)
        page.mouse.down()
        page.evaluate(_FRAMES)
        for step in range(1, 31):
            page.mouse.move(x + dx * step / 30, y + dy * step / 30)
            page.wait_for_timeout(10)
        frames += page.evaluate(_STOP)
        page.mouse.up()
        page.wait_for_timeout(700)
    circles = page.locator(".cluster").count()
    page.context.close()
    frames.sort()
    return {
        "frames": len(frames),
        "median_ms": round(statistics.median(frames), 1),
        "p95_ms": round(frames[int(len(frames) * 0.95)], 1),
        "longest_ms": round(frames[-1], 1),
        "circles": circles,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("address", help="of a running server, for example http://127.0.0.1:8000")
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    print(json.dumps(measure(given.address, rounds=given.rounds), indent=2))


if __name__ == "__main__":
    main()
