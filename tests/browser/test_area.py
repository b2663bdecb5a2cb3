"""A drawn area in the address: its outline, its chip, its list; and how staff draw one."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.mapsteps import cluster_total, open_map, status_count, wait_for_quiet

Axe = Callable[[Page], list[str]]

#: A slanted square around the old town.
DIAMOND = [[121.55, 29.81], [121.62, 29.87], [121.55, 29.93], [121.48, 29.87], [121.55, 29.81]]


@pytest.fixture(scope="module")
def area(manage: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """Its id."""
    path = tmp_path_factory.mktemp("area") / "area.geojson"
    path.write_text(json.dumps({"type": "Polygon", "coordinates": [DIAMOND]}))
    told = json.loads(
        manage("store_area", str(path), "--actor", "demo-admin", "--name", "老城菱形", "--json")
    )
    public_id: str = told["id"]
    return public_id


def test_the_map_opens_on_the_area_and_counts_only_it(desktop: Page, area: str, axe: Axe) -> None:
    open_map(desktop, f"/?show=all&area={area}")
    outline = desktop.locator("path.area-outline")
    expect(outline).to_have_count(1)
    expect(outline).to_be_visible()
    expect(outline).to_have_css("pointer-events", "none")
    within = desktop.request.get(f"/api/v1/sites/facets/?area={area}").json()["total"]
    everything = desktop.request.get("/api/v1/sites/facets/").json()["total"]
    assert 0 < within < everything
    assert status_count(desktop) == within, "the whole area is in view"
    chip = desktop.locator("[data-active-filters] button", has_text="老城菱形")
    expect(chip).to_have_attribute("aria-label", "去掉筛选:老城菱形")
    assert axe(desktop) == []
    chip.click()
    desktop.wait_for_url(re.compile(r"/\?show=all(#|$)"))
    expect(outline).to_have_count(0)
    wait_for_quiet(desktop)
    assert status_count(desktop) > within
    desktop.go_back()
    expect(outline).to_have_count(1)
    expect(chip).to_have_count(1)
    wait_for_quiet(desktop)
    assert status_count(desktop) == within


def test_zoomed_out_the_clusters_add_up_to_the_area(desktop: Page, area: str) -> None:
    open_map(desktop, f"/?show=all&area={area}#9/29.87/121.55")
    within = desktop.request.get(f"/api/v1/sites/facets/?area={area}").json()["total"]
    assert cluster_total(desktop) == within == status_count(desktop)


def test_the_list_needs_neither_map_nor_script(browser: Browser, base_url: str, area: str) -> None:
    context = browser.new_context(base_url=base_url, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/en/nearby/?show=all&area={area}")
    chip = page.get_by_role("link", name="Remove filter: 老城菱形")
    within = page.request.get(f"/api/v1/sites/facets/?area={area}").json()["total"]
    expect(page.locator("#results")).to_contain_text(f"{within}")
    page.select_option("select[name=kind]", "meal-point")
    page.get_by_role("button", name="Search").click()
    assert f"area={area}" in page.url and "kind=meal-point" in page.url
    chip.click()
    assert "area=" not in page.url
    context.close()


def test_staff_draw_one_on_the_map(desktop: Page, log_in: Callable[[Page, str], None], axe: Axe) -> None:
    log_in(desktop, "demo-district")
    desktop.goto("/admin/projects/storedarea/add/")
    desktop.fill("#id_name", "手画的")
    editor = desktop.locator("[data-geometry-editor] [data-map]")
    editor.scroll_into_view_if_needed()
    box = editor.bounding_box()
    assert box is not None
    for across, down in ((0.3, 0.3), (0.7, 0.35), (0.5, 0.7)):
        desktop.mouse.click(box["x"] + box["width"] * across, box["y"] + box["height"] * down)
    desktop.get_by_role("button", name="完成", exact=True).click()
    assert axe(desktop) == []
    desktop.locator("input[name=_save]").click()
    said = desktop.locator(".messagelist").inner_text()
    found = re.search(r"area=(\w+)", said)
    assert "手画的" in said and found
    desktop.locator("#result_list a", has_text="在地图上查看").first.click()
    desktop.wait_for_selector("html.map-ready")
    assert f"area={found[1]}" in desktop.url
    expect(desktop.locator("path.area-outline")).to_have_count(1)
